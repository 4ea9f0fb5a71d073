package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.ranking.Blend;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.scoring.ScoreScale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RankingStageTest {

    private static final long SEED = 5;
    private static final Duration RENEWAL = Duration.ofSeconds(10);
    private static final long NOW = 1_700_000_000_000L;

    /** {@code trending} is a source that the candidates of these tests don't have. */
    private static final List<Field> FIELDS =
            Stream.concat(
                            RankingExamples.FIELDS.stream()
                                    .filter(field -> field.fact().side() != Fact.Side.PAIR),
                            Stream.of(
                                            "score.sequence/bins:8",
                                            "rank.towers/bins:8",
                                            "score.blend/bins:8",
                                            "rank.blend/bins:8",
                                            "score.trending/bins:8")
                                    .map(Field::parse))
                    .toList();

    private static final List<String> SOURCES = List.of("sequence", "towers");

    private final List<RankingExample> examples =
            RankingExamples.random(2_000, SEED).stream()
                    .map(
                            example ->
                                    new RankingExample(
                                            example.query(),
                                            example.item(),
                                            pairs(example),
                                            example.positive()))
                    .toList();

    private static float[] pairs(RankingExample example) {
        return new float[] {
            -example.pairs()[0] / 4,
            example.pairs()[1],
            -Math.abs((float) example.item().popularity()) / 100,
            example.query().sessionLength(),
            example.pairs()[3]
        };
    }

    private RankerLearner learnt(RankerKind kind) {
        RankerOptions options = RankingExamples.options(kind);
        RankerLearner learner =
                new RankerLearner(
                        FeatureSpace.learn(FIELDS, examples),
                        new RankerOptions(
                                kind,
                                options.factors(),
                                options.hidden(),
                                kind == RankerKind.WIDE_AND_DEEP
                                        ? List.of("last-categories*category", "item*user")
                                        : List.of(),
                                options.crossBuckets(),
                                options.linearRate(),
                                options.rate(),
                                options.lasso(),
                                options.ridge(),
                                options.batch(),
                                options.negativeRate(),
                                options.seed()));
        examples.forEach(learner::learn);
        learner.endBatch();
        return learner;
    }

    private static CandidateList list(SplittableRandom random) {
        List<String> items =
                random.ints(0, 40).distinct().limit(25).mapToObj(i -> "item-" + i).toList();
        float[] scores = new float[items.size()];
        for (int place = 1; place < scores.length; place++) {
            scores[place] = scores[place - 1] - random.nextInt(3);
        }
        return CandidateList.of(items, scores, ScoreScale.LOGARITHM);
    }

    private static Candidates candidates(SplittableRandom random) {
        return new Blend(2)
                .of(new CandidateList[] {list(random), list(random)}, new double[] {.7, .3});
    }

    private static List<String> items(Candidates candidates) {
        List<String> items = new ArrayList<>();
        for (int place = 0; place < candidates.size(); place++) {
            items.add(candidates.item(place));
        }
        return items;
    }

    /** Which a ranker learns from, and in which order it puts them: the same values for both. */
    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void ordersByWhatTheLearnerSaysOfTheSameExamples(RankerKind kind) {
        RankerLearner learner = learnt(kind);
        RankingStage stage = new RankingStage(learner.ranker(), SOURCES, RENEWAL);
        SplittableRandom random = new SplittableRandom(SEED);
        Map<String, ItemFacts> catalogue = new HashMap<>();
        while (catalogue.size() < 40) {
            ItemFacts item = RankingExamples.item(random);
            catalogue.put(item.itemId(), item);
        }
        for (int turn = 0; turn < 20; turn++) {
            QueryFacts query = RankingExamples.query(random);
            Candidates candidates = candidates(random);
            Map<String, Double> expected = new HashMap<>();
            Map<String, Double> blended = new HashMap<>();
            for (int place = 0; place < candidates.size(); place++) {
                String item = candidates.item(place);
                boolean bySequence = candidates.rank(place, 0) >= 0;
                boolean byTowers = candidates.rank(place, 1) >= 0;
                float[] values = {
                    bySequence ? (float) Math.log(candidates.probability(place, 0)) : Float.NaN,
                    byTowers ? candidates.rank(place, 1) : Float.NaN,
                    (float) Math.log(candidates.score(place)),
                    place,
                    Float.NaN
                };
                expected.put(
                        item,
                        learner.logOdds(
                                new RankingExample(query, catalogue.get(item), values, false)));
                blended.put(item, candidates.score(place));
            }
            int size = candidates.size();

            stage.rank(query, candidates, catalogue::get);

            assertThat(candidates.size()).isEqualTo(size);
            for (int place = 0; place < size; place++) {
                String item = candidates.item(place);
                double logOdds = expected.get(item);
                assertThat(candidates.score(place))
                        .isCloseTo(Ranker.probability(logOdds), within(2e-5));
                assertThat(candidates.blendedScore(place)).isEqualTo(blended.get(item));
                if (place > 0) {
                    assertThat(logOdds)
                            .isLessThanOrEqualTo(expected.get(candidates.item(place - 1)) + 2e-5);
                }
            }
        }
    }

    @Test
    void aPlaceInTheBlendCountsWhatIsLeftOut() {
        Candidates candidates = candidates(new SplittableRandom(SEED));
        List<String> all = items(candidates);
        candidates.retain(place -> place % 3 != 0);
        candidates.orderBy(new float[candidates.size()]);
        for (int place = 0; place < candidates.size(); place++) {
            assertThat(candidates.blendedPlace(place))
                    .isEqualTo(all.indexOf(candidates.item(place)));
        }
    }

    /** Facts by one number, and scores by it alone. */
    private static final class ByPopularity implements Ranker, CandidateScorer {

        private final Map<String, Integer> slots = new HashMap<>();
        private final List<ItemFacts> items = new ArrayList<>();
        float unknown = 0;
        int prepared;

        @Override
        public String kind() {
            return "by-popularity";
        }

        @Override
        public FeatureSpace space() {
            return new FeatureSpace(List.of(Field.parse("popularity")), new float[1][0]);
        }

        @Override
        public CandidateScorer newScorer() {
            return this;
        }

        @Override
        public int slot(String itemId) {
            return slots.getOrDefault(itemId, NONE);
        }

        @Override
        public int prepare(ItemFacts item) {
            prepared++;
            int slot = slots.computeIfAbsent(item.itemId(), id -> slots.size());
            if (slot == items.size()) {
                items.add(item);
            } else {
                items.set(slot, item);
            }
            return slot;
        }

        @Override
        public int prepared() {
            return slots.size();
        }

        @Override
        public void forget() {
            slots.clear();
            items.clear();
        }

        @Override
        public void ask(QueryFacts query) {}

        @Override
        public void score(int[] of, float[] pairs, int count, float[] logOdds) {
            for (int c = 0; c < count; c++) {
                double popularity = items.get(of[c]).popularity();
                logOdds[c] = Double.isNaN(popularity) ? unknown : (float) popularity;
            }
        }
    }

    private static QueryFacts at(long millis) {
        return QueryFacts.of(null, Map.of(), millis, List.of(), 0, 0, id -> null);
    }

    private static ItemFacts popular(String item, double popularity) {
        return new ItemFacts(item, List.of(), Double.NaN, true, popularity, 1, Map.of());
    }

    private static Candidates three() {
        CandidateList list =
                CandidateList.of(
                        List.of("a", "b", "c"), new float[] {3, 2, 1}, ScoreScale.PROPORTION);
        return new Blend(2)
                .of(new CandidateList[] {list, CandidateList.EMPTY}, new double[] {1, 1});
    }

    @Test
    void factsAreAskedForAgainWhenTheyAreOldAndTakenUpWhenTheyHaveChanged() {
        ByPopularity ranker = new ByPopularity();
        RankingStage stage = new RankingStage(ranker, SOURCES, RENEWAL);
        Map<String, ItemFacts> facts = new HashMap<>();
        facts.put("a", popular("a", 1));
        facts.put("b", popular("b", 2));
        List<String> asked = new ArrayList<>();
        Function<String, ItemFacts> lookup =
                id -> {
                    asked.add(id);
                    return facts.get(id);
                };

        Candidates first = three();
        stage.rank(at(NOW), first, lookup);
        assertThat(items(first)).containsExactly("b", "a", "c");
        assertThat(asked).containsExactly("a", "b", "c");
        assertThat(ranker.prepared).isEqualTo(3);
        assertThat(stage.factsOf("c")).isEqualTo(ItemFacts.unknown("c"));

        facts.put("a", popular("a", 3));
        Candidates soon = three();
        stage.rank(at(NOW + RENEWAL.toMillis() / 2), soon, lookup);
        assertThat(items(soon)).containsExactly("b", "a", "c");
        assertThat(asked).hasSize(3);
        assertThat(stage.factsOf("a")).isEqualTo(popular("a", 1));

        Candidates later = three();
        stage.rank(at(NOW + RENEWAL.toMillis() + 1), later, lookup);
        assertThat(items(later)).containsExactly("a", "b", "c");
        assertThat(asked).hasSize(6);
        assertThat(ranker.prepared).as("the others are as they were").isEqualTo(4);
        assertThat(stage.factsOf("a")).isEqualTo(popular("a", 3));
    }

    @Test
    void itemsThatWerePreparedTogetherDontFallDueTogether() {
        RankingStage stage = new RankingStage(new ByPopularity(), SOURCES, RENEWAL);
        List<String> items = IntStream.range(0, 64).mapToObj(i -> "item-" + i).toList();
        CandidateList list = CandidateList.of(items, new float[64], ScoreScale.LOGARITHM);
        List<String> asked = new ArrayList<>();
        for (int second = 0; second <= 10; second++) {
            stage.rank(
                    at(NOW + 1000L * second + 1),
                    new Blend(2)
                            .of(
                                    new CandidateList[] {list, CandidateList.EMPTY},
                                    new double[] {1, 1}),
                    id -> {
                        asked.add(id);
                        return null;
                    });
            if (second > 0 && second < 5) {
                assertThat(asked).isEmpty();
            } else if (second > 5) {
                assertThat(asked).hasSizeBetween(8, 16);
            }
            asked.clear();
        }
    }

    @Test
    void equalOnesStayInTheOrderOfTheBlend() {
        Candidates candidates = three();
        new RankingStage(new ByPopularity(), SOURCES, RENEWAL)
                .rank(at(NOW), candidates, id -> popular(id, id.equals("b") ? -0.0 : 0.0));
        assertThat(items(candidates)).containsExactly("a", "b", "c");
    }

    @Test
    void logOddsThatAreNoNumbersLeaveTheOrderAsItWas() {
        ByPopularity ranker = new ByPopularity();
        RankingStage stage = new RankingStage(ranker, SOURCES, RENEWAL);
        for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            ranker.unknown = odd;
            Candidates candidates = three();
            assertThatThrownBy(
                            () ->
                                    stage.rank(
                                            at(NOW),
                                            candidates,
                                            id -> id.equals("b") ? popular(id, 9) : null))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("log-odds of item 'a' are " + odd);
            assertThat(items(candidates)).containsExactly("a", "b", "c");
            assertThat(candidates.score(0)).isEqualTo(candidates.blendedScore(0));
        }
        ranker.unknown = 0;
        Candidates candidates = three();
        stage.rank(at(NOW), candidates, id -> id.equals("b") ? popular(id, 9) : null);
        assertThat(items(candidates)).containsExactly("b", "a", "c");
    }

    @Test
    void itemsAreForgottenBetweenQueriesWhenTheyAreTooMany() {
        ByPopularity ranker = new ByPopularity();
        RankingStage stage = new RankingStage(ranker, SOURCES, RENEWAL, 2);
        for (int turn = 0; turn < 3; turn++) {
            Candidates candidates = three();
            stage.rank(at(NOW), candidates, id -> popular(id, id.charAt(0)));
            assertThat(items(candidates)).containsExactly("c", "b", "a");
            assertThat(ranker.prepared()).isEqualTo(3);
        }
        assertThat(ranker.prepared).isEqualTo(9);
    }

    @Test
    void anyLogOddsAreOrdered() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int turn = 0; turn < 50; turn++) {
            Candidates candidates = candidates(random);
            float[] logOdds = new float[candidates.size()];
            Map<String, Float> byItem = new HashMap<>();
            for (int place = 0; place < logOdds.length; place++) {
                logOdds[place] =
                        random.nextInt(4) == 0
                                ? random.nextInt(-2, 3)
                                : (float) (random.nextGaussian() * Math.exp(random.nextInt(60)));
                byItem.put(candidates.item(place), logOdds[place]);
            }
            List<String> expected = new ArrayList<>(items(candidates));
            expected.sort(Comparator.comparing((String item) -> byItem.get(item)).reversed());
            candidates.orderBy(logOdds);
            assertThat(items(candidates)).isEqualTo(expected);
        }
    }
}
