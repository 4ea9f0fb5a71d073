package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobArgumentsTest {

    @Test
    void theCommandLineCountsBeforeTheFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("job.properties");
        Files.writeString(
                file,
                """
                # both jobs'
                kafka.bootstrap.servers = broker:9093
                nextclick.clicks.topic = Klicks-ä
                kafka.sasl.jaas.config = x required password="${env:PASSWORD}";
                parallelism.default: 4
                """);
        Configuration read =
                JobArguments.read(
                        new String[] {
                            "--options", file.toString(), "--nextclick.clicks.topic", "visits"
                        });
        assertThat(read.toMap())
                .containsOnly(
                        Map.entry("kafka.bootstrap.servers", "broker:9093"),
                        Map.entry("nextclick.clicks.topic", "visits"),
                        Map.entry(
                                "kafka.sasl.jaas.config",
                                "x required password=\"${env:PASSWORD}\";"),
                        Map.entry("parallelism.default", "4"));
        assertThat(JobArguments.read(new String[] {"--options", file.toString()}).toMap())
                .containsEntry("nextclick.clicks.topic", "Klicks-ä");
        assertThat(JobArguments.read(new String[0]).toMap()).isEmpty();
    }

    @Test
    void noMessageRepeatsAValue(@TempDir Path folder) throws IOException {
        assertThatThrownBy(
                        () ->
                                JobArguments.read(
                                        new String[] {"--kafka.ssl.key.password", "hush", "more"}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--key value")
                .hasStackTraceContaining("JobArguments")
                .satisfies(
                        failure ->
                                assertThat(failure.getCause() + failure.getMessage())
                                        .doesNotContain("hush"));
        Path file = folder.resolve("job.properties");
        Files.writeString(file, "kafka.ssl.key.password = hush\\u00zz");
        assertThatThrownBy(() -> JobArguments.read(new String[] {"--options", file.toString()}))
                .isInstanceOf(IOException.class)
                .hasMessage("the file of options " + file + " has a wrong escape");
        assertThatThrownBy(() -> JobArguments.read(new String[] {"--options", folder + "/none"}))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no file of options " + folder + "/none");
    }
}
