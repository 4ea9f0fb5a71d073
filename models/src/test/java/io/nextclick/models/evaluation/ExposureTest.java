package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.Popularity;
import org.junit.jupiter.api.Test;

/** Five items with 8, 4, 4, 1 and no clicks in training; figures worked out by hand. */
class ExposureTest {

    private static final Exposure.Leaning LEANING =
            new Exposure.Leaning(new Popularity(new float[] {8, 4, 4, 1, 0}));

    private static Exposure of(long... counts) {
        return new Exposure(counts, LEANING);
    }

    @Test
    void coverageIsTheShareOfItemsThatOccur() {
        assertThat(of(3, 0, 1, 0, 0).coverage()).isEqualTo(0.4);
    }

    @Test
    void percentilesShareTies() {
        // 4 of 4 others have fewer clicks; 2 of 4 and one as many; one; none.
        assertThat(of(1, 0, 0, 0, 0).popularityPercentile()).isEqualTo(1);
        assertThat(of(0, 1, 0, 0, 0).popularityPercentile()).isEqualTo(2.5 / 4);
        assertThat(of(0, 0, 1, 0, 0).popularityPercentile()).isEqualTo(2.5 / 4);
        assertThat(of(0, 0, 0, 1, 0).popularityPercentile()).isEqualTo(0.25);
        assertThat(of(0, 0, 0, 0, 1).popularityPercentile()).isZero();
        assertThat(of(1, 1, 1, 1, 1).popularityPercentile()).isCloseTo(0.5, within(1e-12));
        assertThat(of(3, 0, 0, 1, 0).popularityPercentile()).isCloseTo(3.25 / 4, within(1e-12));
    }

    @Test
    void theHeadIsTheMostClickedFifth() {
        assertThat(of(3, 1, 0, 0, 0).headShare()).isEqualTo(0.75);
    }

    @Test
    void giniMeasuresInequality() {
        assertThat(of(2, 2, 2, 2, 2).gini()).isCloseTo(0, within(1e-12));
        assertThat(of(0, 0, 9, 0, 0).gini()).isCloseTo(0.8, within(1e-12));
        // Differences of all ordered pairs, 28, over twice the items and occurrences, 2 · 5 · 4.
        assertThat(of(3, 1, 0, 0, 0).gini()).isCloseTo(0.7, within(1e-12));
    }

    @Test
    void concentrationIsACurveFromNothingToAll() {
        assertThat(of(0, 1, 3, 0, 0).concentration(5)).containsExactly(0, 0.75, 1, 1, 1, 1);
    }

    @Test
    void nothingShownIsZero() {
        Exposure nothing = of(0, 0, 0, 0, 0);
        assertThat(nothing.coverage()).isZero();
        assertThat(nothing.popularityPercentile()).isZero();
        assertThat(nothing.headShare()).isZero();
        assertThat(nothing.gini()).isZero();
        assertThat(nothing.concentration(2)).containsExactly(0, 0, 0);
    }
}
