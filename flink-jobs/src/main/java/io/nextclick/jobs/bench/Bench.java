package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.demo.EmbeddedFlink;
import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.serving.SearchBenchmark;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Measures the whole system in one process and one run, so that its figures can be divided by each
 * other: what Kafka and Flink alone do, what they do with a session's state in RocksDB, what the
 * model alone does, and what all of it does together.
 */
public final class Bench {

    /** Floats of an embedding and of a session's state. */
    private static final int DIMENSION = 128;

    private static final int LIST_LENGTH = 20;
    private static final int[] BATCHES = {32, 64, 128, 256};
    private static final List<Integer> SEARCH_BATCHES = List.of(32, 128, 256);
    private static final Duration SEARCH_TURN = Duration.ofMillis(100);
    private static final int SEARCH_ROUNDS = 7;
    private static final int LATENCY_ITEMS = 20_000;
    private static final double LATENCY_CLICKS_PER_SECOND = 1_000;
    private static final Duration LATENCY_WARM_UP = Duration.ofSeconds(20);
    private static final Duration LATENCY_MEASURED = Duration.ofSeconds(30);
    private static final int ENCODED_ITEMS = 20_000;
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final long SEED = 42;
    private static final int LIVE_DIMENSION = 64;
    private static final double LIVE_ITEMS_CLICKS = 400_000;
    private static final int LIVE_ITEMS_TURNS = 3;
    private static final Map<String, String> COMPACTED = Map.of("cleanup.policy", "compact");

    /** Bundles are about so large when the job has all it can do. */
    private static final int CAPACITY_BATCH = 128;

    /** What the model alone would take for the clicks of a measurement of capacity. */
    private static final double CAPACITY_SECONDS = 4;

    private static final int CAPACITY_SESSION_CLICKS = 20;
    private static final Duration CAPACITY_CHECKPOINTS = Duration.ofSeconds(4);
    private static final Duration CAPACITY_WARM_UP = Duration.ofSeconds(3);
    private static final Duration CAPACITY_MEASURED = Duration.ofSeconds(6);

    /**
     * What the model alone would take for the whole job's clicks. The first half is left out, in
     * which the compiler still takes a tenth of two cores.
     */
    private static final double WHOLE_JOB_SECONDS = 45;

    /** For all subtasks together, outside the heap. */
    private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(512);

    /**
     * What to measure.
     *
     * @param catalogues numbers of items
     * @param sessions live sessions, whose clicks come in turn
     * @param parallelism subtasks, partitions and threads
     * @param scale multiplies the number of clicks of each measurement; 1 takes about a minute each
     *     on two cores
     */
    public record Options(List<Integer> catalogues, int sessions, int parallelism, double scale) {

        public Options {
            catalogues = List.copyOf(catalogues);
        }

        private long clicks(double atScaleOne) {
            return Math.max(1_000, (long) (atScaleOne * scale));
        }

        private Duration lasting(Duration atScaleOne) {
            return Duration.ofMillis((long) Math.max(100, atScaleOne.toMillis() * scale));
        }
    }

    private final Options options;
    private final PrintWriter out;
    private final Path directory;
    private final EmbeddedKafka kafka;
    private final EmbeddedFlink flink;
    private int topics;

    private Bench(
            Options options,
            PrintWriter out,
            Path directory,
            EmbeddedKafka kafka,
            EmbeddedFlink flink) {
        this.options = options;
        this.out = out;
        this.directory = directory;
        this.kafka = kafka;
        this.flink = flink;
    }

