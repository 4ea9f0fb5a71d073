package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NormalEquationsTest {

    @Test
    void solvesWhatWasAddedUp() {
        // A = [[4, 2], [2, 3]], b = [2, -1]: x = [1, -1].
        NormalEquations equations = new NormalEquations(2);
        equations.add(new double[] {2, 1}, 1, 1);
        equations.addDiagonal(1, 2);
        equations.addRight(1, -2);

        assertThat(equations.solve()).containsExactly(new double[] {1, -1}, within(1e-12));
    }

    @Test
    void weightsCountATermSeveralTimes() {
        NormalEquations once = new NormalEquations(2);
        once.clear(new double[] {1, 0, 0, 1});
        once.add(new double[] {1, 2}, 3, 3 * 5);
        NormalEquations thrice = new NormalEquations(2);
        thrice.clear(new double[] {1, 0, 0, 1});
        for (int i = 0; i < 3; i++) {
            thrice.add(new double[] {1, 2}, 1, 5);
        }

        assertThat(once.solve()).containsExactly(thrice.solve(), within(1e-12));
    }

    @Test
    void whitenedVectorsHaveTheProductsOfTheInverse() {
        // The inverse of [[4, 2], [2, 3]] is [[3, -2], [-2, 4]] / 8.
        NormalEquations equations = new NormalEquations(2);
        equations.clear(new double[] {4, 0, 2, 3});
        equations.solve();
        double[] one = {1, 0};
        double[] other = {0, 1};
        equations.whiten(one);
        equations.whiten(other);

        assertThat(one[0] * one[0] + one[1] * one[1]).isCloseTo(3.0 / 8, within(1e-12));
        assertThat(one[0] * other[0] + one[1] * other[1]).isCloseTo(-2.0 / 8, within(1e-12));
    }

    @Test
    void whatHasNoSolutionIsSaid() {
        NormalEquations equations = new NormalEquations(2);
        equations.add(new double[] {1, 1}, 1, 1);

        assertThatThrownBy(equations::solve)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("pivot 1 of 2 equations");
    }
}
