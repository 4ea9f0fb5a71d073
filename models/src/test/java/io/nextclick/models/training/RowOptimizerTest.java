package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import java.util.Arrays;
import java.util.Map;
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
        RowAdagrad adagrad = new RowAdagrad(parameter, 0);
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
    void momentumFollowsTheFiguresWorkedOutByHand() {
        Parameter parameter = parameter(2, 2, 1, 2, 9, 9);
        RowAdagrad adagrad = new RowAdagrad(parameter, 0.5);
        // accumulator (3² + 4²) / 2 = 12.5; velocity −0.1 · (3, 4) / √12.5
        adagrad.update(new int[] {0}, new float[] {3, 4}, 1, 0.1f);
        assertThat(parameter.values()[0]).isCloseTo(0.915147f, within(1e-6f));
        assertThat(parameter.values()[1]).isCloseTo(1.886863f, within(1e-6f));
        // another row's step leaves this one's velocity as it is
        adagrad.update(new int[] {1}, new float[] {1, 1}, 1, 0.1f);
        assertThat(parameter.values()[0]).isCloseTo(0.915147f, within(1e-6f));
        // accumulator 13; velocity 0.5 · (−0.0848528, −0.1131371) − 0.1 · (1, 0) / √13
        adagrad.update(new int[] {0}, new float[] {1, 0}, 1, 0.1f);
        assertThat(parameter.values()[0]).isCloseTo(0.844986f, within(1e-6f));
        assertThat(parameter.values()[1]).isCloseTo(1.830294f, within(1e-6f));
    }

    @Test
    void anOptimizerWithTheStateOfAnotherGoesOnAsThatOneWould() {
        int rows = 9;
        int columns = 2;
        for (int kind = 0; kind < 3; kind++) {
            SplittableRandom random = new SplittableRandom(5);
            Parameter straight = Parameter.glorot("p", rows, columns, rows, columns, random);
            RowOptimizer optimizer = optimizer(kind, straight);
            for (int step = 0; step < 30; step++) {
                step(optimizer, rows, columns, random);
            }
            optimizer.prepare(null);
            Parameter resumed = parameter(rows, columns, straight.copy());
            RowOptimizer other = optimizer(kind, resumed);
            Map<String, Tensor> state = optimizer.state();
            assertThat(other.state()).containsOnlyKeys(state.keySet());
            state.forEach(
                    (name, tensor) -> {
                        Object to = array(other.state().get(name));
                        System.arraycopy(array(tensor), 0, to, 0, tensor.size());
                    });
            SplittableRandom again = random.split();
            long seed = again.nextLong();
            SplittableRandom ofStraight = new SplittableRandom(seed);
            SplittableRandom ofResumed = new SplittableRandom(seed);
            for (int step = 0; step < 30; step++) {
                step(optimizer, rows, columns, ofStraight);
                step(other, rows, columns, ofResumed);
            }
            optimizer.prepare(null);
            other.prepare(null);
            assertThat(resumed.values()).containsExactly(straight.values());
        }
    }

    private static RowOptimizer optimizer(int kind, Parameter parameter) {
        return kind == 2
                ? new RowAdam(parameter, 0.1f)
                : new RowAdagrad(parameter, kind == 0 ? 0 : 0.7);
    }

    private static Object array(Tensor tensor) {
        return tensor instanceof Tensor.Floats floats
                ? floats.values()
                : ((Tensor.Ints) tensor).values();
    }

    private static void step(
            RowOptimizer optimizer, int rows, int columns, SplittableRandom random) {
        int[] touched = IntStream.range(0, rows).filter(row -> random.nextInt(3) == 0).toArray();
        float[] gradients = new float[touched.length * columns];
        for (int i = 0; i < gradients.length; i++) {
            gradients[i] = (float) random.nextDouble() - 0.3f;
        }
        optimizer.prepare(touched);
        optimizer.update(touched, gradients, 1, 0.02f);
    }

    @Test
    void onlyTouchedRowsChange() {
        for (boolean adam : new boolean[] {true, false}) {
            Parameter parameter = parameter(3, 2, 9, 9, 1, 2, 9, 9);
            RowOptimizer optimizer =
                    adam ? new RowAdam(parameter, 0) : new RowAdagrad(parameter, 0);
            optimizer.update(new int[] {1}, new float[] {3, 4}, 1, 0.1f);
            assertThat(parameter.values()).startsWith(9, 9).endsWith(9, 9);
            assertThat(parameter.values()[2]).isLessThan(1);
        }
    }

    @Test
    void adagradStartsWithoutAnAccumulator() {
        // With a large initial accumulator the first step would be short.
        Parameter parameter = parameter(1, 1, 1);
        new RowAdagrad(parameter, 0).update(null, new float[] {1e-3f}, 1, 0.1f);
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
        RowAdagrad ofScaled = new RowAdagrad(scaled, 0);
        RowAdagrad ofPlain = new RowAdagrad(plain, 0);
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
