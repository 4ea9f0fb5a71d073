package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RankerTermsTest {

    private static final long SEED = 20261122;

    private final List<RankingExample> examples = RankingExamples.random(200, SEED);
    private final FeatureSpace space = FeatureSpace.learn(RankingExamples.FIELDS, examples);

    /** Terms with every parameter away from zero. */
    private RankerTerms randomTerms(RankerKind kind) {
        RankerTerms terms = new RankerTerms(space, RankingExamples.options(kind), new Parameters());
        for (LearntRows rows : terms.parameters().all()) {
            rows.randomise(SEED, -0.5, 0.5);
        }
        return terms;
    }

    /** Rendle's lemma: the linear-time sum is the sum over all pairs. */
    @Test
    void factorisationMachineInLinearTimeEqualsTheQuadraticSum() {
        RankerTerms terms = randomTerms(RankerKind.FM);
        LearntRows table = table(terms, "vectors");
        FactorTerm term = new FactorTerm(space, table);
        ActiveFeatures features = new ActiveFeatures();
        for (RankingExample example : examples) {
            space.encode(example, features);
            double quadratic = 0;
            for (int i = 0; i < features.size(); i++) {
                for (int j = i + 1; j < features.size(); j++) {
                    double product = 0;
                    for (int f = 0; f < table.width(); f++) {
                        product +=
                                (double) table.values()[features.index(i) * table.width() + f]
                                        * table.values()[features.index(j) * table.width() + f];
                    }
                    quadratic += product * features.value(i) * features.value(j);
                }
            }
            assertThat((double) term.forward(features)).isCloseTo(quadratic, within(1e-5));
        }
    }

    /** Two features of one: ⟨(1, 2), (3, −1)⟩ = 1; a third of a half and (2, 2): 3 and 2 more. */
    @Test
    void factorisationMachineByHand() {
        FeatureSpace small =
                new FeatureSpace(
                        List.of(Field.parse("user/values:1"), Field.parse("item/values:1")),
                        new float[2][0]);
        LearntRows table = new LearntRows("vectors", LearntRows.Rule.ADAGRAD, 4, 2, new float[8]);
        System.arraycopy(new float[] {0, 0, 1, 2, 3, -1, 2, 2}, 0, table.values(), 0, 8);
        ActiveFeatures features = new ActiveFeatures();
        features.add(0, 1, 1);
        features.add(1, 2, 1);
        features.add(1, 3, 0.5f);
        assertThat(new FactorTerm(small, table).forward(features)).isEqualTo(1 + 3 + 2);
    }

    /**
     * v of user 1: (1, 0) for users, (0, 2) for items; of item 1: (3, 4) for users, (5, 6) for
     * items. They meet in the other's field: (0, 2) · (3, 4) = 8.
     */
    @Test
    void fieldAwareFactorisationMachineByHand() {
        FeatureSpace small =
                new FeatureSpace(
                        List.of(Field.parse("user/values:1"), Field.parse("item/values:1")),
                        new float[2][0]);
        LearntRows table = new LearntRows("vectors", LearntRows.Rule.ADAGRAD, 4, 4, new float[16]);
        System.arraycopy(new float[] {1, 0, 0, 2}, 0, table.values(), 4, 4);
        System.arraycopy(new float[] {3, 4, 5, 6}, 0, table.values(), 12, 4);
        ActiveFeatures features = new ActiveFeatures();
        features.add(0, 1, 1);
        features.add(1, 3, 0.5f);
        assertThat(new FieldFactorTerm(small, table).forward(features)).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void gradientsAreFiniteDifferences(RankerKind kind) {
        RankerTerms terms = randomTerms(kind);
        ActiveFeatures features = new ActiveFeatures();
        SplittableRandom random = new SplittableRandom(SEED);
        for (RankingExample example : examples.subList(0, 5)) {
            space.encode(example, features);
            terms.forward(features);
            terms.backward(features, 1);
            for (LearntRows rows : terms.parameters().all()) {
                int touched = rows.touchedCount();
                for (int tried = 0; tried < Math.min(touched, 10); tried++) {
                    int row = rows.touched(random.nextInt(touched));
                    int i = random.nextInt(rows.width());
                    float gradient = rows.gradients()[rows.gradient(row) + i];
                    assertThat(slope(terms, rows, row * rows.width() + i, features))
                            .as(rows.name() + " " + row + ", " + i + " of seed " + SEED)
                            .isCloseTo(gradient, within(2e-3));
                }
            }
            // The next example begins without a gradient.
            terms.parameters().all().forEach(rows -> rows.step(1e-12f, 0, 0));
        }
    }

    private static double slope(
            RankerTerms terms, LearntRows rows, int at, ActiveFeatures features) {
        float step = 1f / 512;
        float before = rows.values()[at];
        rows.values()[at] = before + step;
        double above = terms.forward(features);
        rows.values()[at] = before - step;
        double below = terms.forward(features);
        rows.values()[at] = before;
        return (above - below) / (2 * step);
    }

    @Test
    void neuralMatrixFactorisationNeedsUserAndItem() {
        FeatureSpace hours = new FeatureSpace(List.of(Field.parse("hour")), new float[1][0]);
        assertThatThrownBy(
                        () -> new RankerLearner(hours, RankingExamples.options(RankerKind.NEUMF)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("field user");
    }

    @Test
    void crossesNameFieldsOfTheSpace() {
        FeatureSpace hours = new FeatureSpace(List.of(Field.parse("hour")), new float[1][0]);
        assertThatThrownBy(
                        () ->
                                new RankerLearner(
                                        hours, RankingExamples.options(RankerKind.WIDE_AND_DEEP)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("last-categories is crossed");
    }

    private static LearntRows table(RankerTerms terms, String name) {
        return terms.parameters().all().stream()
                .filter(rows -> rows.name().equals(name))
                .findAny()
                .orElseThrow();
    }
}
