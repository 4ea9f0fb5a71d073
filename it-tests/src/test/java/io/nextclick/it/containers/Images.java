package io.nextclick.it.containers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * The images that the containers are made of: the very ones of {@code docker/compose.yaml}, where
 * their names stand as {@code ${KAFKA_IMAGE:-apache/kafka:1.2.3}}, and where the environment may
 * name others.
 */
final class Images {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private static String nextclick;

    private Images() {}

    static String kafka() {
        return named("KAFKA_IMAGE");
    }

    static String zookeeper() {
        return named("ZOOKEEPER_IMAGE");
    }

    static String flink() {
        return named("FLINK_IMAGE");
    }

    /**
     * The project's own: built from {@code docker/Dockerfile} unless the environment names one that
     * is there.
     */
    static synchronized String nextclick() {
        if (nextclick == null) {
            String given = System.getenv("NEXTCLICK_IMAGE");
            nextclick = given == null || given.isBlank() ? build() : given;
        }
        return nextclick;
    }

    /** Layers that are as they were are taken again. */
    private static String build() {
        Path packed = PROJECT.resolve("flink-jobs").resolve("target").resolve("docker");
        ImageFromDockerfile image =
                new ImageFromDockerfile("nextclick-it:latest", false)
                        .withFileFromPath("Dockerfile", PROJECT.resolve("docker/Dockerfile"))
                        .withFileFromPath("docker/image", PROJECT.resolve("docker/image"))
                        .withTarget("flink")
                        .withBuildArg("FLINK_IMAGE", flink());
        // Not the whole folder: there is the command line too, and it is large.
        for (String file : List.of("lib", "nextclick-job.jar")) {
            image.withFileFromPath("flink-jobs/target/docker/" + file, packed.resolve(file));
        }
        return image.get();
    }

    /** The jar that is submitted, without what stands in Flink's own library folder. */
    static Path jobJar() {
        return PROJECT.resolve("flink-jobs").resolve("target").resolve("nextclick-job.jar");
    }

    /** All that has to be there before; the project's own is built. */
    static List<String> required() {
        return List.of(kafka(), zookeeper(), flink());
    }

    private static String named(String variable) {
        String given = System.getenv(variable);
        if (given != null && !given.isBlank()) {
            return given;
        }
        Path compose = PROJECT.resolve("docker").resolve("compose.yaml");
        try {
            Matcher matcher =
                    Pattern.compile("\\$\\{" + variable + ":-([^}]+)}")
                            .matcher(Files.readString(compose));
            if (!matcher.find()) {
                throw new IllegalStateException(compose + " names no " + variable);
            }
            return matcher.group(1);
        } catch (IOException e) {
            throw new IllegalStateException(compose + " can't be read", e);
        }
    }
}
