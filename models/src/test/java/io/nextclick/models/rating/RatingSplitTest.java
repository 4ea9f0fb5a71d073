package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RatingSplitTest {

    private static LoggedClick click(String user, String item, long millis) {
        return new LoggedClick(null, user, user, item, millis, Map.of());
    }

    private static final List<LoggedClick> CLICKS =
            IntStream.range(0, 1_000).mapToObj(i -> click("u" + i % 7, "i" + i, i / 3)).toList();

    @Test
    void aRandomShareIsExactAndFollowsTheSeed() {
        RatingSplit split = RatingSplit.random(CLICKS, 0.2, 1);

        assertThat(split.test()).hasSize(200);
        assertThat(split).isEqualTo(RatingSplit.random(CLICKS, 0.2, 1));
        assertThat(split).isNotEqualTo(RatingSplit.random(CLICKS, 0.2, 2));
        Set<LoggedClick> all = new HashSet<>(split.training());
        all.addAll(split.test());
        assertThat(all).hasSameSizeAs(CLICKS);
        assertThat(split.training()).isSortedAccordingTo(CLICKS_IN_ORDER);
        // Early and late clicks alike: 200 of 1,000, half of them expected below 500.
        assertThat(split.test().stream().filter(click -> CLICKS.indexOf(click) < 500).count())
                .isBetween(75L, 125L);
    }

    private static final Comparator<LoggedClick> CLICKS_IN_ORDER =
            Comparator.comparingInt(CLICKS::indexOf);

    @Test
    void theLastOfEachUserIsLeftOutByTimeThenByOrder() {
        List<LoggedClick> clicks =
                List.of(
                        click("a", "late", 9),
                        click("a", "early", 1),
                        click("b", "one", 5),
                        click("b", "two", 5),
                        click("c", "only", 3));

        RatingSplit split = RatingSplit.leaveLastOut(clicks);

        assertThat(split.test()).extracting(LoggedClick::itemId).containsExactly("late", "two");
        assertThat(split.training())
                .extracting(LoggedClick::itemId)
                .containsExactly("early", "one", "only");
    }

    @Test
    void theLatestShareIsByTimeThenByOrder() {
        List<LoggedClick> clicks = new ArrayList<>(CLICKS);
        Collections.reverse(clicks);

        RatingSplit split = RatingSplit.latest(clicks, 0.25);

        assertThat(split.test()).hasSize(250);
        assertThat(
                        split.test().stream()
                                .mapToLong(LoggedClick::eventTimeMillis)
                                .min()
                                .orElseThrow())
                .isGreaterThanOrEqualTo(
                        split.training().stream()
                                .mapToLong(LoggedClick::eventTimeMillis)
                                .max()
                                .orElseThrow());
    }

    @Test
    void aShareLiesBetweenNoneAndAll() {
        assertThatThrownBy(() -> RatingSplit.random(CLICKS, 0, 1))
                .hasMessage("test share is 0.0, it must be between 0 and 1");
        assertThatThrownBy(() -> RatingSplit.latest(CLICKS, 1))
                .hasMessage("test share is 1.0, it must be between 0 and 1");
    }

    @Test
    void aClickWithoutUserIsItsSessions() {
        assertThat(RatingSplit.user(new LoggedClick(null, "s", null, "i", 0, Map.of())))
                .isEqualTo("s");
    }
}
