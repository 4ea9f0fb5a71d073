package io.nextclick.it;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/**
 * What is logged meanwhile in this process, by whomever, down to a level: with its stack traces.
 * The screen goes on showing warnings only.
 */
final class LogRecorder extends AbstractAppender implements AutoCloseable {

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final AtomicLong seen = new AtomicLong();
    private final List<LoggerConfig> loggers = new ArrayList<>();
    private final List<Level> levels = new ArrayList<>();
    private final Predicate<String> kept;

    private LogRecorder(Predicate<String> kept) {
        super("recorder", null, null, true, Property.EMPTY_ARRAY);
        this.kept = kept;
    }

    /**
     * @param kept which lines are remembered; all are counted
     */
    static LogRecorder recording(Level level, Predicate<String> kept) {
        LogRecorder recorder = new LogRecorder(kept);
        recorder.begin(level);
        return recorder;
    }

    private void begin(Level level) {
        super.start();
        LoggerContext context = LoggerContext.getContext(false);
        Configuration configuration = context.getConfiguration();
        for (LoggerConfig logger : configuration.getLoggers().values()) {
            loggers.add(logger);
            levels.add(logger.getLevel());
            logger.setLevel(level);
        }
        LoggerConfig root = configuration.getRootLogger();
        List.copyOf(root.getAppenders().keySet()).forEach(name -> limit(root, name));
        root.addAppender(this, level, null);
        context.updateLoggers();
    }

    private static void limit(LoggerConfig root, String name) {
        Appender appender = root.getAppenders().get(name);
        root.removeAppender(name);
        root.addAppender(appender, Level.WARN, null);
    }

    @Override
    public void append(LogEvent event) {
        StringWriter line = new StringWriter();
        line.append(event.getMessage().getFormattedMessage());
        if (event.getThrown() != null) {
            event.getThrown().printStackTrace(new PrintWriter(line.append('\n')));
        }
        seen.incrementAndGet();
        if (kept.test(line.toString())) {
            lines.add(event.getLoggerName() + ": " + line);
        }
    }

    /** Those that are remembered. */
    Queue<String> lines() {
        return lines;
    }

    /** How many there were. */
    long seen() {
        return seen.get();
    }

    @Override
    public void close() {
        LoggerContext context = LoggerContext.getContext(false);
        context.getConfiguration().getRootLogger().removeAppender(getName());
        for (int i = 0; i < loggers.size(); i++) {
            loggers.get(i).setLevel(levels.get(i));
        }
        context.updateLoggers();
        stop();
    }
}
