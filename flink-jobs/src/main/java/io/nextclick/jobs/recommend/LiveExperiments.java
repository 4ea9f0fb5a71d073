package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.AnsweringMeans;
import io.nextclick.jobs.experiment.ExperimentTally;
import io.nextclick.jobs.experiment.Experiments;
import io.nextclick.jobs.experiment.Participation;
import io.nextclick.jobs.experiment.VariantPlan;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.models.experiment.TeamDraft;
import io.nextclick.models.experiment.TeamDraft.Place;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * What experiments do for the answers of one subtask: which variant answers a click, lists drawn
 * from several variants, and what each session comes to.
 *
 * <p>A click goes through {@link #judge} when it is judged, and in the order of the clicks through
 * {@link #begin}, {@link #follow}, {@link #list} and {@link #answered}; a session that ends through
 * {@link #end}. A session's outcome leaves when it ends, or at its first click after the experiment
 * has.
 *
 * <p>State: the {@link Experiments}; in each session's state its {@link ExperimentTally}.
 */
final class LiveExperiments {

    private final Experiments experiments;
    private final Consumer<ExperimentOutcome> outcomes;
    private Counter answers;
    private Counter told;

    /**
     * @param means what the job has to answer with
     * @param hasModel whether a model that a variant names can answer now
     * @param store the operator's
     * @param outcomes takes what sessions have come to
     */
    LiveExperiments(
            AnsweringMeans means,
            Predicate<String> hasModel,
            OperatorStateStore store,
            Consumer<ExperimentOutcome> outcomes)
            throws Exception {
        this.outcomes = outcomes;
        experiments = new Experiments(means, hasModel, store);
    }

    /** Comes before anything is told or asked. */
    void open(MetricGroup group) {
        experiments.open(group);
        answers = group.counter("experimentAnswers");
        told = group.counter("experimentOutcomes");
    }

    /** Takes up what the topic says of an experiment from now on. */
    void tell(TopicEntry<Experiment> entry) {
        experiments.tell(entry);
    }

    /** The names of models that variants of running experiments answer with. */
    Set<String> models() {
        return experiments.models();
    }

    void snapshot() throws Exception {
        experiments.snapshot();
    }

    // ------------------------------------------------------------------ a bundle

    /** The session goes on as before; comes before any of its clicks in the bundle. */
    void takeUp(BundledVisit visit, String sessionId) {
        visit.participation =
                visit.state == null ? null : experiments.goOn(sessionId, visit.state.tally);
    }

    /** Which part the click takes; comes before the click is answered, or any after it judged. */
    void judge(BundledClick pending) {
        ReceivedClick click = pending.click;
        if (pending.verdict == Verdict.STARTS) {
            pending.visit.participation = experiments.join(click.sessionId(), click.userId());
        }
        pending.participation = pending.visit.participation;
    }

    /** A click that starts a session has its turn: whatever went before is over. */
    void begin(BundledClick pending, SessionState state, String answerId) {
        end(pending.click.sessionId(), state);
        if (pending.participation != null) {
            state.tally =
                    ExperimentTally.begin(
                            pending.participation,
                            pending.click.sessionId(),
                            answerId,
                            pending.click.eventTimeMillis());
        }
    }

    /**
     * A click that continues its session has its turn.
     *
     * @param rank its item's place in the session's last list; negative if it wasn't there
     */
    static void follow(SessionState state, int rank) {
        if (state.tally != null) {
            state.tally.followed(rank);
        }
    }

    /**
     * The click's list: that of its variant, or drawn from those of all.
     *
     * @param lists makes the list of a variant; null stands for the job's own
     * @param count the most items in a list
     */
    List<RecommendedItem> list(
            BundledClick pending, int count, Function<VariantPlan, List<RecommendedItem>> lists) {
        Participation part = pending.participation;
        if (part == null || !part.isInterleaved()) {
            return lists.apply(part == null ? null : part.plan());
        }
        List<VariantPlan> plans = part.experiment().plans();
        List<List<String>> rankings = new ArrayList<>(plans.size());
        List<Map<String, RecommendedItem>> itemsOf = new ArrayList<>(plans.size());
        for (VariantPlan plan : plans) {
            List<String> ranking = new ArrayList<>(count);
            Map<String, RecommendedItem> items = new HashMap<>(2 * count);
            for (RecommendedItem item : lists.apply(plan)) {
                ranking.add(item.itemId());
                items.put(item.itemId(), item);
            }
            rankings.add(ranking);
            itemsOf.add(items);
        }
        List<RecommendedItem> drafted = new ArrayList<>(count);
        List<String> teams = new ArrayList<>(count);
        for (Place<String> place : TeamDraft.draft(rankings, count, part.coins(pending.step))) {
            boolean isNobodys = place.team() == TeamDraft.NOBODY;
            teams.add(isNobodys ? null : plans.get(place.team()).name());
            drafted.add(
                    isNobodys
                            ? anyOf(itemsOf, place.item())
                            : itemsOf.get(place.team()).get(place.item()));
        }
        pending.teams = teams;
        return drafted;
    }

    private static RecommendedItem anyOf(List<Map<String, RecommendedItem>> lists, String item) {
        for (Map<String, RecommendedItem> list : lists) {
            RecommendedItem found = list.get(item);
            if (found != null) {
                return found;
            }
        }
        throw new IllegalStateException("nobody has " + item);
    }

    /** The click has its list. */
    void answered(BundledClick pending, SessionState state) {
        if (pending.participation == null) {
            // What the session has come to is all there will be.
            end(pending.click.sessionId(), state);
            return;
        }
        answers.inc();
        long time = pending.click.eventTimeMillis();
        if (pending.teams == null) {
            state.tally.answered(time);
        } else {
            int places = Math.min(pending.teams.size(), LiveQuality.CUTOFF);
            state.tally.answered(time, pending.teams.subList(0, places));
        }
    }

    // ------------------------------------------------------------------ ends of sessions

    /** The session, or its part in an experiment, is over. */
    void end(String sessionId, SessionState state) {
        if (state.tally == null) {
            return;
        }
        ExperimentOutcome outcome = state.tally.outcome(sessionId);
        state.tally = null;
        if (outcome != null) {
            told.inc();
            outcomes.accept(outcome);
        }
    }
}
