package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.bench.OfferedLoad.Answered;
import io.nextclick.jobs.demo.EmbeddedFlink;
import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a release costs the clicks that come meanwhile. Clicks are offered at a fixed rate;
 * stretches in which a model is released and stretches without take turns, so that both see the
 * same machine. Of each stretch: the longest time from a click's append to its log to its
 * recommendation's, and the longest time in which no recommendation was appended at all.
 */
public final class ReleaseBenchmark {

    private static final String NAME = "bench";
    private static final int DIMENSION = 128;
    private static final int LIST_LENGTH = 20;
    private static final long SEED = 42;
    private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(256);

    /**
     * What to measure.
     *
     * @param items size of the catalogue
     * @param sessions live sessions, whose clicks come in turn
     * @param parallelism subtasks and partitions
     * @param clicksPerSecond the rate offered
     * @param releases how many stretches with a release, and without
     * @param warmUp before the first stretch
     * @param stretch how long each is
     */
    public record Options(
            int items,
            int sessions,
            int parallelism,
            double clicksPerSecond,
            int releases,
            Duration warmUp,
            Duration stretch) {

        private Duration measured() {
            return stretch.multipliedBy(2L * releases);
        }
    }

    private final Options options;
    private final Path directory;
    private final PrintWriter out;
    private final EmbeddedKafka kafka;
    private final EmbeddedFlink flink;

    private ReleaseBenchmark(
            Options options,
            Path directory,
            PrintWriter out,
            EmbeddedKafka kafka,
            EmbeddedFlink flink) {
        this.options = options;
        this.directory = directory;
        this.out = out;
        this.kafka = kafka;
        this.flink = flink;
    }

