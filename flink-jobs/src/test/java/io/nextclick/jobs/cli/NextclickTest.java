package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class NextclickTest {

    static Iterable<String> commands() {
        return Nextclick.commandLine().getSubcommands().keySet();
    }

    @Test
    void helpListsEveryCommand() {
        CommandRun run = CommandRun.of("--help");

        assertThat(run.exitCode()).isEqualTo(Nextclick.DONE);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains("Exit codes:").contains(commands());
        assertThat(run.out()).containsOnlyOnce("A streaming session recommender");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItself(String command) {
        CommandRun run = CommandRun.of(command, "--help");

        assertThat(run.exitCode()).isEqualTo(Nextclick.DONE);
        assertThat(run.out()).contains("Usage: nextclick " + command).contains("--verbose");
        CommandLine parsed = Nextclick.commandLine().getSubcommands().get(command);
        assertThat(parsed.getCommandSpec().options())
                .allSatisfy(option -> assertThat(option.description()).isNotEmpty());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandRefusesAnUnknownOption(String command) {
        CommandRun run = CommandRun.of(command, "--no-such-option");

        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("nextclick " + command + ": ").contains("--help");
    }

    @Test
    void noCommandAndAnUnknownOneAreWrongUsage() {
        assertThat(CommandRun.of().exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(CommandRun.of("trian").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
    }

    @Test
    void versionNamesTheJava() {
        assertThat(CommandRun.of("--version").out()).contains("nextclick ").contains("Java ");
    }

    @Test
    void failuresAreOneLine() {
        assertThat(Nextclick.explain(new IOException("no broker\n  at all\n")))
                .isEqualTo("no broker; at all");
        assertThat(Nextclick.explain(new NoSuchFileException("clicks.jsonl")))
                .isEqualTo("there is no file clicks.jsonl");
        assertThat(Nextclick.explain(new FileNotFoundException()))
                .isEqualTo("FileNotFoundException");
    }
}
