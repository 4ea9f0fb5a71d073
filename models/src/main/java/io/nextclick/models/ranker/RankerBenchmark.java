package io.nextclick.models.ranker;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What rankers cost: a candidate that is scored as in a job, a query, and an example learnt from.
 * Items are prepared beforehand, as they are in a job that has run for a while; queries are
 * different ones, each with its own candidates out of the whole catalogue, so that items come from
 * memory rather than from the caches.
 *
 * <p>Time is the processor time of the calling thread, which does all the work: other load on the
 * machine counts only by what it takes of caches and memory.
 */
public final class RankerBenchmark {

    /** A space like a shop's: ten fields of the query, six of the item, four of both. */
    public static final List<Field> FIELDS =
            Stream.of(
                            "user",
                            "context.device/hash:32",
                            "hour",
                            "weekday",
                            "session-length",
                            "session-dwell",
                            "last-item",
                            "last-categories",
                            "session-lowest-price",
                            "session-highest-price",
                            "item/hash:65536",
                            "category",
                            "price",
                            "available",
                            "popularity",
                            "age",
                            "score.sequence",
                            "rank.sequence",
                            "score.towers",
                            "rank.towers")
                    .map(Field::parse)
                    .toList();

    private static final long SEED = 42;
    private static final int QUERIES = 256;
    private static final int EXAMPLES_OF_A_QUERY = 8;

    /**
     * A ranker's median round, in nanoseconds of processor time.
     *
     * @param perCandidate a candidate of a query, with its share of the query
     * @param perQuery a query alone
     * @param perItem an item that is prepared
     * @param perExample an example that is learnt from
     */
    public record Cost(double perCandidate, double perQuery, double perItem, double perExample) {}

    private RankerBenchmark() {}

    /**
     * Measures one ranker.
     *
     * @param items of the catalogue
     * @param candidates of a query
     * @param turn processor time of a round
     */
    public static Cost measure(
            RankerOptions options, int items, int candidates, Duration turn, int rounds) {
        SplittableRandom random = new SplittableRandom(SEED);
        ItemFacts[] catalogue = new ItemFacts[items];
        for (int i = 0; i < items; i++) {
            catalogue[i] =
                    new ItemFacts(
                            "item-" + i,
                            List.of("category-" + random.nextInt(200)),
                            1 + 100 * random.nextDouble(),
                            true,
                            1e4 / (1 + random.nextInt(items)),
                            365 * random.nextDouble(),
                            Map.of());
        }
        QueryFacts[] queries = new QueryFacts[QUERIES];
        for (int q = 0; q < QUERIES; q++) {
            queries[q] = query(catalogue, random);
        }
        int[][] slots = new int[QUERIES][candidates];
        float[][] pairs = new float[QUERIES][4 * candidates];
        List<RankingExample> examples = new ArrayList<>();
        for (int q = 0; q < QUERIES; q++) {
            for (int c = 0; c < candidates; c++) {
                slots[q][c] = random.nextInt(items);
                for (int pair = 0; pair < 4; pair++) {
                    boolean isListed = random.nextInt(2) == 0;
                    float value = (float) random.nextDouble() * 200;
                    pairs[q][4 * c + pair] = isListed ? value : Float.NaN;
                }
                if (c < EXAMPLES_OF_A_QUERY) {
                    examples.add(
                            new RankingExample(
                                    queries[q],
                                    catalogue[slots[q][c]],
                                    Arrays.copyOfRange(pairs[q], 4 * c, 4 * c + 4),
                                    random.nextInt(10) == 0));
                }
            }
        }
        RankerLearner learner = new RankerLearner(FeatureSpace.learn(FIELDS, examples), options);
        double perExample =
                median(turn, rounds, examples.size(), i -> learner.learn(examples.get(i)));
        CandidateScorer scorer = learner.ranker().newScorer();
        for (ItemFacts item : catalogue) {
            scorer.prepare(item);
        }
        float[] logOdds = new float[candidates];
        double perQuery = median(turn, rounds, QUERIES, q -> scorer.ask(queries[q]));
        double whole =
                median(
                        turn,
                        rounds,
                        QUERIES,
                        q -> {
                            scorer.ask(queries[q]);
                            scorer.score(slots[q], pairs[q], candidates, logOdds);
                        });
        double perItem = median(turn, rounds, items, i -> scorer.prepare(catalogue[i]));
        return new Cost(whole / candidates, perQuery, perItem, perExample);
    }

    private static QueryFacts query(ItemFacts[] catalogue, SplittableRandom random) {
        List<String> session = new ArrayList<>();
        for (int i = random.nextInt(10); i >= 0; i--) {
            session.add("item-" + random.nextInt(catalogue.length));
        }
        return QueryFacts.of(
                "user-" + random.nextInt(10_000),
                Map.of("device", "device-" + random.nextInt(10)),
                1_700_000_000_000L + random.nextInt(1_000_000_000),
                session,
                session.size(),
                1_700_000_000_000L,
                id -> catalogue[Integer.parseInt(id.substring("item-".length()))]);
    }

    @FunctionalInterface
    private interface Work {
        void run(int number);
    }

    /** Nanoseconds of one of {@code count} works, the median of some rounds after one more. */
    private static double median(Duration turn, int rounds, int count, Work work) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        double[] costs = new double[rounds];
        for (int round = -1; round < rounds; round++) {
            long started = threads.getCurrentThreadCpuTime();
            long done = 0;
            long spent;
            do {
                for (int i = 0; i < count; i++) {
                    work.run(i);
                }
                done += count;
                spent = threads.getCurrentThreadCpuTime() - started;
            } while (spent < turn.toNanos());
            if (round >= 0) {
                costs[round] = (double) spent / done;
            }
        }
        Arrays.sort(costs);
        return costs[rounds / 2];
    }
}
