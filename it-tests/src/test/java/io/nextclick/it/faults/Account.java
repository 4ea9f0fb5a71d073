package io.nextclick.it.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nextclick.it.Await;
import io.nextclick.it.faults.FaultReport.Row;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.RejectedClicks;
import io.nextclick.schemas.Topics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * Keeps book of every record that was sent to the job and of everything that came of it, and tells
 * each fault's share. A line belongs to the fault during which its click was sent; a further answer
 * counts for the fault during which it is read.
 *
 * <p>Answers are read twice over: as they are written, and as readers see them who read only what
 * is committed. Readers run in threads of their own; everything here is safe for several threads.
 */
public final class Account implements AutoCloseable {

    /** What is to become of a record. */
    enum Expected {
        /** It is a click, and is answered. */
        ANSWER,
        /** It is a click that was sent before, and is ignored. */
        NOTHING,
        /** It holds no click, and is set aside. */
        DEAD_LETTER
    }

    /** One record sent. All times are {@link System#nanoTime}. */
    static final class Line {
        private final Expected expected;
        private final long sentNanos;
        private int written;
        private int committed;
        private int deadLetters;
        private long settledNanos;
        private boolean settled;
        private int content;

        private Line(Expected expected, long sentNanos) {
            this.expected = expected;
            this.sentNanos = sentNanos;
        }
    }

    /** One fault and what it did. */
    static final class Fault {
        private final FaultKind kind;
        private final long injectedNanos;
        private long repairedNanos;
        private long endNanos;
        private int duplicates;
        private int rewritten;
        private int differing;
        private final List<Line> lines = new ArrayList<>();

        private Fault(FaultKind kind, long nanos) {
            this.kind = kind;
            this.injectedNanos = nanos;
        }
    }

    /** A record's place in the clicks topic. */
    private record Place(int partition, long offset) {}

