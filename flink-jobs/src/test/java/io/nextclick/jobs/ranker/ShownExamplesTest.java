package io.nextclick.jobs.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.impress.SessionClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.ranker.ShownExamples.ShownList;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShownExamplesTest {

    private static final long NOW = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;

    private static final RankingFacts FACTS =
            new RankingFacts(
                    List.of(
                            new SourceFacts("two-tower", 4, 0.25f),
                            new SourceFacts("model", 0, 0f)),
                    0.125,
                    3,
                    17.0,
                    null);

    private final ShownExamples examples =
            new ShownExamples(
                    fields(
                            "hour",
                            "score.two-tower",
                            "rank.two-tower",
                            "score.model",
                            "score.trending",
                            "rank.trending",
                            "score.blend",
                            "rank.blend",
                            "attribute.colour"),
                    SessionRules.DEFAULT);

    @Test
    void readsWhatTheListWasOrderedBy() {
        examples.describe(
                TopicEntry.of(
                        Topics.ITEM_CATALOG,
                        new CatalogItem(
                                "a",
                                "A",
                                List.of("shoes"),
                                5.0,
                                false,
                                Map.of("colour", "red", "size", "9"))));
        ShownList list =
                examples.of(
                        shown(
                                List.of(
                                        new ShownItem("a", 2, null, null, FACTS),
                                        new ShownItem("b", 1, null, null))));
        assertThat(list.leftOut()).as("b has no facts").isEqualTo(1);
        assertThat(list.places()).containsExactly(3);
        RankingExample example = list.examples().get(0);
        assertThat(example.positive()).isTrue();
        assertThat(example.pairs())
                .containsExactly(
                        (float) Math.log(0.25),
                        4,
                        Float.NEGATIVE_INFINITY,
                        Float.NaN,
                        Float.NaN,
                        (float) Math.log(0.125),
                        3);
        assertThat(example.item().categories()).containsExactly("shoes");
        assertThat(example.item().price()).isEqualTo(5);
        assertThat(example.item().popularity()).isEqualTo(17);
        assertThat(example.item().ageDays()).as("not known when it was shown").isNaN();
        assertThat(example.item().available()).as("it was shown").isTrue();
        assertThat(example.item().attributes()).containsExactly(Map.entry("colour", "red"));
        examples.describe(TopicEntry.withdrawal("a"));
        assertThat(examples.described()).isEmpty();
    }

    @Test
    void readsTheSessionAsItIsServed() {
        for (String item : List.of("a", "b")) {
            examples.describe(
                    TopicEntry.of(
                            Topics.ITEM_CATALOG,
                            new CatalogItem(
                                    item, null, List.of("of-" + item), 2.0, true, Map.of())));
        }
        QueryFacts query =
                query(
                        click("old", NOW - 50 * MINUTE, "u0"),
                        click("a", NOW - 10 * MINUTE, "u1"),
                        click("b", NOW - 9 * MINUTE, "u1"),
                        click("b", NOW, "u2"));
        assertThat(query.sessionLength()).as("after the gap, repeats collapsed").isEqualTo(2);
        assertThat(query.lastItem()).isEqualTo("b");
        assertThat(query.lastCategories()).containsExactly("of-b", "of-a");
        assertThat(query.userId()).isEqualTo("u2");
        assertThat(query.context()).containsEntry("device", "of u2");
        assertThat(query.dwellSeconds()).isZero();
        assertThat(query.eventTimeMillis()).isEqualTo(NOW);
        assertThat(query.lowestPrice()).isEqualTo(2);
    }

    @Test
    void aListThatIsShownLongAfterBeginsASession() {
        QueryFacts query = query(click("a", NOW - 31 * MINUTE, "u"));
        assertThat(query.sessionLength()).isZero();
        assertThat(query.lastItem()).isNull();
        assertThat(query.context()).isEmpty();
        assertThat(query().lastItem()).as("nothing before").isNull();
    }

    private QueryFacts query(SessionClick... before) {
        LabelledImpression labelled =
                new LabelledImpression(
                        impression(List.of(new ShownItem("a", 1, null, null, FACTS))),
                        List.of(before),
                        List.of(Outcome.NOT_CLICKED));
        return examples.of(labelled).examples().get(0).query();
    }

    private static LabelledImpression shown(List<ShownItem> items) {
        List<Outcome> outcomes = new ArrayList<>();
        items.forEach(item -> outcomes.add(new Outcome(1, Outcome.NONE)));
        return new LabelledImpression(impression(items), List.of(), outcomes);
    }

    private static Impression impression(List<ShownItem> items) {
        return new Impression("v", "s", null, NOW, null, items, null, null);
    }

    private static SessionClick click(String item, long time, String user) {
        return new SessionClick(
                item,
                time,
                user,
                new TreeMap<>(Map.of("device", "of " + user)),
                SessionClick.NO_EVENT);
    }

    private static List<Field> fields(String... texts) {
        return Stream.of(texts).map(Field::parse).toList();
    }
}
