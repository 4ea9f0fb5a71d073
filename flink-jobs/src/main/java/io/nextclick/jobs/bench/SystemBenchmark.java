package io.nextclick.jobs.bench;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.serving.SearchBenchmark;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.HdrHistogram.Histogram;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Measures the whole system in one process and one run, so that its figures can be divided by each
 * other: what Kafka and Flink alone do, what they do with a session's state in RocksDB, what the
 * model alone does, and what all of it does together.
 */
public final class SystemBenchmark implements Benchmark {

    private static final int[] BATCHES = {32, 64, 128, 256};
    private static final List<Integer> SEARCH_BATCHES = List.of(32, 128, 256);
    private static final Duration SEARCH_TURN = Duration.ofMillis(100);
    private static final int SEARCH_ROUNDS = 7;
    private static final int LATENCY_ITEMS = 20_000;
    private static final double LATENCY_CLICKS_PER_SECOND = 1_000;
    private static final Duration LATENCY_WARM_UP = Duration.ofSeconds(20);
    private static final Duration LATENCY_MEASURED = Duration.ofSeconds(30);
    private static final int ENCODED_ITEMS = 20_000;

    /**
     * What the model alone would take for the whole job's clicks. The first half is left out, in
     * which the compiler still takes a tenth of two cores.
     */
    private static final double WHOLE_JOB_SECONDS = 45;

    private static final double WHOLE_JOB_MOST_CLICKS = 6_000_000;

    /** A line of the table. */
    private record Row(String what, double rate, String share) {}

    private final List<Integer> catalogues;
    private final int sessions;
    private final Scale scale;
    private final List<Row> rows = new ArrayList<>();

