package io.nextclick.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.RejectedClicks;
import io.nextclick.schemas.Topics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * 10,000 records that hold no click, among 100,000 that do: each of the first is set aside whole,
 * with what is wrong and where it came from, and each of the others is answered.
 */
@ExtendWith(LiveSystem.Extension.class)
class BadRecordsIT {

    private static final long SEED = 20_261_122;
    private static final int GOOD = 100_000;
    private static final int BAD = 10_000;
    private static final int SESSIONS = 20_000;
    private static final long START_MILLIS = 1_704_067_200_000L;

    private static final Codec<Click> AVRO = Topics.CLICKS.codec(Encoding.AVRO);
    private static final Codec<Click> JSON = Topics.CLICKS.codec(Encoding.JSON);

    @Test
    void badRecordsAmongGood(LiveSystem system) throws Exception {
        System.out.println("bad records: seed " + SEED);
        Random random = new Random(SEED);
        ClicksTopic topic = system.clicksTopic(2);
        List<ProducerRecord<byte[], byte[]>> published = new ArrayList<>();
        int good = 0;
        int bad = 0;
        while (good < GOOD || bad < BAD) {
            if (random.nextInt(GOOD + BAD - good - bad) < GOOD - good) {
                published.add(goodRecord(system, topic, random, good++));
            } else {
                published.add(badRecord(system, topic, random, bad++));
            }
        }
        topic.publish(published);

        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(system.shop().folder())
                        .with(JobOptions.RECOMMENDATIONS_COUNT, 3)
                        .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO)
                        .withParallelism(2)
                        .start()
                        .awaitEnd()) {
            Set<String> clicks = new HashSet<>();
            Map<String, ConsumerRecord<byte[], byte[]>> rejects = new HashMap<>();
            for (ConsumerRecord<byte[], byte[]> record : topic.records()) {
                if (record.headers().lastHeader("bad") == null) {
                    clicks.add(record.partition() + "-" + record.offset());
                } else {
                    rejects.put(record.partition() + "-" + record.offset(), record);
                }
            }
            assertThat(clicks).hasSize(GOOD);
            assertThat(rejects).hasSize(BAD);
            assertAnswered(run, clicks);
            assertSetAside(run, rejects);
        }
    }

    private static void assertAnswered(JobRun run, Set<String> clicks) throws Exception {
        assertThat(run.answers()).hasSize(GOOD);
        Set<String> answered = new HashSet<>();
        for (Recommendation answer : run.answers()) {
            answered.add(answer.trigger().partition() + "-" + answer.trigger().offset());
            assertThat(answer.items()).hasSize(3);
        }
        assertThat(answered).isEqualTo(clicks);
    }

    private static void assertSetAside(
            JobRun run, Map<String, ConsumerRecord<byte[], byte[]>> rejects) {
        List<ConsumerRecord<byte[], byte[]>> letters = run.rejects();
        assertThat(letters).hasSize(BAD);
        Map<String, Integer> reasons = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> letter : letters) {
            String place =
                    header(letter, RejectedClicks.PARTITION_HEADER)
                            + "-"
                            + header(letter, RejectedClicks.OFFSET_HEADER);
            ConsumerRecord<byte[], byte[]> original = rejects.remove(place);
            assertThat(original).as("the record at %s, once", place).isNotNull();
            assertThat(letter.key()).isEqualTo(original.key());
            assertThat(letter.value()).isEqualTo(original.value());
            assertThat(header(letter, "bad")).isEqualTo(header(original, "bad"));
            assertThat(header(letter, RejectedClicks.TOPIC_HEADER)).isEqualTo(original.topic());
            assertThat(header(letter, RejectedClicks.TIMESTAMP_HEADER))
                    .isEqualTo(Long.toString(original.timestamp()));
            assertThat(header(letter, RejectedClicks.REASON_HEADER)).isNotBlank();
            assertThat(header(letter, RejectedClicks.WHERE_HEADER)).isNotBlank();
            reasons.merge(header(original, "bad"), 1, Integer::sum);
        }
        assertThat(rejects).isEmpty();
        System.out.println("set aside: " + reasons);
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        assertThat(header).as("header %s", name).isNotNull();
        return new String(header.value(), UTF_8);
    }

    private static Click click(LiveSystem system, Random random, int number) throws Exception {
        int items = system.shop().model().vocabulary().size();
        return new Click(
                "e" + number,
                "s" + random.nextInt(SESSIONS),
                null,
                system.shop().model().vocabulary().item(random.nextInt(items)),
                "view",
                START_MILLIS + number,
                Map.of("price", "12.50"));
    }

    private static ProducerRecord<byte[], byte[]> goodRecord(
            LiveSystem system, ClicksTopic topic, Random random, int number) throws Exception {
        Click click = click(system, random, number);
        return new ProducerRecord<>(
                topic.name(),
                click.sessionId().getBytes(UTF_8),
                (random.nextBoolean() ? AVRO : JSON).encode(click));
    }

    private static ProducerRecord<byte[], byte[]> badRecord(
            LiveSystem system, ClicksTopic topic, Random random, int number) throws Exception {
        Kind[] kinds = Kind.values();
        Kind kind = kinds[number % kinds.length];
        byte[] value;
        do {
            value = kind.make(click(system, random, number), random);
        } while (decodes(value));
        byte[] key = random.nextInt(4) == 0 ? null : ("key" + random.nextInt()).getBytes(UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic.name(), key, value);
        record.headers().add("bad", kind.name().getBytes(UTF_8));
        return record;
    }

    /** Not all damage does harm: a flipped bit may make another session of it. */
    private static boolean decodes(byte[] value) {
        try {
            AVRO.decode(value);
            return true;
        } catch (MalformedRecordException e) {
            return false;
        }
    }

    /** Ways to be no click. */
    private enum Kind {
        NULL {
            @Override
            byte[] make(Click click, Random random) {
                return null;
            }
        },
        EMPTY {
            @Override
            byte[] make(Click click, Random random) {
                return new byte[0];
            }
        },
        RANDOM {
            @Override
            byte[] make(Click click, Random random) {
                byte[] bytes = new byte[random.nextInt(300)];
                random.nextBytes(bytes);
                return bytes;
            }
        },
        TRUNCATED {
            @Override
            byte[] make(Click click, Random random) {
                byte[] bytes = (random.nextBoolean() ? AVRO : JSON).encode(click);
                return Arrays.copyOf(bytes, random.nextInt(bytes.length));
            }
        },
        FLIPPED {
            @Override
            byte[] make(Click click, Random random) {
                byte[] bytes = (random.nextBoolean() ? AVRO : JSON).encode(click);
                for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                return bytes;
            }
        },
        WITHOUT_A_FIELD {
            @Override
            byte[] make(Click click, Random random) {
                String field =
                        List.of("session_id", "item_id", "event_time").get(random.nextInt(3));
                return json(click).replace("\"" + field + "\"", "\"other\"").getBytes(UTF_8);
            }
        },
        WRONG_TYPE {
            @Override
            byte[] make(Click click, Random random) {
                return json(click)
                        .replace("\"event_time\":" + click.eventTimeMillis(), "\"event_time\":[]")
                        .getBytes(UTF_8);
            }
        },
        DEEP {
            @Override
            byte[] make(Click click, Random random) {
                int depth = 1_000 + random.nextInt(1_000);
                return ("{\"attributes\":" + "[".repeat(depth)).getBytes(UTF_8);
            }
        };

        /** Something like the click that is meant not to decode; now and then it does. */
        abstract byte[] make(Click click, Random random);

        static String json(Click click) {
            return new String(JSON.encode(click), UTF_8);
        }
    }
}
