package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nobody outside this machine reaches the demo's servers, and passwords stay where they belong. */
@ExtendWith(LiveSystem.Extension.class)
class SecurityIT {

    /** {@code st} of a listening socket in {@code /proc/net/tcp}. */
    private static final String LISTENING = "0A";

    private static final String LOOPBACK_4 = "0100007F";
    private static final String LOOPBACK_6 = "00000000000000000000000001000000";
    private static final String LOOPBACK_4_IN_6 = "0000000000000000FFFF00000100007F";

    @Test
    void everyServerListensOnLoopbackOnly(LiveSystem system) throws Exception {
        assumeTrue(Files.isReadable(Path.of("/proc/self/net/tcp")), "sockets are listed in /proc");
        assertThat(system.kafka().bootstrapServers()).startsWith("127.0.0.1:");
        assertThat(system.flink().dashboard()).startsWith("http://127.0.0.1:");
        Set<String> own = ownSockets();
        List<String> listening = new ArrayList<>();
        for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
            if (!Files.isReadable(Path.of(table))) {
                continue;
            }
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] columns = line.strip().split("\\s+");
                if (columns.length > 9
                        && columns[3].equals(LISTENING)
                        && own.contains("socket:[" + columns[9] + "]")) {
                    listening.add(columns[1]);
                }
            }
        }
        // The broker's two, the dashboard's, and whatever else Flink opens.
        assertThat(listening).hasSizeGreaterThanOrEqualTo(3);
        assertThat(listening)
                .as("address:port in hexadecimal")
                .allMatch(
                        address ->
                                Set.of(LOOPBACK_4, LOOPBACK_6, LOOPBACK_4_IN_6)
                                        .contains(address.substring(0, address.indexOf(':'))));
    }

    private static Set<String> ownSockets() throws IOException {
        Set<String> sockets = new HashSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (Files.isSymbolicLink(descriptor)) {
                    sockets.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        return sockets;
    }

    @Test
    void passwordsShowNeitherOnTheDashboardNorInLogs(LiveSystem system) throws Exception {
        String password = system.unique("correct-horse-battery-staple");
        List<LoggedClick> clicks = system.shop().clicks().subList(0, 100);
        ClicksTopic topic = system.clicksTopic(1);
        topic.publish(clicks, Encoding.JSON);
        StringBuilder shown = new StringBuilder();
        try (LogRecorder log = LogRecorder.recording(Level.INFO, line -> true);
                JobRun run =
                        new JobRun(system, topic)
                                .withModel(system.shop().folder())
                                .with("kafka.ssl.truststore.password", password)
                                .with(
                                        "kafka.sasl.jaas.config",
                                        "org.apache.kafka.common.security.plain.PlainLoginModule"
                                                + " required username=\"nextclick\" password=\""
                                                + password
                                                + "\";")
                                .with("kafka.producer.ssl.key.password", password)
                                .unending(Duration.ofSeconds(1))
                                .start()
                                .awaitAnswers(clicks.size())) {
            String job = "/jobs/" + run.job();
            List<String> pages =
                    new ArrayList<>(
                            List.of(
                                    job,
                                    job + "/config",
                                    job + "/plan",
                                    job + "/exceptions",
                                    job + "/accumulators",
                                    job + "/checkpoints",
                                    job + "/checkpoints/config",
                                    "/jobs/overview",
                                    "/jobmanager/config",
                                    "/jobmanager/environment",
                                    "/taskmanagers",
                                    "/config"));
            for (String vertex : system.dashboard().vertices(run.job()).values()) {
                pages.add(job + "/vertices/" + vertex);
                pages.add(job + "/vertices/" + vertex + "/accumulators");
            }
            for (String page : pages) {
                shown.append(system.dashboard().text(page)).append('\n');
            }
            assertThat(shown.toString()).contains("Recommend next items").doesNotContain(password);
            assertThat(log.lines()).isNotEmpty().noneMatch(line -> line.contains(password));
        }
    }
}
