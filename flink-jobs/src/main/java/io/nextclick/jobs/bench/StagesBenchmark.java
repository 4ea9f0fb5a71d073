package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.bench.OfferedLoad.Stretch;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.HdrHistogram.Histogram;
import org.apache.flink.configuration.MemorySize;

/**
 * What the second stage costs: the whole job with retrieval alone and with a ranker behind it, by
 * turns. Retrieval is a session model and a query tower, each of which proposes half of the
 * candidates, and a catalogue; vectors change meanwhile. First the jobs are given more clicks than
 * they can answer, then clicks at a fixed rate, of which it is counted how long they take. Last a
 * ranker that is far too slow is released: a DeepFM with wide layers.
 *
 * @param kind of the ranker
 * @param items size of the catalogue
 * @param candidates of a click, from both sources together
 * @param sessions live sessions, whose clicks come in turn
 * @param clicksPerSecond the rate at which latency is measured
 * @param scale of the number of clicks, and of the time at the fixed rate
 */
public record StagesBenchmark(
        RankerKind kind,
        int items,
        int candidates,
        int sessions,
        double clicksPerSecond,
        Scale scale)
        implements Benchmark {

    private static final int VECTOR_DIMENSION = 64;
    private static final double CLICKS = 200_000;
    private static final int TURNS = 3;
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final Duration MEASURED = Duration.ofSeconds(20);

    /** Of the ranker that is slow on purpose: some 20 million multiplications a click. */
    private static final List<Integer> WIDE = List.of(512, 256);

    private static final Map<String, String> COMPACTED = Map.of("cleanup.policy", "compact");
    private static final String RANKER = "ranker";

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(512);
    }

    /** What the jobs read beside clicks. */
    private record Shop(Path model, Map<String, String> retrieval, Map<String, String> ranking) {

        Map<String, String> options(boolean isRanked) {
            return isRanked ? ranking : retrieval;
        }

        /** As long as it takes: what isn't ranked would make two stages as fast as one. */
        Map<String, String> unhurried(boolean isRanked) {
            Map<String, String> options = new HashMap<>(options(isRanked));
            options.put(JobOptions.RANKING_BUDGET.key(), "1 min");
            return options;
        }
    }

    @Override
    public void run(Testbed bed) throws Exception {
        Path model = bed.path("model");
        RandomModel.write(model, items, RandomModel.DIMENSION, Testbed.SEED);
        List<CatalogItem> catalogue = RandomRanker.catalogue(items, Testbed.SEED);
        String entries = bed.topic(COMPACTED);
        bed.publish(entries, Topics.ITEM_CATALOG, catalogue);
        String releases = bed.topic(1, COMPACTED);
        RandomRanker.write(bed.path(RANKER), RankerOptions.of(kind), catalogue, kind.label());
        bed.release(releases, RANKER, bed.path(RANKER));
        try (ChangingVectors vectors =
                new ChangingVectors(
                        bed.bootstrapServers(),
                        bed.topic(COMPACTED),
                        releases,
                        ModelFolder.read(model).vocabulary().items(),
                        VECTOR_DIMENSION,
                        bed.path("tower"),
                        Testbed.SEED)) {
            Map<String, String> retrieval = new HashMap<>(vectors.options());
            retrieval.put(JobOptions.CATALOG_TOPIC.key(), entries);
            retrieval.put(JobOptions.BLEND_CANDIDATES.key(), String.valueOf((candidates + 1) / 2));
            Map<String, String> ranking = new HashMap<>(retrieval);
            ranking.put(JobOptions.RANKING_ENABLED.key(), "true");
            Shop shop = new Shop(model, retrieval, ranking);
            bed.say(
                    "%s; %,d items, %d candidates, lists of %d, ranker %s, parallelism %d;"
                            + " load average %.1f",
                    Machine.description(),
                    items,
                    candidates,
                    Testbed.LIST_LENGTH,
                    kind.label(),
                    bed.parallelism(),
                    Machine.loadAverage());
            compareThroughput(bed, shop);
            answer(bed, shop, "one stage", false);
            answer(bed, shop, "two stages", true);
            release(bed, releases, catalogue);
            answer(bed, shop, "two stages, slow ranker", true);
            bed.say("load average at the end %.1f", Machine.loadAverage());
        }
    }

    private void release(Testbed bed, String releases, List<CatalogItem> catalogue)
            throws IOException {
        RankerOptions usual = RankerOptions.of(RankerKind.DEEPFM);
        RankerOptions slow =
                new RankerOptions(
                        usual.kind(),
                        usual.factors(),
                        WIDE,
                        usual.crosses(),
                        usual.crossBuckets(),
                        usual.linearRate(),
                        usual.rate(),
                        usual.lasso(),
                        usual.ridge(),
                        usual.batch(),
                        usual.negativeRate(),
                        usual.seed());
        Path folder = bed.path("slow-ranker");
        RandomRanker.write(folder, slow, catalogue, "slow");
        bed.release(releases, RANKER, folder);
    }

    // ------------------------------------------------------------------ throughput

    private void compareThroughput(Testbed bed, Shop shop) throws Exception {
        long clicks = scale.clicks(CLICKS);
        String from = bed.filledTopic(new ClickLoad(sessions, items, Testbed.SEED), clicks);
        List<Double> one = new ArrayList<>();
        List<Double> two = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
            one.add(turn(bed, shop, "one stage", from, clicks, false));
            two.add(turn(bed, shop, "two stages", from, clicks, true));
        }
        double before = middle(one);
        double after = middle(two);
        bed.say(
                "one stage %,.0f clicks/s, two stages %,.0f: %.0f %%, %.0f microseconds a click"
                        + " more",
                before,
                after,
                100 * after / before,
                bed.parallelism() * 1e6 * (1 / after - 1 / before));
    }

    private static double turn(
            Testbed bed, Shop shop, String what, String from, long clicks, boolean isRanked)
            throws Exception {
        String to = bed.emptyTopic();
        double rate =
                bed.clicksPerSecond(
                        what,
                        bed.recommender(from, to, shop.model(), shop.unhurried(isRanked)),
                        to,
                        clicks);
        if (isRanked) {
            bed.say("    %.2f %% of the answers were ranked", 100 * rankedShare(bed, to));
        }
        return rate;
    }

    private static double rankedShare(Testbed bed, String topic) throws IOException {
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", bed.bootstrapServers());
        long answers = 0;
        long ranked = 0;
        try (RecommendationReader reader =
                new RecommendationReader(client, topic, /* fromBeginning= */ true)) {
            while (!reader.isAtEnd()) {
                for (RecommendationReader.Received received : reader.poll()) {
                    if (received.problem() != null) {
                        throw new IllegalStateException(received.problem());
                    }
                    answers++;
                    if (received.recommendation().ranker() != null) {
                        ranked++;
                    }
                }
            }
        }
        return (double) ranked / answers;
    }

    private static double middle(List<Double> rates) {
        return rates.stream().sorted().toList().get(rates.size() / 2);
    }

    // ------------------------------------------------------------------ latency

    private void answer(Testbed bed, Shop shop, String what, boolean isRanked) throws Exception {
        Stretch answers =
                OfferedLoad.answers(
                        bed,
                        shop.model(),
                        shop.options(isRanked),
                        new ClickLoad(sessions, items, Testbed.SEED),
                        clicksPerSecond,
                        scale.lasting(WARM_UP),
                        scale.lasting(MEASURED));
        Histogram millis = answers.delays();
        long ranked = answers.answers().stream().filter(each -> each.ranker() != null).count();
        bed.say(
                "%s, %,.0f clicks/s offered: p50 %d ms, p99 %d ms, p99.9 %d ms; %.1f %% ranked",
                what,
                answers.clicksPerSecond(),
                millis.getValueAtPercentile(50),
                millis.getValueAtPercentile(99),
                millis.getValueAtPercentile(99.9),
                100.0 * ranked / answers.answers().size());
    }
}
