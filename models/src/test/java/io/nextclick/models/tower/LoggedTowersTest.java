package io.nextclick.models.tower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LoggedTowersTest {

    private static final long SEED = 66;
    private static final int CATEGORIES = 8;
    private static final int ITEMS = 160;

    private static final TwoTowerOptions SMALL =
            TwoTowerOptions.DEFAULTS.toBuilder()
                    .dimension(16)
                    .hidden(16)
                    .batchExamples(32)
                    .seed(SEED)
                    .build();

    private static final TwoTowerOptions CONTENT = SMALL.toBuilder().ids(false).build();

    private static String item(int number) {
        return "item-" + number;
    }

    /** The category is the item's number modulo the categories. */
    private static Map<String, ItemAttributes> catalogue() {
        Map<String, ItemAttributes> catalogue = new LinkedHashMap<>();
        for (int i = 0; i < ITEMS; i++) {
            catalogue.put(
                    item(i),
                    new ItemAttributes(
                            List.of("category-" + i % CATEGORIES),
                            null,
                            Map.of("colour", "colour-" + i / CATEGORIES % 3)));
        }
        return catalogue;
    }

    /** Sessions keep to a category; the last fifth of the items is never clicked. */
    private static List<Session> log() {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        List<Session> log = new ArrayList<>();
        int groups = ITEMS / CATEGORIES * 4 / 5;
        for (int s = 0; s < 300; s++) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                items.add(item(random.nextInt(groups) * CATEGORIES + s % CATEGORIES));
            }
            log.add(new Session("s" + s, s, items));
        }
        return log;
    }

    private static ModelFolder trained(
            Map<String, ItemAttributes> catalogue, TwoTowerOptions options) {
        try (LoggedTowers towers = LoggedTowers.train(log(), catalogue, options, 6, epoch -> {})) {
            return towers.folder("towers", "1", SessionRules.DEFAULT, Instant.EPOCH);
        }
    }

    @Test
    void itemsThatNobodyHasClickedAreRecommendedByTheirAttributes() throws Exception {
        try (ServableModel model = ServableModels.load(trained(catalogue(), CONTENT));
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            assertThat(model.vocabulary().size()).isEqualTo(ITEMS);
            int ofCategory = 0;
            int neverClicked = 0;
            for (int category = 0; category < CATEGORIES; category++) {
                int[][] session = {
                    {
                        model.vocabulary().row(item(category)),
                        model.vocabulary().row(item(category + CATEGORIES))
                    }
                };
                TopItems list = scorer.rank(session, 1, ITEMS / CATEGORIES, null)[0];
                for (int row : list.rows()) {
                    int number =
                            Integer.parseInt(model.vocabulary().item(row).replace("item-", ""));
                    ofCategory += number % CATEGORIES == category ? 1 : 0;
                    neverClicked += number >= ITEMS * 4 / 5 ? 1 : 0;
                }
            }
            // All items of the category fill the list, the fifth that nobody knew among them.
            assertThat(ofCategory).isGreaterThan(ITEMS * 9 / 10);
            assertThat(neverClicked).isBetween(ITEMS * 15 / 100, ITEMS * 25 / 100);
        }
    }

    @Test
    void itemsOfTheSameAttributesAreTheSameToContentTowersOnly() throws Exception {
        for (boolean ids : new boolean[] {false, true}) {
            ModelFolder folder = trained(catalogue(), ids ? SMALL : CONTENT);
            assertThat(folder.manifest().kind()).isEqualTo("two-tower");
            assertThat(folder.manifest().parameters()).containsEntry("ids", ids);
            float[] vectors = folder.floats("output.vectors", ITEMS, 16);
            int one = folder.vocabulary().row(item(0)) * 16;
            int alike = folder.vocabulary().row(item(3 * CATEGORIES)) * 16;
            int different = 0;
            for (int d = 0; d < 16; d++) {
                different += vectors[one + d] == vectors[alike + d] ? 0 : 1;
            }
            assertThat(different).isEqualTo(ids ? 16 : 0);
        }
    }

    @Test
    void whatTheCatalogueDoesNotDescribeIsUnknownToContentTowers() {
        Map<String, ItemAttributes> partly = catalogue();
        partly.put(item(0), ItemAttributes.NONE);
        partly.remove(item(1));

        ModelFolder folder = trained(partly, CONTENT);

        assertThat(folder.vocabulary().size()).isEqualTo(ITEMS - 2);
        assertThat(folder.vocabulary().items()).doesNotContain(item(0), item(1));
        assertThat(trained(partly, SMALL).vocabulary().items()).contains(item(0), item(1));
    }

    /** An entry that says nothing any more takes the item away. */
    @Test
    void anItemLosesItsVectorsWithItsAttributes() {
        try (TwoTowerLearner learner = new TwoTowerLearner(CONTENT)) {
            learner.describe("a", catalogue().get(item(5)));
            assertThat(learner.vectors("a")).isPresent();
            learner.describe("a", ItemAttributes.NONE);
            assertThat(learner.vectors("a")).isEmpty();
        }
    }

    @Test
    void theSameSeedGivesTheSameFolderAndItsFallbacksAreTheLogs() throws Exception {
        ModelFolder one = trained(catalogue(), CONTENT);
        assertThat(trained(catalogue(), CONTENT).tensors())
                .usingRecursiveComparison()
                .isEqualTo(one.tensors());
        int clicks = 0;
        for (int row = 0; row < one.vocabulary().size(); row++) {
            clicks += (int) one.popularity().counts()[row];
        }
        assertThat(clicks).isEqualTo(300 * 5);
        assertThat(one.manifest().dataFingerprint()).hasSize(64);
    }

    @Test
    void clicksSayWhatTheirItemsAre() {
        List<LoggedClick> clicks =
                List.of(
                        click("a", Map.of("price", "10", "colour", "red", "device", "phone")),
                        click("b", Map.of("genres", "Drama|War", "price", "")),
                        click("a", Map.of("price", "12.5", "colour", "blue")));

        assertThat(LoggedTowers.catalogue(clicks, List.of("price", "colour", "genres")))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "a",
                                new ItemAttributes(List.of(), 12.5, Map.of("colour", "blue")),
                                "b",
                                new ItemAttributes(List.of("Drama", "War"), null, Map.of())));
        assertThatThrownBy(() -> LoggedTowers.catalogue(clicks, List.of("size")))
                .hasMessage("no click has an attribute 'size'");
        assertThatThrownBy(
                        () ->
                                LoggedTowers.catalogue(
                                        List.of(click("a", Map.of("price", "ten"))),
                                        List.of("price")))
                .hasMessage("a click's price is 'ten', no number");
    }

    private static LoggedClick click(String item, Map<String, String> attributes) {
        return new LoggedClick(null, "s", null, item, 0, attributes);
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> LoggedTowers.train(log(), catalogue(), SMALL, 0, epoch -> {}))
                .hasMessage("epochs is 0, it must be at least 1");
        assertThatThrownBy(() -> LoggedTowers.train(log(), Map.of(), CONTENT, 1, epoch -> {}))
                .hasMessage("no session of 300 has two items that are known");
        assertThatThrownBy(() -> SMALL.toBuilder().ids(false).attributes(false).build())
                .hasMessage("items without ids and attributes would all be the same");
    }
}
