package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is stored of a ranker, as bytes and as a folder, goes on as if it hadn't been. */
class RankerStateTest {

    private static final long SEED = 4;

    /** Examples of the batch that is under way when state is taken: 50 is no multiple of 4. */
    private static final int BEFORE = 50;

    private final List<RankingExample> examples = RankingExamples.random(200, SEED);
    private final FeatureSpace space = FeatureSpace.learn(RankingExamples.FIELDS, examples);

    private RankerLearner learnt(RankerKind kind) {
        RankerLearner learner = new RankerLearner(space, RankingExamples.options(kind));
        examples.subList(0, BEFORE).forEach(learner::learn);
        return learner;
    }

    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void learningGoesOnFromBytesAsIfNothingHadHappened(RankerKind kind) {
        RankerLearner whole = learnt(kind);
        byte[] bytes = whole.toBytes();
        RankerLearner restored = RankerLearner.fromBytes(bytes);
        assertThat(restored.toBytes()).isEqualTo(bytes);
        assertThat(restored.examples()).isEqualTo(BEFORE);
        assertThat(restored.space()).isEqualTo(space);
        assertThat(restored.options()).isEqualTo(whole.options());
        for (RankingExample example : examples.subList(BEFORE, examples.size())) {
            assertThat(restored.learn(example)).isEqualTo(whole.learn(example));
        }
        assertThat(restored.toBytes()).isEqualTo(whole.toBytes());
    }

    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void aFolderIsServedAndLearntFrom(RankerKind kind, @TempDir Path folder) throws Exception {
        RankerLearner learner = learnt(kind);
        folder(learner).write(folder.resolve("ranker"));
        ModelFolder read = ModelFolder.read(folder.resolve("ranker"));
        assertThat(read.manifest().kind()).isEqualTo("ranker");

        Ranker ranker = RankerFolder.ranker(read);
        assertThat(ranker.kind()).isEqualTo(kind.label());
        assertThat(ranker.space()).isEqualTo(space);
        CandidateScorer scorer = ranker.newScorer();
        for (RankingExample example : examples.subList(100, 120)) {
            scorer.ask(example.query());
            float[] logOdds = new float[1];
            scorer.score(new int[] {scorer.prepare(example.item())}, example.pairs(), 1, logOdds);
            assertThat((double) logOdds[0]).isCloseTo(learner.logOdds(example), within(1e-5));
        }
        RankerLearner restored = RankerLearner.read(read);
        assertThat(restored.toBytes()).isEqualTo(learner.toBytes());
    }

    private static ModelFolder folder(RankerLearner learner) {
        return learner.folder(
                "ranker", "v1", SessionRules.DEFAULT, "", Map.of("auc", 0.7), Instant.EPOCH);
    }

    /** Written by the first version of this code; it is to be read for ever. */
    @Test
    void oldBytesAreRead() throws IOException {
        byte[] bytes;
        try (InputStream file = getClass().getResourceAsStream("/ranker/deepfm-v1.bin")) {
            bytes = file.readAllBytes();
        }
        RankerLearner restored = RankerLearner.fromBytes(bytes);
        assertThat(restored.options()).isEqualTo(RankingExamples.options(RankerKind.DEEPFM));
        assertThat(restored.examples()).isEqualTo(BEFORE);
        assertThat(restored.logOdds(examples.get(60))).isCloseTo(1.63387752, within(1e-6));
        assertThat(restored.logOdds(examples.get(61))).isCloseTo(0.08249310, within(1e-6));
        assertThat(restored.toBytes()).isEqualTo(bytes);
    }

    @Test
    void foreignAndDamagedBytesAreRefused() {
        byte[] bytes = learnt(RankerKind.FM).toBytes();
        byte[] newer = bytes.clone();
        newer[7] = 2;
        assertThatThrownBy(() -> RankerLearner.fromBytes(newer))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Unknown version 2");
        byte[] foreign = bytes.clone();
        foreign[0]++;
        assertThatThrownBy(() -> RankerLearner.fromBytes(foreign))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not the state of a ranker");
        assertThatThrownBy(() -> RankerLearner.fromBytes(Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 bytes behind");
        for (int length = 0; length < bytes.length; length += 97) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> RankerLearner.fromBytes(cut))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** A number that says how much follows never asks for more than there is. */
    @Test
    void noCountAsksForMoreThanThereIs() {
        byte[] bytes = learnt(RankerKind.LOGISTIC_REGRESSION).toBytes();
        for (int at = 8; at + 4 <= Math.min(bytes.length, 2_000); at++) {
            byte[] large = bytes.clone();
            ByteBuffer.wrap(large).putInt(at, Integer.MAX_VALUE);
            try {
                RankerLearner.fromBytes(large);
            } catch (IllegalArgumentException | ArithmeticException e) {
                assertThat(e).hasMessageNotContaining("heap");
            }
        }
    }

    @Test
    void foldersOfOtherKindsAndShapesAreRefused() {
        ModelFolder whole = folder(learnt(RankerKind.DEEPFM));
        assertThatThrownBy(() -> RankerFolder.ranker(with(whole, "kind", null, null)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("kind is 'other'");
        assertThatThrownBy(() -> RankerFolder.ranker(with(whole, "fields", "hour hour", null)))
                .isInstanceOf(ModelFileException.class);
        assertThatThrownBy(() -> RankerFolder.ranker(with(whole, "hidden", "6 x", null)))
                .isInstanceOf(ModelFileException.class);
        assertThatThrownBy(() -> RankerFolder.ranker(with(whole, "factors", 4, null)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("vectors");
        assertThatThrownBy(
                        () ->
                                RankerFolder.ranker(
                                        with(whole, null, null, new Tensor.Ints(new int[22], 22))))
                .isInstanceOf(ModelFileException.class);
    }

    private static ModelFolder with(
            ModelFolder whole, String parameter, Object value, Tensor starts) {
        ModelManifest manifest = whole.manifest();
        Map<String, Object> parameters = new LinkedHashMap<>(manifest.parameters());
        if (value != null) {
            parameters.put(parameter, value);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>(whole.tensors());
        if (starts != null) {
            tensors.put("features.bound.starts", starts);
        }
        return new ModelFolder(
                new ModelManifest(
                        "kind".equals(parameter) ? "other" : manifest.kind(),
                        manifest.name(),
                        manifest.version(),
                        parameters,
                        manifest.sessionRules(),
                        "",
                        Map.of(),
                        Instant.EPOCH),
                new ItemVocabulary(),
                tensors);
    }
}
