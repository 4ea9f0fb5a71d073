package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NegativeSamplingTest {

    @Test
    void keepsAllPositivesAndItsShareOfTheNegatives() {
        NegativeSampling sampling = new NegativeSampling(0.1);
        int kept = 0;
        for (long key = 0; key < 100_000; key++) {
            assertThat(sampling.keeps(true, key)).isTrue();
            kept += sampling.keeps(false, key) ? 1 : 0;
        }
        assertThat(kept).isBetween(9_700, 10_300);
        assertThat(NegativeSampling.NONE.keeps(false, 17)).isTrue();
        assertThat(NegativeSampling.NONE.correction()).isZero();
    }

    /** He et al., section 6.3: q = p / (p + (1 − p) / w), in log-odds. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 0.5, 0.025})
    void correctsAsInThePaper(double rate) {
        for (double p : new double[] {0.01, 0.3, 0.9}) {
            double logOdds = Math.log(p / (1 - p));
            double corrected =
                    Ranker.probability(logOdds + new NegativeSampling(rate).correction());
            assertThat(corrected).isCloseTo(p / (p + (1 - p) / rate), within(1e-12));
        }
    }

    /** One click in fifty, learnt from a tenth of the negatives: one in fifty is foretold. */
    @Test
    void aSampledRankerForetellsWhatHappens() {
        FeatureSpace space =
                new FeatureSpace(List.of(Field.parse("item/values:2")), new float[1][0]);
        QueryFacts nobody = QueryFacts.of(null, Map.of(), 0, List.of(), 0, 0, id -> null);
        RankerOptions usual = RankerOptions.of(RankerKind.LOGISTIC_REGRESSION);
        RankerOptions options =
                new RankerOptions(
                        usual.kind(),
                        usual.factors(),
                        usual.hidden(),
                        usual.crosses(),
                        usual.crossBuckets(),
                        0.1,
                        usual.rate(),
                        0,
                        0,
                        1,
                        0.1,
                        1);
        NegativeSampling sampling = new NegativeSampling(0.1);
        RankerLearner learner = new RankerLearner(space, options);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 300_000; i++) {
            int item = random.nextInt(2);
            boolean clicked = random.nextDouble() < (item == 0 ? 0.02 : 0.08);
            if (sampling.keeps(clicked, i)) {
                learner.learn(example(nobody, item, clicked));
            }
        }
        List<Double> foretold = new ArrayList<>();
        for (int item = 0; item < 2; item++) {
            foretold.add(Ranker.probability(learner.logOdds(example(nobody, item, true))));
        }
        assertThat(foretold.get(0)).isCloseTo(0.02, within(0.004));
        assertThat(foretold.get(1)).isCloseTo(0.08, within(0.01));
        CandidateScorer scorer = learner.ranker().newScorer();
        scorer.ask(nobody);
        float[] logOdds = new float[1];
        scorer.score(new int[] {scorer.prepare(ItemFacts.unknown("1"))}, new float[0], 1, logOdds);
        assertThat(Ranker.probability(logOdds[0])).isCloseTo(foretold.get(1), within(1e-6));
    }

    private static RankingExample example(QueryFacts query, int item, boolean clicked) {
        return new RankingExample(
                query, ItemFacts.unknown(Integer.toString(item)), new float[0], clicked);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 1.01, Double.NaN})
    void refusesWhatIsNoShare(double rate) {
        assertThatThrownBy(() -> new NegativeSampling(rate))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("(0, 1]");
    }
}
