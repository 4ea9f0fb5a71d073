package io.nextclick.it.deployment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * {@code docker/compose.yaml} as a user starts it, under a project name and on ports of its own.
 * Everything that it has started and kept goes with {@link #down}; the containers' logs stay.
 */
final class Compose {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path FILE = ROOT.resolve("docker").resolve("compose.yaml");
    private static final Path LOGS = Path.of("target", "compose");
    private static final Path PACKED = ROOT.resolve("flink-jobs/target/docker/nextclick.jar");
    private static final String PROJECT = "nextclick-compose-it";
    private static final String OWN_IMAGES = "nextclick";
    private static final Duration QUICK = Duration.ofMinutes(1);
    private static final Duration PATIENT = Duration.ofMinutes(8);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> command;
    private final Map<String, String> settings;

    private Compose(List<String> command, Map<String, String> settings) {
        this.command = command;
        this.settings = settings;
    }

    /** What is missing for it to start, in words; empty if nothing is. */
    static String missing() throws Exception {
        if (!succeeds(List.of("docker", "info"))) {
            return "there is no Docker, or it doesn't answer";
        }
        List<String> command = command();
        if (command.isEmpty()) {
            return "there is neither docker compose nor docker-compose";
        }
        if (!Files.exists(PACKED)) {
            return PACKED + " is missing: ./mvnw package -DskipTests makes it";
        }
        String config =
                new Compose(command, Map.of()).compose(QUICK, "--profile", "demo", "config");
        for (JsonNode service : new YAMLMapper().readTree(config).path("services")) {
            String image = service.path("image").asText();
            if (!image.startsWith(OWN_IMAGES)
                    && !succeeds(List.of("docker", "image", "inspect", image))) {
                return "there is no image "
                        + image
                        + "; docker pull gets it, .ci/images/build makes a stand-in";
            }
        }
        return "";
    }

    private static List<String> command() throws Exception {
        for (List<String> candidate :
                List.of(List.of("docker", "compose"), List.of("docker-compose"))) {
            List<String> version = new ArrayList<>(candidate);
            version.add("version");
            if (succeeds(version)) {
                return candidate;
            }
        }
        return List.of();
    }

    /**
     * Builds the images and starts everything, the demo too.
     *
     * @param settings variables of {@code docker/.env}
     */
    static Compose up(Map<String, String> settings) throws Exception {
        Map<String, String> all = new TreeMap<>(settings);
        for (String port : List.of("KAFKA_PORT", "FLINK_PORT", "PROMETHEUS_PORT", "GRAFANA_PORT")) {
            all.put(port, String.valueOf(freePort()));
        }
        Compose compose = new Compose(command(), all);
        System.out.println("compose: " + compose.command + " " + all);
        compose.compose(QUICK, "--profile", "demo", "down", "-v", "--remove-orphans");
        try {
            compose.compose(PATIENT, "--profile", "demo", "build");
            compose.compose(PATIENT, "--profile", "demo", "up", "-d");
        } catch (Exception | AssertionError e) {
            compose.down();
            throw e;
        }
        return compose;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** A published port, such as {@code FLINK_PORT}. */
    String address(String port) {
        return "127.0.0.1:" + settings.get(port);
    }

    /** Runs a command of compose; everything that it prints. */
    String run(String... arguments) throws Exception {
        return compose(PATIENT, arguments);
    }

    private String compose(Duration timeout, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(command);
        line.addAll(List.of("-f", FILE.toString(), "-p", PROJECT));
        line.addAll(List.of(arguments));
        return execute(line, timeout);
    }

    /** Runs Docker's own command. */
    String docker(String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of("docker"));
        line.addAll(List.of(arguments));
        return execute(line, QUICK);
    }

    /** The containers there are, those that have ended too, as {@code docker inspect} tells. */
    JsonNode containers() throws Exception {
        List<String> line = new ArrayList<>(List.of("inspect"));
        line.addAll(
                docker("ps", "-aq", "--filter", "label=com.docker.compose.project=" + PROJECT)
                        .lines()
                        .toList());
        return JSON.readTree(docker(line.toArray(String[]::new)));
    }

    /** The name of a service's container. */
    String container(String service) throws Exception {
        return docker(
                        "ps",
                        "-a",
                        "--filter",
                        "label=com.docker.compose.project=" + PROJECT,
                        "--filter",
                        "label=com.docker.compose.service=" + service,
                        "--format",
                        "{{.Names}}")
                .lines()
                .findFirst()
                .orElseThrow(() -> new AssertionError("no container of " + service));
    }

    private String execute(List<String> line, Duration timeout) throws Exception {
        Path output = Files.createTempFile("compose", ".out");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(line)
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile());
            builder.environment().putAll(settings);
            Process process = builder.start();
            if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
                process.destroy();
                throw new AssertionError("not within " + timeout + ": " + line);
            }
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            if (process.exitValue() != 0) {
                throw new AssertionError(
                        line + " ended with " + process.exitValue() + "\n" + printed);
            }
            return printed;
        } finally {
            Files.delete(output);
        }
    }

    private static boolean succeeds(List<String> line) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(line)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            return process.waitFor(QUICK.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException notThere) {
            return false;
        }
    }

    /** Takes everything away. */
    void down() throws Exception {
        try {
            Files.createDirectories(LOGS);
            for (JsonNode container : containers()) {
                String name = container.path("Name").asText().replace("/", "");
                Files.writeString(LOGS.resolve(name + ".log"), docker("logs", name));
            }
        } finally {
            compose(PATIENT, "--profile", "demo", "down", "-v", "--remove-orphans");
        }
    }
}
