package io.nextclick.models.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NeighbourPreservationTest {

    private static final long SEED = 20_26;

    private static Projection onLine(float... at) {
        return new Projection(at, new float[at.length]);
    }

    /**
     * Worked by hand, N = 5 and k = 1, so that a rank too many costs 2 / (5 · 1 · (10 − 3 − 1)) =
     * 1/15.
     *
     * <p>In the space A, B, C, D, E stand at 0, 1, 3, 7, 15 and have B, A, B, C, D as their
     * nearest; on the map at 0, 2, 3, 100, 101, with B, C, B, E, D as nearest. Trustworthiness: of
     * B the space ranks C second, of D it ranks E last, so 1 + 3. Continuity: of B the map ranks A
     * second, of D it ranks C second, so 1 + 1.
     */
    @Test
    void isTheFigureWorkedByHand() {
        NeighbourPreservation preservation =
                NeighbourPreservation.of(onLine(0, 1, 3, 7, 15), onLine(0, 2, 3, 100, 101), 1);
        assertThat(preservation.trustworthiness()).isCloseTo(11 / 15.0, within(1e-12));
        assertThat(preservation.continuity()).isCloseTo(13 / 15.0, within(1e-12));
    }

    /** The formula, by sorting: another way to the ranks, in which equals also go by row. */
    private static double naive(float[][] space, float[][] map, int k) {
        int size = space.length;
        double sum = 0;
        for (int i = 0; i < size; i++) {
            List<Integer> ranked = order(space, i);
            for (int j : order(map, i).subList(0, k)) {
                int rank = ranked.indexOf(j) + 1;
                sum += rank > k ? rank - k : 0;
            }
        }
        return 1 - 2 * sum / (size * k * (2.0 * size - 3 * k - 1));
    }

    private static List<Integer> order(float[][] points, int from) {
        return IntStream.range(0, points.length)
                .filter(i -> i != from)
                .boxed()
                .sorted(
                        Comparator.comparingDouble(
                                i ->
                                        IntStream.range(0, points[i].length)
                                                .mapToDouble(d -> points[i][d] - points[from][d])
                                                .map(difference -> difference * difference)
                                                .sum()))
                .toList();
    }

    private static Projection projection(float[][] points) {
        float[] x = new float[points.length];
        float[] y = new float[points.length];
        for (int i = 0; i < points.length; i++) {
            x[i] = points[i][0];
            y[i] = points[i][1];
        }
        return new Projection(x, y);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 39})
    void agreesWithTheFormulaBySorting(int neighbours) {
        Random random = new Random(SEED);
        // On a grid, so that many are equally far.
        float[][] space = new float[80][];
        float[][] map = new float[80][];
        for (int i = 0; i < space.length; i++) {
            space[i] = new float[] {random.nextInt(9), random.nextInt(9)};
            map[i] = new float[] {space[i][0] + random.nextInt(3), space[i][1]};
        }
        NeighbourPreservation preservation =
                NeighbourPreservation.of(projection(space), projection(map), neighbours);
        assertThat(preservation.trustworthiness())
                .isCloseTo(naive(space, map, neighbours), within(1e-12));
        assertThat(preservation.continuity())
                .isCloseTo(naive(map, space, neighbours), within(1e-12));
        assertThat(preservation.trustworthiness()).isBetween(.5, .999);
    }

    @Test
    void aMapThatKeepsAllNeighbourhoodsHasOneAndOneAtRandomAboutAHalf() {
        Random random = new Random(SEED);
        float[] at = new float[400];
        for (int i = 0; i < at.length; i++) {
            at[i] = random.nextFloat();
        }
        Projection line = onLine(at);
        float[] stretched = new float[at.length];
        float[] elsewhere = new float[at.length];
        for (int i = 0; i < at.length; i++) {
            stretched[i] = -7 * at[i];
            elsewhere[i] = random.nextFloat();
        }
        assertThat(NeighbourPreservation.of(line, onLine(stretched), 10))
                .isEqualTo(new NeighbourPreservation(10, 1, 1));
        NeighbourPreservation none = NeighbourPreservation.of(line, onLine(elsewhere), 10);
        assertThat(none.trustworthiness()).isCloseTo(.5, within(.03));
        assertThat(none.continuity()).isCloseTo(.5, within(.03));
    }

    @Test
    void saysWhatDoesNotFit() {
        assertThatThrownBy(() -> NeighbourPreservation.of(onLine(1, 2, 3), onLine(1, 2), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the map has 2 points, the space 3");
        assertThatThrownBy(
                        () -> NeighbourPreservation.of(onLine(1, 2, 3, 4), onLine(1, 2, 3, 4), 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "neighbours are 2, they must be at least 1 and fewer than half");
    }
}
