package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.junit.jupiter.api.Test;

/** The README's tables of options are the jobs'. */
class ReadmeTest {

    @Test
    void tablesNameEveryOptionAndNoOther() throws IOException {
        List<String> named =
                Files.readAllLines(Path.of("..", "README.md")).stream()
                        .filter(line -> line.startsWith("| `" + JobOptions.PREFIX))
                        .map(line -> Arrays.asList(line.split("`")).get(1))
                        .collect(Collectors.toList());
        assertThat(named)
                .containsExactlyElementsOf(
                        Stream.of(JobOptions.ALL, TrainerOptions.ALL, RankerTrainerOptions.ALL)
                                .flatMap(List::stream)
                                .map(ConfigOption::key)
                                .collect(Collectors.toList()));
    }
}
