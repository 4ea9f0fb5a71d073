package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Damages valid records and decodes them: each decodes or is rejected with a reason, nothing else
 * is thrown, and no decode allocates more than 1 MB. Times are printed, not asserted, since a
 * machine under load stops any thread for longer. {@code -Dnextclick.mutations=1000000} for the
 * long run, {@code -Dnextclick.seed} to repeat one.
 */
class MutationTest {

    private static final int MUTATIONS = Integer.getInteger("nextclick.mutations", 100_000);
    private static final long SEED = Long.getLong("nextclick.seed", 20_261_122L);
    private static final long ALLOCATION_MAX = 1_000_000;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Valid bytes and the decoder that reads them. */
    private static final class Target {
        private final String name;
        private final RecordDecoder<?> decoder;
        private final byte[] bytes;

        Target(String name, RecordDecoder<?> decoder, byte[] bytes) {
            this.name = name;
            this.decoder = decoder;
            this.bytes = bytes;
        }
    }

    private static <T> void add(List<Target> targets, String name, Topic<T> topic, T value) {
        for (Encoding encoding : Encoding.values()) {
            Codec<T> codec = topic.codec(encoding);
            targets.add(new Target(name + " " + encoding, codec, codec.encode(value)));
        }
    }

    private static List<Target> targets() {
        List<Target> targets = new ArrayList<>();
        for (SampleRecords.Sample<?> sample : SampleRecords.all()) {
            add(targets, sample);
        }
        add(targets, "wide click", Topics.CLICKS, SampleRecords.wideClick());
        add(
                targets,
                "typical recommendation",
                Topics.RECOMMENDATIONS,
                SampleRecords.typicalRecommendation());
        ClickMapping mapping =
                ClickMapping.parse(
                        "session_id=/v/id,item_id=/p/0/sku,event_time=/t,attributes.x=/v/x");
        targets.add(
                new Target(
                        "mapped click",
                        mapping.codec(Encoding.AVRO),
                        "{\"v\":{\"id\":\"s\",\"x\":1.5},\"p\":[{\"sku\":7}],\"t\":1207045230}"
                                .getBytes(UTF_8)));
        return targets;
    }

    private static <T> void add(List<Target> targets, SampleRecords.Sample<T> sample) {
        add(targets, sample.name(), sample.topic(), sample.value());
    }

    @Test
    void damagedRecordsDecodeOrAreRejected() {
        Random random = new Random(SEED);
        List<Target> targets = targets();
        // Classes are loaded and buffers of this thread made before anything is counted.
        for (int i = 0; i < 2_000; i++) {
            Target target = targets.get(i % targets.size());
            decode(target, mutate(target.bytes, random));
        }
        int decoded = 0;
        long mostAllocated = 0;
        long longestNanos = 0;
        long mostProcessorNanos = 0;
        String longest = "";
        long start = System.nanoTime();
        for (int i = 0; i < MUTATIONS; i++) {
            Target target = targets.get(random.nextInt(targets.size()));
            byte[] bytes = mutate(target.bytes, random);
            long allocatedBefore = THREADS.getCurrentThreadAllocatedBytes();
            long processorBefore = THREADS.getCurrentThreadCpuTime();
            long before = System.nanoTime();
            boolean valid = decode(target, bytes);
            long nanos = System.nanoTime() - before;
            long processorNanos = THREADS.getCurrentThreadCpuTime() - processorBefore;
            mostProcessorNanos = Math.max(mostProcessorNanos, processorNanos);
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - allocatedBefore;
            if (valid) {
                decoded++;
            }
            if (nanos > longestNanos) {
                longestNanos = nanos;
                longest = target.name + ", " + bytes.length + " bytes";
            }
            mostAllocated = Math.max(mostAllocated, allocated);
            assertThat(allocated)
                    .as("allocated by mutation %d (seed %d) of %s", i, SEED, target.name)
                    .isLessThanOrEqualTo(ALLOCATION_MAX);
        }
        System.out.printf(
                "%,d mutations (seed %d): %,d decoded, %,d rejected; at most %,d bytes allocated; "
                        + "longest %.2f ms (%s), most processor time %.2f ms; %.1f s in all%n",
                MUTATIONS,
                SEED,
                decoded,
                MUTATIONS - decoded,
                mostAllocated,
                longestNanos / 1e6,
                longest,
                mostProcessorNanos / 1e6,
                (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1));
        assertThat(decoded).isBetween(1, MUTATIONS - 1);
    }

    /** Whether the bytes decode; anything but a reasoned rejection fails the test. */
    private static boolean decode(Target target, byte[] bytes) {
        try {
            assertThat(target.decoder.decode(bytes)).isNotNull();
            return true;
        } catch (MalformedRecordException e) {
            if (e.what().isBlank() || e.where().isBlank()) {
                throw new AssertionError("a rejection without reason: " + e, e);
            }
            if (e.getCause() instanceof RuntimeException
                    && !(e.getCause() instanceof IllegalArgumentException)
                    && !(e.getCause() instanceof java.time.DateTimeException)) {
                throw new AssertionError(target.name + ": a bug taken for bad input", e);
            }
            return false;
        }
    }

    private static byte[] mutate(byte[] valid, Random random) {
        byte[] bytes = valid.clone();
        int rounds = 1 + random.nextInt(3);
        for (int round = 0; round < rounds; round++) {
            bytes = mutateOnce(bytes, random);
        }
        return bytes;
    }

