package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.Prerequisites;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.TrainerConfig;
import io.nextclick.jobs.TrainerOptions;
import io.nextclick.jobs.cli.Nextclick;
import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import picocli.CommandLine;

/** How a job starts: ready when its model is warm, or not at all and with a reason. */
@ExtendWith(LiveSystem.Extension.class)
class StartIT {

    // ------------------------------------------------------------------ ready

    @Test
    void isReadyWhenItsModelIsWarm(LiveSystem system) throws Exception {
        String name = system.unique("ready");
        assertThat(ready(system, name)).isEqualTo("1 no job '" + name + "' runs");
        try (JobRun run =
                new JobRun(system, system.clicksTopic(2))
                        .withModel(system.shop().folder())
                        .withParallelism(2)
                        .with(PipelineOptions.NAME, name)
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            assertThat(ready(system, name, "--wait", "60s"))
                    .startsWith("0 job '" + name + "' is ready: ");
            String vertex =
                    system.dashboard().vertices(run.job()).entrySet().stream()
                            .filter(each -> each.getKey().contains("Recommend next items"))
                            .findFirst()
                            .orElseThrow()
                            .getValue();
            Await.until(
                    "both subtasks say how long they warmed up",
                    () ->
                            system
                                            .dashboard()
                                            .metrics(run.job(), vertex, "warmUpMillis")
                                            .values()
                                            .stream()
                                            .filter(millis -> Long.parseLong(millis) > 0)
                                            .count()
                                    == 2);
            system.flink().cancel(run.job());
            assertThat(ready(system, name))
                    .isEqualTo("1 no job '" + name + "' runs; the last one has CANCELED");
        }
    }

    /** All subtasks run, and none has a model yet. */
    @Test
    void isNotReadyBeforeTheFirstRelease(LiveSystem system) throws Exception {
        String name = system.unique("ready");
        String releases = system.unique("model-releases");
        system.kafka().createTopic(releases, 1, Map.of("cleanup.policy", "compact"));
        try (JobRun run =
                new JobRun(system, system.clicksTopic(1))
                        .with(JobOptions.RELEASES_TOPIC, releases)
                        .with(JobOptions.RELEASES_TRIAL_TIMEOUT, Duration.ZERO)
                        .with(PipelineOptions.NAME, name)
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            system.flink().awaitRunning(run.job());
            Await.until(
                    "the job says that it waits",
                    () -> ready(system, name).equals("1 job '" + name + "' waits for a model"));
            assertThat(
                            execute(
                                    "release",
                                    "--bootstrap-servers",
                                    system.kafka().bootstrapServers(),
                                    "--topic",
                                    releases,
                                    "--model",
                                    system.shop().folder().toString()))
                    .startsWith("0 ");
            assertThat(ready(system, name, "--wait", "60s"))
                    .startsWith("0 job '" + name + "' is ready: ");
        }
    }

    @Test
    void saysWhenThereIsNoDashboard(LiveSystem system) {
        assertThat(execute("ready", "--dashboard", "http://127.0.0.1:1"))
                .startsWith("1 the dashboard at http://127.0.0.1:1/: ");
        assertThat(execute("ready", "--dashboard", "ftp://there")).startsWith("2 ");
        // What answers there is a broker.
        assertThat(
                        execute(
                                "ready",
                                "--dashboard",
                                "http://" + system.kafka().bootstrapServers(),
                                "--timeout",
                                "2s"))
                .startsWith("1 the dashboard at ");
    }

    // ------------------------------------------------------------------ not at all

    @Test
    void endsForGoodWithoutAUsableModel(LiveSystem system) throws Exception {
        Path absent = system.folder("empty").resolve("absent");
        Path damaged = damaged(system);
        for (Path folder : List.of(absent, damaged)) {
            for (boolean isFollowing : new boolean[] {false, true}) {
                JobRun run = new JobRun(system, system.clicksTopic(1)).withModel(folder);
                if (isFollowing) {
                    run.with(JobOptions.RELEASES_TOPIC, system.topic("model-releases", 1));
                }
                // It may restart three times, and doesn't.
                try (run) {
                    run.unending(Duration.ofSeconds(10)).start();
                    assertThat(run.awaitFailure())
                            .satisfies(
                                    failure ->
                                            assertThat(messages(failure))
                                                    .contains("the job can't start: ")
                                                    .contains(folder.getFileName().toString()))
                            .hasStackTraceContaining(CannotStartException.class.getName());
                    assertThat(
                                    system.dashboard()
                                            .json("/jobs/" + run.job() + "/exceptions")
                                            .path("exceptionHistory")
                                            .path("entries"))
                            .hasSize(1);
                }
            }
        }
    }

    /** Where there is one, this has nothing to say. */
    @Test
    void endsForGoodWithoutTheGpuItWants(LiveSystem system) throws Exception {
        assumeThat(DeviceChoice.AUTO.choose(0)).isEqualTo(ComputeDevice.CPU);
        try (JobRun run =
                new JobRun(system, system.clicksTopic(1))
                        .withModel(system.shop().folder())
                        .withModels(new FileSystemModels(DeviceChoice.GPU))
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            assertThat(messages(run.awaitFailure()))
                    .contains("the job can't start: device gpu: PyTorch 2.")
                    .contains("sees no GPU; its libtorch is ");
        }
    }

