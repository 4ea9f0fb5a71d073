package io.nextclick.models.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SearchSpaceTest {

    private static final long SEED = 42;
    private static final int MANY = 400;

    private static SearchSpace sampled(TrainingOptions given) {
        return SearchSpace.of(given, Integer.MAX_VALUE);
    }

    static List<TrainingOptions> givens() {
        List<TrainingOptions> givens = new ArrayList<>();
        givens.add(TrainingOptions.DEFAULTS);
        givens.add(
                TrainingOptions.DEFAULTS.toBuilder()
                        .itemOptimizer(ItemOptimizer.ADAM)
                        .itemLearningRate(0.002)
                        .build());
        for (Loss loss : Loss.values()) {
            givens.add(TrainingOptions.DEFAULTS.toBuilder().loss(loss).build());
        }
        givens.add(TrainingOptions.defaults(NetworkKind.SASREC));
        givens.add(TrainingOptions.defaults(NetworkKind.BERT4REC));
        return givens;
    }

    @ParameterizedTest
    @MethodSource("givens")
    void theFirstTrialChangesNothing(TrainingOptions given) {
        Map<String, Object> settings = sampled(given).settings(SEED, 1);
        assertThat(settings).isEmpty();
        assertThat(sampled(given).options(given, settings)).isEqualTo(given);
    }

    @ParameterizedTest
    @MethodSource("givens")
    void aSettingIsWhatTheOptionsSay(TrainingOptions given) {
        SearchSpace space = sampled(given);
        for (int trial = 2; trial < MANY; trial++) {
            Map<String, Object> settings = space.settings(SEED, trial);
            TrainingOptions options = space.options(given, settings);
            assertThat(space.values(options)).as("trial %d", trial).isEqualTo(settings);
            assertThat(options.seed()).isEqualTo(given.seed());
        }
    }

    @ParameterizedTest
    @MethodSource("givens")
    void everyDimensionIsExploredAndItsValuesAreShort(TrainingOptions given) {
        SearchSpace space = sampled(given);
        Map<String, Set<Object>> drawn = new HashMap<>();
        for (int trial = 2; trial < MANY; trial++) {
            space.settings(SEED, trial)
                    .forEach(
                            (name, value) ->
                                    drawn.computeIfAbsent(name, n -> new HashSet<>()).add(value));
        }
        assertThat(drawn.keySet()).isEqualTo(space.ranges().keySet());
        drawn.forEach(
                (name, values) -> {
                    String range = space.ranges().get(name);
                    if (range.startsWith("one of ")) {
                        assertThat(values)
                                .as(name)
                                .hasSize(range.substring("one of ".length()).split(", ").length);
                    } else {
                        String[] words = range.split("[ ,]+");
                        assertThat(values)
                                .as(name)
                                .hasSizeGreaterThan(5)
                                .allSatisfy(
                                        value -> {
                                            assertThat((Double) value)
                                                    .isBetween(
                                                            Double.valueOf(words[0]),
                                                            Double.valueOf(words[2]));
                                            assertThat(BigDecimal.valueOf((Double) value))
                                                    .extracting(BigDecimal::precision)
                                                    .matches(digits -> digits <= 2);
                                        });
                    }
                });
    }

    @Test
    void theSeedAndTheNumberDecideNothingElse() {
        SearchSpace space = sampled(TrainingOptions.DEFAULTS);
        Map<String, Object> seventeenth = space.settings(SEED, 17);
        assertThat(sampled(TrainingOptions.DEFAULTS).settings(SEED, 17)).isEqualTo(seventeenth);
        assertThat(space.settings(SEED, 18)).isNotEqualTo(seventeenth);
        assertThat(space.settings(SEED + 1, 17)).isNotEqualTo(seventeenth);

        Map<String, Object> others = new HashMap<>(seventeenth);
        others.remove("learning-rate");
        assertThat(space.without(Set.of("learning-rate", "threads")).settings(SEED, 17))
                .isEqualTo(others);
    }

    @Test
    void samplingIsSearchedOnlyWhereThereIsAny() {
        TrainingOptions given = TrainingOptions.DEFAULTS;
        int largest = given.fullSoftmaxUpTo();
        assertThat(SearchSpace.of(given, largest).ranges()).doesNotContainKey("negatives");
        assertThat(SearchSpace.of(given, largest + 1).ranges()).containsKeys("negatives", "alpha");
        TrainingOptions bprMax = given.toBuilder().loss(Loss.BPR_MAX).build();
        assertThat(SearchSpace.of(bprMax, largest).ranges())
                .containsKeys("negatives", "score-regularization")
                .doesNotContainKey("label-smoothing");
    }

    @Test
    void headsAlwaysDivideTheSizeWhicheverIsFixed() {
        TrainingOptions.Builder sasRec = TrainingOptions.defaults(NetworkKind.SASREC).toBuilder();
        TrainingOptions three = sasRec.embeddingSize(48).hiddenSize(48).heads(3).build();
        SearchSpace sizes = sampled(three).without(Set.of("heads"));
        TrainingOptions odd = sasRec.embeddingSize(50).hiddenSize(50).heads(1).build();
        SearchSpace heads = sampled(odd).without(Set.of("embedding-size"));
        for (int trial = 2; trial < 50; trial++) {
            TrainingOptions sized = sizes.options(three, sizes.settings(SEED, trial));
            assertThat(sized.embeddingSize() % 3).isZero();
            TrainingOptions headed = heads.options(odd, heads.settings(SEED, trial));
            assertThat(50 % headed.heads()).isZero();
        }
    }

    @Test
    void epochsAreThoseGivenAndSomeAroundThem() {
        TrainingOptions.Builder given = TrainingOptions.DEFAULTS.toBuilder();
        assertThat(sampled(given.epochs(30).build()).ranges())
                .containsEntry("epochs", "one of 20, 30, 40, 60");
        assertThat(sampled(given.epochs(1).build()).ranges())
                .containsEntry("epochs", "one of 1, 2");
    }

    @Test
    void thereIsNoTrialZero() {
        assertThatThrownBy(() -> sampled(TrainingOptions.DEFAULTS).settings(SEED, 0))
                .hasMessageContaining("trial is 0");
    }
}
