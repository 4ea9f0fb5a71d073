package io.nextclick.jobs.model;

import io.nextclick.models.files.ModelFileException;
import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** A job has no model to start with: it fails for good, whatever its restart strategy. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class UnusableModelException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * @param path where it was looked for; may be null
     * @param cause what is wrong with it
     */
    public UnusableModelException(String path, IOException cause) {
        super("the job can't start: " + problem(path, cause), cause);
    }

    private static String problem(String path, IOException cause) {
        // That of a file says which, but not in which folder.
        return cause instanceof ModelFileException
                ? path + ": " + cause.getMessage()
                : cause.getMessage();
    }
}
