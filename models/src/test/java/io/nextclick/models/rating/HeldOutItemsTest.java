package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.session.ItemVocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HeldOutItemsTest {

    private static final int ITEMS = 50;

    /** User n clicks the items n, n + 1 and n + 2, the last of which is held out. */
    private static final RatingSplit SPLIT = split();

    private static RatingSplit split() {
        List<LoggedClick> clicks = new ArrayList<>();
        for (int time = 0; time < 3; time++) {
            for (int user = 0; user < ITEMS; user++) {
                String id = "u" + user;
                String item = "i" + (user + time) % ITEMS;
                clicks.add(new LoggedClick(null, id, id, item, time, Map.of()));
            }
        }
        return RatingSplit.leaveLastOut(clicks);
    }

    /** Prefers items of high rows, and knows no users. */
    private record ByRow(boolean ties) implements UserScorer {

        @Override
        public int user(String id) {
            return UNKNOWN;
        }

        @Override
        public double score(int user, int item) {
            return ties ? 1 : item;
        }

        @Override
        public void scores(int user, float[] scores) {
            for (int item = 0; item < scores.length; item++) {
                scores[item] = (float) score(user, item);
            }
        }

        @Override
        public Optional<RatingScale> scale() {
            return Optional.empty();
        }
    }

    private static ItemVocabulary vocabulary(int size) {
        return new ItemVocabulary(IntStream.range(0, size).mapToObj(i -> "i" + i).toList());
    }

    @Test
    void fullRanksAreAmongWhatTheUserHasNotClicked() {
        HeldOutItems heldOut = new HeldOutItems(SPLIT, 10, 1);
        HeldOutItems.Ranks ranks = heldOut.ranks(new ByRow(false), vocabulary(ITEMS));

        assertThat(heldOut.size()).isEqualTo(ITEMS);
        assertThat(ranks.full().visits()).isEqualTo(ITEMS);
        // Above item 2 of user 0 there are 47 and none of its own.
        assertThat(ranks.full().rank(0)).isEqualTo(47);
        // Above item 0 of user 48 there are 49, its own 48 and 49 left out.
        assertThat(ranks.full().rank(48)).isEqualTo(47);
    }

    @Test
    void samplesAreDifferentItemsNotClicked() {
        HeldOutItems all = new HeldOutItems(SPLIT, 1_000, 1);
        HeldOutItems.Ranks ranks = all.ranks(new ByRow(false), vocabulary(ITEMS));
        for (int user = 0; user < ITEMS; user++) {
            assertThat(ranks.sampled().rank(user)).isEqualTo(ranks.full().rank(user));
        }
        HeldOutItems some = new HeldOutItems(SPLIT, 10, 1);
        for (int user = 0; user < ITEMS; user++) {
            assertThat(some.ranks(new ByRow(true), vocabulary(ITEMS)).sampled().rank(user))
                    .isEqualTo(10);
        }
        assertThat(ranksOf(some)).isEqualTo(ranksOf(new HeldOutItems(SPLIT, 10, 1)));
        assertThat(ranksOf(some)).isNotEqualTo(ranksOf(new HeldOutItems(SPLIT, 10, 2)));
    }

    private static int[] ranksOf(HeldOutItems heldOut) {
        HeldOutItems.Ranks ranks = heldOut.ranks(new ByRow(false), vocabulary(ITEMS));
        return IntStream.range(0, ITEMS).map(ranks.sampled()::rank).toArray();
    }

    @Test
    void anUnknownTargetIsAMiss() {
        HeldOutItems heldOut = new HeldOutItems(SPLIT, 10, 1);
        HeldOutItems.Ranks ranks = heldOut.ranks(new ByRow(false), vocabulary(10));

        assertThat(ranks.full().rank(20)).isEqualTo(RankingMetric.MISS);
        assertThat(ranks.sampled().rank(20)).isEqualTo(RankingMetric.MISS);
        assertThat(ranks.full().rank(0)).isEqualTo(7);
    }

    @Test
    void modelsOfSessionsAreAskedAboutTheTrainingClicks() {
        float[] counts = new float[ITEMS];
        for (int row = 0; row < ITEMS; row++) {
            counts[row] = row;
        }
        HeldOutItems heldOut = new HeldOutItems(SPLIT, 10, 1);
        try (SessionScorer scorer = new Popularity(counts).scorer()) {
            HeldOutItems.Ranks ofSessions = heldOut.ranks(scorer, vocabulary(ITEMS));
            HeldOutItems.Ranks ofUsers = heldOut.ranks(new ByRow(false), vocabulary(ITEMS));
            for (int user = 0; user < ITEMS; user++) {
                assertThat(ofSessions.full().rank(user)).isEqualTo(ofUsers.full().rank(user));
                assertThat(ofSessions.sampled().rank(user)).isEqualTo(ofUsers.sampled().rank(user));
            }
        }
    }

    @Test
    void aSampleHoldsSomething() {
        assertThatThrownBy(() -> new HeldOutItems(SPLIT, 0, 1))
                .hasMessage("sample is 0, it must be 1 or more");
    }
}
