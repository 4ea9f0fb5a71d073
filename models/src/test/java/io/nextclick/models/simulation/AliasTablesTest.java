package io.nextclick.models.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AliasTablesTest {

    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void drawsInProportionToTheWeights() {
        double[] weights = {3, 0, 1, 0.001, 40, 7, 7, 0.5};
        double sum = 58.501;
        AliasTables tables = new AliasTables();
        tables.build(0, weights.length, weights, 0);

        double[] probabilities = new double[weights.length];
        for (int i = 0; i < weights.length; i++) {
            probabilities[i] = weights[i] / sum;
        }
        long[] counts = draw(tables, 0, weights.length, 500_000);
        assertThat(counts[1]).isZero();
        ChiSquare.assertDrawnFrom(probabilities, counts, "eight weights");
    }

    @Test
    void keepsNeighbouringDistributionsApart() {
        AliasTables tables = new AliasTables();
        tables.build(0, 2, new double[] {1, 3}, 0);
        tables.build(2, 3, new double[] {9, 5, 0, 5}, 1);
        tables.build(5, 1, new double[] {0.3}, 0);

        ChiSquare.assertDrawnFrom(
                new double[] {0.25, 0.75}, draw(tables, 0, 2, 100_000), "the first");
        ChiSquare.assertDrawnFrom(
                new double[] {0.5, 0, 0.5}, draw(tables, 2, 3, 100_000), "the second");
        assertThat(draw(tables, 5, 1, 1_000)).containsExactly(1_000);
    }

    @Test
    void rebuildsInPlace() {
        AliasTables tables = new AliasTables();
        tables.build(0, 3, new double[] {1, 2, 3}, 0);
        tables.build(0, 3, new double[] {1, 0, 0}, 0);
        assertThat(draw(tables, 0, 3, 1_000)).containsExactly(1_000, 0, 0);
    }

    @Test
    void drawsTheExtremesOfItsRange() {
        assertThat(AliasTables.below(10, 0)).isZero();
        assertThat(AliasTables.below(10, -1)).isEqualTo(9);
        assertThat(AliasTables.below(Integer.MAX_VALUE, -1)).isEqualTo(Integer.MAX_VALUE - 1);
        assertThat(AliasTables.unit(0)).isZero();
        assertThat(AliasTables.unit(-1)).isLessThan(1);
    }

    private long[] draw(AliasTables tables, int start, int size, int draws) {
        long[] counts = new long[size];
        for (int i = 0; i < draws; i++) {
            counts[tables.draw(start, size, random.nextLong())]++;
        }
        return counts;
    }
}
