package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.EvaluationReport;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainedModelTest {

    private static final Instant CREATED = Instant.parse("2026-01-02T03:04:05Z");

    private static List<Session> log() {
        SplittableRandom random = new SplittableRandom(6);
        List<Session> log = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int start = random.nextInt(30);
            log.add(
                    new Session(
                            "s" + i,
                            i,
                            IntStream.range(start, start + 2 + random.nextInt(5))
                                    .mapToObj(item -> "item-" + item % 30)
                                    .toList()));
        }
        return log;
    }

    private static TrainedModel trained(boolean tied) {
        TrainingOptions options =
                TrainingOptions.DEFAULTS.toBuilder()
                        .embeddingSize(tied ? 16 : 12)
                        .hiddenSize(16)
                        .tied(tied)
                        .epochs(3)
                        .batchPredictions(64)
                        .learningRate(0.02)
                        .threads(1)
                        .build();
        return Trainer.train(log(), options, TrainingListener.SILENT);
    }

    /** The state after each click of one session, [T, H], by the forward pass of training. */
    private static float[] trainingStates(SessionNetwork network, int[] items) {
        int inputs = network.embedding().columns();
        float[] embedded = new float[items.length * inputs];
        for (int t = 0; t < items.length; t++) {
            System.arraycopy(
                    network.embedding().values(), items[t] * inputs, embedded, t * inputs, inputs);
        }
        try (NDManager manager = NDManager.newBaseManager()) {
            NDList weights = new NDList();
            for (Parameter parameter : network.encoder()) {
                Shape shape =
                        parameter.rows() == 1
                                ? new Shape(parameter.columns())
                                : new Shape(parameter.rows(), parameter.columns());
                weights.add(manager.create(parameter.values(), shape));
            }
            NDArray session = manager.create(embedded, new Shape(1, items.length, inputs));
            return Gru4Rec.states(session, weights, true).toFloatArray();
        }
    }

    @Test
    void aTrainingForwardAndServingStepsAgree(@TempDir Path folder) throws IOException {
        for (boolean tied : new boolean[] {true, false}) {
            TrainedModel trained = trained(tied);
            Path path = folder.resolve(tied ? "tied" : "untied");
            trained.folder("1", SessionRules.DEFAULT, log(), CREATED).write(path);
            int[] items = {3, 17, 3, 29, 0};
            float[] states = trainingStates(trained.network(), items);
            try (ServableModel model = ServableModels.load(ModelFolder.read(path));
                    RecurrentScorer scorer = (RecurrentScorer) model.newScorer()) {
                float[][] state = new float[1][scorer.stateSize()];
                for (int t = 0; t < items.length; t++) {
                    scorer.advance(new int[] {items[t]}, state, 1);
                    for (int h = 0; h < state[0].length; h++) {
                        assertThat(state[0][h])
                                .as("tied %s, click %d, unit %d", tied, t, h)
                                .isCloseTo(states[t * state[0].length + h], within(1e-5f));
                    }
                }
            }
        }
    }

    @Test
    void validationRanksAsTheEvaluationDoes() throws IOException {
        List<Session> log = log();
        TrainingOptions options =
                trained(true).options().toBuilder().refit(false).epochs(1).build();
        TrainedModel trained = Trainer.train(log, options, TrainingListener.SILENT);
        List<Session> heldOut = log.subList(180, 200);
        try (ServableModel model =
                        ServableModels.load(
                                trained.folder("1", SessionRules.DEFAULT, log, CREATED));
                RecurrentScorer scorer = (RecurrentScorer) model.newScorer()) {
            EvaluationReport report =
                    new Evaluation(model.vocabulary(), model.popularity()).run(scorer, heldOut);
            assertThat(report.metric("mrr@20"))
                    .isCloseTo(trained.validation().mrr20(), within(1e-6));
            assertThat(report.metric("recall@20"))
                    .isCloseTo(trained.validation().recall20(), within(1e-6));
        }
    }

    /** Sessions longer than the network reads are among those that validate. */
    @Test
    void sasRecValidatesAsItIsServed() throws IOException {
        for (boolean tied : new boolean[] {true, false}) {
            TrainingOptions options =
                    TrainingOptions.defaults(NetworkKind.SASREC).toBuilder()
                            .embeddingSize(16)
                            .hiddenSize(16)
                            .innerSize(24)
                            .tied(tied)
                            .maximumLength(4)
                            .batchPredictions(64)
                            .learningRate(0.01)
                            .refit(false)
                            .epochs(4)
                            .build();
            List<Session> log = log();
            TrainedModel trained = Trainer.train(log, options, TrainingListener.SILENT);
            ModelFolder folder = trained.folder("1", SessionRules.DEFAULT, log, CREATED);
            assertThat(folder.manifest().kind()).isEqualTo("sasrec");
            assertThat(folder.manifest().parameters()).containsEntry("positions", 3);
            try (ServableModel model = ServableModels.load(folder);
                    EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
                assertThat(scorer.maximumLength()).isEqualTo(3);
                EvaluationReport report =
                        new Evaluation(model.vocabulary(), model.popularity())
                                .run(scorer, log.subList(180, 200));
                assertThat(report.metric("mrr@20"))
                        .as("tied %s", tied)
                        .isCloseTo(trained.validation().mrr20(), within(1e-6));
            }
        }
    }

    @Test
    void theManifestSaysWhatWasTrainedOnWhat() {
        TrainedModel trained = trained(true);
        ModelFolder folder = trained.folder("7", SessionRules.DEFAULT, log(), CREATED);
        assertThat(folder.manifest().kind()).isEqualTo("gru4rec");
        assertThat(folder.manifest().version()).isEqualTo("7");
        assertThat(folder.manifest().parameters())
                .containsEntry("items", 30)
                .containsEntry("hidden_size", 16)
                .containsEntry("tied", true)
                .containsEntry("seed", 42L)
                .containsEntry("trained_sessions", 200);
        assertThat(folder.manifest().metrics()).containsKey("validation_mrr@20");
        List<Session> other = new ArrayList<>(log());
        other.remove(0);
        assertThat(folder.manifest().dataFingerprint())
                .isEqualTo(
                        trained.folder("8", SessionRules.DEFAULT, log(), CREATED)
                                .manifest()
                                .dataFingerprint())
                .isNotEqualTo(
                        trained.folder("8", SessionRules.DEFAULT, other, CREATED)
                                .manifest()
                                .dataFingerprint());
    }
}
