package io.nextclick.models.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BaselinesTest {

    private static Session session(String... items) {
        return new Session("s", 0, List.of(items));
    }

    @Test
    void popularityRanksByCountThenRowWithTiesAgainstTheTarget() {
        Popularity popularity = new Popularity(new float[] {1, 5, 3, 5, 0});
        assertThat(popularity.top(4, null).rows()).containsExactly(1, 3, 2, 0);
        assertThat(popularity.top(9, new int[] {3, 1, 3}).rows()).containsExactly(2, 0, 4);
        assertThat(popularity.rank(1, null)).isEqualTo(1);
        assertThat(popularity.rank(3, null)).isEqualTo(1);
        assertThat(popularity.rank(2, null)).isEqualTo(2);
        assertThat(popularity.rank(4, null)).isEqualTo(4);
        assertThat(popularity.rank(2, new int[] {1, 1, 4, 2})).isEqualTo(1);
        assertThatThrownBy(() -> new Popularity(new float[] {0, Float.NaN}))
                .hasMessageContaining("row 1");
    }

    @Test
    void markovOrdersByCountThenFirstSeenAndTiesTheRest() {
        ItemVocabulary items = new ItemVocabulary(List.of("a", "b", "c", "d", "e"));
        MarkovChain chain =
                MarkovChain.of(
                        List.of(
                                session("a", "c", "a", "b"),
                                session("a", "b"),
                                session("a", "d", "unknown", "e")),
                        items);
        // After a: b twice, then c, which came before d, once each. Nothing follows d or e.
        assertThat(chain.next(0, 3, null).rows()).containsExactly(1, 2, 3);
        assertThat(chain.next(0, 5, null).rows()).containsExactly(1, 2, 3, 0, 4);
        assertThat(chain.next(0, 5, null).scores()).containsExactly(2, 1, 1, 0, 0);
        assertThat(chain.next(0, 2, new int[] {1}).rows()).containsExactly(2, 3);
        assertThat(chain.rank(0, 1, null)).isZero();
        assertThat(chain.rank(0, 3, null)).isEqualTo(2);
        assertThat(chain.rank(0, 3, new int[] {2, 0})).isEqualTo(1);
        assertThat(chain.rank(0, 4, null)).isEqualTo(4);
        assertThat(chain.rank(0, 4, new int[] {0, 0, 4})).isEqualTo(3);
        // An unknown click between them makes d and e no neighbours: d backs off to popularity.
        assertThat(chain.next(3, 2, null).rows()).containsExactly(0, 1);
        assertThat(chain.rank(3, 0, null)).isZero();
    }

    @Test
    void scorersReadTheLastItemOnly() {
        ItemVocabulary items = new ItemVocabulary(List.of("a", "b", "c"));
        EncodingScorer scorer =
                MarkovChain.of(List.of(session("a", "b"), session("b", "c")), items).scorer();
        TopItems[] lists = scorer.rank(new int[][] {{0, 1}, {0}, null}, 2, 1, null);
        assertThat(lists[0].rows()).containsExactly(2);
        assertThat(lists[1].rows()).containsExactly(1);
        assertThat(scorer.ranksOf(new int[][] {{0}}, 1, new int[] {1}, new int[][] {null}))
                .containsExactly(0);
    }

    @Test
    void coVisitationWeighsByDistanceAndDampsThePopular() {
        ItemVocabulary items = new ItemVocabulary(List.of("a", "b", "c"));
        CoVisitation near =
                CoVisitation.of(List.of(session("a", "b", "c"), session("a")), items, 2, 10);
        // a-b: 1 apart; a-c: 2 apart. Clicks: a 2, b 1, c 1, and 10 for shrinkage.
        assertThat(near.neighbours(0, 5).rows()).containsExactly(1, 2);
        assertThat(near.neighbours(0, 5).scores()[0])
                .isCloseTo((float) (1 / Math.sqrt(12 * 11)), within(1e-6f));
        assertThat(near.neighbours(0, 5).scores()[1])
                .isCloseTo((float) (0.5 / Math.sqrt(12 * 11)), within(1e-6f));
        assertThat(near.neighbours(0, 1, new int[] {1}).rows()).containsExactly(2);
        assertThat(near.neighbours(99, 1).rows()).isEmpty();
        assertThat(
                        CoVisitation.of(List.of(session("a", "b", "c")), items, 1, 1)
                                .neighbours(1, 9)
                                .rows())
                .containsExactly(0);
    }

    @Test
    void coVisitationOfASessionAddsUpItsLastItems() {
        CoVisitation table =
                new CoVisitation(
                        new int[][] {{1, 2, 3}, {2}, {0, 3}, {4}, {}},
                        new float[][] {{8, 4, 2}, {6}, {5, 4}, {9}, {}});
        // 2 is the last: 0 has 5 and 3 has 4; 0 before it halves 8, 4 and 2; 2 itself has none.
        TopItems near = table.near(new int[] {1, 0, 0, 2}, 9, null);
        assertThat(near.rows()).containsExactly(0, 3, 1);
        assertThat(near.scores()).containsExactly(5, 5, 4);
        assertThat(table.near(new int[] {1, 0, 0, 2}, 1, null).rows()).containsExactly(0);
        assertThat(table.near(new int[] {1, 0, 2}, 9, new int[] {3, 0, 3}).rows())
                .containsExactly(1);
        // Of the last three alone; rows that came later have no neighbours.
        assertThat(table.near(new int[] {3, 1, 2, 4}, 9, null).rows()).containsExactly(0, 2, 3);
        assertThat(table.near(new int[] {3, 1, 2, 4}, 9, null).scores())
                .containsExactly(2.5f, 2, 2);
        assertThat(table.near(new int[] {9, 4}, 9, null).size()).isZero();
        assertThat(table.near(new int[0], 9, null).size()).isZero();
    }

    @Test
    void coVisitationEqualsCountingEveryPair() {
        long seed = 42;
        Random random = new Random(seed);
        ItemVocabulary items = new ItemVocabulary();
        List<Session> sessions = new ArrayList<>();
        for (int s = 0; s < 200; s++) {
            List<String> clicks = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(8); i++) {
                clicks.add("i" + random.nextInt(15));
                items.rowOrAdd(clicks.get(i));
            }
            sessions.add(new Session("s" + s, s, clicks));
        }
        int window = 3;
        double[][] sums = new double[items.size()][items.size()];
        double[] clicks = new double[items.size()];
        for (Session session : sessions) {
            for (int i = 0; i < session.items().size(); i++) {
                int one = items.row(session.items().get(i));
                clicks[one]++;
                for (int j = 0; j < session.items().size(); j++) {
                    int other = items.row(session.items().get(j));
                    if (one != other && Math.abs(i - j) <= window) {
                        sums[one][other] += 1.0 / Math.abs(i - j);
                    }
                }
            }
        }
        CoVisitation counted = CoVisitation.of(sessions, items, window, 100);
        for (int row = 0; row < items.size(); row++) {
            TopItems list = counted.neighbours(row, 100);
            assertThat(list.size())
                    .as("seed %d row %d", seed, row)
                    .isEqualTo((int) Arrays.stream(sums[row]).filter(sum -> sum > 0).count());
            for (int i = 0; i < list.size(); i++) {
                int other = list.rows()[i];
                double score =
                        sums[row][other] / Math.sqrt((clicks[row] + 10) * (clicks[other] + 10));
                assertThat((double) list.scores()[i]).isCloseTo(score, within(1e-5));
                assertThat(i == 0 || list.scores()[i] <= list.scores()[i - 1]).isTrue();
            }
        }
    }
}
