package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.recommend.OperatorRun.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.imports.ModelImport;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks that PyTorch trained, in the operator: {@code models} makes the fixtures. */
class ImportedModelTest {

    private static final Path FIXTURES = Path.of("../models/src/test/resources/imports");
    private static final SessionRules RULES = new SessionRules(Duration.ofMinutes(30), 6, true);
    private static final int LENGTH = 5;
    private static final long SEED = 11;

    enum Kind {
        TORCHSCRIPT,
        GRU4REC,
        SASREC;

        ModelFolder folder() throws IOException {
            Path items = FIXTURES.resolve("items.txt");
            ModelImport imported =
                    switch (this) {
                        case TORCHSCRIPT ->
                                ModelImport.torchScript(
                                        FIXTURES.resolve("gru-module.pt"),
                                        FIXTURES.resolve("gru-items.safetensors"),
                                        items);
                        case GRU4REC ->
                                ModelImport.gru4Rec(
                                        FIXTURES.resolve("gru-weights.safetensors"), items);
                        case SASREC ->
                                ModelImport.sasRec(
                                        FIXTURES.resolve("sasrec-weights.safetensors"), items, 2);
                    };
            return imported.folder("shoes", "7", RULES, List.of(), Instant.EPOCH);
        }
    }

    @TempDir Path path;

    /** Takes the settings' path for this folder. */
    private record At(String folder) implements ModelLoader {

        private static final long serialVersionUID = 1L;

        At(Path folder) {
            this(folder.toString());
        }

        @Override
        public String fingerprint(String path) throws IOException {
            return new FileSystemModels().fingerprint(folder);
        }

        @Override
        public ServableModel load(String path, String fingerprint, ComputeDevice device)
                throws IOException {
            return new FileSystemModels().load(folder, fingerprint, device);
        }

        @Override
        public boolean serves(String kind) {
            return new FileSystemModels().serves(kind);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theOperatorAnswersAsEvaluateDoes(Kind kind) throws Exception {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        ModelFolder folder = kind.folder();
        folder.write(path.resolve("model"));
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            List<String> items = new ArrayList<>();
            int at = random.nextInt(12);
            int length = 1 + random.nextInt(10);
            for (int click = 0; click < length; click++) {
                at = (at + 1 + random.nextInt(3)) % 12;
                // Some begin with an item that the model doesn't know.
                items.add(click == 0 && random.nextInt(4) == 0 ? "boot" : "shoe-" + at);
            }
            sessions.add(new Session("s" + i, 0, items));
        }
        Map<String, List<String>> expected = evaluate(folder, sessions);
        try (OperatorRun run = new OperatorRun(SETTINGS, new At(path.resolve("model"))).open()) {
            for (int click = 0; click < 10; click++) {
                for (Session session : sessions) {
                    if (click < session.items().size()) {
                        run.click(session.id(), session.items().get(click), 1_000L * click);
                    }
                }
            }
            run.endOfTime();
            for (Recommendation answer : run.answers()) {
                assertThat(answer.model()).isEqualTo(new ModelReference("shoes", "7"));
                assertThat(OperatorRun.items(answer))
                        .as("%s step %d", answer.sessionId(), answer.step())
                        .isEqualTo(expected.remove(answer.sessionId() + " " + answer.step()));
            }
            assertThat(expected).isEmpty();
        }
        assertThat(LoadedModel.count()).isZero();
    }

    /** Lists of items by session and step. */
    private static Map<String, List<String>> evaluate(ModelFolder folder, List<Session> sessions)
            throws IOException {
        Map<String, List<String>> lists = new HashMap<>();
        try (ServableModel model = ServableModels.load(folder);
                SessionScorer scorer = model.newScorer()) {
            List<List<TopItems>> each =
                    new Evaluation(model.vocabulary(), model.popularity())
                            .topItems(scorer, sessions, LENGTH);
            for (int i = 0; i < sessions.size(); i++) {
                for (int step = 1; step <= each.get(i).size(); step++) {
                    lists.put(
                            sessions.get(i).id() + " " + step,
                            Arrays.stream(each.get(i).get(step - 1).rows())
                                    .mapToObj(model.vocabulary()::item)
                                    .toList());
                }
            }
        }
        return lists;
    }

    @Test
    void aFolderThatWasTamperedWithNeverReachesLibtorch() throws Exception {
        Kind.TORCHSCRIPT.folder().write(path.resolve("model"));
        Path module = path.resolve("model/module.pt");
        byte[] bytes = Files.readAllBytes(module);
        bytes[bytes.length / 2] ^= 1;
        Files.write(module, bytes);
        try (OperatorRun run = new OperatorRun(SETTINGS, new At(path.resolve("model")))) {
            assertThatThrownBy(run::open)
                    .isInstanceOf(CannotStartException.class)
                    .hasMessage(
                            "the job can't start: model: module.pt: its SHA-256 is not the"
                                    + " manifest's")
                    .hasCauseInstanceOf(ModelFileException.class);
        }
        assertThat(LoadedModel.count()).isZero();
    }
}
