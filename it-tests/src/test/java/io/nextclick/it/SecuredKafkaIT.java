package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.TrainerOptions;
import io.nextclick.jobs.TwoTowerTrainerJob;
import io.nextclick.jobs.cli.Nextclick;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.InstantiationUtil;
import org.apache.logging.log4j.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Both jobs and every command on brokers that ask for TLS and a password. */
@ExtendWith(LiveSystem.Extension.class)
class SecuredKafkaIT {

    private static final String PASSWORD = "Tr0ub4dor-and-3-of-scram";
    private static final String STORE_PASSWORD = "Tr0ub4dor-and-3-of-stores";

    /** How long it may take until somebody with a wrong password is told so. */
    private static final Duration SOON = Duration.ofSeconds(60);

    private static final int CLICKS = 400;

    @TempDir private static Path folder;
    private static SecuredKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = new SecuredKafka(folder, PASSWORD, STORE_PASSWORD);
        kafka.broker().createTopic("clicks", 2);
        kafka.broker().createTopic("recommendations", 1);
        kafka.broker().createTopic("clicks-rejected", 1);
        kafka.broker().createTopic(Topics.ITEM_CATALOG, 1);
        kafka.broker().createTopic(Topics.ITEM_EMBEDDINGS, 1);
        kafka.broker().createTopic(Topics.MODEL_RELEASES, 1);
        kafka.broker().createTopic("tower-sync", 1);
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    // ------------------------------------------------------------------ let in

    @Test
    void jobsAndCommandsWorkAndNothingShowsTheSecrets(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = system.shop().clicks().subList(0, CLICKS);
        Path log = folder.resolve("clicks.jsonl");
        try (var out = Files.newBufferedWriter(log)) {
            for (LoggedClick click : clicks) {
                out.write(json(click));
            }
        }
        Path checkpoints = system.folder("checkpoints");
        List<JobID> jobs = new ArrayList<>();
        List<Path> savepoints = new ArrayList<>();
        StringBuilder shown = new StringBuilder();
        try (LogRecorder recorder =
                LogRecorder.recording(Level.TRACE, SecuredKafkaIT::holdsSecret)) {
            shown.append(run("replay", "--clicks", "" + log, "--format", "jsonl", "--speed", "0"));
            Submission.submit(
                    system,
                    SessionRecommenderJob::main,
                    arguments(recommenderOptions(system, checkpoints), kafka.references()));
            jobs.add(running(system, SessionRecommenderJob.NAME));
            Submission.submit(
                    system,
                    TwoTowerTrainerJob::main,
                    arguments(trainerOptions(system, checkpoints), kafka.references()));
            jobs.add(running(system, TwoTowerTrainerJob.NAME));

            String watched = run("watch", "--from-beginning", "--max", "" + clicks.size());
            assertThat(watched.lines()).hasSize(clicks.size());
            shown.append(watched);
            shown.append(run("release", "--model", system.shop().folder().toString()));
            assertThat(run("release", "--list")).contains(system.shop().model().manifest().name());
            Await.until(
                    "the trainer publishes vectors",
                    () -> kafka.broker().records(Topics.ITEM_EMBEDDINGS.name()) > 20);
            shown.append(run("related", clicks.get(0).itemId()));
            shown.append(
                    run(
                            List.of(
                                    "train",
                                    "--model",
                                    "popularity",
                                    "--out",
                                    folder.resolve("popularity").toString(),
                                    "--from-kafka",
                                    kafka.broker().bootstrapServers(),
                                    "--kafka-properties",
                                    kafka.file(kafka.references()).toString())));
            for (JobID job : jobs) {
                Await.until("a checkpoint", () -> system.dashboard().completedCheckpoints(job) > 1);
                shown.append(pages(system, job));
                String savepoint = system.dashboard().savepoint(job, system.folder("savepoints"));
                savepoints.add(Path.of(URI.create(savepoint)));
            }
            assertThat(recorder.seen()).as("lines of log").isGreaterThan(10_000);
            System.out.printf("%,d lines of log at TRACE%n", recorder.seen());
            assertThat(recorder.lines()).isEmpty();
        } finally {
            for (JobID job : jobs) {
                system.flink().cancel(job);
            }
        }
        assertThat(shown.toString())
                .contains("Recommend next items")
                .satisfies(SecuredKafkaIT::isClean);
        assertThat(filesWithSecrets(checkpoints)).isEmpty();
        for (Path savepoint : savepoints) {
            assertThat(filesWithSecrets(savepoint)).isEmpty();
        }
        assertThat(jobGraph(system, checkpoints)).satisfies(SecuredKafkaIT::isClean);
        // What this looks for is found where it is.
        assertThat(holdsSecret(Files.readString(kafka.secrets()))).isTrue();
    }

