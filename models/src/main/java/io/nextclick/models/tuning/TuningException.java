package io.nextclick.models.tuning;

import java.io.IOException;

/** A search can't go on in its folder, or with its data; the message says why. */
public final class TuningException extends IOException {

    private static final long serialVersionUID = 1L;

    TuningException(String message) {
        super(message);
    }

    TuningException(String message, Throwable cause) {
        super(message, cause);
    }
}
