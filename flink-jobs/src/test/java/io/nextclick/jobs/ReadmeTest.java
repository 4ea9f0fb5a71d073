package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.junit.jupiter.api.Test;

/** The README's table of options is the job's. */
class ReadmeTest {

    @Test
    void tableNamesEveryOptionAndNoOther() throws IOException {
        List<String> named =
                Files.readAllLines(Path.of("..", "README.md")).stream()
                        .filter(line -> line.startsWith("| `" + JobOptions.PREFIX))
                        .map(line -> Arrays.asList(line.split("`")).get(1))
                        .collect(Collectors.toList());
        assertThat(named)
                .containsExactlyElementsOf(
                        JobOptions.ALL.stream()
                                .map(ConfigOption::key)
                                .collect(Collectors.toList()));
    }
}
