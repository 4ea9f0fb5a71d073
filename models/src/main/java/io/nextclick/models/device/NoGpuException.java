package io.nextclick.models.device;

/** A GPU is wanted and there is none: says what was looked for and what was found. */
public final class NoGpuException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public NoGpuException(String message) {
        super(message);
    }
}
