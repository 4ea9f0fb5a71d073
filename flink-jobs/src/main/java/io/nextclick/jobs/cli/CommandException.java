package io.nextclick.jobs.cli;

/** A command cannot do what it was asked to; the message says why, for a person to read. */
final class CommandException extends Exception {

    private static final long serialVersionUID = 1L;

    CommandException(String message) {
        super(message);
    }
}
