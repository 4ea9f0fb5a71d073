package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.demo.EmbeddedFlink;
import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What one session that clicks far more than others costs the others. Stretches take turns, so that
 * all see the same machine: usual traffic; a hot session that has half of it; a bot whose 100,000
 * clicks come on top of it. Of each: the time from a click's append to its log to its
 * recommendation's, of the other sessions alone.
 */
public final class SessionsBenchmark {

    private static final int DIMENSION = 128;
    private static final int LIST_LENGTH = 20;
    private static final long SEED = 42;
    private static final int BOT_CLICKS = 100_000;
    private static final MemorySize ROCKSDB_MEMORY = MemorySize.ofMebiBytes(256);
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final long LONGEST_MILLIS = Duration.ofMinutes(10).toMillis();

    /**
     * What to measure.
     *
     * @param items size of the catalogue
     * @param sessions other sessions, whose clicks come in turn
     * @param parallelism subtasks and partitions
     * @param clicksPerSecond the usual rate
     * @param botClicksPerSecond what a bot adds to it
     * @param turns how often each stretch comes
     * @param warmUp before the first stretch
     * @param stretch how long each is; a bot's is as long as its clicks take
     */
    public record Options(
            int items,
            int sessions,
            int parallelism,
            double clicksPerSecond,
            double botClicksPerSecond,
            int turns,
            Duration warmUp,
            Duration stretch) {}

    /** What is different in a stretch. */
    private enum Traffic {
        WARM_UP("warm-up"),
        USUAL("usual traffic"),
        HOT("a hot session has half of it"),
        BOT("a bot's 100,000 clicks on top");

        private final String title;

        Traffic(String title) {
            this.title = title;
        }
    }

    /** A place in the clicks topic. */
    private record Place(int partition, long offset) {}

    /** A click whose answer is timed. */
    private record Sent(Stretch stretch, long appendedMillis) {}

    /** A time of one kind of traffic. */
    private static final class Stretch {

        private final Traffic traffic;
        private final Histogram others = new Histogram(LONGEST_MILLIS, 3);
        private double clicksPerSecond;
        private long heapBytes;

        private Stretch(Traffic traffic) {
            this.traffic = traffic;
        }
    }

    private final Options options;
    private final Path directory;
    private final PrintWriter out;
    private final EmbeddedKafka kafka;
    private final EmbeddedFlink flink;
    private final ClickLoad load;
    private final Codec<Click> codec = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
    private final Map<Place, Sent> open = new ConcurrentHashMap<>();
    private final FirstFailure failure = new FirstFailure();
    private long sent;
    private long index;

