package io.nextclick.jobs.demo;

import java.io.Console;

/** Whether a person watches. */
public final class Terminals {

    private Terminals() {}

    /** Whether standard input and output are a terminal that understands cursor movements. */
    @SuppressWarnings("SystemConsoleNull") // What Java 22 changed is asked for below.
    public static boolean isInteractive() {
        String term = System.getenv("TERM");
        Console console = System.console();
        if (console == null || term == null || term.equals("dumb")) {
            return false;
        }
        try {
            // From Java 22 there is a console even where there is no terminal.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }
}
