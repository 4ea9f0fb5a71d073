package io.nextclick.jobs.retrieve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.WriterSchemas;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LiveItemsTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final float[] EAST = {1, 0};
    private static final float[] NORTH = {0, 1};
    private static final float[] WEST = {-1, 0};

    private final HandFeed feed = new HandFeed();

    @AfterEach
    void endsItsThread() {
        assertThat(LiveItems.count()).isZero();
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("nextclick live items");
    }

    private LiveItems open() throws InterruptedException {
        LiveItems live = LiveItems.acquire(feed.source(), feed.loader());
        assertThat(live.awaitCaughtUp(LONG)).isTrue();
        return live;
    }

    private static List<String> ask(LiveTower tower, String... session) {
        TowerBundle bundle = tower.newBundle();
        int question = bundle.ask(List.of(session), null, Map.of(), false);
        if (question < 0) {
            return List.of();
        }
        bundle.answer(10);
        CandidateList candidates = bundle.candidates(question);
        List<String> items = new ArrayList<>();
        for (int place = 0; place < candidates.size(); place++) {
            items.add(candidates.item(place));
        }
        return items;
    }

    // ------------------------------------------------------------------ vectors and towers

    @Test
    void findsWhatTheTopicsHold() throws Exception {
        feed.vectors("a", "x", EAST, NORTH)
                .vectors("a", "y", NORTH, WEST)
                .vectors("a", "z", WEST, null)
                .tower("a", 7, 2, 3);
        try (LiveItems live = open()) {
            assertThat(live.tower().lineage()).isEqualTo("a");
            assertThat(live.tower().version()).isEqualTo("a-7");
            assertThat(live.tower().items()).isEqualTo(3);
            // x is read as north, y as west, z not at all.
            assertThat(ask(live.tower(), "x")).startsWith("y");
            assertThat(ask(live.tower(), "x", "y")).startsWith("z");
            assertThat(ask(live.tower(), "y", "x", "z")).startsWith("y");
            assertThat(ask(live.tower(), "z")).isEmpty();
            assertThat(ask(live.tower(), "unknown")).isEmpty();
        }
    }

    @Test
    void answersABundleByOneSearchWithWhatIsToBeLeftOut() throws Exception {
        feed.vectors("a", "x", EAST, NORTH)
                .vectors("a", "y", NORTH, WEST)
                .vectors("a", "z", WEST, EAST)
                .tower("a", 1, 2, 3);
        try (LiveItems live = open()) {
            TowerBundle bundle = live.tower().newBundle();
            assertThat(bundle.hasQuestions()).isFalse();
            assertThat(bundle.ask(List.of("?"), null, Map.of(), true)).isEqualTo(-1);
            assertThat(bundle.ask(List.of("y", "x"), null, Map.of(), true)).isZero();
            assertThat(bundle.ask(List.of("z"), null, Map.of(), false)).isEqualTo(1);
            bundle.answer(2);
            CandidateList first = bundle.candidates(0);
            assertThat(first.size()).isEqualTo(1);
            assertThat(first.item(0)).isEqualTo("z");
            CandidateList second = bundle.candidates(1);
            assertThat(second.item(0)).isEqualTo("x");
            assertThat(second.item(1)).isEqualTo("y");
            // Cosines 1 and 0 at temperature .5.
            assertThat((double) second.probability(0))
                    .isCloseTo(1 / (1 + Math.exp(-2)), within(1e-6));
            float[] vector = new float[bundle.dimension()];
            assertThat(bundle.vectors().copy("z", vector)).isTrue();
            assertThat(vector).containsExactly(WEST);
            assertThat(bundle.vectors().copy("?", vector)).isFalse();
        }
    }

    @Test
    void followsWhatHappens() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).tower("a", 1, 2, 1);
        try (LiveItems live = open()) {
            feed.vectors("a", "new", NORTH, EAST).awaitRead();
            assertThat(ask(live.tower(), "x")).containsExactly("new", "x");
            feed.vectors("a", "new", WEST, EAST).vectors("a", "newer", NORTH, EAST).awaitRead();
            assertThat(ask(live.tower(), "x")).startsWith("newer");
            feed.noVectors("newer").awaitRead();
            assertThat(ask(live.tower(), "x")).doesNotContain("newer").hasSize(2);
            feed.tower("a", 2, 2, 2).awaitRead();
            assertThat(live.tower().version()).isEqualTo("a-2");
        }
    }

    @Test
    void waitsForTheVectorsThatATowerWasPublishedAfter() throws Exception {
        feed.tower("a", 1, 2, 200);
        try (LiveItems live = open()) {
            for (int i = 0; i < 197; i++) {
                feed.vectors("a", "i" + i, EAST, NORTH);
            }
            feed.awaitRead();
            assertThat(live.tower()).isNull();
            feed.vectors("a", "i197", EAST, NORTH).awaitRead();
            assertThat(live.tower().items()).isEqualTo(198);
        }
    }

    @Test
    void neverMixesTwoLineages() throws Exception {
        feed.vectors("old", "x", EAST, NORTH, 1)
                .vectors("old", "y", NORTH, EAST, 1)
                .tower("old", 5, 2, 2);
        try (LiveItems live = open()) {
            LiveTower before = live.tower();
            // The new run's vectors have another length, and come before and after its tower.
            feed.vectors("new", "x", new float[] {1, 0, 0}, new float[] {1, 0, 0}, 2).awaitRead();
            assertThat(live.tower()).isSameAs(before);
            feed.tower("new", 1, 3, 3).awaitRead();
            assertThat(live.tower()).isSameAs(before);
            assertThat(ask(live.tower(), "x")).containsExactly("y", "x");
            feed.vectors("new", "z", new float[] {0, 1, 0}, new float[] {0, 1, 0}, 2).awaitRead();
            assertThat(live.tower()).isSameAs(before);
            feed.vectors("new", "w", new float[] {0, 0, 1}, new float[] {0, 0, 1}, 2).awaitRead();
            assertThat(live.tower().lineage()).isEqualTo("new");
            assertThat(ask(live.tower(), "z")).startsWith("z").doesNotContain("y").hasSize(3);
            // A bundle that began before goes on with what it had.
            assertThat(ask(before, "x")).contains("y").doesNotContain("z");
        }
    }

    @Test
    void keepsFewLineagesThatNobodyReleased() throws Exception {
        feed.vectors("used", "x", EAST, NORTH, 5).tower("used", 1, 2, 1);
        try (LiveItems live = open()) {
            for (int i = 0; i < 20; i++) {
                feed.vectors("dead" + i, "x", EAST, NORTH, 10 + i);
            }
            // Of the last of them the vectors are there.
            feed.awaitRead().tower("dead0", 1, 2, 1).awaitRead();
            assertThat(live.tower().lineage()).isEqualTo("used");
            feed.tower("dead19", 1, 2, 1).awaitRead();
            assertThat(live.tower().lineage()).isEqualTo("dead19");
        }
    }

    @Test
    void goesOnWithTheTowerBeforeWhenOneCantBeUsed() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).tower("a", 1, 2, 1);
        try (LiveItems live = open()) {
            feed.release(Materialised.QUERY_TOWER, "nowhere", 1).awaitRead();
            assertThat(live.refusedTowers()).isEqualTo(1);
            feed.folder("other", HandFeed.folder("gru4rec", "a", "other", 2));
            feed.release(Materialised.QUERY_TOWER, "other", 1).awaitRead();
            assertThat(live.refusedTowers()).isEqualTo(2);
            feed.tower("a", 3, 5, 1).awaitRead();
            assertThat(live.refusedTowers()).isEqualTo(3);
            assertThat(live.tower().version()).isEqualTo("a-1");
            feed.tower("a", 4, 2, 1).awaitRead();
            assertThat(live.tower().version()).isEqualTo("a-4");
            assertThat(live.brokenRecords()).isZero();
        }
    }

    @Test
    void releasesOfOtherKindsAreSomebodyElses() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).tower("a", 1, 2, 1);
        try (LiveItems live = open()) {
            feed.release("gru4rec", "v9", 1).awaitRead();
            assertThat(live.refusedTowers()).isZero();
            assertThat(live.tower().version()).isEqualTo("a-1");
        }
    }

    @Test
    void aFolderThatCameLateIsTriedAgain() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).release(Materialised.QUERY_TOWER, "a-1", 1);
        LiveItemsFigures figures = new LiveItemsFigures();
        Materialised materialised =
                new Materialised(feed.loader(), figures, false, WriterSchemas.NONE);
        try (TopicFeed opened = feed.source().open()) {
            opened.poll(Duration.ZERO, materialised::receive);
        }
        long second = Duration.ofSeconds(1).toNanos();
        materialised.settle(0);
        assertThat(materialised.tower()).isNull();
        feed.folder("a-1", HandFeed.folder(Materialised.QUERY_TOWER, "a", "a-1", 2));
        materialised.settle(second - 1);
        assertThat(materialised.tower()).isNull();
        assertThat(materialised.isSettled()).isFalse();
        materialised.settle(second);
        assertThat(materialised.tower().version()).isEqualTo("a-1");
        assertThat(materialised.isSettled()).isTrue();
        assertThat(figures.refusedTowerCount()).isEqualTo(1);
    }

    // ------------------------------------------------------------------ rankers

    /** One that has learnt nothing but its field. */
    private static ModelFolder ranker(String version) {
        RankerLearner learner =
                new RankerLearner(
                        FeatureSpace.learn(List.of(Field.parse("price")), List.of()),
                        RankerOptions.of(RankerKind.LOGISTIC_REGRESSION));
        return learner.folder("ranker", version, SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH);
    }

    private LiveItems openWithRankers() throws InterruptedException {
        LiveItems live = LiveItems.acquire(feed.sourceWithRankers(), feed.loader());
        assertThat(live.awaitCaughtUp(LONG)).isTrue();
        return live;
    }

    @Test
    void takesTheRankerReleasedLast() throws Exception {
        feed.ranker(ranker("r1"));
        try (LiveItems live = openWithRankers()) {
            assertThat(live.ranker().name()).isEqualTo("ranker");
            assertThat(live.ranker().version()).isEqualTo("r1");
            assertThat(live.ranker().ranker().kind()).isEqualTo("logistic-regression");
            feed.ranker(ranker("r2")).awaitRead();
            assertThat(live.ranker().version()).isEqualTo("r2");
            assertThat(live.tower()).isNull();
        }
    }

    @Test
    void goesOnWithTheRankerBeforeWhenOneCantBeUsed() throws Exception {
        feed.ranker(ranker("r1"));
        try (LiveItems live = openWithRankers()) {
            feed.release("ranker", RankerFolder.KIND, "nowhere", 0).awaitRead();
            assertThat(live.refusedRankers()).isEqualTo(1);
            feed.folder("other", HandFeed.folder("gru4rec", "a", "other", 2));
            feed.release("ranker", RankerFolder.KIND, "other", 0).awaitRead();
            assertThat(live.refusedRankers()).isEqualTo(2);
            assertThat(live.ranker().version()).isEqualTo("r1");
            assertThat(live.refusedTowers()).isZero();
            feed.ranker(ranker("r3")).awaitRead();
            assertThat(live.ranker().version()).isEqualTo("r3");
        }
    }

    @Test
    void rankersAreNobodysWhereTheyArentFollowed() throws Exception {
        feed.ranker(ranker("r1"));
        try (LiveItems live = open()) {
            assertThat(live.ranker()).isNull();
            assertThat(live.refusedRankers()).isZero();
        }
    }

    // ------------------------------------------------------------------ bad records

    @Test
    void aBrokenRecordIsCountedAndLeftOut() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).vectors("a", "y", NORTH, EAST).tower("a", 1, 2, 2);
        byte[] garbage = "garbage".getBytes(StandardCharsets.UTF_8);
        try (LiveItems live = open()) {
            feed.add(TopicFeed.Kind.EMBEDDINGS, "x", garbage)
                    .add(TopicFeed.Kind.RELEASES, "two-tower", garbage)
                    .add(TopicFeed.Kind.CATALOG, "x", garbage)
                    .add(TopicFeed.Kind.EMBEDDINGS, null, null)
                    .add(TopicFeed.Kind.CATALOG, null, null)
                    // Of another length than its lineage's.
                    .vectors("a", "x", new float[] {1, 0, 0}, new float[] {1, 0, 0})
                    .awaitRead();
            assertThat(live.brokenRecords()).isEqualTo(6);
            assertThat(ask(live.tower(), "x")).containsExactly("y", "x");
            assertThat(feed.opened()).isEqualTo(1);
        }
    }

    // ------------------------------------------------------------------ the catalogue

    @Test
    void knowsWhatIsOffered() throws Exception {
        feed.catalog("x", true, List.of("garden", "chairs"))
                .catalog("y", false, List.of())
                .catalog("z", true, List.of(), Map.of("blocked", "true"))
                .catalog("w", true, List.of("garden"));
        try (LiveItems live = open()) {
            LiveCatalog catalog = live.catalog();
            assertThat(catalog.offers("x", false)).isTrue();
            assertThat(catalog.offers("y", true)).isFalse();
            assertThat(catalog.offers("z", true)).isFalse();
            assertThat(catalog.offers("?", true)).isTrue();
            assertThat(catalog.offers("?", false)).isFalse();
            assertThat(catalog.category("x")).isEqualTo("chairs");
            assertThat(catalog.category("y")).isNull();
            assertThat(catalog.category("?")).isNull();
            feed.withdrawn("w").catalog("y", true, List.of()).awaitRead();
            assertThat(catalog.offers("w", true)).isFalse();
            assertThat(catalog.offers("y", false)).isTrue();
            assertThat(catalog.size()).isEqualTo(4);
            assertThat(live.tower()).isNull();
        }
    }

    @Test
    void knowsWhatRankersRead() throws Exception {
        long day = Duration.ofDays(1).toMillis();
        List<String> both = List.of("garden", "chairs");
        feed.at(2 * day)
                .catalog(new CatalogItem("x", null, both, 9.5, true, Map.of("colour", "red")))
                .catalog(
                        new CatalogItem(
                                "y",
                                null,
                                both,
                                null,
                                false,
                                Map.of(LiveCatalog.OFFERED_SINCE, "1970-01-02")))
                .catalog(
                        new CatalogItem(
                                "z",
                                null,
                                List.of(),
                                null,
                                true,
                                Map.of(LiveCatalog.OFFERED_SINCE, "long ago")))
                .at(4 * day)
                .catalog(new CatalogItem("x", null, both, 8.5, true, Map.of("colour", "blue")));
        try (LiveItems live = openWithRankers()) {
            LiveCatalog catalog = live.catalog();
            ItemFacts x = catalog.facts("x", 7, 5 * day);
            assertThat(x)
                    .isEqualTo(new ItemFacts("x", both, 8.5, true, 7, 3, Map.of("colour", "blue")));
            assertThat(catalog.facts("x", 7, day).ageDays()).isZero();
            assertThat(catalog.facts("y", 7, 5 * day).ageDays()).isEqualTo(4);
            assertThat(catalog.facts("y", 7, 5 * day).available()).isFalse();
            assertThat(catalog.facts("z", 7, 5 * day).ageDays()).isEqualTo(3);
            assertThat(catalog.facts("?", Double.NaN, 5 * day)).isEqualTo(ItemFacts.unknown("?"));
            assertThat(catalog.categories("x")).isEqualTo(both).isSameAs(catalog.categories("y"));
        }
    }

    @Test
    void keepsOfItemsWhatIsReadOfThemAndNoMore() throws Exception {
        feed.at(1).catalog(new CatalogItem("x", null, List.of("a"), 9.5, true, Map.of("b", "c")));
        try (LiveItems live = open()) {
            assertThat(live.catalog().facts("x", 7, 1))
                    .isEqualTo(
                            new ItemFacts(
                                    "x", List.of("a"), Double.NaN, true, 7, Double.NaN, Map.of()));
        }
    }

    // ------------------------------------------------------------------ sharing, failing, ending

    @Test
    void isReadOnceAProcess() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).tower("a", 1, 2, 1);
        LiveItems first = open();
        try (LiveItems second = open()) {
            assertThat(second.tower()).isSameAs(first.tower());
            first.close();
            first.close();
            assertThat(LiveItems.count()).isEqualTo(1);
            feed.vectors("a", "y", NORTH, EAST).awaitRead();
            assertThat(second.tower().items()).isEqualTo(2);
        }
        assertThat(feed.opened()).isEqualTo(1);
    }

    @Test
    void readsAnewAfterAFailureAndForgetsWhatIsGone() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).vectors("a", "y", NORTH, EAST).tower("a", 1, 2, 1);
        try (LiveItems live = open()) {
            feed.fail(new KafkaException("not authorised any more"));
            feed.noVectors("y").compact();
            feed.awaitRead();
            assertThat(feed.opened()).isEqualTo(2);
            assertThat(live.tower().items()).isEqualTo(1);
            assertThat(ask(live.tower(), "x")).containsExactly("x");
        }
    }
}
