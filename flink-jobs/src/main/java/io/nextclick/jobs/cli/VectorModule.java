package io.nextclick.jobs.cli;

import java.io.PrintWriter;

/** The JDK's vector instructions, which a JVM offers only when it is started with a flag. */
final class VectorModule {

    static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /** Says so when the item search has to do without them. */
    static void noteIfMissing(PrintWriter err) {
        if (ModuleLayer.boot().findModule(NAME).isEmpty()) {
            err.println(
                    "note: item search runs without vector instructions; start java with"
                            + " --add-modules "
                            + NAME
                            + " for full speed");
        }
    }
}
