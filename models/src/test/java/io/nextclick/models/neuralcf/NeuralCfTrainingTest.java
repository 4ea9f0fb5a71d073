package io.nextclick.models.neuralcf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NeuralCfTrainingTest {

    private static final long SEED = 12;
    private static final int GROUPS = 4;
    private static final int ITEMS = 120;

    /** Users of four groups, each with a quarter of the items to itself. */
    private static List<Session> groups(int users) {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        List<Session> sessions = new ArrayList<>();
        for (int user = 0; user < users; user++) {
            Set<String> items = new LinkedHashSet<>();
            while (items.size() < 12) {
                items.add("" + (random.nextInt(ITEMS / GROUPS) * GROUPS + user % GROUPS));
            }
            sessions.add(new Session("user-" + user, user, List.copyOf(items)));
        }
        return sessions;
    }

    private static NeuralCfOptions options(NeuralCfKind kind, boolean pretrain) {
        return new NeuralCfOptions(
                kind, 8, 2, 4, 12, 12, 100, 0.01, 0, pretrain, 0.5, 0.01, true, true, SEED);
    }

    @ParameterizedTest
    @EnumSource
    void learnsWhoTakesWhat(NeuralCfKind kind) {
        List<Session> sessions = groups(200);
        NeuralCfModel model = NeuralCfTraining.train(sessions, options(kind, true), epoch -> {});
        // Of the 99 others some 18 are of the user's own group.
        assertThat(model.validation().users()).isEqualTo(200);
        assertThat(model.validation().hr10()).isGreaterThan(0.4);
        int right = 0;
        for (int user = 0; user < 200; user++) {
            Set<String> taken = Set.copyOf(sessions.get(user).items());
            double own = 0;
            double other = 0;
            for (int item = 0; item < ITEMS; item++) {
                if (!taken.contains("" + item)) {
                    double z = model.logOdds("user-" + user, "" + item).orElseThrow();
                    if (item % GROUPS == user % GROUPS) {
                        own += z / (ITEMS / GROUPS - 12);
                    } else {
                        other += z / (ITEMS - ITEMS / GROUPS);
                    }
                }
            }
            right += own > other ? 1 : 0;
        }
        assertThat(right).isGreaterThan(195);
        assertThat(model.logOdds("user-200", "0")).isEmpty();
        assertThat(model.logOdds("user-0", "none")).isEmpty();
    }

    @Test
    void aPretrainedNeuMfIsThreeTrainingsAndItsJoinIsMeasuredFirst() {
        List<NeuralCfTraining.Epoch> heard = new ArrayList<>();
        NeuralCfModel model =
                NeuralCfTraining.train(groups(60), options(NeuralCfKind.NEUMF, true), heard::add);
        assertThat(heard.stream().map(NeuralCfTraining.Epoch::network).distinct())
                .containsExactly(NeuralCfKind.GMF, NeuralCfKind.MLP, NeuralCfKind.NEUMF);
        NeuralCfTraining.Epoch joined =
                heard.stream()
                        .filter(epoch -> epoch.network() == NeuralCfKind.NEUMF)
                        .findFirst()
                        .orElseThrow();
        assertThat(joined.epoch()).isZero();
        assertThat(joined.validation()).isNotNull();
        assertThat(model.epochs().keySet()).containsExactly(NeuralCfKind.values());
        assertThat(heard.stream().filter(NeuralCfTraining.Epoch::refit))
                .hasSize(model.epochs().values().stream().mapToInt(Integer::intValue).sum())
                .allSatisfy(epoch -> assertThat(epoch.validation()).isNull());
    }

    @Test
    void regularizationHoldsVectorsBack() {
        double[] lengths = new double[3];
        double[] penalties = {0, 0.05, 1};
        for (int i = 0; i < 3; i++) {
            NeuralCfOptions usual = options(NeuralCfKind.NEUMF, false);
            NeuralCfOptions penalised =
                    new NeuralCfOptions(
                            usual.kind(),
                            usual.factors(),
                            usual.layers(),
                            usual.negatives(),
                            usual.epochs(),
                            usual.patience(),
                            usual.batch(),
                            usual.learningRate(),
                            penalties[i],
                            usual.pretrain(),
                            usual.fusionAlpha(),
                            usual.fusionRate(),
                            false,
                            false,
                            SEED);
            List<Session> sessions = groups(60);
            Map<String, Tensor> tensors =
                    NeuralCfTraining.train(sessions, penalised, epoch -> {})
                            .folder("1", SessionRules.AS_LOGGED, sessions, Instant.EPOCH)
                            .tensors();
            for (String name : List.of("item.factors", "item.vectors", "user.values")) {
                for (float value : ((Tensor.Floats) tensors.get(name)).values()) {
                    lengths[i] += value * value;
                }
            }
        }
        assertThat(lengths[1]).isLessThan(lengths[0] / 2);
        assertThat(lengths[2]).isLessThan(lengths[1] / 100);
    }

    @Test
    void whatANeuMfJoinsIsWhatItsSeedGivesAlone() {
        List<Session> sessions = groups(60);
        List<NeuralCfTraining.Epoch> joined = new ArrayList<>();
        NeuralCfTraining.train(sessions, options(NeuralCfKind.NEUMF, true), joined::add);
        for (NeuralCfKind part : List.of(NeuralCfKind.GMF, NeuralCfKind.MLP)) {
            List<NeuralCfTraining.Epoch> alone = new ArrayList<>();
            NeuralCfTraining.train(sessions, options(part, true), alone::add);
            assertThat(joined.stream().filter(epoch -> epoch.network() == part))
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("examplesPerSecond")
                    .containsExactlyElementsOf(alone);
        }
    }

    @Test
    void theSameSeedGivesTheSameModelBitForBit() {
        for (boolean pretrain : new boolean[] {true, false}) {
            Map<String, Tensor> one = tensors(pretrain);
            Map<String, Tensor> other = tensors(pretrain);
            assertThat(one).usingRecursiveComparison().isEqualTo(other);
        }
    }

    private static Map<String, Tensor> tensors(boolean pretrain) {
        List<Session> sessions = groups(40);
        ModelFolder folder =
                NeuralCfTraining.train(sessions, options(NeuralCfKind.NEUMF, pretrain), epoch -> {})
                        .folder("1", SessionRules.AS_LOGGED, sessions, Instant.EPOCH);
        assertThat(folder.manifest().kind()).isEqualTo("neumf");
        assertThat(folder.manifest().parameters()).containsEntry("pretrain", pretrain);
        assertThat(folder.manifest().metrics()).containsKey("validation_hr@10_of_100");
        return folder.tensors();
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(
                        () ->
                                NeuralCfTraining.train(
                                        List.of(new Session("a", 0, List.of("x"))),
                                        NeuralCfOptions.defaults(NeuralCfKind.GMF),
                                        epoch -> {}))
                .hasMessageContaining("there are 1 items, at least 2 are needed");
        assertThatThrownBy(
                        () ->
                                new NeuralCfOptions(
                                        NeuralCfKind.GMF,
                                        0,
                                        1,
                                        1,
                                        1,
                                        1,
                                        1,
                                        1,
                                        0,
                                        true,
                                        0,
                                        0,
                                        true,
                                        true,
                                        0))
                .hasMessageContaining("factors is 0.0, it must be in [1.0, 1024.0]");
        assertThatThrownBy(
                        () ->
                                new NeuralCfOptions(
                                        NeuralCfKind.GMF,
                                        1,
                                        1,
                                        1,
                                        1,
                                        1,
                                        1,
                                        1,
                                        0,
                                        true,
                                        0,
                                        0,
                                        false,
                                        true,
                                        0))
                .hasMessageContaining("a refit is for the number of epochs");
    }
}
