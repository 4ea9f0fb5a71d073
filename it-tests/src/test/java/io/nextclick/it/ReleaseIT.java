package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.cli.Nextclick;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Models are released to a job that runs: good ones, bad ones, and ones to go back to. */
@ExtendWith(LiveSystem.Extension.class)
class ReleaseIT {

    private static final String NAME = "shop";
    private static final int LENGTH = 20;

    /** Clicks published between two looks at the answers. */
    private static final int CHUNK = 10;

    /**
     * GRU4Rec, VMIS-kNN, and by a rollback GRU4Rec again, while clicks keep coming: each is
     * answered once, with the list that the model named in the answer makes of its session.
     */
    @Test
    void anotherKindOfModelAndBackUnderLoad(LiveSystem system) throws Exception {
        Map<String, Path> folders = folders(system);
        ClicksTopic topic = system.clicksTopic(2);
        String releases = releasesTopic(system);
        List<LoggedClick> clicks = system.shop().clicks();
        try (JobRun run =
                following(new JobRun(system, topic), releases)
                        .withModel(folders.get("gru4rec"))
                        .withParallelism(2)
                        .unending(Duration.ofMillis(500))
                        .start()) {
            Stream stream = new Stream(topic, clicks, run);
            stream.publishUntilAnsweredBy("gru4rec");
            // The model in force, released: from here on there is one to go back to.
            release(system, releases, "--model", folders.get("gru4rec").toString());
            release(system, releases, "--model", folders.get("vmis-knn").toString());
            stream.publishUntilAnsweredBy("vmis-knn");
            release(system, releases, "--rollback");
            stream.publishUntilAnsweredBy("gru4rec");
            run.awaitAnswers(stream.published());

            assertThat(run.answers()).as("each click once").hasSize(stream.published());
            assertListsAreTheirModels(folders, clicks, run.answers());
        }
    }

    /** After a switch the job is stopped and restored, on more subtasks than before. */
    @Test
    void theReleasedModelIsRestored(LiveSystem system) throws Exception {
        Map<String, Path> folders = folders(system);
        ClicksTopic topic = system.clicksTopic(2);
        String releases = releasesTopic(system);
        List<LoggedClick> clicks = system.shop().clicks();
        try (JobRun run =
                following(new JobRun(system, topic), releases)
                        .withModel(folders.get("gru4rec"))
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            Stream stream = new Stream(topic, clicks, run);
            stream.publishUntilAnsweredBy("gru4rec");
            release(system, releases, "--model", folders.get("vmis-knn").toString());
            stream.publishUntilAnsweredBy("vmis-knn");
            run.awaitAnswers(stream.published());
            String savepoint = run.stopWithSavepoint();
            int before = run.answers().size();
            run.restore(savepoint, 2);
            stream.publish(500);
            run.awaitAnswers(stream.published());
            assertThat(run.answers().subList(before, run.answers().size()))
                    .extracting(answer -> answer.model().name())
                    .as("not for one click the model at the path")
                    .containsOnly("vmis-knn");
            assertListsAreTheirModels(folders, clicks, run.answers());
        }
    }

    /**
     * A variant answers by the release that it names, beside the job's own model, and after a
     * restore on fewer subtasks as well. The job has read that release before the experiment.
     */
    @Test
    void aVariantAnswersByTheReleaseThatItNames(LiveSystem system) throws Exception {
        Map<String, Path> folders = folders(system);
        ClicksTopic topic = system.clicksTopic(2);
        String releases = releasesTopic(system);
        String experiments = system.unique("experiments");
        system.kafka().createTopic(experiments, 1, Map.of("cleanup.policy", "compact"));
        List<LoggedClick> clicks = system.shop().clicks();
        try (JobRun run =
                following(new JobRun(system, topic), releases)
                        .withModel(folders.get("gru4rec"))
                        .withParallelism(2)
                        .with(JobOptions.EXPERIMENTS_TOPIC, experiments)
                        .with(
                                JobOptions.EXPERIMENTS_OUTCOMES_TOPIC,
                                system.topic("experiment-outcomes", 2))
                        .unending(Duration.ofMillis(500))
                        .start()) {
            Stream stream = new Stream(topic, clicks, run);
            release(
                    system,
                    releases,
                    "--name=neighbours",
                    "--model=" + folders.get("vmis-knn").toString());
            stream.publishUntilAnsweredBy("gru4rec");
            command(
                    system,
                    experiments,
                    "experiment",
                    "start",
                    "kinds",
                    "--variant=control=0.5",
                    "--variant=counted=0.5",
                    "--model=counted=neighbours");
            Await.until(
                    "a variant answers by its model",
                    () -> {
                        stream.publish(CHUNK);
                        return answersBy(run, "vmis-knn") > 0;
                    });
            stream.publish(1_000);
            run.awaitAnswers(stream.published());
            long before = answersBy(run, "vmis-knn");
            run.restore(run.stopWithSavepoint(), 1);
            stream.publish(1_000);
            run.awaitAnswers(stream.published());

            assertThat(run.answers()).as("each click once").hasSize(stream.published());
            assertThat(answersBy(run, "vmis-knn")).isGreaterThan(before);
            for (Recommendation answer : run.answers()) {
                boolean isCounted =
                        answer.experiment() != null
                                && answer.experiment().variant().equals("counted");
                assertThat(answer.model().name()).isEqualTo(isCounted ? "vmis-knn" : "gru4rec");
            }
            assertListsAreTheirModels(folders, clicks, run.answers());
        }
    }

