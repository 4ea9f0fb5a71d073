package io.nextclick.jobs.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Keeps book of which click was answered, by its place in the clicks topic: one line per click, so
 * that a missing, a second and an unasked answer all show. Safe for use by several threads; an
 * answer may be booked before the acknowledgement of its click.
 */
final class AnswerLedger {

    private static final long NEVER = Long.MIN_VALUE;
    private static final long LONGEST_LATENCY_MILLIS = 3_600_000;

    private final List<Partition> partitions = new ArrayList<>();
    private final Histogram latencies = new Histogram(1, LONGEST_LATENCY_MILLIS, 3);
    private long published;
    private long answers;
    private long answered;
    private long repeated;

    private static final class Partition {
        private long[] publishedAt = new long[0];
        private long[] answeredAt = new long[0];
        private int[] index = new int[0];

        private int line(long offset) {
            int line = Math.toIntExact(offset);
            if (line >= publishedAt.length) {
                int from = publishedAt.length;
                int size = Math.max(line + 1, Math.max(1_024, from * 2));
                publishedAt = Arrays.copyOf(publishedAt, size);
                answeredAt = Arrays.copyOf(answeredAt, size);
                index = Arrays.copyOf(index, size);
                Arrays.fill(publishedAt, from, size, NEVER);
                Arrays.fill(answeredAt, from, size, NEVER);
            }
            return line;
        }
    }

    private Partition partition(int number) {
        while (partitions.size() <= number) {
            partitions.add(new Partition());
        }
        return partitions.get(number);
    }

    /**
     * A click stands in the log.
     *
     * @param index its place in the replay
     */
    synchronized void published(long index, int partition, long offset, long timestampMillis) {
        Partition book = partition(partition);
        int line = book.line(offset);
        book.publishedAt[line] = timestampMillis;
        book.index[line] = Math.toIntExact(index);
        published++;
        if (book.answeredAt[line] != NEVER) {
            settle(book, line);
        }
        notifyAll();
    }

    /**
     * An answer stands in the log.
     *
     * @return whether it is the first to its click
     */
    synchronized boolean answered(int partition, long offset, long timestampMillis) {
        answers++;
        Partition book = partition(partition);
        int line = book.line(offset);
        if (book.answeredAt[line] != NEVER) {
            repeated++;
            return false;
        }
        book.answeredAt[line] = timestampMillis;
        if (book.publishedAt[line] != NEVER) {
            settle(book, line);
        }
        notifyAll();
        return true;
    }

    private void settle(Partition book, int line) {
        answered++;
        long millis = book.answeredAt[line] - book.publishedAt[line];
        latencies.recordValue(Math.max(0, Math.min(millis, LONGEST_LATENCY_MILLIS)));
    }

    /**
     * The place in the replay of the click at an offset.
     *
     * @return -1 while its acknowledgement is outstanding
     */
    synchronized long index(int partition, long offset) {
        Partition book = partition(partition);
        int line = book.line(offset);
        return book.publishedAt[line] == NEVER ? -1 : book.index[line];
    }

    /** How things stand. */
    synchronized Balance balance() {
        return new Balance(
                published,
                answers,
                answered,
                repeated,
                answers - repeated - answered,
                latencies.getTotalCount() == 0 ? 0 : latencies.getValueAtPercentile(50),
                latencies.getTotalCount() == 0 ? 0 : latencies.getValueAtPercentile(99));
    }

    /**
     * The state of the ledger.
     *
     * @param published clicks in the log
     * @param answers answers in the log, whatever to
     * @param answered clicks with an answer
     * @param repeated answers to clicks that had one already
     * @param unasked answers to offsets at which no click is known to stand
     * @param p50Millis median time from click to answer, both in the log, in milliseconds
     * @param p99Millis the same of the slowest hundredth
     */
    record Balance(
            long published,
            long answers,
            long answered,
            long repeated,
            long unasked,
            long p50Millis,
            long p99Millis) {

        long waiting() {
            return published - answered;
        }

        /** Whether every click has one answer, and nothing else was answered. */
        boolean isExact() {
            return waiting() == 0 && repeated == 0 && unasked == 0;
        }
    }
}
