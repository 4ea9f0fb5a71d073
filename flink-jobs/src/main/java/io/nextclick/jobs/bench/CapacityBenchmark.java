package io.nextclick.jobs.bench;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A table to size a cluster by: for each kind of model and size of catalogue what a core answers,
 * how soon at half of that, and what memory the model and the sessions take.
 *
 * @param catalogues numbers of items
 * @param scale of the length of each measurement
 */
public record CapacityBenchmark(List<Integer> catalogues, Scale scale) implements Benchmark {

    private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(512);

    /** Bundles are about so large when the job has all it can do. */
    private static final int BATCH = 128;

    /** What the model alone would take for the clicks of a measurement. */
    private static final double SECONDS = 4;

    private static final double MOST_CLICKS = 1_500_000;
    private static final int SESSION_CLICKS = 20;
    private static final Duration ALONE = Duration.ofSeconds(1);
    private static final Duration CHECKPOINTS = Duration.ofSeconds(4);
    private static final Duration WARM_UP = Duration.ofSeconds(3);
    private static final Duration MEASURED = Duration.ofSeconds(6);

    public CapacityBenchmark {
        catalogues = List.copyOf(catalogues);
    }

    /** Models of which a capacity is worth knowing; what the others cost lies between. */
    private enum Kind {
        GRU4REC,
        SASREC,
        VMIS_KNN;

        void write(Path folder, int items) throws IOException {
            switch (this) {
                case GRU4REC ->
                        RandomModel.write(folder, items, RandomModel.DIMENSION, Testbed.SEED);
                case SASREC ->
                        RandomModel.writeSasRec(folder, items, RandomModel.DIMENSION, Testbed.SEED);
                case VMIS_KNN -> RandomModel.writeVmisKnn(folder, items, Testbed.SEED);
            }
        }

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    @Override
    public MemorySize rocksDbMemory() {
        return ROCKSDB_MEMORY;
    }

    @Override
    public void run(Testbed bed) throws Exception {
        bed.say(
                "%s; the whole job, JSON in, Avro out, lists of %d, %d floats;"
                        + " broker and load on the same cores",
                Machine.description(), Testbed.LIST_LENGTH, RandomModel.DIMENSION);
        bed.say(
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
            for (int items : catalogues) {
                // While nothing else comes and goes on the heap.
                Path folder = bed.path(kind.word() + '-' + items);
                kind.write(folder, items);
                heap.put(folder, heapBytes(folder));
            }
        }
        for (Kind kind : Kind.values()) {
            for (int items : catalogues) {
                Path folder = bed.path(kind.word() + '-' + items);
                line(bed, kind, items, folder, heap.get(folder));
            }
        }
        bed.say(
                "A session had %d clicks. RocksDB has %d MB outside the heap, all subtasks"
                        + " together; these models nothing.",
                SESSION_CLICKS, ROCKSDB_MEMORY.getMebiBytes());
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

    private static long usedHeapAfterCollection() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private void line(Testbed bed, Kind kind, int items, Path folder, long modelBytes)
            throws Exception {
        double alone;
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            alone =
                    ModelAlone.clicksPerSecond(
                            model,
                            BATCH,
                            Testbed.LIST_LENGTH,
                            bed.parallelism(),
                            scale.lasting(ALONE),
                            scale.lasting(ALONE));
        }
        long clicks = scale.clicks(Math.min(MOST_CLICKS, SECONDS * alone));
        int sessions = (int) Math.max(1, clicks / SESSION_CLICKS);
        ClickLoad load = new ClickLoad(sessions, items, Testbed.SEED);
        String to = bed.emptyTopic();
        String from = bed.filledTopic(load, clicks);
        StreamExecutionEnvironment environment = bed.recommender(from, to, folder, Map.of());
        environment.enableCheckpointing(CHECKPOINTS.toMillis());
        Testbed.Job job = bed.submit("capacity", environment);
        double rate;
        try (TopicEnd end = bed.end(to)) {
            rate = job.clicksPerSecond(end, clicks);
        }
        long stateBytes = job.nextCheckpoint().getStateSize() / sessions;
        job.cancel();

        Histogram millis =
                OfferedLoad.latencies(
                        bed,
                        folder,
                        load,
                        rate / 2,
                        scale.lasting(WARM_UP),
                        scale.lasting(MEASURED));
        bed.say(
                "%-9s %,10d %,14.0f %,10.0f %7d %7d %7d %8d MB %,8d bytes",
                kind.word(),
                items,
                rate / bed.parallelism(),
                rate / 2,
                millis.getValueAtPercentile(50),
                millis.getValueAtPercentile(99),
                millis.getValueAtPercentile(99.9),
                modelBytes >> 20,
                stateBytes);
    }
}
