package io.nextclick.models.prequential;

import io.nextclick.models.ranker.Fact;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.ranker.RankingStage;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.Candidates;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * A ranker that learns from its own lists, and the ranking stage that serves what it has learnt. As
 * in production, nothing that is learnt shows in a list before {@link #publish}, and until it has
 * examples enough to find bins by, lists stay in the order of retrieval. What an item's facts and
 * the sources' scores were when a list was made is kept with the list until it is known what was
 * clicked. For one thread.
 */
public final class LearningRanker {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final String name;
    private final Settings settings;
    private final List<Field> pairFields;
    private final SplittableRandom random;

    /** What bins are to be found by; null once they have been. */
    private List<RankingExample> first = new ArrayList<>();

    private RankerLearner learner;

    /** Null before the first is published. */
    private RankingStage stage;

    private long examples;
    private long learningNanos;
    private long ranked;
    private long rankingNanos;

    /**
     * What is learnt, and from what.
     *
     * @param options of the ranker
     * @param fields what it reads
     * @param binExamples examples whose quantiles become the bins of numbers, at least 1; they are
     *     learnt from, too
     * @param beyond candidates that are drawn of those behind the list's end and learnt from beside
     *     the list, at least 0: a ranker that only ever learns from what it shows doesn't know what
     *     the rest is like
     */
    public record Settings(RankerOptions options, List<Field> fields, int binExamples, int beyond) {

        public Settings {
            fields = List.copyOf(fields);
            if (binExamples < 1) {
                throw new IllegalArgumentException(
                        "examples to find bins by are " + binExamples + ", at least 1 is needed");
            }
            if (beyond < 0) {
                throw new IllegalArgumentException(
                        "candidates beyond the list are " + beyond + ", less than 0");
            }
        }
    }

    /**
     * A list and what is to be learnt from it.
     *
     * @param items best first
     * @param examples of the items, and of candidates beyond; none is positive yet
     */
    record Shown(List<String> items, List<RankingExample> examples) {}

    /**
     * What it took, in processor time of the one thread.
     *
     * @param examples learnt from
     * @param nanosPerExample of learning
     * @param nanosPerCandidate of ranking
     */
    public record Cost(long examples, double nanosPerExample, double nanosPerCandidate) {}

    /**
     * A ranker that knows nothing yet.
     *
     * @param name what it is called in results
     */
    public LearningRanker(String name, Settings settings) {
        this.name = name;
        this.settings = settings;
        random = new SplittableRandom(settings.options.seed());
        pairFields =
                settings.fields.stream()
                        .filter(field -> field.fact().side() == Fact.Side.PAIR)
                        .toList();
    }

    public String name() {
        return name;
    }

    /** Lets show what has been learnt. */
    void publish() {
        if (learner != null) {
            // Facts are looked up anew for each query: they are remembered where they come from.
            stage = new RankingStage(learner.ranker(), CandidateSource.labels(), Duration.ZERO);
        }
    }

    /**
     * Orders candidates.
     *
     * @param candidates in the order of retrieval
     * @param facts of an item when the list is made
     * @param count items of a list
     */
    Shown list(
            QueryFacts query, Candidates candidates, Function<String, ItemFacts> facts, int count) {
        long start = processorNanos();
        if (stage != null) {
            stage.rank(query, candidates, facts);
        }
        rankingNanos += processorNanos() - start;
        ranked += candidates.size();
        int size = Math.min(count, candidates.size());
        List<String> items = new ArrayList<>(size);
        List<RankingExample> shown = new ArrayList<>(size + settings.beyond);
        for (int place = 0; place < size; place++) {
            items.add(candidates.item(place));
            shown.add(example(query, candidates, place, facts));
        }
        for (int drawn = 0; drawn < settings.beyond && candidates.size() > size; drawn++) {
            int place = random.nextInt(size, candidates.size());
            shown.add(example(query, candidates, place, facts));
        }
        return new Shown(items, shown);
    }

    private RankingExample example(
            QueryFacts query, Candidates candidates, int place, Function<String, ItemFacts> facts) {
        float[] pairs = new float[pairFields.size()];
        for (int pair = 0; pair < pairs.length; pair++) {
            pairs[pair] = value(pairFields.get(pair), candidates, place);
        }
        return new RankingExample(query, facts.apply(candidates.item(place)), pairs, false);
    }

    /** What the ranking stage reads as a field of query and item. */
    private static float value(Field field, Candidates candidates, int place) {
        boolean isScore = field.fact() == Fact.SOURCE_SCORE;
        if (field.name().equals(RankingStage.BLEND)) {
            return isScore
                    ? RankingStage.score(candidates.blendedScore(place))
                    : candidates.blendedPlace(place);
        }
        int source = CandidateSource.labels().indexOf(field.name());
        if (source < 0 || candidates.rank(place, source) == Candidates.UNLISTED) {
            return Float.NaN;
        }
        return isScore
                ? RankingStage.score(candidates.probability(place, source))
                : candidates.rank(place, source);
    }

    /**
     * Learns from a list.
     *
     * @param clicked the item that was clicked next; null if none was
     */
    void learn(Shown shown, String clicked) {
        long start = processorNanos();
        for (RankingExample each : shown.examples) {
            learn(
                    each.item().itemId().equals(clicked)
                            ? new RankingExample(each.query(), each.item(), each.pairs(), true)
                            : each);
        }
        learningNanos += processorNanos() - start;
        examples += shown.examples.size();
    }

    private void learn(RankingExample example) {
        if (learner != null) {
            learner.learn(example);
            return;
        }
        first.add(example);
        if (first.size() == settings.binExamples) {
            FeatureSpace space = FeatureSpace.learn(settings.fields, first);
            learner = new RankerLearner(space, settings.options);
            first.forEach(learner::learn);
            first = null;
        }
    }

    private static long processorNanos() {
        return THREADS.isCurrentThreadCpuTimeSupported()
                ? THREADS.getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    public Cost cost() {
        return new Cost(
                examples,
                learningNanos / (double) Math.max(1, examples),
                rankingNanos / (double) Math.max(1, ranked));
    }
}
