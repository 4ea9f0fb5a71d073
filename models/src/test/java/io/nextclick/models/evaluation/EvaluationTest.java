package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluationTest {

    private static final int ITEMS = 30;
    private static final ItemVocabulary VOCABULARY =
            new ItemVocabulary(IntStream.range(0, ITEMS).mapToObj(i -> "i" + i).toList());
    private static final Popularity POPULARITY = popularity();

    private static Popularity popularity() {
        float[] counts = new float[ITEMS];
        for (int i = 0; i < ITEMS; i++) {
            counts[i] = ITEMS - i;
        }
        return new Popularity(counts);
    }

    /**
     * Scores an item by how far it is from a hash of all clicks of the session in order, few
     * different scores so that there are ties. One scorer keeps the hash as a state, one works it
     * out of the whole session.
     */
    private static float hash(float state, int row) {
        return (state * 7 + row + 1) % 1009;
    }

    private static float score(float state, int row) {
        return (int) (state + row * 31) % 11;
    }

    private static int[] best(float state, int[] excluded) {
        return IntStream.range(0, ITEMS)
                .filter(
                        row ->
                                excluded == null
                                        || Arrays.stream(excluded).noneMatch(out -> out == row))
                .boxed()
                .sorted((a, b) -> Float.compare(score(state, b), score(state, a)))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static TopItems top(float state, int k, int[] excluded) {
        int[] rows = Arrays.copyOf(best(state, excluded), k);
        float[] scores = new float[k];
        for (int i = 0; i < k; i++) {
            scores[i] = score(state, rows[i]);
        }
        return new TopItems(rows, scores);
    }

    private static int rank(float state, int target, int[] excluded) {
        int rank = 0;
        for (int row : best(state, excluded)) {
            if (row != target && score(state, row) >= score(state, target)) {
                rank++;
            }
        }
        return rank;
    }

    private static final class Recurrent implements RecurrentScorer {

        @Override
        public int stateSize() {
            return 1;
        }

        @Override
        public void advance(int[] itemRows, float[][] states, int count) {
            assertThat(count).isPositive();
            for (int i = 0; i < count; i++) {
                assertThat(itemRows[i]).isBetween(0, ITEMS - 1);
                states[i][0] = hash(states[i][0], itemRows[i]);
            }
        }

        @Override
        public TopItems[] rank(float[][] states, int count, int k, int[][] excluded) {
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] = top(states[i][0], k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(float[][] states, int count, int[] targets, int[][] excluded) {
            int[] ranks = new int[count];
            for (int i = 0; i < count; i++) {
                ranks[i] =
                        EvaluationTest.rank(
                                states[i][0], targets[i], excluded == null ? null : excluded[i]);
            }
            return ranks;
        }

        @Override
        public void close() {}
    }

    private static final class Encoding implements EncodingScorer {

        private final int maximumLength;

        Encoding(int maximumLength) {
            this.maximumLength = maximumLength;
        }

        private static float state(int[] session) {
            float state = 0;
            for (int row : session) {
                state = hash(state, row);
            }
            return state;
        }

        @Override
        public int maximumLength() {
            return maximumLength;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] = top(state(sessions[i]), k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            int[] ranks = new int[count];
            for (int i = 0; i < count; i++) {
                assertThat(sessions[i]).hasSizeBetween(1, maximumLength);
                ranks[i] =
                        EvaluationTest.rank(
                                state(sessions[i]),
                                targets[i],
                                excluded == null ? null : excluded[i]);
            }
            return ranks;
        }

        @Override
        public void close() {}
    }

    /** Sessions of different lengths, with items that nobody knows and repeats among them. */
    private static List<Session> sessions(int count, long seed) {
        Random random = new Random(seed);
        List<Session> sessions = new ArrayList<>();
        for (int s = 0; s < count; s++) {
            List<String> items = new ArrayList<>();
            int length = 1 + random.nextInt(12);
            for (int i = 0; i < length; i++) {
                items.add("i" + random.nextInt(ITEMS + 6));
            }
            int firstTarget = s % 5 == 0 ? Math.max(1, length - 1) : 1;
            sessions.add(new Session("s" + s, s, items, firstTarget));
        }
        return sessions;
    }

    /** The same figures, one session and one prefix at a time, each from its definition. */
    private static Map<String, Double> slowly(
            List<Session> sessions, boolean masked, int... cutoffs) {
        Map<String, Double> sums = new TreeMap<>();
        Map<String, int[]> occurrences = new TreeMap<>();
        int[] targets = new int[ITEMS];
        occurrences.put("target_%s", targets);
        long predictions = 0;
        for (Session session : sessions) {
            for (int t = session.firstTarget(); t < session.items().size(); t++) {
                float state = 0;
                int[] seen =
                        session.items().subList(0, t).stream()
                                .mapToInt(VOCABULARY::row)
                                .filter(row -> row != ItemVocabulary.UNKNOWN)
                                .toArray();
                for (int row : seen) {
                    state = hash(state, row);
                }
                int target = VOCABULARY.row(session.items().get(t));
                int[] out = masked ? seen : null;
                boolean missed =
                        target == ItemVocabulary.UNKNOWN
                                || (masked && Arrays.stream(seen).anyMatch(row -> row == target));
                int rank =
                        missed
                                ? 1_000_000
                                : seen.length == 0
                                        ? POPULARITY.rank(target, null)
                                        : rank(state, target, out);
                predictions++;
                if (target != ItemVocabulary.UNKNOWN) {
                    targets[target]++;
                }
                for (int k : cutoffs) {
                    int[] list =
                            seen.length == 0
                                    ? POPULARITY.top(k, null).rows()
                                    : top(state, k, out).rows();
                    int[] counts = occurrences.computeIfAbsent("%s@" + k, name -> new int[ITEMS]);
                    Arrays.stream(list).forEach(row -> counts[row]++);
                    boolean hit = rank < k;
                    sums.merge("hr@" + k, hit ? 1.0 : 0, Double::sum);
                    sums.merge("recall@" + k, hit ? 1.0 : 0, Double::sum);
                    sums.merge("precision@" + k, hit ? 1.0 / k : 0, Double::sum);
                    sums.merge("mrr@" + k, hit ? 1.0 / (rank + 1) : 0, Double::sum);
                    sums.merge("map@" + k, hit ? 1.0 / (rank + 1) : 0, Double::sum);
                    sums.merge(
                            "ndcg@" + k,
                            hit ? 1 / (Math.log(rank + 2) / Math.log(2)) : 0,
                            Double::sum);
                }
            }
        }
        Map<String, Double> figures = new TreeMap<>();
        for (Map.Entry<String, Double> sum : sums.entrySet()) {
            figures.put(sum.getKey(), sum.getValue() / predictions);
        }
        occurrences.forEach(
                (name, counts) -> {
                    double total = Arrays.stream(counts).sum();
                    double percentiles = 0;
                    double head = 0;
                    double differences = 0;
                    double items = 0;
                    for (int row = 0; row < ITEMS; row++) {
                        // Row 0 is the most popular, no two items are equally popular.
                        percentiles += counts[row] * (ITEMS - 1.0 - row) / (ITEMS - 1);
                        head += row < ITEMS / 5 ? counts[row] : 0;
                        items += counts[row] > 0 ? 1 : 0;
                        for (int other : counts) {
                            differences += Math.abs(counts[row] - other);
                        }
                    }
                    figures.put(String.format(name, "coverage"), items / ITEMS);
                    figures.put(String.format(name, "popularity_percentile"), percentiles / total);
                    figures.put(String.format(name, "head_share"), head / total);
                    figures.put(String.format(name, "gini"), differences / (2 * ITEMS * total));
                });
        return figures;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 256, 1000})
    void bundlesOfAnySizeGiveWhatOneSessionAtATimeGives(int bundle) {
        // No state leaks into the next session of a lane, and an incomplete last bundle counts.
        List<Session> sessions = sessions(301, 7);
        for (boolean masked : new boolean[] {false, true}) {
            Map<String, Double> expected = slowly(sessions, masked, 3, 10);
            Evaluation evaluation =
                    new Evaluation(VOCABULARY, POPULARITY)
                            .withCutoffs(10, 3)
                            .withBundle(bundle)
                            .withSeenMasked(masked);
            for (EvaluationReport report :
                    List.of(
                            evaluation.run(new Recurrent(), sessions),
                            evaluation.run(new Encoding(20), sessions))) {
                assertThat(report.predictions()).isEqualTo(Evaluation.predictions(sessions));
                assertThat(report.metrics()).containsOnlyKeys(expected.keySet());
                expected.forEach(
                        (name, figure) ->
                                assertThat(report.metric(name))
                                        .as(name)
                                        .isCloseTo(figure, within(1e-12)));
            }
        }
    }

    @Test
    void figuresDoNotDependOnTheBundleToTheLastBit() {
        List<Session> sessions = sessions(200, 13);
        Evaluation evaluation = new Evaluation(VOCABULARY, POPULARITY);
        assertThat(evaluation.withBundle(3).run(new Recurrent(), sessions).metrics())
                .isEqualTo(evaluation.withBundle(64).run(new Recurrent(), sessions).metrics());
    }

    @Test
    void theScorerIsAskedOnceForAPredictionButForTies() {
        int[] asked = new int[2];
        EncodingScorer counting =
                new EncodingScorer() {
                    private final Encoding encoding = new Encoding(20);

                    @Override
                    public int maximumLength() {
                        return encoding.maximumLength();
                    }

                    @Override
                    public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
                        asked[0] += count;
                        return encoding.rank(sessions, count, k, excluded);
                    }

                    @Override
                    public int[] ranksOf(
                            int[][] sessions, int count, int[] targets, int[][] excluded) {
                        asked[1] += count;
                        return encoding.ranksOf(sessions, count, targets, excluded);
                    }

                    @Override
                    public void close() {}
                };
        // 30 items share 11 scores, so that most targets within reach are tied.
        List<Session> sessions = sessions(200, 17);
        EvaluationReport report =
                new Evaluation(VOCABULARY, POPULARITY).withCutoffs(5).run(counting, sessions);
        assertThat(asked[0]).isEqualTo(report.predictions() - report.fallbacks());
        assertThat(asked[1]).isPositive().isLessThan(asked[0] / 3);
    }

    @Test
    void prefixesOfOneVisitAreOneVisit() {
        List<Session> lines =
                List.of(
                        new Session("1", 0, List.of("i1", "i2", "i3"), 2),
                        new Session("2", 1, List.of("i1", "i2"), 1),
                        new Session("3", 2, List.of("i4", "i5"), 1),
                        new Session("4", 3, List.of("i4", "i5", "i6"), 2),
                        new Session("5", 4, List.of("i4"), 1),
                        new Session("6", 5, List.of("i4", "i9", "i6"), 2));
        Evaluation evaluation = new Evaluation(VOCABULARY, POPULARITY);
        Predictions predictions = evaluation.outcomes(new Recurrent(), lines).predictions();
        assertThat(predictions.size()).isEqualTo(5);
        assertThat(predictions.sizes()).containsExactly(2, 2, 1);
        // Whole sessions are a visit each, even where one begins like another.
        List<Session> whole =
                List.of(
                        new Session("1", 0, List.of("i1", "i2")),
                        new Session("2", 1, List.of("i1", "i2", "i3")));
        assertThat(evaluation.outcomes(new Recurrent(), whole).predictions().sizes())
                .containsExactly(1, 2);
    }

    @Test
    void slicesPartThePredictions() {
        List<Session> sessions = new ArrayList<>(sessions(150, 19));
        sessions.add(
                new Session("long", 0, IntStream.range(0, 30).mapToObj(i -> "i" + i).toList()));
        Outcomes outcomes =
                new Evaluation(VOCABULARY, POPULARITY).outcomes(new Recurrent(), sessions);
        for (List<Slice> slices : List.of(outcomes.byPosition(), outcomes.byPopularity())) {
            BitSet all = new BitSet();
            int size = 0;
            double hits = 0;
            for (Slice slice : slices) {
                all.or(slice.members());
                Predictions part = slice.of(outcomes.predictions());
                assertThat(part.size()).isEqualTo(slice.members().cardinality()).isPositive();
                size += part.size();
                hits += part.size() * part.mean(RankingMetric.HR, 20);
            }
            assertThat(size).isEqualTo(outcomes.predictions().size());
            assertThat(all.cardinality()).isEqualTo(size);
            assertThat(hits / size).isCloseTo(outcomes.report().metric("hr@20"), within(1e-12));
        }
        assertThat(outcomes.byPosition())
                .extracting(Slice::label)
                .containsExactly("1", "2", "3", "4", "5–9", "10–19", "20+");
        assertThat(outcomes.byPosition().get(6).members().cardinality()).isEqualTo(10);
        // Counts are 30, 29, … 1, together 465: a fifth is 93, reached by the fourth item.
        assertThat(outcomes.byPopularity())
                .extracting(Slice::label)
                .containsExactly(
                        "27–30 clicks (4 items)",
                        "24–26 clicks (3 items)",
                        "19–23 clicks (5 items)",
                        "14–18 clicks (5 items)",
                        "1–13 clicks (13 items)",
                        "not in training");
    }

    @Test
    void unknownItemsAreMissesAndArePassedOver() {
        Session session = new Session("s", 0, List.of("?", "i0", "?", "i1"));
        EvaluationReport report =
                new Evaluation(VOCABULARY, POPULARITY).run(new Recurrent(), List.of(session));
        assertThat(report.predictions()).isEqualTo(3);
        assertThat(report.unknownTargets()).isEqualTo(1);
        // i0 after nothing known: the most popular item, found at the first place.
        assertThat(report.fallbacks()).isEqualTo(1);
        assertThat(report.metric("hr@5")).isGreaterThanOrEqualTo(1.0 / 3);
    }

    @Test
    void equalScoresCountAgainstTheModel() {
        EncodingScorer flat = new Popularity(new float[ITEMS]).scorer();
        EvaluationReport report =
                new Evaluation(VOCABULARY, POPULARITY)
                        .withCutoffs(ITEMS - 1, ITEMS)
                        .run(flat, List.of(new Session("s", 0, List.of("i1", "i0"))));
        assertThat(report.metric("hr@" + (ITEMS - 1))).isZero();
        assertThat(report.metric("hr@" + ITEMS)).isEqualTo(1);
    }

    @Test
    void aMaskedTargetIsAMiss() {
        Session back = new Session("s", 0, List.of("i0", "i1", "i0"));
        MarkovChain chain = MarkovChain.of(List.of(back), VOCABULARY);
        Evaluation evaluation = new Evaluation(VOCABULARY, chain.popularity()).withCutoffs(1);
        assertThat(evaluation.run(chain.scorer(), List.of(back)).metric("hr@1")).isEqualTo(1);
        EvaluationReport masked =
                evaluation.withSeenMasked(true).run(chain.scorer(), List.of(back));
        assertThat(masked.metric("hr@1")).isEqualTo(0.5);
        assertThat(masked.seenTargets()).isEqualTo(1);
    }

    @Test
    void anEncodingModelSeesTheLastItemsOnly() {
        List<Session> sessions = sessions(50, 9);
        Evaluation evaluation = new Evaluation(VOCABULARY, POPULARITY);
        assertThat(evaluation.run(new Encoding(2), sessions).metrics())
                .isNotEqualTo(evaluation.run(new Encoding(20), sessions).metrics());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 256})
    void listsAreThoseAfterEachClick(int bundle) {
        List<Session> sessions = sessions(60, 11);
        Evaluation evaluation = new Evaluation(VOCABULARY, POPULARITY).withBundle(bundle);
        List<List<TopItems>> lists = evaluation.topItems(new Recurrent(), sessions, 5);
        assertThat(lists).hasSameSizeAs(sessions);
        for (int s = 0; s < sessions.size(); s++) {
            Session session = sessions.get(s);
            assertThat(lists.get(s)).hasSize(session.items().size() - session.firstTarget() + 1);
            float state = 0;
            boolean known = false;
            for (int clicks = 1; clicks <= session.items().size(); clicks++) {
                int row = VOCABULARY.row(session.items().get(clicks - 1));
                if (row != ItemVocabulary.UNKNOWN) {
                    state = hash(state, row);
                    known = true;
                }
                if (clicks >= session.firstTarget()) {
                    TopItems expected = known ? top(state, 5, null) : POPULARITY.top(5, null);
                    TopItems list = lists.get(s).get(clicks - session.firstTarget());
                    assertThat(list.rows()).containsExactly(expected.rows());
                    assertThat(list.scores()).containsExactly(expected.scores());
                }
            }
        }
    }

    @Test
    void theReportIsNumbersUnderNames() {
        List<Long> told = new ArrayList<>();
        List<Session> sessions = sessions(400, 3);
        EvaluationReport report =
                new Evaluation(VOCABULARY, POPULARITY)
                        .withProgress(told::add)
                        .run(new Recurrent(), sessions);
        assertThat(told).isSorted().endsWith(report.predictions());
        assertThat(report.toJson().get("mrr@20").doubleValue()).isEqualTo(report.metric("mrr@20"));
        assertThat(report.toJson().get("predictions").longValue()).isEqualTo(report.predictions());
        assertThat(report.toTable()).contains("HR", "MRR", "NDCG", "20");
        assertThatThrownBy(() -> report.metric("hr@7")).hasMessageContaining("hr@7");
    }

    @Test
    void anEmptyLogIsAnEmptyReport() {
        EvaluationReport report =
                new Evaluation(VOCABULARY, POPULARITY)
                        .run(new Recurrent(), List.of(new Session("s", 0, List.of("i1"))));
        assertThat(report.predictions()).isZero();
        assertThat(report.metric("hr@20")).isZero();
    }
}