    private static long answersBy(JobRun run, String model) throws IOException {
        return run.answers().stream().filter(answer -> answer.model().name().equals(model)).count();
    }

    /** A job without a model takes what was released before it began. */
    @Test
    void theFirstModelIsTheOneThatWasReleased(LiveSystem system) throws Exception {
        Map<String, Path> folders = folders(system);
        ClicksTopic topic = system.clicksTopic(2);
        String releases = releasesTopic(system);
        release(system, releases, "--model", folders.get("gru4rec").toString());
        release(system, releases, "--model", folders.get("vmis-knn").toString());
        List<LoggedClick> clicks = system.shop().clicks();
        try (JobRun run =
                following(new JobRun(system, topic), releases)
                        .withParallelism(2)
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            new Stream(topic, clicks, run).publishUntilAnsweredBy("vmis-knn");
            assertThat(run.answers())
                    .extracting(answer -> answer.model() == null ? "" : answer.model().name())
                    .as("the older release was never in force")
                    .containsOnly("", "vmis-knn");
        }
    }

    /** Each refusal is counted under its reason, and the model in force goes on. */
    @Test
    void badReleasesAreRefused(LiveSystem system) throws Exception {
        Map<String, Path> folders = folders(system);
        ModelFolder good = ModelFolder.read(folders.get("gru4rec"));
        ClicksTopic topic = system.clicksTopic(2);
        String releases = releasesTopic(system);
        List<LoggedClick> clicks = system.shop().clicks();
        try (JobRun run =
                following(new JobRun(system, topic), releases)
                        .withModel(folders.get("gru4rec"))
                        .with(JobOptions.RELEASES_QUALITY_FLOOR, 0.8)
                        .with(JobOptions.RELEASES_TRIAL_CLICKS, 200)
                        .with(JobOptions.RELEASES_TRIAL_TIMEOUT, Duration.ofMinutes(5))
                        .unending(Duration.ofSeconds(10))
                        .start()) {
            Stream stream = new Stream(topic, clicks, run);
            stream.publish(2_000);
            Map<String, Path> bad = badFolders(system, good);
            int refusals = 0;
            for (Map.Entry<String, Path> each : bad.entrySet()) {
                ModelRelease release = record(each.getValue());
                if (each.getKey().equals("missing-file")) {
                    Files.delete(each.getValue().resolve(ModelFolder.WEIGHTS));
                } else if (each.getKey().equals("wrong-digest")) {
                    Files.writeString(each.getValue().resolve(ModelFolder.ITEMS), "another\n");
                }
                publish(system, releases, release);
                refusals++;
                String reason = each.getKey();
                int expected = refusals;
                Await.until(
                        reason + " is refused",
                        () -> {
                            stream.publish(CHUNK);
                            Map<String, String> metrics = gateMetrics(system, run);
                            return "1".equals(metrics.get("releasesRefusedBecause." + reason))
                                    && String.valueOf(expected)
                                            .equals(metrics.get("releasesRefused"));
                        });
            }
            run.awaitAnswers(stream.published());
            assertThat(run.answers()).hasSize(stream.published());
            assertThat(run.answers())
                    .extracting(answer -> answer.model().version())
                    .containsOnly(good.manifest().version());
            assertThat(gateMetrics(system, run)).containsEntry("releasesApproved", "0");
        }
    }

    // ------------------------------------------------------------------ releases

