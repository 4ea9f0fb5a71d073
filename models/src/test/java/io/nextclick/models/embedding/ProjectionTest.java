package io.nextclick.models.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProjectionTest {

    private static final long SEED = 20_26;
    private static final int DIMENSION = 16;
    private static final int GROUPS = 5;

    /** Directions about those of a few groups, point i of group i modulo {@value #GROUPS}. */
    private static Embeddings grouped(int size) {
        Random random = new Random(SEED);
        float[][] centres = new float[GROUPS][DIMENSION];
        for (float[] centre : centres) {
            for (int d = 0; d < DIMENSION; d++) {
                centre[d] = (float) random.nextGaussian();
            }
        }
        float[] vectors = new float[size * DIMENSION];
        for (int i = 0; i < size; i++) {
            float length = 1 + 5 * random.nextFloat();
            for (int d = 0; d < DIMENSION; d++) {
                vectors[i * DIMENSION + d] =
                        length * (centres[i % GROUPS][d] + .3f * (float) random.nextGaussian());
            }
        }
        return new Embeddings(
                IntStream.range(0, size).mapToObj(i -> "item-" + i).toList(), vectors, DIMENSION);
    }

    private static float[] places(Projection projection) {
        float[] places = new float[2 * projection.size()];
        for (int i = 0; i < projection.size(); i++) {
            places[2 * i] = projection.x(i);
            places[2 * i + 1] = projection.y(i);
        }
        return places;
    }

    @Test
    void groupsStayTogetherAndTheirNeighbourhoodsAreKept() {
        Embeddings embeddings = grouped(400);
        Projection projection = Projection.of(embeddings, Projection.DEFAULT_NEIGHBOURS, SEED);
        NeighbourPreservation preservation = NeighbourPreservation.of(embeddings, projection, 10);
        assertThat(preservation.trustworthiness()).isGreaterThan(.9);
        assertThat(preservation.continuity()).isGreaterThan(.9);
        int[][] near = Neighbours.in(projection, 5).rows();
        for (int i = 0; i < near.length; i++) {
            int group = i % GROUPS;
            assertThat(Arrays.stream(near[i]).map(row -> row % GROUPS))
                    .as("point %d", i)
                    .allMatch(other -> other == group);
        }
    }

    @Test
    void anEqualSeedGivesAnEqualMapToTheBitAndAnotherSeedAnother() {
        Embeddings embeddings = grouped(120);
        float[] one = places(Projection.of(embeddings, 10, 7));
        assertThat(places(Projection.of(embeddings, 10, 7))).containsExactly(one);
        assertThat(places(Projection.of(embeddings, 10, 8))).isNotEqualTo(one);
    }

    /** From 4,096 points on the library searches neighbours approximately, by random trees. */
    @Test
    void thatHoldsForManyPointsToo() {
        Embeddings embeddings = grouped(4_200);
        Projection projection = Projection.of(embeddings, 10, 7, 20);
        assertThat(places(Projection.of(embeddings, 10, 7, 20)))
                .containsExactly(places(projection));
        assertThat(NeighbourPreservation.of(embeddings, projection, 10).trustworthiness())
                .isGreaterThan(.7);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 6, 15, 16})
    void fewPointsHaveAMapToo(int size) {
        assertThat(Projection.of(grouped(size), Projection.DEFAULT_NEIGHBOURS, SEED).size())
                .isEqualTo(size);
    }

    @Test
    void pointsOfOneDirectionAndOfNoneHaveAMapToo() {
        float[] vectors = new float[40];
        Arrays.fill(vectors, 0, 30, 1);
        Embeddings embeddings =
                new Embeddings(
                        IntStream.range(0, 20).mapToObj(Integer::toString).toList(), vectors, 2);
        assertThat(Projection.of(embeddings, 5, SEED).size()).isEqualTo(20);
    }

    @Test
    void saysWhatDoesNotFit() {
        assertThatThrownBy(() -> Projection.of(grouped(4), 15, SEED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a map of 4 points shows nothing");
        assertThatThrownBy(() -> Projection.of(grouped(20), 1, SEED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("neighbours are 1");
        assertThatThrownBy(() -> new Projection(new float[] {1}, new float[] {Float.NaN}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("point 0 lies at (1.0, NaN)");
        assertThatThrownBy(() -> new Projection(new float[] {1}, new float[2]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 abscissas and 2 ordinates");
    }
}
