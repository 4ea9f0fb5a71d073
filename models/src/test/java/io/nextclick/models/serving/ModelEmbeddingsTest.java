package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.embedding.Embeddings;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import io.nextclick.models.neuralcf.NeuralCfTraining;
import io.nextclick.models.rating.AlsFactorization;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.ImplicitAls;
import io.nextclick.models.rating.Ratings;
import io.nextclick.models.rating.SgdFactorization;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.models.tower.TwoTowerOptions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelEmbeddingsTest {

    @Test
    void everyKindKnowsItsItemsByTheVectorsThatScoreThemOrByNone() throws Exception {
        Map<String, String> tensors =
                Map.of(
                        "gru4rec", "output.weight",
                        "sasrec", "output.weight",
                        "two-tower", "output.vectors",
                        "torchscript", "item.weight",
                        "gmf", "item.factors",
                        "mlp", "item.vectors",
                        "neumf", "item.factors");
        for (Map.Entry<String, ModelFolder> model : WellMeantModels.all().entrySet()) {
            ModelFolder folder = model.getValue();
            Optional<Embeddings> items = ModelEmbeddings.ofItems(folder);
            assertThat(items.isPresent())
                    .as(model.getKey())
                    .isEqualTo(tensors.containsKey(model.getKey()))
                    .isEqualTo(ModelEmbeddings.kindsWithItems().contains(model.getKey()));
            if (items.isPresent()) {
                assertThat(items.get().ids()).isEqualTo(folder.vocabulary().items());
                float[] vectors =
                        folder.floats(tensors.get(model.getKey()), folder.vocabulary().size(), -1);
                assertCosines(items.get(), vectors);
            }
        }
    }

    private static void assertCosines(Embeddings items, float[] vectors) {
        int dimension = items.dimension();
        float[] cosines = new float[items.size()];
        items.from(1, cosines);
        for (int row = 0; row < items.size(); row++) {
            double product = 0;
            double own = 0;
            double other = 0;
            for (int d = 0; d < dimension; d++) {
                double a = vectors[dimension + d];
                double b = vectors[row * dimension + d];
                product += a * b;
                own += a * a;
                other += b * b;
            }
            assertThat((double) cosines[row])
                    .isCloseTo(product / Math.sqrt(own * other), within(1e-5));
        }
    }

    @Test
    void twoTowersKnowUsersByTheirIds() throws Exception {
        TwoTowerOptions options =
                TwoTowerOptions.DEFAULTS.toBuilder()
                        .dimension(6)
                        .hidden(4)
                        .batchExamples(32)
                        .users(true)
                        .build();
        try (TwoTowerLearner learner = new TwoTowerLearner(options, "space-1")) {
            for (int i = 0; i < 200; i++) {
                learner.add(
                        new TowerExample(
                                List.of("item-" + i % 9),
                                "user-" + i % 5,
                                Map.of(),
                                "item-" + (i + 1) % 9,
                                i));
            }
            ModelFolder folder =
                    learner.toFolder("two-tower", "1", SessionRules.DEFAULT, Instant.EPOCH);
            Embeddings users =
                    ModelEmbeddings.ofUsers(folder, List.of("user-3", "nobody", "user-1", "user-3"))
                            .orElseThrow();
            assertThat(users.ids()).containsExactly("user-3", "user-1");
            assertThat(users.dimension()).isEqualTo(6);
            float[] cosines = new float[2];
            users.from(0, cosines);
            assertThat(cosines[0]).isCloseTo(1, within(1e-6f));
            assertThat(cosines[1]).isLessThan(.999f);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als", "implicit-als"})
    void factorizationsKnowItemsAndUsersByTheirFactors(String kind) throws Exception {
        List<LoggedClick> clicks = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            clicks.add(
                    new LoggedClick(
                            null,
                            "u" + i % 20,
                            "u" + i % 20,
                            "i" + (i * 7 + i / 20) % 15,
                            i,
                            Map.of("rating", Integer.toString(1 + (i * 31 + i / 20 * 3) % 5))));
        }
        Ratings ratings = Ratings.explicit(clicks);
        Factorization model =
                switch (kind) {
                    case Factorization.SGD ->
                            SgdFactorization.train(ratings, SgdFactorization.Options.DEFAULTS);
                    case Factorization.ALS ->
                            // With the usual weight of the penalty so few ratings say nothing.
                            AlsFactorization.train(
                                    ratings, new AlsFactorization.Options(4, 12, 0.01, 1, 1));
                    default -> ImplicitAls.train(ratings, ImplicitAls.Options.DEFAULTS);
                };
        ModelFolder folder = model.folder("1", SessionRules.DEFAULT, List.of(), Instant.EPOCH);
        Embeddings items = ModelEmbeddings.ofItems(folder).orElseThrow();
        assertThat(items.ids()).isEqualTo(folder.vocabulary().items());
        assertCosines(items, folder.floats(Factorization.ITEM_VECTORS, items.size(), -1));

        List<String> asked = new ArrayList<>(List.of("nobody"));
        for (int row = 0; row < 20; row++) {
            // In the order of rows, so that the tensor is what to expect.
            for (int user = 0; user < 20; user++) {
                if (model.user("u" + user) == row) {
                    asked.add("u" + user);
                }
            }
        }
        Embeddings users = ModelEmbeddings.ofUsers(folder, asked).orElseThrow();
        assertThat(users.ids()).isEqualTo(asked.subList(1, 21));
        assertCosines(users, folder.floats(Factorization.USER_VECTORS, 20, -1));
    }

    @ParameterizedTest
    @EnumSource
    void neuralCfKnowsItemsAndUsersByTheSameSpace(NeuralCfKind kind) throws Exception {
        List<Session> sessions = new ArrayList<>();
        for (int user = 0; user < 12; user++) {
            sessions.add(new Session("u" + user, user, List.of("a", "b" + user % 3, "c")));
        }
        ModelFolder folder =
                NeuralCfTraining.train(sessions, NeuralCfOptions.defaults(kind), epoch -> {})
                        .folder("1", SessionRules.DEFAULT, sessions, Instant.EPOCH);
        String tensor = kind.multiplies() ? "item.factors" : "item.vectors";
        Embeddings items = ModelEmbeddings.ofItems(folder).orElseThrow();
        assertCosines(items, folder.floats(tensor, items.size(), -1));

        Embeddings users =
                ModelEmbeddings.ofUsers(folder, List.of("nobody", "u7", "u2")).orElseThrow();

        assertThat(users.ids()).containsExactly("u7", "u2");
        assertThat(users.dimension()).isEqualTo(items.dimension());
        assertThat(ModelEmbeddings.kindsWithUsers()).contains(kind.id());
    }

    @Test
    void otherKindsKnowNoUsers() throws Exception {
        assertThat(ModelEmbeddings.ofUsers(WellMeantModels.all().get("gru4rec"), List.of("user-1")))
                .isEmpty();
    }
}