    @Test
    void isNotSubmittedWithADamagedModel(LiveSystem system) throws Exception {
        Configuration options = recommender(system);
        options.set(JobOptions.MODEL_PATH, damaged(system).toUri().toString());
        assertThatThrownBy(() -> require(options))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the job can't start: ")
                .hasMessageContaining(ModelFolder.WEIGHTS + ": its SHA-256 is not the manifest's")
                .hasMessageContaining(JobOptions.MODEL_PATH.key());
    }

    /** Its tasks may run on machines that have it. */
    @Test
    void isSubmittedIfALocalFolderIsNotSeen(LiveSystem system) throws Exception {
        Configuration options = recommender(system);
        options.set(JobOptions.MODEL_PATH, "file:///not/on/this/machine");
        assertThatCode(() -> require(options)).doesNotThrowAnyException();
    }

    @Test
    void isNotSubmittedWithoutItsTopics(LiveSystem system) throws Exception {
        Configuration options = recommender(system);
        options.set(JobOptions.RELEASES_TOPIC, "no-releases");
        options.set(JobOptions.RECOMMENDATIONS_TOPIC, "no-recommendations");
        options.set(JobOptions.REJECTED_TOPIC, "no name for a topic");
        // These are waited for.
        options.set(JobOptions.EMBEDDINGS_TOPIC, "no-embeddings");
        options.set(JobOptions.CATALOG_TOPIC, "no-catalog");
        assertThatThrownBy(() -> require(options))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no topic no-releases (nextclick.releases.topic)")
                .hasMessageContaining(
                        "there is no topic no-recommendations (nextclick.recommendations.topic),"
                                + " and the brokers make none")
                .hasMessageContaining(
                        "topic no name for a topic (nextclick.rejected.topic) can't be used: ")
                .hasMessageNotContaining("no-embeddings")
                .hasMessageNotContaining("no-catalog");
    }

    @Test
    void trainerIsNotSubmittedWithoutItsTopics(LiveSystem system) throws Exception {
        Configuration options = new Configuration();
        options.setString("kafka.bootstrap.servers", system.kafka().bootstrapServers());
        options.set(JobOptions.CLICKS_TOPIC, system.clicksTopic(1).name());
        options.set(JobOptions.CATALOG_TOPIC, "no-catalog");
        options.set(JobOptions.EMBEDDINGS_TOPIC, "no-embeddings");
        options.set(JobOptions.RELEASES_TOPIC, system.topic(Topics.MODEL_RELEASES.name(), 1));
        options.set(TrainerOptions.MODELS, system.folder("towers").toUri().toString());
        assertThatThrownBy(() -> Prerequisites.of(TrainerConfig.of(options)).require())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no topic no-catalog (nextclick.catalog.topic)")
                .hasMessageContaining(
                        "there is no topic no-embeddings (nextclick.embeddings.topic), and the"
                                + " brokers make none");
    }

    // ------------------------------------------------------------------

    /** Options of a recommender whose topics are all there. */
    private static Configuration recommender(LiveSystem system) throws Exception {
        Configuration options = new Configuration();
        options.setString("kafka.bootstrap.servers", system.kafka().bootstrapServers());
        options.set(JobOptions.CLICKS_TOPIC, system.clicksTopic(1).name());
        options.set(JobOptions.RECOMMENDATIONS_TOPIC, system.topic("recommendations", 1));
        options.set(JobOptions.REJECTED_TOPIC, system.topic("clicks-rejected", 1));
        options.set(JobOptions.MODEL_PATH, system.shop().folder().toUri().toString());
        return options;
    }

    private static void require(Configuration options) throws Exception {
        Prerequisites.of(RecommenderConfig.of(options)).require();
    }

    private static Path damaged(LiveSystem system) throws IOException {
        Path damaged = system.folder("damaged");
        for (String name : List.of(ModelFolder.MANIFEST, ModelFolder.WEIGHTS, ModelFolder.ITEMS)) {
            Files.copy(system.shop().folder().resolve(name), damaged.resolve(name));
        }
        byte[] weights = Files.readAllBytes(damaged.resolve(ModelFolder.WEIGHTS));
        weights[weights.length / 2] ^= 1;
        Files.write(damaged.resolve(ModelFolder.WEIGHTS), weights);
        return damaged;
    }

    private static String messages(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            all.append(each.getMessage()).append('\n');
        }
        return all.toString();
    }

    private static String ready(LiveSystem system, String job, String... more) {
        String[] arguments = new String[5 + more.length];
        arguments[0] = "ready";
        arguments[1] = "--dashboard";
        arguments[2] = system.flink().dashboard();
        arguments[3] = "--job";
        arguments[4] = job;
        System.arraycopy(more, 0, arguments, 5, more.length);
        return execute(arguments);
    }

    /** Exit code and what a command printed, without its name. */
    private static String execute(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = Nextclick.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        int exitCode = commandLine.execute(arguments);
        return exitCode + " " + (out.toString() + err).strip().replace("nextclick ready: ", "");
    }
}
