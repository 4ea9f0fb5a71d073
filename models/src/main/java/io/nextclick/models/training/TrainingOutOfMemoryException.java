package io.nextclick.models.training;

import ai.djl.engine.EngineException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Java heap, or the native memory that the engine works in, doesn't suffice. */
public final class TrainingOutOfMemoryException extends TrainingStoppedException {

    private static final long serialVersionUID = 1L;

    private static final Pattern REFUSED =
            Pattern.compile("tried to allocate (\\d+) bytes|bad_alloc|not enough memory");

    private TrainingOutOfMemoryException(String message, TrainedModel lastGood, Throwable cause) {
        super(message, lastGood, cause);
    }

    /** Whether the engine failed because the system refused it memory. */
    static boolean isMeantBy(EngineException failure) {
        return failure.getMessage() != null && REFUSED.matcher(failure.getMessage()).find();
    }

    /**
     * @param where how far the training was, such as {@code in epoch 3}
     * @param lastGood may be null
     */
    static TrainingOutOfMemoryException of(
            EngineException failure, String where, TrainedModel lastGood) {
        Matcher refused = REFUSED.matcher(String.valueOf(failure.getMessage()));
        String wanted = refused.find() ? refused.group(1) : null;
        return new TrainingOutOfMemoryException(
                "the engine is out of native memory "
                        + where
                        + (wanted == null ? "" : " (it asked for " + megabytes(wanted) + " more)")
                        + ": smaller batches, fewer negatives or shorter vectors take less, and a"
                        + " smaller Java heap (-Xmx) leaves more",
                lastGood,
                failure);
    }

    /** The same for the Java heap and for memory of the JVM outside it. */
    static TrainingOutOfMemoryException of(
            OutOfMemoryError failure, String where, TrainedModel lastGood) {
        return new TrainingOutOfMemoryException(
                "Java is out of memory "
                        + where
                        + " ("
                        + failure.getMessage()
                        + "; the heap may take "
                        + megabytes(String.valueOf(Runtime.getRuntime().maxMemory()))
                        + "): give it more with -Xmx; shorter vectors and smaller batches take"
                        + " less",
                lastGood,
                failure);
    }

    private static String megabytes(String bytes) {
        return String.format(Locale.ROOT, "%,d MB", Long.parseLong(bytes) >> 20);
    }
}
