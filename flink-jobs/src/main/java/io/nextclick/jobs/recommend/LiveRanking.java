package io.nextclick.jobs.recommend;

import io.nextclick.jobs.retrieve.LiveRanker;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankingStage;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation.ModelReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second stage of one subtask: orders each click's candidates by the ranker released last,
 * within a budget of time ({@link RankingBudget}). What isn't ranked, for want of time or because
 * the ranker failed, stays in the order of retrieval.
 *
 * <p>A bundle goes through {@link #begin}, then per click {@link #ask}, then per click {@link
 * #rank}, then {@link #end}. It keeps to the ranker that it began with.
 */
final class LiveRanking {

    private static final Logger LOG = LoggerFactory.getLogger(LiveRanking.class);

    /** How old what the ranker has read of an item may become, in event time. */
    private static final Duration RENEWAL = Duration.ofSeconds(10);

    private static final int HISTOGRAM_WINDOW = 2_000;

    private final boolean logsFacts;
    private final List<String> sources;
    private final RankingBudget budget;
    private LiveRanker current;
    private ModelReference reference;

    /** The current ranker's; null without one, or if it can't be used. */
    private RankingStage stage;

    private Items items;
    private boolean hasRun;

    private Counter ranked;
    private Counter unranked;
    private Counter failures;
    private Histogram time;

    /** What is known of items. */
    @FunctionalInterface
    interface Items {

        /** The facts of an item at a moment, in milliseconds since the epoch. */
        ItemFacts facts(String itemId, long nowMillis);
    }

    /**
     * @param sources names of the sources of candidates, in their order
     * @param nanoClock as {@link System#nanoTime}
     */
    LiveRanking(RankingSettings settings, List<String> sources, LongSupplier nanoClock) {
        this.sources = List.copyOf(sources);
        logsFacts = settings.logsFacts();
        budget = new RankingBudget(settings.bundleBudget(), settings.overrunBudget(), nanoClock);
    }

    void register(MetricGroup group) {
        ranked = group.counter("ranked");
        unranked = group.counter("unranked");
        failures = group.counter("failures");
        time = group.histogram("timeMicros", new DescriptiveStatisticsHistogram(HISTOGRAM_WINDOW));
        group.gauge("nanosPerCandidate", (Gauge<Double>) budget::nanosPerCandidate);
    }

    // ------------------------------------------------------------------ a bundle

    /**
     * Keeps hold of what is live now.
     *
     * @param live null for none
     */
    void begin(LiveRanker live, Items items) {
        this.items = items;
        if (!Objects.equals(live, current)) {
            current = live;
            reference = live == null ? null : new ModelReference(live.name(), live.version());
            budget.reset();
            stage = null;
            if (live != null) {
                try {
                    stage = new RankingStage(live.ranker(), sources, RENEWAL);
                } catch (RuntimeException e) {
                    failed(e);
                }
            }
        }
        budget.beginBundle();
        hasRun = false;
    }

    /** Reads the click's session as it is now, with the click in it. */
    void ask(BundledClick pending, SessionState state) {
        if (stage == null) {
            return;
        }
        long now = pending.click.eventTimeMillis();
        // The time on the last item is none: it has only just been clicked.
        pending.query =
                QueryFacts.of(
                        pending.click.userId(),
                        pending.click.context(),
                        now,
                        state.items(),
                        state.step,
                        now,
                        item -> items.facts(item, now));
    }

    /** Orders a click's candidates, if it was asked for and there is time. */
    void rank(BundledClick pending, Candidates candidates) {
        pending.ranker = null;
        if (current == null || candidates.size() == 0) {
            return;
        }
        pending.isUnranked = true;
        if (stage == null
                || pending.query == null
                || !budget.admits(
                        candidates.size(), TimeUnit.MILLISECONDS.toNanos(pending.ageMillis))) {
            return;
        }
        int size = candidates.size();
        long now = pending.click.eventTimeMillis();
        long started = budget.now();
        try {
            stage.rank(pending.query, candidates, item -> items.facts(item, now));
            pending.ranker = reference;
            pending.isUnranked = false;
        } catch (RuntimeException e) {
            failed(e);
        } finally {
            budget.spend(size, started);
            hasRun = true;
        }
    }

    /** Leaves a click's candidates in the order of retrieval, as a variant of an experiment may. */
    void passOver(BundledClick pending) {
        pending.ranker = null;
        pending.isUnranked = false;
    }

    /** Counts a click whose list has been made. */
    void count(BundledClick pending) {
        if (pending.ranker != null) {
            ranked.inc();
        } else if (pending.isUnranked) {
            unranked.inc();
        }
    }

    /** Books the bundle's time. */
    void end() {
        if (hasRun) {
            time.update(TimeUnit.NANOSECONDS.toMicros(budget.spentNanos()));
        }
    }

    /**
     * What the ranker read of a candidate, or would have read, to be learnt from.
     *
     * @return null where that isn't logged
     */
    RankingFacts facts(BundledClick pending, Candidates candidates, int place) {
        if (!logsFacts) {
            return null;
        }
        String item = candidates.item(place);
        ItemFacts read = pending.ranker == null ? null : stage.factsOf(item);
        if (read == null) {
            read = items.facts(item, pending.click.eventTimeMillis());
        }
        List<SourceFacts> listed = new ArrayList<>();
        for (int source = 0; source < sources.size(); source++) {
            int rank = candidates.rank(place, source);
            if (rank != Candidates.UNLISTED) {
                listed.add(
                        new SourceFacts(
                                sources.get(source), rank, candidates.probability(place, source)));
            }
        }
        return new RankingFacts(
                listed,
                candidates.blendedScore(place),
                candidates.blendedPlace(place),
                known(read.popularity()),
                known(read.ageDays()));
    }

    private static Double known(double number) {
        return Double.isNaN(number) ? null : number;
    }

    private void failed(RuntimeException failure) {
        failures.inc();
        // The first of each power of two: a ranker that fails for every click must not fill the
        // log.
        if (Long.bitCount(failures.getCount()) == 1) {
            LOG.warn(
                    "The ranker {} failed for the {}. time; candidates stay as they are",
                    current,
                    failures.getCount(),
                    failure);
        }
    }
}
