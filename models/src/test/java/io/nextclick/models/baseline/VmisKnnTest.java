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
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmisKnnTest {

    private static Session session(long start, String... items) {
        return new Session("s" + start, start, List.of(items));
    }

    private static ItemVocabulary vocabulary(List<Session> log) {
        ItemVocabulary vocabulary = new ItemVocabulary();
        log.forEach(session -> session.items().forEach(vocabulary::rowOrAdd));
        return vocabulary;
    }

    /** Worked out by hand from the three steps of the class's description. */
    @Test
    void scoresAreThoseOfThePaper() {
        // Rows: a 0, b 1, c 2, d 3, e 4. The single click is no session of the index: H = 4.
        List<Session> log =
                List.of(
                        session(1, "a", "b", "c"),
                        session(2, "b", "d"),
                        session(3, "a", "d", "d"),
                        session(4, "e"),
                        session(5, "c", "e"));
        ItemVocabulary items = vocabulary(log);
        VmisKnn index = VmisKnn.of(log, items, new VmisKnn.Options(10, 10, 9, 1, false, 0));
        assertThat(index.trainingSessions()).isEqualTo(4);
        assertThat(index.frequencies()).containsExactly(2, 2, 2, 2, 1);

        // b, then a: position 1 is a, n = 2. Session 1 holds both: 2/2 + 1/2, latest position 1.
        // Session 3 holds a: 2/2, position 1. Session 2 holds b: 1/2, position 2.
        TopItems list = index.scorer().rank(new int[][] {{1, 0}}, 1, 5, null)[0];
        double idf = Math.log(4.0 / 2);
        double b = (1.5 * 0.9 + 0.5 * 0.8) * idf;
        double c = 1.5 * 0.9 * idf;
        double d = (1.0 * 0.9 + 0.5 * 0.8) * idf;
        assertThat(list.rows()).startsWith(1, 2, 3);
        assertThat((double) list.scores()[0]).isCloseTo(b, within(1e-6));
        assertThat((double) list.scores()[1]).isCloseTo(c, within(1e-6));
        assertThat((double) list.scores()[2]).isCloseTo(d, within(1e-6));
        // The last item and e have no score: by popularity, where a, at 2 clicks, ties with e.
        assertThat(Arrays.copyOfRange(list.rows(), 3, 5)).containsExactly(0, 4);
        assertThat(Arrays.copyOfRange(list.scores(), 3, 5)).containsExactly(0, 0);
    }

    @Test
    void theItemJustClickedIsScoredByNeighboursThatRepeatedIt() {
        List<Session> log =
                List.of(session(1, "a", "b", "a"), session(2, "a", "c"), session(3, "b", "c"));
        ItemVocabulary items = vocabulary(log);
        EncodingScorer scorer =
                VmisKnn.of(log, items, new VmisKnn.Options(10, 10, 9, 0, true, 0)).scorer();
        TopItems list = scorer.rank(new int[][] {{0}}, 1, 3, null)[0];
        // One neighbour each: a (repeated in the first), b and c.
        assertThat(list.rows()).containsExactly(0, 1, 2);
        assertThat(list.scores()[0]).isEqualTo(list.scores()[2]).isPositive();
        assertThat(scorer.rank(new int[][] {{0}}, 1, 3, new int[][] {{0}})[0].rows())
                .containsExactly(1, 2);
        TopItems others =
                VmisKnn.of(log, items, new VmisKnn.Options(10, 10, 9, 0, false, 0))
                        .scorer()
                        .rank(new int[][] {{0}}, 1, 3, null)[0];
        assertThat(others.rows()).containsExactly(1, 2, 0);
        assertThat(others.scores()[2]).isZero();
    }

    @Test
    void nearerItemsCountMore() {
        List<Session> log = List.of(session(1, "b", "a", "c", "d"), session(2, "e", "f"));
        ItemVocabulary items = vocabulary(log);
        TopItems list =
                VmisKnn.of(log, items, new VmisKnn.Options(10, 10, 9, 0, false, 2))
                        .scorer()
                        .rank(new int[][] {{items.row("a")}}, 1, 3, null)[0];
        double next = 0.9;
        assertThat(list.rows()).containsExactly(items.row("c"), items.row("d"), items.row("b"));
        assertThat((double) list.scores()[0]).isCloseTo(next, within(1e-6));
        assertThat((double) list.scores()[1]).isCloseTo(next * Math.exp(-0.5), within(2e-4));
        assertThat((double) list.scores()[2]).isCloseTo(next / 2, within(1e-6));
    }

    @Test
    void theMostRecentSessionsAreThoseThatStartedLast() {
        List<Session> log =
                List.of(session(9, "a", "b"), session(1, "a", "c"), session(9, "a", "d"));
        ItemVocabulary items = vocabulary(log);
        int a = items.row("a");
        VmisKnn one = VmisKnn.of(log, items, new VmisKnn.Options(1, 1, 1, 0, false, 0));
        assertThat(one.scorer().rank(new int[][] {{a}}, 1, 1, null)[0].rows())
                .containsExactly(items.row("d"));
        // c's only session is kept, although it is not among the latest of a.
        assertThat(one.sessionStarts()).hasSize(4);
        VmisKnn two = VmisKnn.of(log, items, new VmisKnn.Options(2, 2, 1, 0, false, 0));
        assertThat(two.scorer().ranksOf(new int[][] {{a}}, 1, new int[] {items.row("c")}, null))
                .containsExactly(3);
    }

    @Test
    void withoutAnyScorePopularityRanks() {
        List<Session> log = List.of(session(1, "a"), session(2, "b"), session(3, "b"));
        ItemVocabulary items = vocabulary(log);
        EncodingScorer scorer = VmisKnn.of(log, items, VmisKnn.Options.DEFAULTS).scorer();
        TopItems list = scorer.rank(new int[][] {{0}}, 1, 2, null)[0];
        assertThat(list.rows()).containsExactly(1, 0);
        assertThat(list.scores()).containsExactly(2, 1);
        assertThat(scorer.ranksOf(new int[][] {{0}}, 1, new int[] {1}, null)).containsExactly(0);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, false, 0",
        "7, 3, 2, 1, true, 0",
        "20, 5, 4, 0.5, true, 2",
        "20, 20, 9, 1, false, 0",
        "40, 11, 9, 0, true, 0.7",
        "100000, 30, 15, 1, true, 0",
        "100000, 100000, 50, 2, true, 30"
    })
    void everyListAndRankEqualsTheNaiveReference(
            int recent,
            int neighbours,
            int sessionItems,
            double idf,
            boolean repeats,
            double nearness) {
        VmisKnn.Options options =
                new VmisKnn.Options(recent, neighbours, sessionItems, idf, repeats, nearness);
        for (long seed = 1; seed <= 3; seed++) {
            Random random = new Random(seed);
            List<Session> log = randomLog(random, 300, 40);
            ItemVocabulary items = vocabulary(log);
            VmisKnn index = VmisKnn.of(log, items, options);
            EncodingScorer scorer = index.scorer();
            Naive naive = new Naive(log, items, options);
            for (int query = 0; query < 60; query++) {
                int[] session =
                        random.ints(1 + random.nextInt(sessionItems), 0, items.size()).toArray();
                int[] excluded = query % 3 == 0 ? session : null;
                float[] expected = naive.scores(session);
                String what = "seed " + seed + ", session " + Arrays.toString(session);
                TopItems list =
                        scorer.rank(new int[][] {session}, 1, 12, new int[][] {excluded})[0];
                assertThat(list.rows()).as(what).isEqualTo(naive.list(expected, 12, excluded));
                int[] targets = new int[items.size()];
                int[][] sessions = new int[items.size()][];
                int[][] out = new int[items.size()][];
                int[] ranks = new int[items.size()];
                for (int target = 0; target < targets.length; target++) {
                    targets[target] = target;
                    sessions[target] = session;
                    out[target] = excluded;
                    ranks[target] = naive.rank(expected, target, excluded);
                }
                assertThat(scorer.ranksOf(sessions, targets.length, targets, out))
                        .as(what)
                        .isEqualTo(ranks);
            }
        }
    }

    @Test
    void optionsAndDamagedIndexesAreRefused() {
        assertThatThrownBy(() -> new VmisKnn.Options(0, 1, 1, 1, true, 0))
                .hasMessageContaining("recent sessions is 0")
                .hasMessageContaining("[1, 1000000]");
        assertThatThrownBy(() -> new VmisKnn.Options(1, 1, 1, Double.NaN, true, 0))
                .hasMessageContaining("idf");
        Popularity popularity = new Popularity(new float[] {1, 1});
        assertThatThrownBy(() -> index(popularity, new int[] {0, 1}, new int[] {0, 1}))
                .hasMessageContaining("starts of the sessions");
        assertThatThrownBy(() -> index(popularity, new int[] {0, 2, 1, 2}, new int[] {0, 1}))
                .hasMessageContaining("starts of the sessions");
        assertThatThrownBy(() -> index(popularity, new int[] {0, 2}, new int[] {0, ~2}))
                .hasMessageContaining("row 2 of 2 items");
        assertThat(index(popularity, new int[] {0, 2}, new int[] {0, ~1}).sessionItems())
                .containsExactly(0, ~1);
    }

    private static VmisKnn index(Popularity popularity, int[] starts, int[] items) {
        return new VmisKnn(
                VmisKnn.Options.DEFAULTS, popularity, starts, items, new int[] {1, 1}, 1);
    }

    static List<Session> randomLog(Random random, int sessions, int items) {
        List<Session> log = new ArrayList<>();
        for (int s = 0; s < sessions; s++) {
            List<String> clicks = new ArrayList<>();
            int length = 1 + random.nextInt(9);
            for (int i = 0; i < length; i++) {
                double skewed = random.nextDouble() * random.nextDouble();
                clicks.add("i" + (int) (skewed * items));
            }
            log.add(new Session("s" + s, random.nextInt(sessions), clicks));
        }
        return log;
    }

    /** The three steps, written down with maps and sorts, on doubles and on all sessions. */
    private static final class Naive {

        private final VmisKnn.Options options;
        private final ItemVocabulary vocabulary;
        private final List<List<Integer>> sessions = new ArrayList<>();
        private final Map<Integer, Integer> held = new HashMap<>();
        private final float[] clicks;

        Naive(List<Session> log, ItemVocabulary vocabulary, VmisKnn.Options options) {
            this.options = options;
            this.vocabulary = vocabulary;
            clicks = new float[vocabulary.size()];
            List<Session> ordered = new ArrayList<>(log);
            ordered.sort(Comparator.comparingLong(Session::startMillis));
            for (Session session : ordered) {
                List<Integer> rows = session.items().stream().map(vocabulary::row).toList();
                rows.forEach(row -> clicks[row]++);
                if (rows.size() > 1) {
                    sessions.add(rows);
                    new HashSet<>(rows).forEach(row -> held.merge(row, 1, Integer::sum));
                }
            }
        }

        float[] scores(int[] session) {
            List<Integer> reversed = new ArrayList<>(Arrays.stream(session).boxed().toList());
            Collections.reverse(reversed);
            List<Integer> latest = new ArrayList<>(new LinkedHashSet<>(reversed));
            int n = latest.size();
            // Similarities as whole numbers, times n: doubles would make equal ones differ.
            record Neighbour(List<Integer> rows, int similarity, int position) {}
            List<Neighbour> candidates = new ArrayList<>();
            for (int s = sessions.size() - 1; s >= 0; s--) {
                int similarity = 0;
                int position = 0;
                for (int p = n; p >= 1; p--) {
                    if (sessions.get(s).contains(latest.get(p - 1))) {
                        similarity += n + 1 - p;
                        position = p;
                    }
                }
                if (similarity > 0 && candidates.size() < options.recentSessions()) {
                    candidates.add(new Neighbour(sessions.get(s), similarity, position));
                }
            }
            candidates.sort(Comparator.comparingInt(candidate -> -candidate.similarity));
            double[] sums = new double[vocabulary.size()];
            for (Neighbour each :
                    candidates.subList(0, Math.min(options.neighbours(), candidates.size()))) {
                List<Integer> different = new ArrayList<>(new LinkedHashSet<>(each.rows));
                int shared = different.indexOf(latest.get(each.position - 1));
                for (int row : different) {
                    boolean last = row == latest.get(0);
                    if (!last || (options.repeats() && Collections.frequency(each.rows, row) > 1)) {
                        double share = share(different.indexOf(row) - shared);
                        sums[row] +=
                                share
                                        * each.similarity
                                        * (options.sessionItems() + 1 - each.position);
                    }
                }
            }
            float[] scores = new float[sums.length];
            double scale = 1.0 / ((double) n * (options.sessionItems() + 1) * 4096);
            for (int row = 0; row < sums.length; row++) {
                if (sums[row] > 0) {
                    double inverse = Math.log((double) sessions.size() / held.get(row));
                    float weight = (float) Math.pow(inverse, options.idf());
                    scores[row] = (float) (sums[row] * scale * weight);
                }
            }
            return scores;
        }

        /** In 4096ths, rounded: as whole numbers equal sums are equal. */
        private double share(int places) {
            if (options.nearness() == 0 || places == 0) {
                return 4096;
            }
            double share = Math.exp(-(Math.abs(places) - 1) / options.nearness());
            return Math.round(4096 * (places < 0 ? share / 2 : share));
        }

        private List<Integer> eligible(int[] excluded) {
            List<Integer> rows = new ArrayList<>();
            for (int row = 0; row < vocabulary.size(); row++) {
                int candidate = row;
                if (excluded == null || Arrays.stream(excluded).noneMatch(x -> x == candidate)) {
                    rows.add(row);
                }
            }
            return rows;
        }

        int[] list(float[] scores, int k, int[] excluded) {
            return eligible(excluded).stream()
                    .sorted(
                            Comparator.<Integer>comparingDouble(row -> -scores[row])
                                    .thenComparingDouble(row -> scores[row] > 0 ? 0 : -clicks[row])
                                    .thenComparingInt(row -> row))
                    .limit(k)
                    .mapToInt(Integer::intValue)
                    .toArray();
        }

        int rank(float[] scores, int target, int[] excluded) {
            boolean none = true;
            for (float score : scores) {
                none &= score == 0;
            }
            float[] by = none ? clicks : scores;
            return (int)
                    eligible(excluded).stream()
                            .filter(row -> row != target && by[row] >= by[target])
                            .count();
        }
    }
}
