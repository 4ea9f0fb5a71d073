package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.network.Parameter;
import org.junit.jupiter.api.Test;

class RowOptimizerTest {

    private static Parameter parameter(int rows, int columns, float... values) {
        Parameter parameter = Parameter.zeros("p", rows, columns);
        parameter.assign(values);
        return parameter;
    }

    @Test
    void adagradFollowsTheFiguresWorkedOutByHand() {
        Parameter parameter = parameter(3, 2, 9, 9, 1, 2, 9, 9);
        RowAdagrad adagrad = new RowAdagrad(parameter);
        // accumulator: (3² + 4²) / 2 = 12.5
        adagrad.update(new int[] {1}, new float[] {3, 4}, 1, 0.1f);
        assertThat(parameter.values()[2]).isCloseTo(0.915147f, within(1e-6f));
        assertThat(parameter.values()[3]).isCloseTo(1.886863f, within(1e-6f));
        // 12.5 + (1² + 0²) / 2 = 13
        adagrad.update(new int[] {1}, new float[] {1, 0}, 1, 0.1f);
        assertThat(parameter.values()[2]).isCloseTo(0.887412f, within(1e-6f));
        assertThat(parameter.values()[3]).isCloseTo(1.886863f, within(1e-6f));
    }

    @Test
    void onlyTouchedRowsChange() {
        for (boolean adam : new boolean[] {true, false}) {
            Parameter parameter = parameter(3, 2, 9, 9, 1, 2, 9, 9);
            RowOptimizer optimizer = adam ? new RowAdam(parameter, 0) : new RowAdagrad(parameter);
            optimizer.update(new int[] {1}, new float[] {3, 4}, 1, 0.1f);
            assertThat(parameter.values()).startsWith(9, 9).endsWith(9, 9);
            assertThat(parameter.values()[2]).isLessThan(1);
        }
    }

    @Test
    void adagradStartsWithoutAnAccumulator() {
        // With a large initial accumulator the first step would be short.
        Parameter parameter = parameter(1, 1, 1);
        new RowAdagrad(parameter).update(null, new float[] {1e-3f}, 1, 0.1f);
        assertThat(parameter.values()[0]).isCloseTo(0.9f, within(1e-4f));
    }

    @Test
    void adamFollowsTheFiguresWorkedOutByHand() {
        Parameter parameter = parameter(1, 1, 1);
        RowAdam adam = new RowAdam(parameter, 0);
        adam.update(null, new float[] {.5f}, 1, 0.01f);
        assertThat(parameter.values()[0]).isCloseTo(0.99f, within(1e-6f));
        adam.update(null, new float[] {-.25f}, 1, 0.01f);
        assertThat(parameter.values()[0]).isCloseTo(0.987337f, within(1e-6f));
    }

    @Test
    void aRareItemsFirstAdamStepIsAsLongHoweverLateItComes() {
        Parameter parameter = parameter(2, 1, 1, 1);
        RowAdam adam = new RowAdam(parameter, 0);
        for (int step = 0; step < 1000; step++) {
            adam.update(new int[] {0}, new float[] {1}, 1, 0.01f);
        }
        adam.update(new int[] {1}, new float[] {.003f}, 1, 0.01f);
        assertThat(parameter.values()[1]).isCloseTo(0.99f, within(1e-5f));
    }

    @Test
    void scaleMultipliesGradients() {
        Parameter scaled = parameter(1, 2, 1, 1);
        Parameter plain = parameter(1, 2, 1, 1);
        RowAdagrad ofScaled = new RowAdagrad(scaled);
        RowAdagrad ofPlain = new RowAdagrad(plain);
        for (int step = 0; step < 3; step++) {
            ofScaled.update(null, new float[] {2, step}, 0.5f, 0.1f);
            ofPlain.update(null, new float[] {1, step * 0.5f}, 1, 0.1f);
        }
        assertThat(scaled.values()).containsExactly(plain.values(), within(1e-6f));
    }

    @Test
    void weightDecayShrinksTouchedRows() {
        Parameter parameter = parameter(2, 1, 4, 4);
        new RowAdam(parameter, 0.5f).update(new int[] {0}, new float[] {0}, 1, 0.1f);
        assertThat(parameter.values()).containsExactly(new float[] {3.8f, 4}, within(1e-6f));
    }
}
