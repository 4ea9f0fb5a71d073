package io.nextclick.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveComparisonTest {

    private static final SessionRules RULES = new SessionRules(Duration.ofMinutes(30), 50, true);
    private static final ItemVocabulary VOCABULARY =
            new ItemVocabulary(List.of("a", "b", "c", "d"));

    /** a is followed by b twice and by c once; popularity is a, b, c, d. */
    private static final MarkovChain MARKOV =
            MarkovChain.of(
                    List.of(
                            new Session("1", 0, List.of("a", "b")),
                            new Session("2", 0, List.of("a", "b")),
                            new Session("3", 0, List.of("a", "c")),
                            new Session("4", 0, List.of("a"))),
                    VOCABULARY);

    @Test
    void theNextClickOfTheSessionLabelsTheList() {
        LiveComparison live =
                compare(2, click("s", "a", 0), click("t", "b", 1), click("s", "c", 2));

        live.answered(0, items("d", "c"));
        live.answered(1, items("a", "b"));
        live.answered(2, items("a", "b"));

        LiveComparison.Comparison quality = live.comparison();
        assertThat(quality.model()).isEqualTo(new LiveComparison.Quality(1, 1.0, 0.5));
        assertThat(quality.markov()).isEqualTo(new LiveComparison.Quality(1, 1.0, 0.5));
        assertThat(quality.popularity()).isEqualTo(new LiveComparison.Quality(1, 0.0, 0.0));
    }

    @Test
    void unknownItemsAreMissedAndPassedOver() {
        LiveComparison live =
                compare(
                        2,
                        click("s", "new", 0),
                        click("s", "a", 1),
                        click("s", "new", 2),
                        click("s", "b", 3));

        live.answered(0, items("a", "b"));
        live.answered(1, items("b", "c"));
        live.answered(2, items("b", "c"));

        LiveComparison.Comparison quality = live.comparison();
        // new -> a: popularity's first; a -> new: never hit; a, new -> b: the chain still reads a.
        assertThat(quality.markov().labelled()).isEqualTo(3);
        assertThat(quality.markov().recall()).isEqualTo(2 / 3.0, within(1e-12));
        assertThat(quality.markov().mrr()).isEqualTo(2 / 3.0, within(1e-12));
        assertThat(quality.popularity().mrr()).isEqualTo((1 + 0.5) / 3, within(1e-12));
    }

    @Test
    void gapsAndRepeatsLabelNothing() {
        long gap = Duration.ofMinutes(31).toMillis();
        LiveComparison live =
                compare(
                        2,
                        click("s", "a", 0),
                        click("s", "a", 1),
                        click("s", "b", 2),
                        click("s", "c", 2 + gap));

        for (int i = 0; i < 4; i++) {
            live.answered(i, items("b"));
        }

        assertThat(live.comparison().model()).isEqualTo(new LiveComparison.Quality(1, 1.0, 1.0));
    }

    @Test
    void repeatedEventIdsAreLeftOut() {
        List<LoggedClick> clicks =
                List.of(
                        new LoggedClick("1", "s", null, "a", 0, Map.of()),
                        new LoggedClick("1", "s", null, "a", 0, Map.of()),
                        new LoggedClick("2", "s", null, "b", 1, Map.of()));

        assertThat(LiveComparison.withoutDuplicates(clicks, RULES))
                .containsExactly(clicks.get(0), clicks.get(2));
    }

    private static LiveComparison compare(int cutoff, LoggedClick... clicks) {
        return new LiveComparison(List.of(clicks), RULES, cutoff, VOCABULARY, MARKOV);
    }

    private static LoggedClick click(String session, String item, long millis) {
        return new LoggedClick(null, session, null, item, millis, Map.of());
    }

    private static List<RecommendedItem> items(String... ids) {
        return java.util.Arrays.stream(ids).map(id -> new RecommendedItem(id, 1, "model")).toList();
    }
}