    private final String clicksTopic;
    private final boolean committedOnly;
    private final List<TopicReader> readers = new ArrayList<>();
    private final Codec<Recommendation> codec =
            DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.JSON);

    private final Map<Place, Line> lines = new HashMap<>();
    private final Deque<Line> unsettled = new ArrayDeque<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    /** Answers to places whose acknowledgement hasn't come yet. */
    private final Map<Place, List<Runnable>> early = new HashMap<>();

    private long[] seenNanos = new long[1 << 12];
    private int seen;

    /**
     * Begins to read.
     *
     * @param client properties of Kafka's consumer
     * @param committedOnly whether answers count when they are committed (exactly-once), or as soon
     *     as they are written
     */
    Account(
            Properties client,
            String clicksTopic,
            String recommendationsTopic,
            String rejectedTopic,
            boolean committedOnly) {
        this.clicksTopic = clicksTopic;
        this.committedOnly = committedOnly;
        begin(FaultKind.NOTHING);
        readers.add(
                new TopicReader(
                        client, recommendationsTopic, false, record -> answered(record, false)));
        if (committedOnly) {
            readers.add(
                    new TopicReader(
                            client, recommendationsTopic, true, record -> answered(record, true)));
        }
        readers.add(new TopicReader(client, rejectedTopic, committedOnly, this::setAside));
        readers.forEach(TopicReader::start);
    }

    /** From now on, what is sent belongs to this fault. */
    synchronized void begin(FaultKind kind) {
        long now = System.nanoTime();
        if (!faults.isEmpty()) {
            faults.get(faults.size() - 1).endNanos = now;
        }
        faults.add(new Fault(kind, now));
    }

    /** The damage is repaired. */
    synchronized void repaired() {
        faults.get(faults.size() - 1).repairedNanos = System.nanoTime();
    }

    /** A record is about to be sent. */
    synchronized Line sending(Expected expected) {
        Fault fault = faults.get(faults.size() - 1);
        Line line = new Line(expected, System.nanoTime());
        fault.lines.add(line);
        unsettled.add(line);
        return line;
    }

    /** The broker says where a record stands. */
    synchronized void acknowledged(Line line, int partition, long offset) {
        Place place = new Place(partition, offset);
        if (lines.put(place, line) != null) {
            problem("two records were acknowledged at " + place);
        }
        if (line.expected == Expected.NOTHING) {
            settle(line, System.nanoTime());
        }
        List<Runnable> waiting = early.remove(place);
        if (waiting != null) {
            waiting.forEach(Runnable::run);
        }
    }

    /** The broker refused a record for good: the campaign's own set-up is too impatient. */
    synchronized void refused(Exception failure) {
        problem("a record was not taken: " + failure);
    }

    private void answered(ConsumerRecord<byte[], byte[]> record, boolean committed) {
        Recommendation answer = decode(record);
        long now = System.nanoTime();
        Place place = place(answer);
        String id = clicksTopic + "-" + place.partition() + "-" + place.offset();
        synchronized (this) {
            if (!answer.id().equals(id)) {
                problem("the answer to " + id + " has the id " + answer.id());
            }
            if (committed == committedOnly) {
                saw(now);
            }
            int content = content(answer);
            once(place, () -> book(place, content, committed, now));
        }
    }

    private Recommendation decode(ConsumerRecord<byte[], byte[]> record) {
        try {
            return codec.decode(record.value());
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("an answer can't be read", e);
        }
    }

    private static Place place(Recommendation answer) {
        return new Place(answer.trigger().partition(), answer.trigger().offset());
    }

    private void book(Place place, int content, boolean committed, long now) {
        Line line = lines.get(place);
        if (line.expected != Expected.ANSWER) {
            problem("answered although " + line.expected + " was expected: " + place);
            return;
        }
        Fault fault = faults.get(faults.size() - 1);
        if (line.written + line.committed == 0) {
            line.content = content;
        } else if (line.content != content) {
            fault.differing++;
        }
        if (committed) {
            line.committed++;
        } else {
            line.written++;
            fault.rewritten += line.written > 1 ? 1 : 0;
        }
        int seenSoFar = committedOnly ? line.committed : line.written;
        if (committed == committedOnly && seenSoFar > 1) {
            fault.duplicates++;
        }
        if (committed == committedOnly) {
            settle(line, now);
        }
    }

    private void setAside(ConsumerRecord<byte[], byte[]> record) {
        Place place =
                new Place(
                        Integer.parseInt(header(record, RejectedClicks.PARTITION_HEADER)),
                        Long.parseLong(header(record, RejectedClicks.OFFSET_HEADER)));
        long now = System.nanoTime();
        synchronized (this) {
            once(
                    place,
                    () -> {
                        Line line = lines.get(place);
                        if (line.expected != Expected.DEAD_LETTER) {
                            problem("set aside although a click: " + place);
                        }
                        line.deadLetters++;
                        settle(line, now);
                    });
        }
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return new String(header.value(), UTF_8);
    }

    /** An answer can be faster than its click's acknowledgement. */
    private void once(Place place, Runnable booking) {
        if (lines.containsKey(place)) {
            booking.run();
        } else {
            early.computeIfAbsent(place, key -> new ArrayList<>()).add(booking);
        }
    }

    private void settle(Line line, long now) {
        if (!line.settled) {
            line.settled = true;
            line.settledNanos = now;
        }
    }

    /** Ever later. */
    private void saw(long now) {
        if (seen == seenNanos.length) {
            seenNanos = Arrays.copyOf(seenNanos, 2 * seen);
        }
        seenNanos[seen++] = now;
    }

    private void problem(String what) {
        problems.add(what);
    }

    /** How many records sent before a moment are still without what is to become of them. */
    synchronized int outstanding(long sentBeforeNanos) {
        while (!unsettled.isEmpty() && unsettled.peek().settled) {
            unsettled.remove();
        }
        int count = 0;
        for (Line line : unsettled) {
            if (line.sentNanos >= sentBeforeNanos) {
                break;
            }
            count += line.settled ? 0 : 1;
        }
        return count;
    }

    /** The first problems found, if any; answers that are missing come on top of them. */
    synchronized List<String> problems() {
        List<String> all = new ArrayList<>(problems);
        early.keySet().forEach(place -> all.add("answered, but never sent: " + place));
        return all;
    }

    /**
     * Compares the first answers with those of a job that nothing befell.
     *
     * @param undisturbed the topic it answers in
     * @param limit faults from this one on, in their order, aren't compared
     * @throws AssertionError if it doesn't answer all of them in time
     */
    void compare(Properties client, String undisturbed, int limit) throws Exception {
        Map<Place, Line> open = new HashMap<>();
        synchronized (this) {
            Set<Line> compared = new HashSet<>();
            faults.subList(0, limit).forEach(fault -> compared.addAll(fault.lines));
            lines.forEach(
                    (place, line) -> {
                        if (line.expected == Expected.ANSWER && compared.contains(line)) {
                            open.put(place, line);
                        }
                    });
        }
        int all = open.size();
        try (TopicReader reader =
                new TopicReader(client, undisturbed, false, record -> compare(record, open))) {
            reader.start();
            Await.until(
                    "as many answers of a job that nothing befell: " + all,
                    () -> {
                        synchronized (this) {
                            return open.isEmpty();
                        }
                    });
        }
    }

    private void compare(ConsumerRecord<byte[], byte[]> record, Map<Place, Line> open) {
        Recommendation answer = decode(record);
        synchronized (this) {
            Line line = open.remove(place(answer));
            if (line != null && line.content != content(answer)) {
                problem("answered otherwise than without faults: " + answer);
            }
        }
    }

    /** How many faults there have been, the time before the first among them. */
    synchronized int faults() {
        return faults.size();
    }

    /** One row for each fault so far. Complete when nothing is outstanding. */
    synchronized List<Row> rows() {
        faults.get(faults.size() - 1).endNanos = System.nanoTime();
        List<Row> rows = new ArrayList<>();
        for (Fault fault : faults) {
            rows.add(row(fault));
        }
        return rows;
    }

    private Row row(Fault fault) {
        long repaired = fault.repairedNanos == 0 ? fault.injectedNanos : fault.repairedNanos;
        int missing = 0;
        int answers = 0;
        long recovered = Long.MAX_VALUE;
        for (Line line : fault.lines) {
            if (!line.settled) {
                missing++;
            } else if (line.expected == Expected.ANSWER) {
                answers++;
                if (line.sentNanos >= repaired) {
                    recovered = Math.min(recovered, line.settledNanos);
                }
            }
        }
        // What was sent before the repair may belong to earlier faults as well.
        long drained = repaired;
        for (Fault earlier : faults) {
            for (Line line : earlier.lines) {
                if (line.settled && line.sentNanos < repaired) {
                    drained = Math.max(drained, line.settledNanos);
                }
            }
            if (earlier == fault) {
                break;
            }
        }
        // Before the first fault, the job begins.
        boolean isTimed = fault != faults.get(0);
        return new Row(
                fault.kind,
                fault.lines.size(),
                answers,
                missing,
                fault.duplicates,
                fault.rewritten,
                fault.differing,
                isTimed ? longestGap(fault.injectedNanos, fault.endNanos) / 1_000_000 : -1,
                (repaired - fault.injectedNanos) / 1_000_000,
                !isTimed || recovered == Long.MAX_VALUE ? -1 : (recovered - repaired) / 1_000_000,
                isTimed ? (drained - repaired) / 1_000_000 : -1);
    }

    private long longestGap(long from, long to) {
        int first = Arrays.binarySearch(seenNanos, 0, seen, from);
        int index = Math.max(0, first < 0 ? -first - 2 : first);
        long longest = 0;
        long last = seen == 0 ? from : Math.min(from, seenNanos[index]);
        for (; index < seen && seenNanos[index] <= to; index++) {
            longest = Math.max(longest, seenNanos[index] - last);
            last = seenNanos[index];
        }
        return Math.max(longest, to - last);
    }

    private static int content(Recommendation answer) {
        return new Recommendation(
                        answer.id(),
                        answer.sessionId(),
                        answer.userId(),
                        answer.step(),
                        answer.trigger(),
                        answer.items(),
                        answer.model(),
                        answer.fallback(),
                        0)
                .hashCode();
    }

    /** Reads no more. */
    @Override
    public void close() {
        readers.forEach(TopicReader::close);
    }
}
