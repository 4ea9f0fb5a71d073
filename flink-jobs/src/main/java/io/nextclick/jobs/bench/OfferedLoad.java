package io.nextclick.jobs.bench;

import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Clicks at an even rate, whatever a job makes of them, and the time from a click's append in the
 * log to its recommendation's, by the broker's own clock. The clicks of a load come one after
 * another, in stretches that each have their own rate; answers are read when all have been sent, so
 * that reading takes nothing from the job.
 *
 * <p>The job reads {@link #clicks()} and writes {@link #recommendations()}, and nobody else does.
 */
final class OfferedLoad implements AutoCloseable {

    private static final double FEW_CLICKS_PER_SECOND = 5_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LONGEST_MILLIS = Duration.ofMinutes(10).toMillis();
    private static final Map<String, String> STAMPED_ON_APPEND =
            Map.of("message.timestamp.type", "LogAppendTime");

    private final String bootstrapServers;
    private final String clicks;
    private final String recommendations;
    private final ClickLoad load;
    private final Codec<Click> codec = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
    private final KafkaProducer<byte[], byte[]> producer;
    private final Map<Place, Appended> unanswered = new ConcurrentHashMap<>();
    private final FirstFailure failure = new FirstFailure();
    private long sent;

    /** Where a click stands in its topic. */
    private record Place(int partition, long offset) {}

    private record Appended(Stretch stretch, long millis) {}

    /**
     * A click and its answer.
     *
     * @param clickMillis when it was appended to its log
     * @param answerMillis when its recommendation was
     * @param model that ranked it; may be null
     * @param ranker that put its candidates in order; may be null
     */
    record Answered(
            long clickMillis, long answerMillis, ModelReference model, ModelReference ranker) {

        long delayMillis() {
            return Math.max(0, answerMillis - clickMillis);
        }
    }

    /** Clicks that were offered one after another, at one rate. */
    static final class Stretch {

        private final List<Answered> answers = new ArrayList<>();
        private double clicksPerSecond;

        private Stretch() {}

        /** The rate at which they were offered in truth. */
        double clicksPerSecond() {
            return clicksPerSecond;
        }

        /** The load's own clicks, in the order of their partitions' answers; none before then. */
        List<Answered> answers() {
            return Collections.unmodifiableList(answers);
        }

        /** Milliseconds from append to append. */
        Histogram delays() {
            Histogram delays = new Histogram(LONGEST_MILLIS, 3);
            answers.forEach(answered -> delays.recordValue(answered.delayMillis()));
            return delays;
        }
    }

    /**
     * Makes the topics; offers nothing yet.
     *
     * @param usualClicksPerSecond about the rate of most stretches
     */
    OfferedLoad(Testbed bed, ClickLoad load, double usualClicksPerSecond)
            throws IOException, InterruptedException {
        this.load = load;
        bootstrapServers = bed.bootstrapServers();
        clicks = bed.topic(STAMPED_ON_APPEND);
        recommendations = bed.topic(STAMPED_ON_APPEND);
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        // The time that counts begins at the append; a request for each click of many would take
        // the cores from what is measured.
        properties.put(
                ProducerConfig.LINGER_MS_CONFIG,
                usualClicksPerSecond > FEW_CLICKS_PER_SECOND ? "5" : "0");
        producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Latencies of a job of its own, in milliseconds.
     *
     * @param warmUp clicks of this time are sent first and not counted
     * @param measured clicks of this time are counted
     */
    static Histogram latencies(
            Testbed bed,
            Path model,
            ClickLoad load,
            double clicksPerSecond,
            Duration warmUp,
            Duration measured)
            throws Exception {
        return answers(bed, model, Map.of(), load, clicksPerSecond, warmUp, measured).delays();
    }

    /**
     * What a job of its own answers.
     *
     * @param further options of the job
     * @param warmUp clicks of this time are sent first and not counted
     * @param measured clicks of this time are counted
     */
    static Stretch answers(
            Testbed bed,
            Path model,
            Map<String, String> further,
            ClickLoad load,
            double clicksPerSecond,
            Duration warmUp,
            Duration measured)
            throws Exception {
        try (OfferedLoad offered = new OfferedLoad(bed, load, clicksPerSecond)) {
            Testbed.Job job =
                    bed.submit(
                            "latency",
                            bed.recommender(
                                    offered.clicks(), offered.recommendations(), model, further));
            job.awaitRunning();
            offered.offer(clicksPerSecond, warmUp);
            Stretch counted = offered.offer(clicksPerSecond, measured);
            offered.awaitAnswers();
            job.cancel();
            return counted;
        }
    }

    /** The topic of clicks. */
    String clicks() {
        return clicks;
    }

    /** The topic of their answers. */
    String recommendations() {
        return recommendations;
    }

    /** Clicks sent so far. */
    long sent() {
        return sent;
    }

    /** Offers the load's next clicks. */
    Stretch offer(double clicksPerSecond, Duration duration) throws InterruptedException {
        return offer(clicksPerSecond, duration, click -> null);
    }

    /**
     * Offers the load's next clicks, some of which another session takes over. Those are not
     * counted.
     *
     * @param intruder the session that has the n-th click of the stretch; null: that of the load
     */
    Stretch offer(double clicksPerSecond, Duration duration, LongFunction<String> intruder)
            throws InterruptedException {
        Stretch stretch = new Stretch();
        long count = (long) (clicksPerSecond * duration.toMillis() / 1000);
        long start = System.nanoTime();
        for (long click = 0; click < count; click++) {
            long due = start + (long) (click / clicksPerSecond * 1e9);
            for (long left; (left = due - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            send(stretch, intruder.apply(click));
        }
        stretch.clicksPerSecond = count / ((System.nanoTime() - start) / 1e9);
        return stretch;
    }

    private void send(Stretch stretch, String intruder) {
        Click own = load.click(sent++);
        Click click =
                intruder == null
                        ? own
                        : new Click(
                                own.eventId(),
                                intruder,
                                own.userId(),
                                own.itemId(),
                                own.eventType(),
                                own.eventTimeMillis(),
                                own.attributes());
        byte[] key = click.sessionId().getBytes(StandardCharsets.UTF_8);
        Future<RecordMetadata> unused =
                producer.send(
                        new ProducerRecord<>(clicks, key, codec.encode(click)),
                        (metadata, exception) -> {
                            failure.onCompletion(metadata, exception);
                            if (exception == null && intruder == null) {
                                unanswered.put(
                                        new Place(metadata.partition(), metadata.offset()),
                                        new Appended(stretch, metadata.timestamp()));
                            }
                        });
    }

    /**
     * Waits until every click is answered, and books the answers on their stretches.
     *
     * @throws IllegalStateException if one is not, or could not be sent
     */
    void awaitAnswers() throws IOException {
        producer.flush();
        failure.rethrow();
        Properties client = new Properties();
        client.setProperty(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        long answered = 0;
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        try (RecommendationReader reader =
                new RecommendationReader(client, recommendations, /* fromBeginning= */ true)) {
            while (answered < sent) {
                for (RecommendationReader.Received received : reader.poll()) {
                    book(received);
                    answered++;
                }
                if (System.nanoTime() > giveUp) {
                    throw new IllegalStateException(
                            "only " + answered + " of " + sent + " clicks were answered");
                }
            }
        }
        if (!unanswered.isEmpty()) {
            throw new IllegalStateException(unanswered.size() + " clicks were not answered");
        }
    }

    private void book(RecommendationReader.Received received) {
        if (received.problem() != null) {
            throw new IllegalStateException(received.problem());
        }
        Recommendation answer = received.recommendation();
        Appended click =
                unanswered.remove(
                        new Place(answer.trigger().partition(), answer.trigger().offset()));
        if (click != null) {
            click.stretch()
                    .answers
                    .add(
                            new Answered(
                                    click.millis(),
                                    received.timestampMillis(),
                                    answer.model(),
                                    answer.ranker()));
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
