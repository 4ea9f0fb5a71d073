package io.nextclick.jobs.experiment;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Topics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The experiments that one subtask answers by, as its topic says them.
 *
 * <p>A session takes part in at most one, the first by its start that takes it; so an experiment
 * that begins takes no units from those that run, and each gets of what those before it leave.
 * Salts are independent, so what is left is a random part of the traffic. It takes part from its
 * first click or not at all: a visit that was answered in two ways would tell of neither.
 *
 * <p>Where a variant answers with a model of its own, nobody takes part in the experiment while one
 * of its models is missing, in the other variants neither: each would have sessions of another time
 * than the rest, and fewer than its share. Its units go to no later experiment meanwhile. A session
 * on the way whose experiment loses a model, as by a restart that can't load it, ends its part.
 *
 * <p>An experiment that this job can't carry out is refused: logged, counted, and nobody takes part
 * in it.
 *
 * <p>State: the running experiments, also those refused, since a job with other options may carry
 * them out. All subtasks hold the same, having been told the same before each checkpoint; it is a
 * union, so that a subtask added by rescaling has them too.
 */
public final class Experiments {

    private static final Logger LOG = LoggerFactory.getLogger(Experiments.class);

    /** The state's name in a savepoint. */
    static final String STATE = "experiments";

    private static final Comparator<RunningExperiment> BY_START =
            Comparator.<RunningExperiment>comparingLong(
                            running -> running.record().startedAtMillis())
                    .thenComparing(RunningExperiment::name);

    private final AnsweringMeans means;
    private final Predicate<String> hasModel;
    private final ListState<TopicEntry<Experiment>> state;

    /** All that run, by name. */
    private final Map<String, Experiment> told = new TreeMap<>();

    /**
     * Those that can be carried out, in the order in which sessions are offered to them. A gauge
     * reads it from another thread.
     */
    private volatile List<RunningExperiment> running = List.of();

    private Counter refused;

    /**
     * Takes up what the state holds.
     *
     * @param means what the job has to answer with
     * @param hasModel whether a model that a variant names can answer now
     * @param store the operator's
     */
    public Experiments(AnsweringMeans means, Predicate<String> hasModel, OperatorStateStore store)
            throws Exception {
        this.means = Objects.requireNonNull(means, "means");
        this.hasModel = Objects.requireNonNull(hasModel, "hasModel");
        state = state(store);
        for (TopicEntry<Experiment> entry : state.get()) {
            // Each subtask wrote all of them.
            told.merge(
                    entry.key(),
                    entry.value(),
                    (one, other) -> one.updatedAtMillis() >= other.updatedAtMillis() ? one : other);
        }
    }

    /** Drops what a job that followed experiments left, where this one doesn't. */
    public static void forget(OperatorStateStore store) throws Exception {
        state(store).clear();
    }

    private static ListState<TopicEntry<Experiment>> state(OperatorStateStore store)
            throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>(STATE, TopicEntrySerializer.EXPERIMENT));
    }

    /** Comes before anything is told or asked. */
    public void open(MetricGroup group) {
        refused = group.counter("experimentsRefused");
        group.gauge("experimentsRunning", (Gauge<Integer>) () -> running.size());
        List<RunningExperiment> restored = new ArrayList<>();
        told.values().forEach(experiment -> add(experiment, restored));
        publish(restored);
    }

    /** Takes up what the topic says of an experiment from now on. */
    public void tell(TopicEntry<Experiment> entry) {
        List<RunningExperiment> next = new ArrayList<>(running);
        next.removeIf(each -> each.name().equals(entry.key()));
        Experiment experiment = entry.value();
        if (experiment != null && experiment.state() == State.RUNNING) {
            told.put(entry.key(), experiment);
            add(experiment, next);
        } else if (told.remove(entry.key()) != null) {
            LOG.info(
                    "The experiment {} is over{}",
                    entry.key(),
                    experiment == null || experiment.reason() == null
                            ? ""
                            : ": " + experiment.reason());
        }
        publish(next);
    }

    private void add(Experiment experiment, List<RunningExperiment> to) {
        try {
            to.add(new RunningExperiment(experiment, means));
            LOG.info(
                    "The experiment {} runs with the variants {}",
                    experiment.name(),
                    experiment.variants());
        } catch (IllegalArgumentException e) {
            refused.inc();
            LOG.warn(
                    "The experiment {} is refused, nobody takes part in it: {}",
                    experiment.name(),
                    e.getMessage());
        }
    }

    private void publish(List<RunningExperiment> next) {
        next.sort(BY_START);
        running = List.copyOf(next);
    }

    /**
     * The part that a session takes which begins now.
     *
     * @param userId its visitor; null if unknown
     * @return null if it takes none
     */
    public Participation join(String sessionId, String userId) {
        for (RunningExperiment each : running) {
            Participation participation = each.join(sessionId, userId);
            if (participation != null) {
                return isComplete(each) ? participation : null;
            }
        }
        return null;
    }

    /** The names of models that variants of running experiments answer with. */
    public Set<String> models() {
        Set<String> models = new HashSet<>();
        running.forEach(each -> models.addAll(each.models()));
        return models;
    }

    private boolean isComplete(RunningExperiment experiment) {
        for (String model : experiment.models()) {
            if (!hasModel.test(model)) {
                return false;
            }
        }
        return true;
    }

    /**
     * The part that a session takes on, as it did at its clicks before, whatever the shares are by
     * now.
     *
     * @param tally what the session has come to; null if it took no part
     * @return null if there is none any more: the run is over, the variant was taken out of it, or
     *     a model of its variants is missing
     */
    public Participation goOn(String sessionId, ExperimentTally tally) {
        if (tally == null) {
            return null;
        }
        for (RunningExperiment each : running) {
            if (each.isRun(tally.experiment(), tally.salt())) {
                int variant =
                        tally.variant() == null
                                ? Participation.ALL
                                : each.variants().indexOf(tally.variant());
                boolean isGone = (variant == Participation.ALL) != each.interleaves();
                return isGone || !isComplete(each)
                        ? null
                        : new Participation(each, variant, tally.unitOr(sessionId));
            }
        }
        return null;
    }

    /** Writes them to the state. */
    public void snapshot() throws Exception {
        state.update(
                told.values().stream()
                        .map(experiment -> TopicEntry.of(Topics.EXPERIMENTS, experiment))
                        .toList());
    }
}
