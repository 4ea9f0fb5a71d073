package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.Terminals;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long task has come and how long it will still take, on standard error: a bar on a
 * terminal, elsewhere a line now and then. Not safe for use by several threads.
 */
final class TaskProgress implements AutoCloseable {

    private static final long PLAIN_INTERVAL_NANOS = Duration.ofSeconds(10).toNanos();
    private static final int BAR_INTERVAL_MILLIS = 200;

    private final String task;
    private final String unit;
    private final PrintWriter err;
    private final ProgressBar bar;
    private final long startNanos = System.nanoTime();
    private long maximum;
    private long done;
    private long lastPlainNanos = startNanos;
    private String remark = "";

    /**
     * @param maximum how much there is to do; -1 if that is unknown
     */
    TaskProgress(String task, String unit, long maximum, PrintWriter err) {
        this.task = task;
        this.unit = unit;
        this.maximum = maximum;
        this.err = err;
        bar =
                Terminals.isInteractive()
                        ? new ProgressBarBuilder()
                                .setTaskName(task)
                                .setInitialMax(maximum)
                                .setUnit(" " + unit, 1)
                                .setStyle(ProgressBarStyle.ASCII)
                                .setUpdateIntervalMillis(BAR_INTERVAL_MILLIS)
                                .build()
                        : null;
    }

    /** So much is done. */
    void to(long nowDone) {
        done = nowDone;
        if (bar != null) {
            bar.stepTo(nowDone);
        } else if (System.nanoTime() - lastPlainNanos >= PLAIN_INTERVAL_NANOS) {
            line();
        }
    }

    /** What the task amounts to, if that changes or becomes known. */
    void maximum(long newMaximum) {
        maximum = newMaximum;
        if (bar != null) {
            bar.maxHint(newMaximum);
        }
    }

    /** A few words behind the figures. */
    void remark(String words) {
        remark = words;
        if (bar != null) {
            bar.setExtraMessage(words);
        }
    }

    /** A line that stays. */
    void say(String line) {
        // What the bar has drawn on this line goes; it draws itself again below.
        err.println(bar == null ? line : "\r\033[K" + line);
        err.flush();
    }

    private void line() {
        lastPlainNanos = System.nanoTime();
        double seconds = (lastPlainNanos - startNanos) / 1e9;
        StringBuilder line = new StringBuilder(80);
        line.append(task).append(": ").append(String.format(Locale.ROOT, "%,d", done));
        if (maximum > 0) {
            line.append(String.format(Locale.ROOT, " of %,d", maximum));
        }
        line.append(' ').append(unit);
        if (maximum > 0 && done > 0) {
            long left = Math.round(seconds * (maximum - done) / done);
            line.append(", ").append(clock(Duration.ofSeconds(left))).append(" left");
        }
        if (!remark.isEmpty()) {
            line.append(", ").append(remark);
        }
        err.println(line);
        err.flush();
    }

    /** {@code m:ss} or {@code h:mm:ss}. */
    static String clock(Duration time) {
        long seconds = Math.max(0, time.toSeconds());
        return seconds >= 3_600
                ? String.format(
                        Locale.ROOT,
                        "%d:%02d:%02d",
                        seconds / 3_600,
                        seconds / 60 % 60,
                        seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