    /**
     * Runs it and prints one table.
     *
     * @param directory for all files; the caller deletes it
     */
    public static void run(Options options, Path directory, PrintWriter out) throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, options.parallelism(), "0", ROCKSDB_MEMORY)) {
            new ReleaseBenchmark(options, directory, out, kafka, flink).measure();
        }
    }

    private void measure() throws Exception {
        Map<String, String> stamped = Map.of("message.timestamp.type", "LogAppendTime");
        kafka.createTopic("clicks", options.parallelism(), stamped);
        kafka.createTopic("recommendations", options.parallelism(), stamped);
        kafka.createTopic("model-releases", 1, Map.of("cleanup.policy", "compact"));
        // Two of a kind and one of another: hidden states are made anew, dropped, made anew.
        List<Path> models = new ArrayList<>();
        for (int seed = 0; seed < 2; seed++) {
            models.add(directory.resolve("gru4rec-" + seed));
            RandomModel.write(models.get(seed), options.items(), DIMENSION, SEED + seed);
        }
        models.add(directory.resolve("vmis-knn"));
        RandomModel.writeVmisKnn(models.get(2), options.items(), SEED);

        StreamExecutionEnvironment environment = environment();
        SessionRecommenderJob.define(environment, config(models.get(0)));
        JobID job = flink.submit(environment);
        flink.awaitRunning(job);
        long[] releasedMillis = new long[options.releases()];
        ModelRelease[] released = new ModelRelease[options.releases()];
        ScheduledExecutorService releasing = Executors.newSingleThreadScheduledExecutor();
        List<Answered> answers;
        try {
            List<ScheduledFuture<?>> scheduled = new ArrayList<>();
            for (int release = 0; release < options.releases(); release++) {
                int number = release;
                Duration due =
                        options.warmUp().plus(options.stretch().multipliedBy(2L * release + 1));
                Path model = models.get((release + 1) % models.size());
                scheduled.add(
                        releasing.schedule(
                                () -> {
                                    releasedMillis[number] = System.currentTimeMillis();
                                    released[number] = publish(model);
                                    return null;
                                },
                                due.toMillis(),
                                TimeUnit.MILLISECONDS));
            }
            answers =
                    new OfferedLoad(options.clicksPerSecond(), options.warmUp(), options.measured())
                            .offer(
                                    kafka.bootstrapServers(),
                                    "clicks",
                                    "recommendations",
                                    options.parallelism(),
                                    new ClickLoad(options.sessions(), options.items(), SEED),
                                    DetectingCodec.of(Topics.CLICKS, Encoding.JSON),
                                    DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.AVRO));
            for (ScheduledFuture<?> each : scheduled) {
                each.get();
            }
        } finally {
            releasing.shutdownNow();
        }
        flink.cancel(job);
        report(answers, releasedMillis, released);
    }

    private ModelRelease publish(Path model) throws Exception {
        String uri = model.toUri().toString();
        ModelManifest manifest = ModelFolder.read(model).manifest();
        ModelRelease release =
                new ModelRelease(
                        NAME,
                        manifest.version(),
                        uri,
                        new FileSystemModels().fingerprint(uri),
                        manifest.kind(),
                        Map.of(),
                        System.currentTimeMillis());
        Codec<ModelRelease> codec = DetectingCodec.of(Topics.MODEL_RELEASES, Encoding.JSON);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(
                            new ProducerRecord<>(
                                    "model-releases",
                                    NAME.getBytes(StandardCharsets.UTF_8),
                                    codec.encode(release)))
                    .get();
        }
        return release;
    }

    // ------------------------------------------------------------------ report

    private void report(List<Answered> answers, long[] releasedMillis, ModelRelease[] released)
            throws IOException {
        say(
                "%,.0f clicks/s offered, %,d items, parallelism %d: %,d clicks, all answered once",
                options.clicksPerSecond(), options.items(), options.parallelism(), answers.size());
        say(
                "%-34s %9s %9s %9s %12s  %s",
                "stretch", "p99", "p99.9", "longest", "longest gap", "changed after");
        long stretch = options.stretch().toMillis();
        long quietDelay = 0;
        long quietGap = 0;
        long switchDelay = 0;
        long switchGap = 0;
        for (int release = 0; release < released.length; release++) {
            long at = releasedMillis[release];
            Stretch before = new Stretch(answers, at - stretch, at);
            Stretch with = new Stretch(answers, at, at + stretch);
            quietDelay = Math.max(quietDelay, before.longestDelay());
            quietGap = Math.max(quietGap, before.longestGap());
            switchDelay = Math.max(switchDelay, with.longestDelay());
            switchGap = Math.max(switchGap, with.longestGap());
            print("no release", before, "");
            print(
                    "release of " + released[release].kind() + ' ' + released[release].version(),
                    with,
                    with.changed(at, released[release]));
        }
        say(
                "longest time to a recommendation %d ms with a release, %d ms without;"
                        + " longest gap %d ms with, %d ms without",
                switchDelay, quietDelay, switchGap, quietGap);
    }

    private void print(String what, Stretch stretch, String changed) {
        say(
                "%-34s %6d ms %6d ms %6d ms %9d ms  %s",
                what,
                stretch.delay(0.99),
                stretch.delay(0.999),
                stretch.longestDelay(),
                stretch.longestGap(),
                changed.isEmpty() ? "" : changed + "; longest at " + stretch.longestAt());
    }

    /** The clicks of a time. */
    private static final class Stretch {

        private final long from;
        private final List<Answered> clicks;
        private final long[] delays;
        private final long[] answered;

        Stretch(List<Answered> answers, long from, long to) {
            this.from = from;
            clicks =
                    answers.stream()
                            .filter(each -> each.clickMillis() >= from && each.clickMillis() < to)
                            .toList();
            if (clicks.isEmpty()) {
                throw new IllegalStateException("no clicks between " + from + " and " + to);
            }
            delays = clicks.stream().mapToLong(Answered::delayMillis).sorted().toArray();
            answered = clicks.stream().mapToLong(Answered::answerMillis).sorted().toArray();
        }

        long delay(double share) {
            return delays[(int) (share * (delays.length - 1))];
        }

        long longestDelay() {
            return delays[delays.length - 1];
        }

        /** When the click came that waited longest, since the beginning. */
        String longestAt() {
            long at =
                    clicks.stream()
                            .max(Comparator.comparingLong(Answered::delayMillis))
                            .orElseThrow()
                            .clickMillis();
            return String.format(Locale.ROOT, "%.1f s", (at - from) / 1e3);
        }

        long longestGap() {
            long longest = 0;
            for (int i = 1; i < answered.length; i++) {
                longest = Math.max(longest, answered[i] - answered[i - 1]);
            }
            return longest;
        }

        /** When the first subtask answered with the new model, and when the last one did. */
        String changed(long released, ModelRelease release) {
            long[] byOld =
                    clicks.stream()
                            .filter(each -> !isOf(each.model(), release))
                            .mapToLong(Answered::answerMillis)
                            .toArray();
            long[] byNew =
                    clicks.stream()
                            .filter(each -> isOf(each.model(), release))
                            .mapToLong(Answered::answerMillis)
                            .toArray();
            if (byNew.length == 0) {
                return "not within the stretch";
            }
            long first = Arrays.stream(byNew).min().getAsLong();
            long last = Arrays.stream(byOld).max().orElse(first);
            return String.format(
                    Locale.ROOT,
                    "%.1f s, everywhere after %.1f s",
                    (first - released) / 1e3,
                    (last - released) / 1e3);
        }

        private static boolean isOf(ModelReference model, ModelRelease release) {
            return model != null
                    && model.name().equals(release.kind())
                    && model.version().equals(release.version());
        }
    }

    private void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }

    // ------------------------------------------------------------------ the job

    private StreamExecutionEnvironment environment() {
        Configuration configuration = new Configuration();
        configuration.set(CoreOptions.DEFAULT_PARALLELISM, options.parallelism());
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                directory.resolve("checkpoints").toUri().toString());
        return SessionRecommenderJob.environment(configuration);
    }

    private RecommenderConfig config(Path model) {
        Configuration configuration = new Configuration();
        configuration.setString("kafka.bootstrap.servers", kafka.bootstrapServers());
        configuration.set(JobOptions.RECOMMENDATIONS_COUNT, LIST_LENGTH);
        configuration.set(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO);
        configuration.set(JobOptions.MODEL_PATH, model.toUri().toString());
        configuration.set(JobOptions.RELEASES_TOPIC, "model-releases");
        configuration.set(JobOptions.RELEASES_NAME, NAME);
        // Random models foresee nothing; the examination takes its time all the same.
        configuration.set(JobOptions.RELEASES_QUALITY_FLOOR, 0.0);
        return RecommenderConfig.of(configuration);
    }
}
