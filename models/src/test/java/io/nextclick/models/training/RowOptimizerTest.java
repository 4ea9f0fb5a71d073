package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.network.Parameter;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
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
    void adamOfTouchedRowsIsAdamOfTheWholeMatrix() {
        int rows = 12;
        int columns = 3;
        SplittableRandom random = new SplittableRandom(21);
        Parameter parameter = Parameter.glorot("p", rows, columns, rows, columns, random.split());
        double[] dense = new double[rows * columns];
        double[] first = new double[dense.length];
        double[] second = new double[dense.length];
        Arrays.setAll(dense, i -> parameter.values()[i]);
        RowAdam adam = new RowAdam(parameter, 0);
        for (int step = 1; step <= 400; step++) {
            // Row 0 is touched nearly always, row 11 hardly ever.
            int[] touched =
                    IntStream.range(0, rows)
                            .filter(row -> random.nextDouble() < 1.0 / (1 + 3 * row))
                            .toArray();
            adam.prepare(touched);
            double[] gradients = new double[dense.length];
            float[] ofTouched = new float[touched.length * columns];
            for (int i = 0; i < ofTouched.length; i++) {
                ofTouched[i] = (float) (random.nextDouble() - 0.4);
                gradients[touched[i / columns] * columns + i % columns] = ofTouched[i];
            }
            adam.update(touched, ofTouched, 1, 0.01f);
            for (int i = 0; i < dense.length; i++) {
                first[i] = 0.9 * first[i] + 0.1 * gradients[i];
                second[i] = 0.999 * second[i] + 0.001 * gradients[i] * gradients[i];
                dense[i] -=
                        0.01
                                * (first[i] / (1 - Math.pow(0.9, step)))
                                / (Math.sqrt(second[i] / (1 - Math.pow(0.999, step))) + 1e-8);
            }
        }
        adam.prepare(null);
        for (int i = 0; i < dense.length; i++) {
            assertThat((double) parameter.values()[i])
                    .as("row %d", i / columns)
                    .isCloseTo(dense[i], within(1e-3));
        }
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