    private static byte[] mutateOnce(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return bytes;
        }
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(10)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> flip(bytes, at, random);
            case 2 -> overwrite(bytes, 1, random);
            // A varint of many bytes: a huge length, count or number.
            case 3 -> insert(bytes, at, new byte[] {-1, -1, -1, -1, (byte) random.nextInt()}, 1);
            case 4 -> insert(bytes, at, new byte[] {(byte) random.nextInt()}, 1);
            // Rarely very many, for the time it takes.
            case 5 ->
                    insert(
                            bytes,
                            at,
                            PIECES[random.nextInt(PIECES.length)],
                            1 << random.nextInt(random.nextInt(64) == 0 ? 18 : 8));
            case 6 -> cutOut(bytes, at, at + random.nextInt(bytes.length - at));
            case 7 ->
                    insert(
                            bytes,
                            at,
                            Arrays.copyOfRange(bytes, at, at + random.nextInt(bytes.length - at)),
                            1 + random.nextInt(40));
            case 8 -> replaceValue(bytes, random);
            default -> overwrite(bytes, 1 + random.nextInt(16), random);
        };
    }

    private static final byte[][] PIECES = {
        "[".getBytes(UTF_8),
        "{\"a\":".getBytes(UTF_8),
        "\"a\":{},".getBytes(UTF_8),
        "9".getBytes(UTF_8),
        "\\u0041".getBytes(UTF_8),
        "x".getBytes(UTF_8),
        "é".getBytes(UTF_8),
        {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
        {(byte) 0xC0, (byte) 0x80},
        {0, 0, 0, 0}
    };

    private static byte[] flip(byte[] bytes, int at, Random random) {
        bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        return bytes;
    }

    private static byte[] overwrite(byte[] bytes, int count, Random random) {
        for (int i = 0; i < count; i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    private static byte[] cutOut(byte[] bytes, int from, int to) {
        byte[] shorter = new byte[bytes.length - (to - from)];
        System.arraycopy(bytes, 0, shorter, 0, from);
        System.arraycopy(bytes, to, shorter, from, bytes.length - to);
        return shorter;
    }

    private static final String[] WRONG_VALUES = {
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "-1",
        "0",
        "1e999",
        "-1e-999",
        "1.5",
        "99999999999999999999999999",
        "\"\\ud800\"",
        "[[[]]]",
        "{\"a\":{\"b\":[1]}}",
        "NaN",
        "9".repeat(2_000),
        "\"" + "y".repeat(20_000) + "\"",
        "\"2008-04-01T10:20:30Z\""
    };

    /** In JSON: another value of some member. */
    private static byte[] replaceValue(byte[] bytes, Random random) {
        int from = random.nextInt(bytes.length);
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == ':') {
                int end = i + 1;
                while (end < bytes.length && bytes[end] != ',' && bytes[end] != '}') {
                    end++;
                }
                byte[] value = WRONG_VALUES[random.nextInt(WRONG_VALUES.length)].getBytes(UTF_8);
                byte[] result = new byte[i + 1 + value.length + bytes.length - end];
                System.arraycopy(bytes, 0, result, 0, i + 1);
                System.arraycopy(value, 0, result, i + 1, value.length);
                System.arraycopy(bytes, end, result, i + 1 + value.length, bytes.length - end);
                return result;
            }
        }
        return bytes;
    }

    private static byte[] insert(byte[] bytes, int at, byte[] piece, int times) {
        int count = Math.min(times, Math.max(1, (1 << 20) / Math.max(1, piece.length)));
        byte[] result = Arrays.copyOf(bytes, bytes.length + piece.length * count);
        for (int i = 0; i < count; i++) {
            System.arraycopy(piece, 0, result, at + i * piece.length, piece.length);
        }
        System.arraycopy(bytes, at, result, at + piece.length * count, bytes.length - at);
        return result;
    }

    /** Records made to cost as much as the limits allow. */
    @Test
    void theMostExpensiveRecordsStayWithinBounds() {
        Codec<Click> codec = Topics.CLICKS.codec(Encoding.AVRO);
        StringBuilder texts = new StringBuilder("{\"attributes\":{\"x\":0");
        for (int i = 0; i < 8; i++) {
            texts.append(",\"").append(i).append("\":\"").append("\\u0416".repeat(8_000));
            texts.append('"');
        }
        StringBuilder entries = new StringBuilder("{\"attributes\":{\"x\":0");
        for (int i = 0; i < 250; i++) {
            entries.append(",\"").append(i).append("\":\"").append("é".repeat(240)).append('"');
        }
        String skipped = "{\"x\":\"" + "z".repeat(1_000_000) + "\"}";
        String numbers = "{\"x\":[" + "1e9,".repeat(65_000) + "0]}";
        String[] records = {"", texts + "}}", entries + "}}", skipped, numbers};
        for (int round = 0; round < 4; round++) {
            records[0] = manyNames(round);
            for (int i = 0; i < records.length; i++) {
                byte[] bytes = records[i].getBytes(UTF_8);
                long before = THREADS.getCurrentThreadAllocatedBytes();
                long start = System.nanoTime();
                decode(new Target("made", codec, bytes), bytes);
                long nanos = System.nanoTime() - start;
                long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
                System.out.printf(
                        "record %d of %,d bytes: %,d bytes allocated, %.2f ms%n",
                        i, bytes.length, allocated, nanos / 1e6);
                assertThat(allocated).as("record %d", i).isLessThanOrEqualTo(ALLOCATION_MAX);
            }
        }
    }

    /** Names that no round before has seen: the parser keeps those it has. */
    private static String manyNames(int round) {
        StringBuilder json = new StringBuilder("{\"session_id\":\"s\"");
        for (int i = 0; i < RecordLimits.DEFAULT.jsonMembers() - 1; i++) {
            json.append(",\"").append(round).append("-name-").append(i * 7_919).append("\":0");
        }
        return json.append('}').toString();
    }
}
