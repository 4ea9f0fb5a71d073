package io.nextclick.models.clicklog;

import java.nio.file.Path;

/** A click log that cannot be read: says which file, which line and what is wrong there. */
public final class ClickLogException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final long line;

    /**
     * @param line from 1; 0 if the whole file is meant
     */
    public ClickLogException(Path file, long line, String problem) {
        this(file, line, problem, null);
    }

    public ClickLogException(Path file, long line, String problem, Throwable cause) {
        super(line > 0 ? file + ", line " + line + ": " + problem : file + ": " + problem, cause);
        this.file = file.toString();
        this.line = line;
    }

    public String file() {
        return file;
    }

    /** From 1; 0 if the whole file is meant. */
    public long line() {
        return line;
    }
}
