package io.nextclick.jobs.model;

import io.nextclick.models.files.ModelFileException;
import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * A task lacks what no restart would bring, such as its model: the job fails for good, whatever its
 * restart strategy.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class CannotStartException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * @param problem what is missing
     */
    public CannotStartException(String problem, Throwable cause) {
        super("the job can't start: " + problem, cause);
    }

    /**
     * @param path where a model was looked for; may be null
     * @param cause what is wrong with it
     */
    public static CannotStartException withoutModel(String path, IOException cause) {
        // The problem of a file says which, but not in which folder.
        return new CannotStartException(
                cause instanceof ModelFileException
                        ? path + ": " + cause.getMessage()
                        : cause.getMessage(),
                cause);
    }
}
