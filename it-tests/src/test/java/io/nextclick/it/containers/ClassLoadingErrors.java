package io.nextclick.it.containers;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Classes that could not be loaded, or not be unloaded, by what Flink's processes have logged. */
final class ClassLoadingErrors {

    private static final Pattern CLASS_LOADING =
            Pattern.compile(
                    "already loaded in another classloader|LinkageError|NoClassDefFoundError"
                            + "|ClassNotFoundException|UnsatisfiedLinkError|ClassCastException"
                            + "|OutOfMemoryError|Metaspace");

    /** What Flink says of itself when it starts, before there is a job. */
    private static final Pattern OF_FLINK =
            Pattern.compile("-XX:MaxMetaspaceSize=|Hadoop FS is not available");

    private ClassLoadingErrors() {}

    /** Lines that speak of them, each with who logged it. */
    static List<String> in(ContainerCluster cluster) {
        return cluster.flink().stream()
                .flatMap(
                        node ->
                                node.log()
                                        .lines()
                                        .filter(CLASS_LOADING.asPredicate())
                                        .filter(Predicate.not(OF_FLINK.asPredicate()))
                                        .map(line -> node.alias() + ": " + line))
                .toList();
    }
}