    /**
     * @param catalogues numbers of items
     * @param sessions live sessions, whose clicks come in turn
     * @param scale of the number of clicks of each measurement; 1 takes about a minute each on two
     *     cores
     */
    public SystemBenchmark(List<Integer> catalogues, int sessions, Scale scale) {
        this.catalogues = List.copyOf(catalogues);
        this.sessions = sessions;
        this.scale = scale;
    }

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(512);
    }

    @Override
    public void run(Testbed bed) throws Exception {
        bed.say("%s", Machine.description());
        long most = scale.clicks(12_000_000);
        String copied = bed.filledTopic(load(catalogues.get(0)), most);
        double passThrough = passThrough(bed, copied, most);
        add("raw pass-through", passThrough, "");
        double rocks = sessionState(bed, copied, scale.clicks(8_000_000));
        add("decode + keyBy + RocksDB update", rocks, share(rocks, passThrough, "pass-through"));

        for (int items : catalogues) {
            Path folder = bed.path("model-" + items);
            RandomModel.write(folder, items, RandomModel.DIMENSION, Testbed.SEED);
            search(bed, items);
            double alone = modelAlone(bed, "model", folder, items);
            double whole = wholeJob(bed, load(items), folder, wholeJobClicks(alone));
            add(
                    "whole job, " + items + " items",
                    whole,
                    share(whole, alone, "model alone") + ", " + share(whole, rocks, "RocksDB job"));
        }
        Path sasRec = bed.path("sasrec");
        RandomModel.writeSasRec(sasRec, ENCODED_ITEMS, RandomModel.DIMENSION, Testbed.SEED);
        encodingModel(bed, "SASRec", sasRec);
        Path vmisKnn = bed.path("vmis-knn");
        RandomModel.writeVmisKnn(vmisKnn, ENCODED_ITEMS, Testbed.SEED);
        encodingModel(bed, "VMIS-kNN", vmisKnn);
        latency(bed);
        bed.say("");
        rows.forEach(row -> bed.say("%-48s %,12.0f /s  %s", row.what(), row.rate(), row.share()));
    }

    private ClickLoad load(int items) {
        return new ClickLoad(sessions, items, Testbed.SEED);
    }

    private long wholeJobClicks(double modelAlone) {
        return scale.clicks(Math.min(WHOLE_JOB_MOST_CLICKS, WHOLE_JOB_SECONDS * modelAlone));
    }

    private void add(String what, double rate, String share) {
        rows.add(new Row(what, rate, share));
    }

    private static String share(double rate, double of, String name) {
        return String.format(Locale.ROOT, "%.0f %% of %s", 100 * rate / of, name);
    }

    // ------------------------------------------------------------------ measurements

    private static double passThrough(Testbed bed, String from, long clicks) throws Exception {
        String to = bed.emptyTopic();
        StreamExecutionEnvironment environment = bed.environment();
        PassThroughJob.define(environment, bed.bootstrapServers(), from, to, new Properties());
        return bed.clicksPerSecond("raw pass-through", environment, to, clicks);
    }

    private static double sessionState(Testbed bed, String from, long clicks) throws Exception {
        StreamExecutionEnvironment environment = bed.environment();
        SessionStateJob.define(
                environment,
                bed.config(from, bed.emptyTopic(), null, Map.of()),
                RandomModel.DIMENSION);
        long before = SessionStateJob.updates();
        return bed.clicksPerSecond(
                "decode + keyBy + RocksDB update",
                environment,
                () -> SessionStateJob.updates() - before,
                clicks);
    }

    /**
     * A model that reads a session's last items at every click, alone and in the job, where every
     * session has more of them than it reads before anything is measured.
     */
    private void encodingModel(Testbed bed, String name, Path folder) throws Exception {
        double alone = modelAlone(bed, name, folder, ENCODED_ITEMS);
        long clicks = wholeJobClicks(alone);
        int longEnough = (int) Math.max(1, clicks / (4 * RandomModel.SESSION_ITEMS));
        ClickLoad load = new ClickLoad(longEnough, ENCODED_ITEMS, Testbed.SEED);
        double whole = wholeJob(bed, load, folder, clicks);
        add(
                "whole job with " + name + ", " + ENCODED_ITEMS + " items",
                whole,
                share(whole, alone, name + " alone"));
    }

    private double modelAlone(Testbed bed, String name, Path folder, int items) throws Exception {
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            double best = 0;
            int bestBatch = 0;
            for (int batch : BATCHES) {
                double rate =
                        ModelAlone.clicksPerSecond(
                                model,
                                batch,
                                Testbed.LIST_LENGTH,
                                bed.parallelism(),
                                scale.lasting(Duration.ofSeconds(2)),
                                scale.lasting(Duration.ofSeconds(3)));
                bed.say("%s alone, %,d items, batch %d: %,.0f clicks/s", name, items, batch, rate);
                if (rate > best) {
                    best = rate;
                    bestBatch = batch;
                }
            }
            add(name + " alone, " + items + " items", best, "at batch " + bestBatch);
            return best;
        }
    }

    /** The item search by itself, beside other ways to do it. */
    private void search(Testbed bed, int items) throws Exception {
        SearchBenchmark.Result result =
                SearchBenchmark.run(
                        new SearchBenchmark.Settings(
                                items,
                                RandomModel.DIMENSION,
                                Testbed.LIST_LENGTH,
                                SEARCH_BATCHES,
                                bed.parallelism(),
                                scale.lasting(SEARCH_TURN),
                                SEARCH_ROUNDS));
        for (SearchBenchmark.Method method : SearchBenchmark.Method.values()) {
            SearchBenchmark.Measurement best = result.best(method);
            String what = method.description() + ", " + items + " items";
            add(
                    what,
                    best.queriesPerSecond(),
                    String.format(
                            Locale.ROOT,
                            "searches at batch %d: %.0f %% of the f32 peak of %.0f"
                                    + " GFLOP/s, %.2f x DJL matMul + topK",
                            best.batch(),
                            100 * best.shareOfPeak(),
                            result.peakGigaflops(),
                            result.ratio(method, SearchBenchmark.Method.TORCH_TOP_K)));
            bed.say("%s: %,.0f searches/s", what, best.queriesPerSecond());
        }
    }

    private static double wholeJob(Testbed bed, ClickLoad load, Path model, long clicks)
            throws Exception {
        String from = bed.filledTopic(load, clicks);
        String to = bed.emptyTopic();
        return bed.clicksPerSecond(
                "whole job, " + model.getFileName(),
                bed.recommender(from, to, model, Map.of()),
                to,
                clicks);
    }

    private void latency(Testbed bed) throws Exception {
        Path folder = bed.path("latency-model");
        RandomModel.write(folder, LATENCY_ITEMS, RandomModel.DIMENSION, Testbed.SEED);
        Histogram millis =
                OfferedLoad.latencies(
                        bed,
                        folder,
                        load(LATENCY_ITEMS),
                        LATENCY_CLICKS_PER_SECOND,
                        scale.lasting(LATENCY_WARM_UP),
                        scale.lasting(LATENCY_MEASURED));
        add(
                "append to append, " + LATENCY_ITEMS + " items",
                LATENCY_CLICKS_PER_SECOND,
                String.format(
                        Locale.ROOT,
                        "offered: p50 %d ms, p90 %d ms, p99 %d ms, p99.9 %d ms, max %d ms"
                                + " over %,d clicks",
                        millis.getValueAtPercentile(50),
                        millis.getValueAtPercentile(90),
                        millis.getValueAtPercentile(99),
                        millis.getValueAtPercentile(99.9),
                        millis.getMaxValue(),
                        millis.getTotalCount()));
    }
}