    /**
     * Runs all measurements and prints one table.
     *
     * @param directory for all files; the caller deletes it
     */
    public static void run(Options options, Path directory, PrintWriter out) throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, options.parallelism(), "0", ROCKSDB_MEMORY)) {
            new Bench(options, out, directory, kafka, flink).measureAll();
        }
    }

    /**
     * Fills a state of {@code options.sessions()} live sessions and prints its size, the time of a
     * checkpoint, the job's speed and its heap.
     *
     * @param clicksPerSession clicks of each session
     */
    public static void runLiveSessions(
            Options options, int clicksPerSession, Path directory, PrintWriter out)
            throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, options.parallelism(), "0", ROCKSDB_MEMORY)) {
            new Bench(options, out, directory, kafka, flink)
                    .liveSessions(options.catalogues().get(0), clicksPerSession);
        }
    }

    /**
     * Runs the whole job without live items and with them, by turns: item vectors of which a
     * hundredth changes every second, and a query tower that proposes items for every click.
     */
    public static void runLiveItems(Options options, Path directory, PrintWriter out)
            throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, options.parallelism(), "0", ROCKSDB_MEMORY)) {
            Bench bench = new Bench(options, out, directory, kafka, flink);
            for (int items : options.catalogues()) {
                bench.liveItems(items);
            }
        }
    }

    /**
     * Prints a table to size a cluster by: for each kind of model and size of catalogue what a core
     * answers, how soon at half of that, and what memory the model and the sessions take.
     */
    public static void runCapacity(Options options, Path directory, PrintWriter out)
            throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, options.parallelism(), "0", ROCKSDB_MEMORY)) {
            new Bench(options, out, directory, kafka, flink).capacity();
        }
    }

    private void measureAll() throws Exception {
        say(
                "%s, %d cores, Java %s",
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"));
        long most = options.clicks(12_000_000);
        List<Row> rows = new ArrayList<>();

        ClickLoad any = new ClickLoad(options.sessions(), options.catalogues().get(0), SEED);
        String copied = filledTopic(any, most);
        double passThrough = passThrough(copied, most);
        rows.add(new Row("raw pass-through", passThrough, ""));
        double rocks = sessionState(copied, options.clicks(8_000_000));
        rows.add(
                new Row(
                        "decode + keyBy + RocksDB update",
                        rocks,
                        share(rocks, passThrough, "pass-through")));

        for (int items : options.catalogues()) {
            Path folder = directory.resolve("model-" + items);
            RandomModel.write(folder, items, DIMENSION, SEED);
            search(items, rows);
            double alone = modelAlone("model", folder, items, rows);
            long clicks = options.clicks(Math.min(6_000_000, WHOLE_JOB_SECONDS * alone));
            ClickLoad load = new ClickLoad(options.sessions(), items, SEED);
            double whole = wholeJob(filledTopic(load, clicks), folder, clicks);
            rows.add(
                    new Row(
                            "whole job, " + items + " items",
                            whole,
                            share(whole, alone, "model alone")
                                    + ", "
                                    + share(whole, rocks, "RocksDB job")));
        }
        Path sasRec = directory.resolve("sasrec");
        RandomModel.writeSasRec(sasRec, ENCODED_ITEMS, DIMENSION, SEED);
        encodingModel("SASRec", sasRec, rows);
        Path vmisKnn = directory.resolve("vmis-knn");
        RandomModel.writeVmisKnn(vmisKnn, ENCODED_ITEMS, SEED);
        encodingModel("VMIS-kNN", vmisKnn, rows);
        latency(rows);
        out.println();
        rows.forEach(row -> say("%-48s %,12.0f /s  %s", row.what(), row.rate(), row.share()));
    }

    // ------------------------------------------------------------------ measurements

    private double passThrough(String from, long clicks) throws Exception {
        String to = emptyTopic();
        StreamExecutionEnvironment environment = environment("pass-through");
        PassThroughJob.define(environment, kafka.bootstrapServers(), from, to, new Properties());
        return throughTopic("raw pass-through", environment, to, clicks);
    }

    private double sessionState(String from, long clicks) throws Exception {
        StreamExecutionEnvironment environment = environment("session-state");
        SessionStateJob.define(environment, config(from, emptyTopic(), null), DIMENSION);
        long before = SessionStateJob.updates();
        return rate(
                "decode + keyBy + RocksDB update",
                environment,
                () -> SessionStateJob.updates() - before,
                clicks);
    }

    /**
     * A model that reads a session's last items at every click, alone and in the job, where every
     * session has more of them than it reads before anything is measured.
     */
    private void encodingModel(String name, Path folder, List<Row> rows) throws Exception {
        double alone = modelAlone(name, folder, ENCODED_ITEMS, rows);
        long clicks = options.clicks(Math.min(6_000_000, WHOLE_JOB_SECONDS * alone));
        int sessions = (int) Math.max(1, clicks / (4 * RandomModel.SESSION_ITEMS));
        ClickLoad load = new ClickLoad(sessions, ENCODED_ITEMS, SEED);
        double whole = wholeJob(filledTopic(load, clicks), folder, clicks);
        rows.add(
                new Row(
                        "whole job with " + name + ", " + ENCODED_ITEMS + " items",
                        whole,
                        share(whole, alone, name + " alone")));
    }

    private double modelAlone(String name, Path folder, int items, List<Row> rows)
            throws Exception {
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            double best = 0;
            int bestBatch = 0;
            for (int batch : BATCHES) {
                double rate =
                        ModelAlone.clicksPerSecond(
                                model,
                                batch,
                                LIST_LENGTH,
                                options.parallelism(),
                                options.lasting(Duration.ofSeconds(2)),
                                options.lasting(Duration.ofSeconds(3)));
                say("%s alone, %,d items, batch %d: %,.0f clicks/s", name, items, batch, rate);
                if (rate > best) {
                    best = rate;
                    bestBatch = batch;
                }
            }
            rows.add(new Row(name + " alone, " + items + " items", best, "at batch " + bestBatch));
            return best;
        }
    }

    /** The item search by itself, beside other ways to do it. */
    private void search(int items, List<Row> rows) throws Exception {
        SearchBenchmark.Result result =
                SearchBenchmark.run(
                        new SearchBenchmark.Settings(
                                items,
                                DIMENSION,
                                LIST_LENGTH,
                                SEARCH_BATCHES,
                                options.parallelism(),
                                options.lasting(SEARCH_TURN),
                                SEARCH_ROUNDS));
        for (SearchBenchmark.Method method : SearchBenchmark.Method.values()) {
            SearchBenchmark.Measurement best = result.best(method);
            rows.add(
                    new Row(
                            method.description() + ", " + items + " items",
                            best.queriesPerSecond(),
                            String.format(
                                    Locale.ROOT,
                                    "searches at batch %d: %.0f %% of the f32 peak of %.0f"
                                            + " GFLOP/s, %.2f x DJL matMul + topK",
                                    best.batch(),
                                    100 * best.shareOfPeak(),
                                    result.peakGigaflops(),
                                    result.ratio(method, SearchBenchmark.Method.TORCH_TOP_K))));
            say("%s: %,.0f searches/s", rows.get(rows.size() - 1).what(), best.queriesPerSecond());
        }
    }

    private double wholeJob(String from, Path model, long clicks) throws Exception {
        String to = emptyTopic();
        StreamExecutionEnvironment environment = environment("whole-job");
        SessionRecommenderJob.define(environment, config(from, to, model));
        return throughTopic("whole job, " + model.getFileName(), environment, to, clicks);
    }

    private void latency(List<Row> rows) throws Exception {
        Path folder = directory.resolve("latency-model");
        RandomModel.write(folder, LATENCY_ITEMS, DIMENSION, SEED);
        Histogram millis =
                latency(
                        folder,
                        new ClickLoad(options.sessions(), LATENCY_ITEMS, SEED),
                        new OfferedLoad(
                                LATENCY_CLICKS_PER_SECOND,
                                options.lasting(LATENCY_WARM_UP),
                                options.lasting(LATENCY_MEASURED)));
        rows.add(
                new Row(
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
                                millis.getTotalCount())));
    }

    /** From append to append, of a job of its own. */
    private Histogram latency(Path model, ClickLoad load, OfferedLoad offered) throws Exception {
        Map<String, String> stampedOnAppend = Map.of("message.timestamp.type", "LogAppendTime");
        String from = topic(stampedOnAppend);
        String to = topic(stampedOnAppend);
        StreamExecutionEnvironment environment = environment("latency-" + to);
        SessionRecommenderJob.define(environment, config(from, to, model));
        JobID job = flink.submit(environment);
        flink.awaitRunning(job);
        Histogram millis =
                offered.measure(
                        kafka.bootstrapServers(),
                        from,
                        to,
                        options.parallelism(),
                        load,
                        DetectingCodec.of(Topics.CLICKS, Encoding.JSON),
                        DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.AVRO));
        flink.cancel(job);
        return millis;
    }

    // ------------------------------------------------------------------ capacity

    /** Models of which a capacity is worth knowing; what the others cost lies between. */
    private enum Kind {
        GRU4REC,
        SASREC,
        VMIS_KNN;

        void write(Path folder, int items) throws IOException {
            switch (this) {
                case GRU4REC -> RandomModel.write(folder, items, DIMENSION, SEED);
                case SASREC -> RandomModel.writeSasRec(folder, items, DIMENSION, SEED);
                case VMIS_KNN -> RandomModel.writeVmisKnn(folder, items, SEED);
            }
        }

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private void capacity() throws Exception {
        say(
                "%s, %d cores, Java %s; the whole job, JSON in, Avro out, lists of %d, %d floats;"
                        + " broker and load on the same cores",
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"),
                LIST_LENGTH,
                DIMENSION);
        say(
                "%-9s %10s %14s %10s %7s %7s %7s %11s %14s",
                "model",
                "items",
                "clicks/s, core",
                "half load",
                "p50 ms",
                "p99 ms",
                "p99.9",
                "model, heap",
                "state, session");
        Map<Path, Long> heap = new HashMap<>();
        for (Kind kind : Kind.values()) {
            for (int items : options.catalogues()) {
                // While nothing else comes and goes on the heap.
                Path folder = directory.resolve(kind.word() + '-' + items);
                kind.write(folder, items);
                heap.put(folder, heapBytes(folder));
            }
        }
        for (Kind kind : Kind.values()) {
            for (int items : options.catalogues()) {
                Path folder = directory.resolve(kind.word() + '-' + items);
                capacity(kind, items, folder, heap.get(folder));
            }
        }
        say(
                "A session had %d clicks. RocksDB has %d MB outside the heap, all subtasks"
                        + " together; these models nothing.",
                CAPACITY_SESSION_CLICKS, ROCKSDB_MEMORY.getMebiBytes());
    }

    /** What a model takes of the heap. */
    private static long heapBytes(Path folder) throws IOException {
        long before = usedHeapAfterCollection();
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            long bytes = usedHeapAfterCollection() - before;
            // Used here, so that the collector doesn't take it before.
            return model.vocabulary().size() == 0 ? 0 : Math.max(0, bytes);
        }
    }

    private void capacity(Kind kind, int items, Path folder, long modelBytes) throws Exception {
        double alone;
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            alone =
                    ModelAlone.clicksPerSecond(
                            model,
                            CAPACITY_BATCH,
                            LIST_LENGTH,
                            options.parallelism(),
                            options.lasting(Duration.ofSeconds(1)),
                            options.lasting(Duration.ofSeconds(1)));
        }
        long clicks = options.clicks(Math.min(1_500_000, CAPACITY_SECONDS * alone));
        int sessions = (int) Math.max(1, clicks / CAPACITY_SESSION_CLICKS);
        String to = emptyTopic();
        String from = filledTopic(new ClickLoad(sessions, items, SEED), clicks);
        StreamExecutionEnvironment environment = environment("capacity-" + to);
        environment.enableCheckpointing(CAPACITY_CHECKPOINTS.toMillis());
        SessionRecommenderJob.define(environment, config(from, to, folder));
        JobID job = flink.submit(environment);
        double rate;
        try (TopicEnd end = new TopicEnd(kafka.bootstrapServers(), to, options.parallelism())) {
            rate =
                    SteadyRate.of(
                            end, clicks, PATIENCE, () -> requireRunning(folder.toString(), job));
        }
        long stateBytes = nextCheckpoint("capacity", job).getStateSize() / sessions;
        flink.cancel(job);

        Histogram millis =
                latency(
                        folder,
                        new ClickLoad(sessions, items, SEED),
                        new OfferedLoad(
                                rate / 2,
                                options.lasting(CAPACITY_WARM_UP),
                                options.lasting(CAPACITY_MEASURED)));
        say(
                "%-9s %,10d %,14.0f %,10.0f %7d %7d %7d %8d MB %,8d bytes",
                kind.word(),
                items,
                rate / options.parallelism(),
                rate / 2,
                millis.getValueAtPercentile(50),
                millis.getValueAtPercentile(99),
                millis.getValueAtPercentile(99.9),
                modelBytes >> 20,
                stateBytes);
    }

    private static long usedHeapAfterCollection() {
        System.gc();
        return usedHeap();
    }

    // ------------------------------------------------------------------ running jobs

    /** Fills a state of many sessions and tells what it costs. */
    private void liveSessions(int items, int clicksPerSession) throws Exception {
        long clicks = (long) options.sessions() * clicksPerSession;
        Path folder = directory.resolve("live-sessions-model");
        RandomModel.write(folder, items, DIMENSION, SEED);
        String from = filledTopic(new ClickLoad(options.sessions(), items, SEED), clicks);
        say("published %,d clicks of %,d sessions", clicks, options.sessions());
        String to = emptyTopic();
        StreamExecutionEnvironment environment = environment("live-sessions");
        SessionRecommenderJob.define(environment, config(from, to, folder));
        JobID job = flink.submit(environment);
        long[] peakHeap = {0};
        double rate;
        try (TopicEnd end = new TopicEnd(kafka.bootstrapServers(), to, options.parallelism())) {
            rate =
                    SteadyRate.of(
                            end,
                            clicks,
                            PATIENCE,
                            () -> {
                                peakHeap[0] = Math.max(peakHeap[0], usedHeap());
                                requireRunning("live sessions", job);
                            });
        }
        // One more, so that it holds all sessions.
        CompletedCheckpointStats last = nextCheckpoint("live sessions", job);
        flink.cancel(job);
        say(
                "%,d live sessions of %d clicks, %,d items",
                options.sessions(), clicksPerSession, items);
        say("  throughput          %,.0f clicks/s", rate);
        say(
                "  state               %,d MB (%,d bytes a session)",
                last.getStateSize() >> 20, last.getStateSize() / options.sessions());
        say(
                "  last checkpoint     %,d ms, %,d MB of it new",
                last.getEndToEndDuration(), last.getCheckpointedSize() >> 20);
        say(
                "  heap                %,d MB at most used of %,d MB allowed",
                peakHeap[0] >> 20, Runtime.getRuntime().maxMemory() >> 20);
    }

    private CompletedCheckpointStats nextCheckpoint(String what, JobID job) throws Exception {
        CompletedCheckpointStats before = flink.lastCheckpoint(job);
        CompletedCheckpointStats last = before;
        for (long giveUp = System.nanoTime() + PATIENCE.toNanos();
                last == null
                        || (before != null && last.getCheckpointId() <= before.getCheckpointId());
                last = flink.lastCheckpoint(job)) {
            if (System.nanoTime() > giveUp) {
                throw new IllegalStateException("no checkpoint completed within " + PATIENCE);
            }
            requireRunning(what, job);
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
        return last;
    }

    private void liveItems(int items) throws Exception {
        Path folder = directory.resolve("model-" + items);
        RandomModel.write(folder, items, DIMENSION, SEED);
        List<String> ids = ModelFolder.read(folder).vocabulary().items();
        String embeddings = topic(COMPACTED);
        String releases = topic(COMPACTED);
        long clicks = options.clicks(LIVE_ITEMS_CLICKS);
        String from = filledTopic(new ClickLoad(options.sessions(), items, SEED), clicks);
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        try (ChangingVectors vectors =
                new ChangingVectors(
                        kafka.bootstrapServers(),
                        embeddings,
                        releases,
                        ids,
                        LIVE_DIMENSION,
                        directory.resolve("tower-" + items),
                        SEED)) {
            Map<String, String> live = vectors.options();
            for (int turn = 0; turn < LIVE_ITEMS_TURNS; turn++) {
                without.add(liveItemsTurn("without live items", from, folder, clicks, Map.of()));
                with.add(liveItemsTurn("with live items", from, folder, clicks, live));
            }
        }
        double before = middle(without);
        double after = middle(with);
        say(
                "%,d items: %,.0f clicks/s without live items, %,.0f with them: %.0f %%,"
                        + " %.0f microseconds a click more",
                items,
                before,
                after,
                100 * after / before,
                options.parallelism() * 1e6 * (1 / after - 1 / before));
    }

    private double liveItemsTurn(
            String what, String from, Path model, long clicks, Map<String, String> live)
            throws Exception {
        String to = emptyTopic();
        StreamExecutionEnvironment environment = environment(what.replace(' ', '-'));
        SessionRecommenderJob.define(environment, config(from, to, model, live));
        return throughTopic(what, environment, to, clicks);
    }

    private static double middle(List<Double> rates) {
        return rates.stream().sorted().toList().get(rates.size() / 2);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private double throughTopic(
            String what, StreamExecutionEnvironment environment, String to, long clicks)
            throws Exception {
        try (TopicEnd end = new TopicEnd(kafka.bootstrapServers(), to, options.parallelism())) {
            return rate(what, environment, end, clicks);
        }
    }

    private double rate(
            String what, StreamExecutionEnvironment environment, LongSupplier counter, long target)
            throws Exception {
        JobID job = flink.submit(environment);
        double rate = SteadyRate.of(counter, target, PATIENCE, () -> requireRunning(what, job));
        flink.cancel(job);
        say("%s: %,.0f clicks/s", what, rate);
        return rate;
    }

    private void requireRunning(String what, JobID job) throws Exception {
        if (flink.status(job).isGloballyTerminalState()) {
            throw new IllegalStateException(what + " ended early", flink.failure(job));
        }
    }

    private StreamExecutionEnvironment environment(String name) {
        Configuration configuration = new Configuration();
        configuration.set(CoreOptions.DEFAULT_PARALLELISM, options.parallelism());
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                directory.resolve("checkpoints-" + name).toUri().toString());
        return SessionRecommenderJob.environment(configuration);
    }

    private RecommenderConfig config(String from, String to, Path model) {
        return config(from, to, model, Map.of());
    }

    private RecommenderConfig config(
            String from, String to, Path model, Map<String, String> further) {
        Configuration configuration = Configuration.fromMap(further);
        configuration.setString("kafka.bootstrap.servers", kafka.bootstrapServers());
        configuration.set(JobOptions.CLICKS_TOPIC, from);
        configuration.set(JobOptions.RECOMMENDATIONS_TOPIC, to);
        configuration.set(JobOptions.CLICKS_GROUP_ID, "bench-" + to);
        configuration.set(JobOptions.RECOMMENDATIONS_COUNT, LIST_LENGTH);
        configuration.set(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO);
        if (model == null) {
            configuration.set(JobOptions.MODEL_REQUIRED, false);
        } else {
            configuration.set(JobOptions.MODEL_PATH, model.toUri().toString());
        }
        return RecommenderConfig.of(configuration);
    }

    // ------------------------------------------------------------------ topics

    private String filledTopic(ClickLoad load, long clicks) throws Exception {
        String topic = emptyTopic();
        load.publish(
                kafka.bootstrapServers(),
                topic,
                DetectingCodec.of(Topics.CLICKS, Encoding.JSON),
                0,
                clicks);
        return topic;
    }

    private String emptyTopic() throws Exception {
        return topic(Map.of());
    }

    private String topic(Map<String, String> configuration) throws Exception {
        String topic = "bench-" + topics++;
        kafka.createTopic(topic, options.parallelism(), configuration);
        return topic;
    }

    // ------------------------------------------------------------------ report

    private record Row(String what, double rate, String share) {}

    private static String share(double rate, double of, String name) {
        return String.format(Locale.ROOT, "%.0f %% of %s", 100 * rate / of, name);
    }

    private void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
