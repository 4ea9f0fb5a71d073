package io.nextclick.jobs.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a demo ended.
 *
 * @param balance clicks and answers
 * @param rejected records of the job's dead letters
 * @param quality the answers against the baselines, on the same clicks
 * @param oracle the best reachable quality; null where nobody knows it
 * @param firstAnswer from the start of the process to the first recommendation; null if none came
 * @param streaming how long clicks were published
 * @param interrupted whether it was ended before its time
 */
record DemoSummary(
        AnswerLedger.Balance balance,
        long rejected,
        LiveComparison.Comparison quality,
        BestReachable oracle,
        Duration firstAnswer,
        Duration streaming,
        boolean interrupted) {

    /**
     * The quality of an observer who knows the shop.
     *
     * @param recall expected recall
     * @param mrr expected mean reciprocal rank
     */
    record BestReachable(double recall, double mrr) {}

    /** Whether every click has exactly one recommendation. */
    boolean isComplete() {
        return balance.isExact() && rejected == 0 && balance.published() > 0;
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(
                format(
                        "%,d clicks sent in %s, %,d recommendations received: %s",
                        balance.published(),
                        seconds(streaming),
                        balance.answers(),
                        isComplete() ? "exactly one for each click" : "NOT one for each click"));
        if (!isComplete()) {
            lines.add(
                    format(
                            "  %,d clicks without one, %,d answered more than once, %,d answers to"
                                    + " no click, %,d clicks rejected",
                            balance.waiting(), balance.repeated(), balance.unasked(), rejected));
        }
        lines.addAll(qualityLines(quality, oracle));
        lines.add(
                format(
                        "from a click in the log to its recommendation in the log: p50 %d ms,"
                                + " p99 %d ms",
                        balance.p50Millis(), balance.p99Millis()));
        if (firstAnswer != null) {
            lines.add(
                    format(
                            "first recommendation %s after the start of the process",
                            seconds(firstAnswer)));
        }
        if (interrupted) {
            lines.add("ended early, as asked");
        }
        return lines;
    }

    /** A table of who was how good. */
    static List<String> qualityLines(LiveComparison.Comparison quality, BestReachable oracle) {
        List<String> lines = new ArrayList<>();
        lines.add(
                format(
                        "%-34s %9s %9s",
                        format("live, on %,d next clicks", quality.model().labelled()),
                        "recall@" + DemoOptions.CUTOFF,
                        "MRR@" + DemoOptions.CUTOFF));
        lines.add(line("  the job (GRU4Rec)", quality.model().recall(), quality.model().mrr()));
        lines.add(line("  first-order Markov", quality.markov().recall(), quality.markov().mrr()));
        lines.add(line("  popularity", quality.popularity().recall(), quality.popularity().mrr()));
        if (oracle != null) {
            lines.add(line("  best reachable (oracle)", oracle.recall(), oracle.mrr()));
        }
        return lines;
    }

    private static String line(String who, double recall, double mrr) {
        return format("%-34s %9.4f %9.4f", who, recall, mrr);
    }

    static String seconds(Duration time) {
        return format("%.1f s", time.toMillis() / 1e3);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