    /** A release of each kind that has to be refused; two are damaged when they are published. */
    private static Map<String, Path> badFolders(LiveSystem system, ModelFolder good)
            throws IOException {
        Map<String, ModelFolder> folders = new LinkedHashMap<>();
        // Of another version: what is in force already would change nothing.
        ModelFolder sound =
                new ModelFolder(manifest(good, "gru4rec"), good.vocabulary(), good.tensors());
        folders.put("missing-file", sound);
        folders.put("wrong-digest", sound);
        Map<String, Tensor> misshapen = new LinkedHashMap<>(good.tensors());
        misshapen.put("gru.bias_hh_l0", new Tensor.Floats(new float[7], 7));
        folders.put(
                "unusable-files",
                new ModelFolder(manifest(good, "gru4rec"), good.vocabulary(), misshapen));
        folders.put(
                "unknown-kind",
                new ModelFolder(manifest(good, "abacus"), good.vocabulary(), good.tensors()));
        List<String> others =
                good.vocabulary().items().stream().map(item -> "other-" + item).toList();
        folders.put(
                "unknown-items",
                new ModelFolder(
                        manifest(good, "gru4rec"), new ItemVocabulary(others), good.tensors()));
        // What it should recommend last comes first.
        Map<String, Tensor> contrary = new LinkedHashMap<>(good.tensors());
        contrary.replaceAll(
                (name, tensor) -> name.startsWith("output.") ? negative(tensor) : tensor);
        if (contrary.equals(good.tensors())) {
            contrary.replaceAll(
                    (name, tensor) -> name.startsWith("gru.") ? negative(tensor) : tensor);
        }
        folders.put(
                "below-floor",
                new ModelFolder(manifest(good, "gru4rec"), good.vocabulary(), contrary));
        Map<String, Path> written = new LinkedHashMap<>();
        for (Map.Entry<String, ModelFolder> each : folders.entrySet()) {
            Path folder = system.folder(each.getKey());
            each.getValue().write(folder);
            written.put(each.getKey(), folder);
        }
        return written;
    }

