package io.nextclick.models.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ItemKnnTest {

    private static final List<Session> LOG =
            List.of(
                    new Session("s1", 1, List.of("a", "b", "a", "b")),
                    new Session("s2", 2, List.of("a", "c")),
                    new Session("s3", 3, List.of("a", "b")),
                    new Session("s4", 4, List.of("d")));

    private static ItemVocabulary vocabulary(List<Session> log) {
        ItemVocabulary vocabulary = new ItemVocabulary();
        log.forEach(session -> session.items().forEach(vocabulary::rowOrAdd));
        return vocabulary;
    }

    @Test
    void similarityIsTheDampedCosineOfTheSessions() {
        EncodingScorer scorer =
                ItemKnn.of(LOG, vocabulary(LOG), new ItemKnn.Options(9, 2, 1)).scorer();
        TopItems list = scorer.rank(new int[][] {{0}}, 1, 4, null)[0];
        // a is in 3 sessions, b in 2 of them, c in 1; a session counts once.
        assertThat(list.rows()).containsExactly(1, 2, 0, 3);
        assertThat((double) list.scores()[0]).isCloseTo(2 / Math.sqrt(5 * 4), within(1e-6));
        assertThat((double) list.scores()[1]).isCloseTo(1 / Math.sqrt(5 * 3), within(1e-6));
        assertThat(list.scores()[2]).isZero();
        assertThat(scorer.ranksOf(new int[][] {{0}}, 1, new int[] {3}, new int[][] {null}))
                .containsExactly(3);
        assertThat(scorer.rank(new int[][] {{0}}, 1, 2, new int[][] {{1, 1}})[0].rows())
                .containsExactly(2, 0);
        // d was never clicked beside anything.
        assertThat(scorer.rank(new int[][] {{3}}, 1, 1, null)[0].rows()).containsExactly(0);
    }

    @Test
    void earlierItemsCountLessAndTheLastHasNoScore() {
        EncodingScorer scorer =
                ItemKnn.of(LOG, vocabulary(LOG), new ItemKnn.Options(9, 0, 3)).scorer();
        TopItems list = scorer.rank(new int[][] {{2, 0, 2}}, 1, 3, null)[0];
        // The later c counts; a is at position 2, and similar to b.
        assertThat(list.rows()).containsExactly(0, 1, 2);
        assertThat((double) list.scores()[0]).isCloseTo(1 / Math.sqrt(3), within(1e-6));
        assertThat((double) list.scores()[1]).isCloseTo(2 / Math.sqrt(6) / 2, within(1e-6));
        assertThat(list.scores()[2]).isZero();
    }

    @Test
    void everyNeighbourEqualsCountingEveryPair() {
        for (long seed = 1; seed <= 3; seed++) {
            List<Session> log = VmisKnnTest.randomLog(new Random(seed), 300, 40);
            ItemVocabulary items = vocabulary(log);
            List<Set<Integer>> sessions =
                    log.stream()
                            .<Set<Integer>>map(
                                    session ->
                                            new HashSet<>(
                                                    session.items().stream()
                                                            .map(items::row)
                                                            .toList()))
                            .toList();
            ItemKnn table = ItemKnn.of(log, items, new ItemKnn.Options(7, 3, 1));
            for (int row = 0; row < items.size(); row++) {
                int one = row;
                double[] similarities = new double[items.size()];
                for (int other = 0; other < items.size(); other++) {
                    int two = other;
                    double both =
                            sessions.stream()
                                    .filter(s -> s.contains(one) && s.contains(two))
                                    .count();
                    double h = sessions.stream().filter(s -> s.contains(one)).count() + 3.0;
                    double g = sessions.stream().filter(s -> s.contains(two)).count() + 3.0;
                    similarities[other] = one == two ? 0 : both / Math.sqrt(h * g);
                }
                int[] expected =
                        IntStream.range(0, items.size())
                                .filter(other -> similarities[other] > 0)
                                .boxed()
                                .sorted(
                                        (x, y) ->
                                                similarities[x] == similarities[y]
                                                        ? Integer.compare(x, y)
                                                        : Double.compare(
                                                                similarities[y], similarities[x]))
                                .limit(7)
                                .mapToInt(Integer::intValue)
                                .toArray();
                assertThat(
                                Arrays.copyOfRange(
                                        table.neighbours(),
                                        table.starts()[row],
                                        table.starts()[row + 1]))
                        .as("seed %d, row %d", seed, row)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void optionsAndDamagedTablesAreRefused() {
        assertThatThrownBy(() -> new ItemKnn.Options(0, 1, 1)).hasMessageContaining("neighbours");
        assertThatThrownBy(() -> new ItemKnn.Options(1, -1, 1)).hasMessageContaining("shrinkage");
        Popularity popularity = new Popularity(new float[] {1, 1});
        assertThatThrownBy(
                        () ->
                                new ItemKnn(
                                        ItemKnn.Options.DEFAULTS,
                                        popularity,
                                        new int[] {0, 1, 1},
                                        new int[] {2},
                                        new float[] {1}))
                .hasMessageContaining("neighbour 2");
        assertThatThrownBy(
                        () ->
                                new ItemKnn(
                                        ItemKnn.Options.DEFAULTS,
                                        popularity,
                                        new int[] {0, 1},
                                        new int[] {1},
                                        new float[] {1}))
                .hasMessageContaining("items");
    }
}