    private SessionsBenchmark(
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
        this.load = new ClickLoad(options.sessions(), options.items(), SEED);
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
            new SessionsBenchmark(options, directory, out, kafka, flink).measure();
        }
    }

    private void measure() throws Exception {
        Map<String, String> stamped = Map.of("message.timestamp.type", "LogAppendTime");
        kafka.createTopic("clicks", options.parallelism(), stamped);
        kafka.createTopic("recommendations", options.parallelism(), stamped);
        Path model = directory.resolve("gru4rec");
        RandomModel.write(model, options.items(), DIMENSION, SEED);
        StreamExecutionEnvironment environment = environment();
        SessionRecommenderJob.define(environment, config(model));
        JobID job = flink.submit(environment);
        flink.awaitRunning(job);
        List<Stretch> stretches = new ArrayList<>();
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        properties.put(ProducerConfig.LINGER_MS_CONFIG, "0");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            offer(producer, Traffic.WARM_UP, options.warmUp());
            for (int turn = 0; turn < options.turns(); turn++) {
                stretches.add(offer(producer, Traffic.USUAL, options.stretch()));
                stretches.add(offer(producer, Traffic.HOT, options.stretch()));
                stretches.add(offer(producer, Traffic.USUAL, options.stretch()));
                double seconds = BOT_CLICKS / options.botClicksPerSecond();
                stretches.add(
                        offer(producer, Traffic.BOT, Duration.ofMillis((long) (seconds * 1e3))));
            }
            producer.flush();
        }
        failure.rethrow();
        awaitAnswers();
        flink.cancel(job);
        report(stretches);
    }

    private Stretch offer(
            KafkaProducer<byte[], byte[]> producer, Traffic traffic, Duration duration)
            throws InterruptedException {
        Stretch stretch = new Stretch(traffic);
        String special = traffic.name().toLowerCase(Locale.ROOT) + "-" + index;
        double rate =
                options.clicksPerSecond()
                        + (traffic == Traffic.BOT ? options.botClicksPerSecond() : 0);
        double ofSpecial =
                switch (traffic) {
                    case HOT -> 0.5;
                    case BOT -> options.botClicksPerSecond() / rate;
                    default -> 0;
                };
        long clicks = (long) (rate * duration.toMillis() / 1e3);
        long start = System.nanoTime();
        for (long click = 0; click < clicks; click++) {
            long due = start + (long) (click / rate * 1e9);
            for (long left; (left = due - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            boolean isSpecial = (long) ((click + 1) * ofSpecial) > (long) (click * ofSpecial);
            send(producer, stretch, isSpecial ? special : null);
        }
        stretch.clicksPerSecond = clicks / ((System.nanoTime() - start) / 1e9);
        stretch.heapBytes = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return stretch;
    }

    /**
     * @param special the session that clicks; null: another of the usual ones
     */
    private void send(KafkaProducer<byte[], byte[]> producer, Stretch stretch, String special) {
        Click usual = load.click(index++);
        Click click =
                special == null
                        ? usual
                        : new Click(
                                usual.eventId(),
                                special,
                                usual.userId(),
                                usual.itemId(),
                                usual.eventType(),
                                usual.eventTimeMillis(),
                                usual.attributes());
        byte[] key = click.sessionId().getBytes(StandardCharsets.UTF_8);
        sent++;
        Future<RecordMetadata> unused =
                producer.send(
                        new ProducerRecord<>("clicks", key, codec.encode(click)),
                        (metadata, exception) -> {
                            failure.onCompletion(metadata, exception);
                            if (exception == null && special == null) {
                                open.put(
                                        new Place(metadata.partition(), metadata.offset()),
                                        new Sent(stretch, metadata.timestamp()));
                            }
                        });
    }

    /** Books every answer. */
    private void awaitAnswers() throws Exception {
        Properties client = new Properties();
        client.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        long answered = 0;
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        try (RecommendationReader reader =
                new RecommendationReader(client, "recommendations", /* fromBeginning= */ true)) {
            while (answered < sent) {
                for (RecommendationReader.Received received : reader.poll()) {
                    answered++;
                    Recommendation answer = received.recommendation();
                    Sent click =
                            open.remove(
                                    new Place(
                                            answer.trigger().partition(),
                                            answer.trigger().offset()));
                    if (click != null) {
                        click.stretch()
                                .others
                                .recordValue(
                                        Math.max(
                                                0,
                                                received.timestampMillis()
                                                        - click.appendedMillis()));
                    }
                }
                if (System.nanoTime() > giveUp) {
                    throw new IllegalStateException(
                            "only " + answered + " of " + sent + " clicks were answered");
                }
            }
        }
        if (!open.isEmpty()) {
            throw new IllegalStateException(open.size() + " clicks were not answered");
        }
    }

    private void report(List<Stretch> stretches) {
        say(
                "%,.0f clicks/s offered, %,.0f more by a bot; %,d items, %,d other sessions,"
                        + " parallelism %d: %,d clicks, all answered",
                options.clicksPerSecond(),
                options.botClicksPerSecond(),
                options.items(),
                options.sessions(),
                options.parallelism(),
                sent);
        say("Latency of the other sessions:");
        say("%-32s %10s %8s %8s %8s %10s", "stretch", "clicks/s", "p50", "p99", "longest", "heap");
        for (Stretch stretch : stretches) {
            print(
                    stretch.traffic.title,
                    stretch.clicksPerSecond,
                    stretch.others,
                    stretch.heapBytes);
        }
        Map<Traffic, Histogram> all = new HashMap<>();
        Map<Traffic, Long> heap = new HashMap<>();
        for (Stretch stretch : stretches) {
            all.computeIfAbsent(stretch.traffic, key -> new Histogram(LONGEST_MILLIS, 3))
                    .add(stretch.others);
            heap.merge(stretch.traffic, stretch.heapBytes, Math::max);
        }
        Histogram usual = all.get(Traffic.USUAL);
        say("All turns together:");
        for (Traffic traffic : List.of(Traffic.USUAL, Traffic.HOT, Traffic.BOT)) {
            Histogram of = all.get(traffic);
            say(
                    "%-32s p50 %d ms, p99 %d ms: %.2f times the usual p99; most heap %,d MB",
                    traffic.title,
                    of.getValueAtPercentile(50),
                    of.getValueAtPercentile(99),
                    (double) of.getValueAtPercentile(99)
                            / Math.max(1, usual.getValueAtPercentile(99)),
                    heap.get(traffic) >> 20);
        }
    }

    private void print(String what, double rate, Histogram delays, long heapBytes) {
        say(
                "%-32s %,10.0f %5d ms %5d ms %5d ms %,7d MB",
                what,
                rate,
                delays.getValueAtPercentile(50),
                delays.getValueAtPercentile(99),
                delays.getMaxValue(),
                heapBytes >> 20);
    }

    private void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }

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
        return RecommenderConfig.of(configuration);
    }
}
