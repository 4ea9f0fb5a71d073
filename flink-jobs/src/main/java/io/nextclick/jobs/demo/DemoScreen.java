package io.nextclick.jobs.demo;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * What the demo shows: lines that stay, and below them a block that is redrawn in place. Where
 * there is no terminal, the block is a single line now and then. Safe for use by several threads.
 */
final class DemoScreen {

    private static final String ERASE_LINE = "\033[K";
    private static final String ERASE_BELOW = "\033[J";

    private final PrintWriter out;
    private final boolean interactive;
    private List<String> block = List.of();

    DemoScreen(PrintWriter out, boolean interactive) {
        this.out = out;
        this.interactive = interactive;
    }

    /** Whether a block can be redrawn in place. */
    boolean isInteractive() {
        return interactive;
    }

    /** A line that stays. */
    synchronized void say(String line) {
        erase();
        out.println(line);
        draw();
    }

    /** What is shown below the lines that stay, from now on. */
    synchronized void show(List<String> lines) {
        if (interactive) {
            erase();
            block = new ArrayList<>(lines);
            draw();
        } else {
            lines.forEach(out::println);
            out.flush();
        }
    }

    /** Takes the block away. */
    synchronized void clear() {
        erase();
        block = List.of();
        out.flush();
    }

    private void erase() {
        if (!block.isEmpty()) {
            out.print("\033[" + block.size() + "A");
            out.print("\r" + ERASE_BELOW);
        }
    }

    private void draw() {
        for (String line : block) {
            out.println(line + ERASE_LINE);
        }
        out.flush();
    }
}
