package io.nextclick.models.files;

import java.io.IOException;

/**
 * A model file that is missing, damaged, too large or not what its manifest says: names the file
 * and the problem. The only exception that reading a model folder throws for what is in it.
 */
public final class ModelFileException extends IOException {

    private static final long serialVersionUID = 1L;

    /** Longer problems are cut: they quote files that may have been made to fill a log. */
    private static final int LONGEST_PROBLEM = 4_000;

    /** What can be wrong with a file, as far as somebody would do something else about it. */
    public enum Fault {
        /** It isn't there. */
        MISSING,
        /** It isn't the file that a digest was taken of. */
        CHANGED,
        /** It is what was written, and can't be used: the wrong shape, or not of its format. */
        UNUSABLE,
        /** Nothing here knows this kind of model. */
        UNKNOWN_KIND
    }

    private final Fault fault;
    private final String file;
    private final String problem;

    public ModelFileException(String file, String problem) {
        this(file, problem, null);
    }

    public ModelFileException(String file, String problem, Throwable cause) {
        this(Fault.UNUSABLE, file, problem, cause);
    }

    /**
     * @param cause may be null
     */
    public ModelFileException(Fault fault, String file, String problem, Throwable cause) {
        this(fault, file, cause, printable(problem));
    }

    private ModelFileException(Fault fault, String file, Throwable cause, String printable) {
        super(file + ": " + printable, cause);
        this.fault = fault;
        this.file = file;
        this.problem = printable;
    }

    /** In one line and without control characters, so that no file writes lines into a log. */
    private static String printable(String problem) {
        String text = String.valueOf(problem);
        StringBuilder line = new StringBuilder(Math.min(text.length(), LONGEST_PROBLEM));
        for (int i = 0; i < text.length(); i++) {
            if (i == LONGEST_PROBLEM) {
                return line.append("…").toString();
            }
            char c = text.charAt(i);
            if (c == '\n' || c == '\r') {
                line.append(' ');
            } else if (Character.getType(c) == Character.CONTROL
                    || Character.getType(c) == Character.FORMAT) {
                line.append(String.format("\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
        return line.toString();
    }

    /** Which sort of problem it is. */
    public Fault fault() {
        return fault;
    }

    /** The name of the file inside its folder. */
    public String file() {
        return file;
    }

    /** What is wrong with it, in one printable line of bounded length. */
    public String problem() {
        return problem;
    }
}
