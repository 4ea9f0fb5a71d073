package io.nextclick.models.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class EmbeddingsTest {

    private static final long SEED = 20_26;
    private static final Offset<Float> CLOSE = within(1e-6f);

    @Test
    void onlyDirectionsCount() {
        Embeddings embeddings =
                new Embeddings(
                        List.of("a", "b", "c", "zero"), new float[] {3, 0, 8, 6, 0, .1f, 0, 0}, 2);
        float[] cosines = new float[4];
        embeddings.from(1, cosines);
        assertThat(cosines[0]).isCloseTo(.8f, CLOSE);
        assertThat(cosines[1]).isCloseTo(1, CLOSE);
        assertThat(cosines[2]).isCloseTo(.6f, CLOSE);
        assertThat(cosines[3]).isZero();
        Embeddings some = embeddings.only(new int[] {2, 1});
        assertThat(some.ids()).containsExactly("c", "b");
        float[] fewer = new float[2];
        some.from(0, fewer);
        assertThat(fewer[1]).isEqualTo(cosines[2]);
    }

    @Test
    void neighboursAreThoseOfASortedComparisonWithAll() {
        Random random = new Random(SEED);
        int size = 120;
        int dimension = 5;
        float[] vectors = new float[size * dimension];
        for (int i = 0; i < vectors.length; i++) {
            // Few values, so that there are equal vectors and equal cosines.
            vectors[i] = random.nextInt(3) - 1;
        }
        Embeddings embeddings =
                new Embeddings(
                        IntStream.range(0, size).mapToObj(Integer::toString).toList(),
                        vectors,
                        dimension);
        Neighbours neighbours = Neighbours.in(embeddings, 9);
        float[] cosines = new float[size];
        for (int i = 0; i < size; i++) {
            int point = i;
            embeddings.from(point, cosines);
            List<Integer> expected =
                    IntStream.range(0, size)
                            .filter(row -> row != point)
                            .boxed()
                            .sorted(Comparator.comparingDouble(row -> -cosines[row]))
                            .limit(9)
                            .toList();
            assertThat(neighbours.rows()[i])
                    .as("point %d", i)
                    .containsExactly(expected.stream().mapToInt(row -> row).toArray());
            for (int k = 0; k < 9; k++) {
                assertThat(neighbours.proximities()[i][k]).isEqualTo(cosines[expected.get(k)]);
            }
        }
    }

    @Test
    void thereAreNoMoreNeighboursThanOthers() {
        Embeddings two = new Embeddings(List.of("a", "b"), new float[] {1, 2}, 1);
        assertThat(Neighbours.in(two, 9).rows()).isEqualTo(new int[][] {{1}, {0}});
        Embeddings one = new Embeddings(List.of("a"), new float[] {1}, 1);
        assertThat(Neighbours.in(one, 9).rows()).isEqualTo(new int[][] {{}});
        assertThatThrownBy(() -> Neighbours.in(two, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("neighbours are 0");
    }

    @Test
    void saysWhatDoesNotFit() {
        assertThatThrownBy(() -> new Embeddings(List.of("a", "b"), new float[3], 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there are 3 values for 2 vectors of dimension 2");
        assertThatThrownBy(() -> new Embeddings(List.of("a"), new float[] {1, Float.NaN}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a' has a value that is not finite");
        assertThatThrownBy(() -> new Embeddings(List.of(), new float[0], 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("dimension is 0");
    }
}
