package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RankerTrainingTest {

    private static final List<Field> FIELDS =
            List.of(Field.parse("user/values:4"), Field.parse("item/values:4"));

    /** Users like items of their own parity: neither alone says anything. */
    private static List<RankingExample> parities(int count) {
        SplittableRandom random = new SplittableRandom(3);
        List<RankingExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int user = random.nextInt(4);
            int item = random.nextInt(4);
            boolean liked = random.nextDouble() < ((user + item) % 2 == 0 ? 0.9 : 0.1);
            examples.add(
                    new RankingExample(
                            QueryFacts.of(
                                    Integer.toString(user),
                                    Map.of(),
                                    0,
                                    List.of(),
                                    0,
                                    0,
                                    id -> null),
                            ItemFacts.unknown(Integer.toString(item)),
                            new float[0],
                            liked));
        }
        return examples;
    }

    private static RankerOptions options(RankerKind kind) {
        RankerOptions usual = RankerOptions.of(kind);
        return new RankerOptions(
                kind,
                4,
                kind.isDeep() ? List.of(16) : List.of(),
                kind == RankerKind.WIDE_AND_DEEP ? List.of("user*item") : List.of(),
                1024,
                0.1,
                0.1,
                0,
                usual.ridge(),
                4,
                1,
                2);
    }

    /** −.9 log .9 − .1 log .1 = .325 is the least; without the interaction it is log 2 = .693. */
    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void learnsWhatNeitherFieldSaysAlone(RankerKind kind) {
        List<Double> losses = new ArrayList<>();
        RankerTraining.Result result =
                new RankerTraining(10, 0.2, 3)
                        .train(
                                FIELDS,
                                parities(6_000),
                                options(kind),
                                (epoch, loss) -> losses.add(loss));
        if (kind == RankerKind.LOGISTIC_REGRESSION) {
            assertThat(result.logLoss()).isBetween(0.68, 0.70);
        } else {
            assertThat(result.logLoss()).isBetween(0.30, 0.37);
        }
        assertThat(losses.get(result.epochs() - 1)).isEqualTo(result.logLoss());
        assertThat(result.learner().examples()).isEqualTo(6_000L * result.epochs());
    }

    @Test
    void theSameSeedLearnsTheSame() {
        List<byte[]> learnt = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            learnt.add(
                    new RankerTraining(2, 0, 1)
                            .train(
                                    FIELDS,
                                    parities(500),
                                    options(RankerKind.DEEPFM),
                                    (epoch, loss) -> assertThat(loss).isNaN())
                            .learner()
                            .toBytes());
        }
        assertThat(learnt.get(0)).isEqualTo(learnt.get(1));
    }

    /** λ₁ leaves at zero what doesn't matter. */
    @Test
    void theLassoLeavesOutWhatDoesNotMatter() {
        RankerOptions usual = options(RankerKind.LOGISTIC_REGRESSION);
        RankerOptions sparse =
                new RankerOptions(
                        usual.kind(), 4, List.of(), List.of(), 1024, 0.1, 0.1, 60, 0, 1, 1, 1);
        RankerLearner learner =
                new RankerTraining(1, 0, 1)
                        .train(FIELDS, parities(2_000), sparse, (epoch, loss) -> {})
                        .learner();
        LearntRows weights =
                learner.terms().parameters().all().stream()
                        .filter(rows -> rows.name().equals("weights"))
                        .findAny()
                        .orElseThrow();
        assertThat(weights.values()).containsOnly(0f);
        // What matters stays: users 0 who like everything.
        List<RankingExample> examples = parities(2_000);
        for (RankingExample example : examples) {
            boolean likes = "0".equals(example.query().userId());
            learner.learn(new RankingExample(example.query(), example.item(), new float[0], likes));
        }
        assertThat(weights.values()[1]).isPositive();
    }

    @Test
    void optionsOutOfBoundsAreRefused() {
        assertThatThrownBy(() -> new RankerTraining(0, 0.1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("epochs");
        assertThatThrownBy(() -> new RankerTraining(1, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[0, 1)");
        assertThatThrownBy(
                        () ->
                                new RankerTraining(1, 0, 1)
                                        .train(
                                                FIELDS,
                                                List.of(),
                                                options(RankerKind.FM),
                                                (epoch, loss) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nothing to learn");
        for (RankerKind kind : RankerKind.values()) {
            RankerOptions usual = RankerOptions.of(kind);
            assertThat(usual.hidden().isEmpty()).isNotEqualTo(kind.isDeep());
            assertThat(RankerKind.labelled(kind.label())).isEqualTo(kind);
        }
        assertThat(Arrays.asList(RankerKind.values())).hasSize(RankerKind.labels().size());
    }
}