    private static Map<String, String> recommenderOptions(LiveSystem system, Path checkpoints)
            throws IOException {
        Map<String, String> options = common(system, checkpoints);
        options.put(JobOptions.MODEL_PATH.key(), system.shop().folder().toUri().toString());
        options.put(JobOptions.RELEASES_TOPIC.key(), Topics.MODEL_RELEASES.name());
        options.put(JobOptions.EMBEDDINGS_TOPIC.key(), Topics.ITEM_EMBEDDINGS.name());
        options.put(JobOptions.CATALOG_TOPIC.key(), Topics.ITEM_CATALOG.name());
        options.put(JobOptions.LIVE_ITEMS_START_TIMEOUT.key(), "1 s");
        options.put(JobOptions.DELIVERY_GUARANTEE.key(), "exactly-once");
        return options;
    }

    private static Map<String, String> trainerOptions(LiveSystem system, Path checkpoints)
            throws IOException {
        Map<String, String> options = common(system, checkpoints);
        options.put(JobOptions.CATALOG_TOPIC.key(), Topics.ITEM_CATALOG.name());
        options.put(TrainerOptions.MODELS.key(), system.folder("towers").toUri().toString());
        options.put(TrainerOptions.PARALLELISM.key(), "2");
        options.put(TrainerOptions.SYNC_INTERVAL.key(), "250 ms");
        options.put(TrainerOptions.SNAPSHOT_INTERVAL.key(), "1 s");
        options.put(TrainerOptions.BATCH_WAIT.key(), "0 s");
        options.put(TrainerOptions.BATCH_SIZE.key(), "32");
        options.put(TrainerOptions.DIMENSION.key(), "16");
        options.put(TrainerOptions.HIDDEN.key(), "16");
        options.put(TrainerOptions.NEGATIVES.key(), "32");
        options.put(TrainerOptions.ADMISSION.key(), "1");
        return options;
    }

    private static Map<String, String> common(LiveSystem system, Path checkpoints) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("parallelism.default", "1");
        options.put("restart-strategy.type", "none");
        options.put("execution.checkpointing.interval", "500 ms");
        options.put("execution.checkpointing.dir", checkpoints.toUri().toString());
        // Kept to be looked through: all of them, also when the job has ended.
        options.put("execution.checkpointing.num-retained", "1000");
        options.put(
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION");
        options.put(JobOptions.CLICKS_START.key(), "earliest");
        options.put(JobOptions.CLICKS_GROUP_ID.key(), system.unique("secured"));
        options.put(TrainerOptions.GROUP_ID.key(), system.unique("secured"));
        return options;
    }

    /** As on a command line, with all options in a file. */
    private static String[] arguments(Map<String, String> options, Map<String, String> client)
            throws IOException {
        Map<String, String> all = new HashMap<>(options);
        client.forEach((key, value) -> all.put(JobOptions.KAFKA_PREFIX + key, value));
        all.put("kafka.bootstrap.servers", kafka.broker().bootstrapServers());
        return new String[] {"--options", kafka.file(all).toString()};
    }

    /** A job's main. */
    private interface Main {
        void run(String[] arguments) throws Exception;
    }

    /** Has a job submitted to the cluster under test over REST, as {@code flink run} does. */
    @SuppressWarnings("try") // Flink's class says that closing it may be interrupted.
    private static final class Submission extends StreamExecutionEnvironment {

