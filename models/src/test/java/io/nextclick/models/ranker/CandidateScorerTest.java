package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is served, in parts worked out beforehand, against what is learnt, example by example. */
class CandidateScorerTest {

    private static final long SEED = 77;

    private final List<RankingExample> examples = RankingExamples.random(2_000, SEED);
    private final FeatureSpace space = FeatureSpace.learn(RankingExamples.FIELDS, examples);

    private RankerLearner learnt(RankerKind kind) {
        RankerLearner learner = new RankerLearner(space, RankingExamples.options(kind));
        examples.forEach(learner::learn);
        learner.endBatch();
        return learner;
    }

    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void servesWhatWasLearnt(RankerKind kind) {
        RankerLearner learner = learnt(kind);
        CandidateScorer scorer = learner.ranker().newScorer();
        SplittableRandom random = new SplittableRandom(SEED);
        ItemFacts[] prepared = new ItemFacts[40];
        // More candidates than a network's block holds, and then fewer.
        for (int count : new int[] {600, 1, 256, 200}) {
            for (int i = 0; i < 100; i++) {
                // Some again, with other facts.
                ItemFacts item = RankingExamples.item(random);
                prepared[scorer.prepare(item)] = item;
            }
            QueryFacts query = RankingExamples.query(random);
            int[] slots = new int[count];
            float[] pairs = new float[count * 4];
            double[] expected = new double[count];
            for (int c = 0; c < count; c++) {
                slots[c] = random.nextInt(scorer.prepared());
                float[] own = RankingExamples.pairs(random);
                System.arraycopy(own, 0, pairs, 4 * c, 4);
                expected[c] =
                        learner.logOdds(new RankingExample(query, prepared[slots[c]], own, true));
            }
            float[] logOdds = new float[count];
            scorer.ask(query);
            scorer.score(slots, pairs, count, logOdds);
            for (int c = 0; c < count; c++) {
                assertThat((double) logOdds[c]).isCloseTo(expected[c], within(2e-5));
            }
        }
    }

    /** An offset is served as it was learnt beside, and alone where nothing has been learnt. */
    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void anOffsetIsWhereItBegins(RankerKind kind) {
        List<Field> fields =
                RankingExamples.FIELDS.stream()
                        .map(
                                field ->
                                        field.label().equals("score.towers")
                                                ? Field.parse("score.towers/offset:8")
                                                : field)
                        .toList();
        FeatureSpace withOffset = FeatureSpace.learn(fields, examples);
        RankerLearner learner = new RankerLearner(withOffset, RankingExamples.options(kind));
        RankingExample example = examples.get(4);
        float[] other = example.pairs().clone();
        other[2] = 1;
        RankingExample one = new RankingExample(example.query(), example.item(), other, true);
        float[] larger = other.clone();
        larger[2] = 1.0001f;
        RankingExample two = new RankingExample(example.query(), example.item(), larger, true);
        assertThat(learner.logOdds(two)).isGreaterThan(learner.logOdds(one));
        examples.forEach(learner::learn);
        learner.endBatch();
        RankerLearner again = RankerLearner.fromBytes(learner.toBytes());
        assertThat(again.space()).isEqualTo(withOffset);
        CandidateScorer scorer = again.ranker().newScorer();
        float[] logOdds = new float[1];
        for (RankingExample each : examples.subList(0, 100)) {
            scorer.ask(each.query());
            scorer.score(new int[] {scorer.prepare(each.item())}, each.pairs(), 1, logOdds);
            assertThat((double) logOdds[0]).isCloseTo(learner.logOdds(each), within(2e-5));
        }
    }

    /** A list doesn't depend on what else is in its bundle, or was asked before. */
    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void aScoreDependsOnItsQueryAndItemAlone(RankerKind kind) {
        Ranker ranker = learnt(kind).ranker();
        RankingExample example = examples.get(3);
        CandidateScorer one = ranker.newScorer();
        one.ask(example.query());
        float[] alone = new float[1];
        one.score(new int[] {one.prepare(example.item())}, example.pairs(), 1, alone);

        CandidateScorer other = ranker.newScorer();
        int[] slots = new int[300];
        float[] pairs = new float[4 * slots.length];
        for (int c = 0; c < slots.length; c++) {
            RankingExample candidate = examples.get(c);
            slots[c] = other.prepare(candidate.item());
            System.arraycopy(candidate.pairs(), 0, pairs, 4 * c, 4);
        }
        float[] logOdds = new float[slots.length];
        other.ask(examples.get(9).query());
        other.score(slots, pairs, slots.length, logOdds);
        int at = 271;
        slots[at] = other.prepare(example.item());
        System.arraycopy(example.pairs(), 0, pairs, 4 * at, 4);
        other.ask(example.query());
        other.score(slots, pairs, slots.length, logOdds);
        assertThat(logOdds[at]).isEqualTo(alone[0]);
    }

    @Test
    void aRankerKeepsWhatItKnewWhenItWasMade() {
        RankerLearner learner = learnt(RankerKind.FM);
        Ranker ranker = learner.ranker();
        RankingExample example = examples.get(0);
        double before = learner.logOdds(example);
        for (int i = 0; i < 400; i++) {
            learner.learn(example);
        }
        assertThat(learner.logOdds(example)).isNotCloseTo(before, within(0.1));
        CandidateScorer scorer = ranker.newScorer();
        scorer.ask(example.query());
        float[] logOdds = new float[1];
        scorer.score(new int[] {scorer.prepare(example.item())}, example.pairs(), 1, logOdds);
        assertThat((double) logOdds[0]).isCloseTo(before, within(1e-5));
    }

    @Test
    void itemsAreForgotten() {
        CandidateScorer scorer = learnt(RankerKind.DEEPFM).ranker().newScorer();
        ItemFacts item = examples.get(0).item();
        assertThat(scorer.slot(item.itemId())).isEqualTo(CandidateScorer.NONE);
        int slot = scorer.prepare(item);
        assertThat(scorer.prepare(item)).isEqualTo(slot);
        assertThat(scorer.prepared()).isEqualTo(1);
        scorer.forget();
        assertThat(scorer.prepared()).isZero();
        assertThat(scorer.slot(item.itemId())).isEqualTo(CandidateScorer.NONE);
    }

    @Test
    void asksBeforeItScores() {
        CandidateScorer scorer = learnt(RankerKind.FM).ranker().newScorer();
        assertThatThrownBy(() -> scorer.score(new int[1], new float[4], 1, new float[1]))
                .isInstanceOf(IllegalStateException.class);
        scorer.ask(examples.get(0).query());
        assertThatThrownBy(() -> scorer.score(new int[1], new float[3], 1, new float[1]))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