    private static Tensor negative(Tensor tensor) {
        float[] values = ((Tensor.Floats) tensor).values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = -values[i];
        }
        return new Tensor.Floats(values, tensor.shape());
    }

    private static ModelManifest manifest(ModelFolder of, String kind) {
        ModelManifest manifest = of.manifest();
        return new ModelManifest(
                kind,
                manifest.name(),
                "bad",
                manifest.parameters(),
                manifest.sessionRules(),
                manifest.dataFingerprint(),
                manifest.metrics(),
                manifest.createdAt());
    }

    private static ModelRelease record(Path folder) throws IOException {
        String uri = folder.toUri().toString();
        ModelManifest manifest = ModelFolder.read(folder).manifest();
        return new ModelRelease(
                NAME,
                manifest.version(),
                uri,
                new FileSystemModels().fingerprint(uri),
                manifest.kind(),
                Map.of(),
                manifest.createdAt().toEpochMilli());
    }

    private static void publish(LiveSystem system, String topic, ModelRelease release) {
        new ClicksTopic(system, topic)
                .publish(
                        List.of(
                                new ProducerRecord<>(
                                        topic,
                                        NAME.getBytes(StandardCharsets.UTF_8),
                                        Topics.MODEL_RELEASES
                                                .codec(Encoding.AVRO)
                                                .encode(release))));
    }

    /** Under the job's name, unless the arguments have another. */
    private static void release(LiveSystem system, String topic, String... arguments) {
        List<String> all = new ArrayList<>(List.of("release"));
        if (Arrays.stream(arguments).noneMatch(argument -> argument.startsWith("--name"))) {
            all.add("--name=" + NAME);
        }
        all.addAll(List.of(arguments));
        command(system, topic, all.toArray(String[]::new));
    }

    private static void command(LiveSystem system, String topic, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add("--bootstrap-servers=" + system.kafka().bootstrapServers());
        all.add("--topic=" + topic);
        assertThat(Nextclick.commandLine().execute(all.toArray(String[]::new)))
                .as("%s", all)
                .isEqualTo(Nextclick.DONE);
    }

    private static String releasesTopic(LiveSystem system) throws Exception {
        String topic = system.unique("model-releases");
        system.kafka().createTopic(topic, 1, Map.of("cleanup.policy", "compact"));
        return topic;
    }

    /** Any release passes the floor: what they are worth is another test's. */
    private static JobRun following(JobRun run, String releases) {
        return run.with(JobOptions.RELEASES_TOPIC, releases)
                .with(JobOptions.RELEASES_NAME, NAME)
                .with(JobOptions.RELEASES_SAMPLED_SESSIONS, 1.0)
                .with(JobOptions.RELEASES_TRIAL_CLICKS, 50)
                .with(JobOptions.RELEASES_TRIAL_TIMEOUT, Duration.ofSeconds(1))
                .with(JobOptions.RELEASES_KNOWN_ITEMS, 0.3)
                .with(JobOptions.RELEASES_QUALITY_FLOOR, 0.0)
                .with(JobOptions.RECOMMENDATIONS_COUNT, LENGTH);
    }

    private static Map<String, String> gateMetrics(LiveSystem system, JobRun run) throws Exception {
        Map<String, String> metrics = new TreeMap<>();
        for (Map.Entry<String, String> vertex : system.dashboard().vertices(run.job()).entrySet()) {
            if (vertex.getKey().contains("Examine releases")) {
                system.dashboard()
                        .metrics(run.job(), vertex.getValue(), "releases")
                        .forEach(
                                (name, value) ->
                                        metrics.put(
                                                name.replace("0.Examine_releases.", ""), value));
            }
        }
        return metrics;
    }

    // ------------------------------------------------------------------ clicks and answers

    /** Clicks that come a few at a time. */
    private static final class Stream {

        private final ClicksTopic topic;
        private final List<LoggedClick> clicks;
        private final JobRun run;
        private int published;

        Stream(ClicksTopic topic, List<LoggedClick> clicks, JobRun run) {
            this.topic = topic;
            this.clicks = clicks;
            this.run = run;
        }

        int published() {
            return published;
        }

        void publish(int count) throws IOException {
            int to = Math.min(clicks.size(), published + count);
            topic.publish(clicks.subList(published, to), Encoding.AVRO);
            published = to;
        }

        /** Until the last hundred answers are all by one model: every subtask has changed. */
        void publishUntilAnsweredBy(String model) throws Exception {
            Await.until(
                    "answered by " + model,
                    () -> {
                        publish(CHUNK);
                        List<Recommendation> answers = run.answers();
                        return answers.size() >= 100
                                && answers.subList(answers.size() - 100, answers.size()).stream()
                                        .allMatch(
                                                answer ->
                                                        answer.model() != null
                                                                && answer.model()
                                                                        .name()
                                                                        .equals(model));
                    });
            assertThat(published).as("clicks were left to publish").isLessThan(clicks.size());
        }
    }

    private static Map<String, Path> folders(LiveSystem system) throws IOException {
        Path vmisKnn = system.folder("vmis-knn");
        system.shop().train("vmis-knn").write(vmisKnn);
        return Map.of("gru4rec", system.shop().folder(), "vmis-knn", vmisKnn);
    }

    private static void assertListsAreTheirModels(
            Map<String, Path> folders, List<LoggedClick> clicks, List<Recommendation> answers)
            throws Exception {
        List<Session> sessions = TrainedShop.sessions(clicks);
        Map<String, Map<String, List<String>>> expected = new HashMap<>();
        for (Map.Entry<String, Path> each : folders.entrySet()) {
            expected.put(each.getKey(), lists(ModelFolder.read(each.getValue()), sessions));
        }
        Map<String, Integer> checked = new TreeMap<>();
        for (Recommendation answer : answers) {
            String model = answer.model().name();
            String prefix = answer.sessionId() + ' ' + answer.step();
            assertThat(answer.items().stream().map(RecommendedItem::itemId).toList())
                    .as("%s by %s", prefix, model)
                    .isEqualTo(expected.get(model).get(prefix));
            checked.merge(model, 1, Integer::sum);
        }
        System.out.println("lists as their model makes them: " + checked);
        assertThat(checked).containsOnlyKeys("gru4rec", "vmis-knn");
    }

    /** Items of a list by session and step. */
    private static Map<String, List<String>> lists(ModelFolder folder, List<Session> sessions)
            throws Exception {
        Map<String, List<String>> lists = new HashMap<>();
        try (ServableModel model = ServableModels.load(folder);
                SessionScorer scorer = model.newScorer()) {
            List<List<TopItems>> each =
                    new Evaluation(model.vocabulary(), model.popularity())
                            .topItems(scorer, sessions, LENGTH);
            for (int i = 0; i < sessions.size(); i++) {
                for (int step = 1; step <= each.get(i).size(); step++) {
                    List<String> items = new ArrayList<>();
                    for (int row : each.get(i).get(step - 1).rows()) {
                        items.add(model.vocabulary().item(row));
                    }
                    lists.put(sessions.get(i).id() + ' ' + step, items);
                }
            }
        }
        return lists;
    }
}