        static void submit(LiveSystem system, Main main, String[] arguments) throws Exception {
            String[] address = system.flink().dashboard().replace("http://", "").split(":");
            initializeContextEnvironment(
                    given -> {
                        Configuration all = new Configuration(given);
                        all.set(DeploymentOptions.TARGET, "remote");
                        all.set(RestOptions.ADDRESS, address[0]);
                        all.set(RestOptions.PORT, Integer.valueOf(address[1]));
                        return new StreamExecutionEnvironment(all);
                    });
            try {
                main.run(arguments);
            } finally {
                resetContextEnvironment();
            }
        }
    }

    private static JobID running(LiveSystem system, String name) throws Exception {
        for (JsonNode job : system.dashboard().json("/jobs/overview").path("jobs")) {
            if (job.path("name").asText().equals(name)
                    && !job.path("state").asText().equals("CANCELED")
                    && !job.path("state").asText().equals("FINISHED")) {
                return JobID.fromHexString(job.path("jid").asText());
            }
        }
        throw new AssertionError("no job " + name + " runs");
    }

    private static String pages(LiveSystem system, JobID id) throws Exception {
        String job = "/jobs/" + id;
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
                                job + "/jobmanager/config",
                                job + "/jobmanager/environment",
                                "/jobs/overview",
                                "/jobmanager/config",
                                "/jobmanager/environment",
                                "/jobmanager/metrics",
                                "/taskmanagers",
                                "/config"));
        for (String vertex : system.dashboard().vertices(id).values()) {
            pages.add(job + "/vertices/" + vertex);
            pages.add(job + "/vertices/" + vertex + "/accumulators");
            pages.add(job + "/vertices/" + vertex + "/metrics");
        }
        StringBuilder shown = new StringBuilder();
        for (String page : pages) {
            shown.append(system.dashboard().text(page)).append('\n');
        }
        return shown.toString();
    }

    /** What is sent to the cluster and stored by it, as bytes. */
    private static String jobGraph(LiveSystem system, Path checkpoints) throws Exception {
        Configuration options = new Configuration();
        recommenderOptions(system, checkpoints).forEach(options::setString);
        kafka.references()
                .forEach((key, value) -> options.setString(JobOptions.KAFKA_PREFIX + key, value));
        options.setString("kafka.bootstrap.servers", kafka.broker().bootstrapServers());
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(options);
        SessionRecommenderJob.define(environment, RecommenderConfig.of(options));
        String graph =
                new String(
                        InstantiationUtil.serializeObject(
                                environment.getStreamGraph().getJobGraph()),
                        StandardCharsets.ISO_8859_1);
        assertThat(graph).contains("${file:").contains("ScramLoginModule");
        return graph;
    }

    /** Files that hold a secret; those that Flink deletes meanwhile are of no interest. */
    private static List<Path> filesWithSecrets(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        List<Path> read = new ArrayList<>();
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        try {
                            if (holdsSecret(Files.readString(file, StandardCharsets.ISO_8859_1))) {
                                found.add(file);
                            }
                            read.add(file);
                        } catch (NoSuchFileException e) {
                            // Of a checkpoint that was given up.
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure)
                            throws IOException {
                        if (failure instanceof NoSuchFileException) {
                            return FileVisitResult.CONTINUE;
                        }
                        throw failure;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path directory, IOException failure)
                            throws IOException {
                        return failure == null
                                ? FileVisitResult.CONTINUE
                                : visitFileFailed(directory, failure);
                    }
                });
        assertThat(read).as("files of %s", folder).isNotEmpty();
        return found;
    }

    private static void isClean(String text) {
        assertThat(holdsSecret(text)).as("holds a secret").isFalse();
    }

    /** As it is, or in an encoding that anybody can undo. */
    private static boolean holdsSecret(String text) {
        for (String secret : List.of(PASSWORD, STORE_PASSWORD)) {
            byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
            if (text.contains(secret)
                    || text.contains(Base64.getEncoder().encodeToString(bytes).replace("=", ""))
                    || text.contains(HexFormat.of().formatHex(bytes))) {
                return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------------ not let in

    @Test
    void aWrongPasswordIsToldSoon(LiveSystem system) throws Exception {
        refused(system, kafka.withWrongPassword(), "invalid credentials");
    }

    @Test
    void aCertificateThatIsNotTrustedIsToldSoon(LiveSystem system) throws Exception {
        refused(system, kafka.withStrangersCertificate(), "SSL handshake failed");
    }

    private static void refused(LiveSystem system, Map<String, String> client, String reason)
            throws Exception {
        Path checkpoints = system.folder("checkpoints");
        Path log = folder.resolve("one.jsonl");
        Files.writeString(log, json(system.shop().clicks().get(0)));
        String properties = kafka.file(client).toString();
        String servers = kafka.broker().bootstrapServers();
        List<List<String>> commands =
                List.of(
                        List.of("replay", "--clicks", "" + log, "--format", "jsonl"),
                        List.of("watch"),
                        List.of("release", "--list"),
                        List.of("related", "1"));
        for (List<String> command : commands) {
            List<String> all = new ArrayList<>(command);
            all.addAll(List.of("--bootstrap-servers", servers, "--kafka-properties", properties));
            refusedCommand(all, reason);
        }
        refusedCommand(
                List.of(
                        "train",
                        "--model",
                        "popularity",
                        "--out",
                        folder.resolve("never").toString(),
                        "--from-kafka",
                        servers,
                        "--kafka-properties",
                        properties),
                reason);
        long begin = System.nanoTime();
        assertThatThrownBy(
                        () ->
                                SessionRecommenderJob.main(
                                        arguments(recommenderOptions(system, checkpoints), client)))
                .hasMessageContaining("the brokers refuse this client")
                .hasMessageContaining(reason)
                .satisfies(failure -> isClean(stackTrace(failure)));
        assertThatThrownBy(
                        () ->
                                TwoTowerTrainerJob.main(
                                        arguments(trainerOptions(system, checkpoints), client)))
                .hasMessageContaining("the brokers refuse this client")
                .hasMessageContaining(reason)
                .satisfies(failure -> isClean(stackTrace(failure)));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
        runningJobFails(system, checkpoints, client, reason);
    }

    /** As when a password changes under a job: its next start fails, and says why. */
    private static void runningJobFails(
            LiveSystem system, Path checkpoints, Map<String, String> client, String reason)
            throws Exception {
        Configuration options = new Configuration();
        recommenderOptions(system, checkpoints).forEach(options::setString);
        client.forEach((key, value) -> options.setString(JobOptions.KAFKA_PREFIX + key, value));
        options.setString("kafka.bootstrap.servers", kafka.broker().bootstrapServers());
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(options);
        SessionRecommenderJob.define(environment, RecommenderConfig.of(options));
        long begin = System.nanoTime();
        JobID job = system.flink().submit(environment);
        Await.until("job ends", () -> system.flink().status(job).isGloballyTerminalState());
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
        String failure = stackTrace(system.flink().failure(job));
        assertThat(failure).contains(reason);
        isClean(failure);
    }

    private static void refusedCommand(List<String> arguments, String reason) {
        long begin = System.nanoTime();
        StringWriter out = new StringWriter();
        int exitCode = execute(arguments, out);
        assertThat(out.toString()).as(arguments.get(0)).contains(reason);
        assertThat(exitCode).as(arguments.get(0)).isEqualTo(1);
        isClean(out.toString());
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .as(arguments.get(0))
                .isLessThan(SOON);
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    // ------------------------------------------------------------------ commands

    private static String run(String... command) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(
                List.of(
                        "--bootstrap-servers",
                        kafka.broker().bootstrapServers(),
                        "--kafka-properties",
                        kafka.file(kafka.references()).toString()));
        return run(arguments);
    }

    private static String run(List<String> arguments) {
        StringWriter out = new StringWriter();
        assertThat(execute(arguments, out)).as(arguments + "\n" + out).isZero();
        return out.toString();
    }

    private static int execute(List<String> arguments, StringWriter out) {
        CommandLine commandLine = Nextclick.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(out));
        return commandLine.execute(arguments.toArray(String[]::new));
    }

    private static String json(LoggedClick click) {
        return new String(
                        Topics.CLICKS
                                .codec(Encoding.JSON)
                                .encode(
                                        new Click(
                                                click.eventId(),
                                                click.sessionId(),
                                                click.userId(),
                                                click.itemId(),
                                                click.eventType(),
                                                click.eventTimeMillis(),
                                                Map.of())),
                        StandardCharsets.UTF_8)
                + "\n";
    }
}
