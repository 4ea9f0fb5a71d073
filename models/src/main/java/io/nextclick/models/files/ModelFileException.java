package io.nextclick.models.files;

import java.io.IOException;

/**
 * A model file that is missing, damaged, too large or not what its manifest says: names the file
 * and the problem. The only exception that reading a model folder throws for what is in it.
 */
public final class ModelFileException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final String problem;

    public ModelFileException(String file, String problem) {
        this(file, problem, null);
    }

    public ModelFileException(String file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
        this.file = file;
        this.problem = problem;
    }

    /** The name of the file inside its folder. */
    public String file() {
        return file;
    }

    /** What is wrong with it. */
    public String problem() {
        return problem;
    }
}
