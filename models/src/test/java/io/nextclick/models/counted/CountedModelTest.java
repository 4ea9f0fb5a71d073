package io.nextclick.models.counted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.baseline.ItemKnn;
import io.nextclick.models.baseline.VmisKnn;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CountedModelTest {

    private static final long SEED = 7;
    private static final List<Session> LOG = log();

    @TempDir Path folder;

    private static List<Session> log() {
        Random random = new Random(SEED);
        List<Session> log = new ArrayList<>();
        for (int s = 0; s < 200; s++) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(8); i++) {
                items.add("i" + random.nextInt(30));
            }
            log.add(new Session("s" + s, s * 60_000L, items));
        }
        return log;
    }

    static List<CountedModel> models() {
        return List.of(
                CountedModel.of(CountedModel.POPULARITY, LOG),
                CountedModel.popularity(LOG, Duration.ofHours(2), Duration.ofMinutes(30)),
                CountedModel.of(CountedModel.MARKOV, LOG),
                CountedModel.itemKnn(LOG, new ItemKnn.Options(5, 1.5, 3)),
                CountedModel.vmisKnn(LOG, new VmisKnn.Options(40, 10, 4, 0.5, true, 1.5)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void aModelIsServedFromItsFolderAsItWasCounted(CountedModel model) throws Exception {
        model.folder("v1", SessionRules.AS_LOGGED, LOG, Instant.EPOCH).write(folder);
        try (ServableModel served = ServableModels.load(ModelFolder.read(folder));
                EncodingScorer scorer = (EncodingScorer) served.newScorer();
                EncodingScorer counted = model.newScorer()) {
            assertThat(served.name()).isEqualTo(model.kind());
            assertThat(served.vocabulary().items()).isEqualTo(model.vocabulary().items());
            assertThat(served.describe()).contains(model.kind()).contains("v1");
            assertThat(scorer.maximumLength()).isEqualTo(counted.maximumLength());
            for (int row = 0; row < served.vocabulary().size(); row++) {
                int[][] session = {{(row * 7) % 30, row}};
                if (scorer.maximumLength() == 1) {
                    session[0] = new int[] {row};
                }
                TopItems list = scorer.rank(session, 1, 10, null)[0];
                TopItems expected = counted.rank(session, 1, 10, null)[0];
                assertThat(list.rows()).isEqualTo(expected.rows());
                assertThat(list.scores()).isEqualTo(expected.scores());
                assertThat(list.size()).isEqualTo(10);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aModelReadAndWrittenAgainIsTheSameToTheByte(CountedModel model) throws Exception {
        Path one = folder.resolve("one");
        Path other = folder.resolve("other");
        model.folder("v1", SessionRules.AS_LOGGED, LOG, Instant.EPOCH).write(one);
        CountedModel.read(ModelFolder.read(one))
                .folder("v1", SessionRules.AS_LOGGED, LOG, Instant.EPOCH)
                .write(other);
        for (String file : List.of(ModelFolder.WEIGHTS, ModelFolder.ITEMS, ModelFolder.MANIFEST)) {
            assertThat(Files.readAllBytes(other.resolve(file)))
                    .as(file)
                    .isEqualTo(Files.readAllBytes(one.resolve(file)));
        }
    }

    @Test
    void recentPopularityForgets() throws Exception {
        List<Session> log =
                List.of(
                        new Session("1", 0, List.of("a", "a", "a", "a")),
                        new Session("2", 3_600_000, List.of("b", "b")),
                        new Session("3", 7_200_000, List.of("c")));
        assertThat(list(CountedModel.popularity(log, Duration.ZERO, Duration.ZERO)))
                .containsExactly("a", "b", "c");
        assertThat(list(CountedModel.popularity(log, Duration.ofMinutes(60), Duration.ZERO)))
                .containsExactly("b", "c", "a");
        // Weights 4/16, 2/4 and 1.
        assertThat(list(CountedModel.popularity(log, Duration.ZERO, Duration.ofMinutes(30))))
                .containsExactly("c", "b", "a");
    }

    private static List<String> list(CountedModel model) {
        int[] rows = model.newScorer().rank(new int[][] {{0}}, 1, 3, null)[0].rows();
        return Arrays.stream(rows).mapToObj(model.vocabulary()::item).toList();
    }

    @Test
    void aFolderThatDoesNotFitIsRefused() {
        ModelFolder good =
                CountedModel.of(CountedModel.VMIS_KNN, LOG)
                        .folder("v1", SessionRules.AS_LOGGED, LOG, Instant.EPOCH);
        Map<String, Tensor> divided = new LinkedHashMap<>(good.tensors());
        divided.put("sessions.starts", new Tensor.Ints(new int[] {0, 2}, 2));
        assertRefused(good.manifest(), good.vocabulary(), divided, "starts of the sessions");
        Map<String, Tensor> missing = new LinkedHashMap<>(good.tensors());
        missing.remove("sessions.items");
        assertRefused(good.manifest(), good.vocabulary(), missing, "sessions.items");
        Map<String, Object> parameters = new LinkedHashMap<>(good.manifest().parameters());
        parameters.put("neighbours", 0);
        ModelManifest manifest =
                new ModelManifest(
                        CountedModel.VMIS_KNN,
                        "m",
                        "v1",
                        parameters,
                        SessionRules.AS_LOGGED,
                        "",
                        Map.of(),
                        Instant.EPOCH);
        assertRefused(manifest, good.vocabulary(), good.tensors(), "neighbours is 0");
    }

    private static void assertRefused(
            ModelManifest manifest,
            ItemVocabulary vocabulary,
            Map<String, Tensor> tensors,
            String message) {
        ModelFolder damaged = new ModelFolder(manifest, vocabulary, tensors);
        assertThatThrownBy(() -> ServableModels.load(damaged))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(message);
    }

    @Test
    void anUnknownKindIsNamed() {
        assertThatThrownBy(() -> CountedModel.of("slope-one", LOG))
                .hasMessageContaining("slope-one")
                .hasMessageContaining("vmis-knn");
    }
}
