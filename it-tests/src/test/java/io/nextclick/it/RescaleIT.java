package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A job that is stopped with a savepoint and taken up at another parallelism, 1 → 3 → 2, answers
 * every click as one that was never stopped. {@code -Dnextclick.rescale-clicks=2000000} for more
 * than the {@link #CLICKS} of every build.
 */
@ExtendWith(LiveSystem.Extension.class)
class RescaleIT {

    private static final int CLICKS = 200_000;
    private static final long SEED = 20_261_122;
    private static final int PARTITIONS = 4;

    /** Sessions that click by turns; at a savepoint so many are under way, and others silent. */
    private static final int CONCURRENT = 20_000;

    private static final int MEAN_LENGTH = 8;
    private static final long START_MILLIS = 1_700_000_000_000L;

    /** All clicks' event times together: twice the gap that ends a session, so that many end. */
    private static final long EVENT_TIME_MILLIS = Duration.ofMinutes(60).toMillis();

    @Test
    void oneThenThreeThenTwoSubtasks(LiveSystem system) throws Exception {
        int clicks = Integer.getInteger("nextclick.rescale-clicks", CLICKS);
        System.out.println("rescale: seed " + SEED + ", " + clicks + " clicks");
        ClicksTopic topic = system.clicksTopic(PARTITIONS);
        Workload workload = publish(system, topic.name(), clicks);
        try (JobRun rescaled = run(system, topic);
                AnswerDigests answers =
                        new AnswerDigests(
                                system, rescaled.recommendationsTopic(), workload.perPartition);
                JobRun uninterrupted = run(system, topic);
                AnswerDigests expected =
                        new AnswerDigests(
                                system,
                                uninterrupted.recommendationsTopic(),
                                workload.perPartition)) {
            long begun = System.nanoTime();
            rescaled.withParallelism(1).start();
            await(system, rescaled, answers, clicks / 3);
            String ofOne = rescaled.stopWithSavepoint();
            rescaled.restore(ofOne, 3);
            await(system, rescaled, answers, clicks / 3 * 2);
            String ofThree = rescaled.stopWithSavepoint();
            readToTheEnd(answers);
            assertThat(answers.read())
                    .as("before the last savepoint")
                    .isLessThan(workload.answered);
            rescaled.restore(ofThree, 2);
            await(system, rescaled, answers, workload.answered);
            report("rescaled, savepoints of " + mebibytes(ofOne, ofThree), workload, begun);
            rescaled.stopWithSavepoint();
            readToTheEnd(answers);

            begun = System.nanoTime();
            uninterrupted.withParallelism(2).start();
            await(system, uninterrupted, expected, workload.answered);
            report("uninterrupted", workload, begun);
            uninterrupted.stopWithSavepoint();
            readToTheEnd(expected);

            assertThat(answers.differencesTo(expected)).as("clicks answered otherwise").isZero();
            // A savepoint waits for all that is in flight: nothing is answered again.
            assertThat(answers.again()).as("answers that came again").isZero();
            assertThat(expected.again()).isZero();
            assertThat(expected.otherwise()).isZero();
        }
    }

    private static JobRun run(LiveSystem system, ClicksTopic topic) throws Exception {
        return new JobRun(system, topic)
                .withModel(system.shop().folder())
                .with(JobOptions.RECOMMENDATIONS_COUNT, 5)
                .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO)
                // Most sessions are in RocksDB, and checkpoints of it are incremental.
                .with(JobOptions.SESSION_HOT_MEMORY, MemorySize.ofMebiBytes(1))
                .with(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true)
                .with(
                        CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                        system.folder("checkpoints").toUri().toString())
                .unending(Duration.ofSeconds(2));
    }

    private static void await(LiveSystem system, JobRun run, AnswerDigests answers, int clicks)
            throws Exception {
        int[] last = {0};
        while (last[0] < clicks) {
            int known = last[0];
            Await.until(
                    "more than " + known + " of " + clicks + " clicks are answered",
                    () -> {
                        if (system.flink().status(run.job()).isGloballyTerminalState()) {
                            throw new AssertionError(
                                    "the job ended", system.flink().failure(run.job()));
                        }
                        last[0] = answers.read();
                        return last[0] > known;
                    });
        }
    }

    private static void readToTheEnd(AnswerDigests answers) {
        do {
            answers.read();
        } while (!answers.isAtEnd());
    }

    private static void report(String what, Workload workload, long begunNanos) {
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        System.out.printf(
                "%s: %,d answers in %.1f s, %,.0f clicks/s%n",
                what, workload.answered, seconds, workload.answered / seconds);
    }

    private static String mebibytes(String... savepoints) throws Exception {
        StringBuilder text = new StringBuilder();
        for (String savepoint : savepoints) {
            long bytes = 0;
            try (Stream<Path> files = Files.walk(Path.of(URI.create(savepoint)))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    bytes += Files.size(file);
                }
            }
            text.append(text.isEmpty() ? "" : " and ")
                    .append("%.1f MiB".formatted(bytes / 1048576.0));
        }
        return text.toString();
    }

    /**
     * @param perPartition clicks of each partition
     * @param answered how many of them are answered: all but those that come twice
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Workload(int[] perPartition, int answered) {}

    /** Clicks of a model's items and a few unknown ones; one of 200 is sent twice. */
    private static Workload publish(LiveSystem system, String topic, int clicks) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        ItemVocabulary items = system.shop().model().vocabulary();
        Codec<Click> codec = Topics.CLICKS.codec(Encoding.AVRO);
        String[] sessions = new String[CONCURRENT];
        int[] perPartition = new int[PARTITIONS];
        int begun = 0;
        int twice = 0;
        Properties properties = system.client();
        properties.setProperty("linger.ms", "20");
        properties.setProperty("batch.size", "262144");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < clicks; i++) {
                int place = random.nextInt(CONCURRENT);
                if (sessions[place] == null || random.nextInt(MEAN_LENGTH) == 0) {
                    sessions[place] = "session-" + begun++;
                }
                String session = sessions[place];
                int row = random.nextInt(items.size());
                String item = random.nextInt(50) == 0 ? "unknown-" + row : items.item(row);
                long time = START_MILLIS + EVENT_TIME_MILLIS * i / clicks;
                byte[] click =
                        codec.encode(
                                new Click("e" + i, session, null, item, "click", time, Map.of()));
                boolean isTwice = i + 1 < clicks && random.nextInt(200) == 0;
                int partition = Math.floorMod(session.hashCode(), PARTITIONS);
                for (int copy = 0; copy < (isTwice ? 2 : 1); copy++) {
                    perPartition[partition]++;
                    var unused =
                            producer.send(
                                    new ProducerRecord<>(
                                            topic,
                                            partition,
                                            session.getBytes(StandardCharsets.UTF_8),
                                            click));
                }
                if (isTwice) {
                    twice++;
                    i++;
                }
            }
        }
        assertThat(system.kafka().records(topic)).as("clicks in the topic").isEqualTo(clicks);
        return new Workload(perPartition, clicks - twice);
    }
}
