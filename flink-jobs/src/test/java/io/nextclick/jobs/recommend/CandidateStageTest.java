package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.recommend.OperatorRun.SETTINGS;
import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.recommend.CandidateSettings.Quotas;
import io.nextclick.jobs.retrieve.HandFeed;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sources of candidates beside the model, in the operator's answers. */
class CandidateStageTest {

    private static final float[] EAST = {1, 0};
    private static final float[] NORTH = {0, 1};
    private static final float[] WEST = {-1, 0};

    private final HandFeed feed = new HandFeed();

    @AfterEach
    void endsWhatItBegan() {
        assertThat(FakeModels.OPEN).hasValue(0);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("nextclick live items");
    }

    private CandidateSettings blend() {
        return blend(true, false, true, 0, 1);
    }

    private CandidateSettings blend(
            boolean towers,
            boolean catalogRequired,
            boolean learnsWeights,
            int mostPerCategory,
            double relevance) {
        return new CandidateSettings(
                live(towers, catalogRequired),
                new Quotas(20),
                null,
                .5,
                learnsWeights,
                50,
                mostPerCategory,
                relevance,
                null);
    }

    private CandidateSettings.Live live(boolean towers, boolean catalogRequired) {
        return new CandidateSettings.Live(
                feed.source(),
                feed.loader(),
                towers,
                true,
                catalogRequired,
                Duration.ofSeconds(30));
    }

    private static RecommendSettings settings(
            CandidateSettings candidates, String modelPath, boolean excludeSeen, Duration budget) {
        return new RecommendSettings(
                modelPath,
                false,
                SETTINGS.count(),
                excludeSeen,
                SETTINGS.inactivityGap(),
                SETTINGS.maximumLength(),
                SETTINGS.collapseRepeats(),
                SETTINGS.retention(),
                SETTINGS.rememberedEventIds(),
                SETTINGS.hotSessionBytes(),
                SETTINGS.bundleSize(),
                SETTINGS.bundleTimeout(),
                budget,
                SETTINGS.livePopularitySize(),
                SETTINGS.liveQualityWindow(),
                candidates,
                false,
                false);
    }

    private OperatorRun run(String modelPath) throws Exception {
        return run(settings(blend(), modelPath, false, Duration.ZERO));
    }

    private static OperatorRun run(RecommendSettings settings) throws Exception {
        return new OperatorRun(settings, FakeModels.recurrent("v1")).open();
    }

    /** The answer to one more click. */
    private static Recommendation click(OperatorRun run, String session, String item, long time)
            throws Exception {
        run.click(session, item, time).watermark(time);
        List<Recommendation> answers = run.answers();
        return answers.get(answers.size() - 1);
    }

    private static String sourceOf(Recommendation answer, String item) {
        return answer.items().stream()
                .filter(listed -> listed.itemId().equals(item))
                .map(RecommendedItem::source)
                .findFirst()
                .orElse("not listed");
    }

    // ------------------------------------------------------------------ what is proposed

    @Test
    void anItemThatTheModelHasNeverSeenIsRecommendedAsSoonAsItsVectorComes() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).tower("a", 1, 2, 1);
        try (OperatorRun run = run("model")) {
            Recommendation before = click(run, "s", "i1", 1);
            assertThat(sourceOf(before, "new")).isEqualTo("not listed");
            assertThat(before.items()).hasSize(5);
            feed.vectors("a", "new", NORTH, EAST).awaitRead();
            Recommendation after = click(run, "t", "i1", 2);
            assertThat(sourceOf(after, "new")).isEqualTo("two-tower");
            assertThat(after.items())
                    .hasSize(5)
                    .extracting(RecommendedItem::score)
                    .isSortedAccordingTo(Comparator.reverseOrder());
            assertThat(after.model()).isEqualTo(new ModelReference("fake", "v1"));
            assertThat(after.fallback()).isNull();
            // The model is sure of i1; the tower gives it what two halves of a cosine of 0 leave.
            double byTower = 1 / (1 + Math.exp(2));
            assertThat(items(after)).startsWith("i1", "new");
            assertThat(sourceOf(after, "i1")).isEqualTo("model");
            assertThat((double) after.items().get(0).score())
                    .isCloseTo(.5 + .5 * byTower, within(1e-3));
            assertThat((double) after.items().get(1).score())
                    .isCloseTo(.5 * (1 - byTower), within(1e-3));
            run.endOfTime();
        }
    }

    @Test
    void sessionsOfItemsThatOnlyTheTowerKnowsAreAnsweredByIt() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).vectors("a", "y", NORTH, EAST).tower("a", 1, 2, 2);
        try (OperatorRun run = run("model")) {
            Recommendation answer = click(run, "s", "x", 1);
            assertThat(answer.fallback()).isNull();
            // Filled up with what is popular, which has no probability.
            assertThat(items(answer)).containsExactly("y", "x", "i0", "i1", "i2");
            assertThat(answer.items())
                    .extracting(RecommendedItem::source)
                    .containsExactly(
                            "two-tower", "two-tower", "popularity", "popularity", "popularity");
            assertThat(answer.items().get(2).score()).isZero();
            Recommendation unknown = click(run, "t", "z", 2);
            assertThat(unknown.fallback()).isEqualTo(RecommendOperator.UNKNOWN_ITEMS);
            assertThat(items(unknown)).containsExactly("i0", "i1", "i2", "i3", "i4");
            run.endOfTime();
        }
    }

    @Test
    void withoutAModelTheTowerRanksAlone() throws Exception {
        feed.vectors("a", "x", EAST, NORTH)
                .vectors("a", "y", NORTH, EAST)
                .vectors("a", "w", WEST, EAST)
                .tower("a", 3, 2, 3);
        try (OperatorRun run = run((String) null)) {
            Recommendation answer = click(run, "s", "x", 1);
            assertThat(answer.fallback()).isNull();
            assertThat(answer.model()).isEqualTo(new ModelReference("two-tower", "a-3"));
            assertThat(items(answer)).startsWith("y").hasSize(3);
            Recommendation unknown = click(run, "t", "z", 2);
            assertThat(unknown.fallback()).isEqualTo(RecommendOperator.NO_MODEL);
            assertThat(unknown.model()).isNull();
            assertThat(items(unknown)).containsExactly("x", "z");
            // What is popular fills up, and is the baseline: y is not among it yet.
            assertThat(items(click(run, "s", "y", 3))).contains("z");
            assertThat(run.gauge("labels")).isEqualTo(1L);
            assertThat(run.gauge("recall@20")).isEqualTo(1.0);
            assertThat(run.gauge("popularityRecall@20")).isEqualTo(0.0);
            run.endOfTime();
        }
    }

    @Test
    void withoutATowerTheModelRanksAlone() throws Exception {
        try (OperatorRun run = run("model")) {
            Recommendation answer = click(run, "s", "i7", 1);
            assertThat(items(answer)).isEqualTo(FakeModels.expected(List.of("i7"), "v1", 5));
            assertThat(answer.items()).extracting(RecommendedItem::source).containsOnly("model");
            run.endOfTime();
        }
    }

    @Test
    void clicksOfOneBundleSeeTheirOwnSessionsAsTheyWere() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).vectors("a", "y", NORTH, WEST);
        feed.vectors("a", "w", WEST, EAST).tower("a", 1, 2, 3);
        try (OperatorRun run = run((String) null)) {
            run.click("s", "x", 1).click("t", "w", 2).click("s", "y", 3).click("t", "x", 4);
            assertThat(run.answers())
                    .extracting(answer -> items(answer).get(0))
                    .containsExactly("y", "x", "w", "y");
            run.endOfTime();
        }
    }

    @Test
    void aClickThatWaitedTooLongIsNotAsked() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).vectors("a", "new", NORTH, EAST).tower("a", 1, 2, 2);
        try (OperatorRun run = run(settings(blend(), "model", false, Duration.ofSeconds(1)))) {
            run.harness().setProcessingTime(10_000);
            run.click(new ReceivedClick("e", "s", null, "i1", 1, "clicks", 0, 1, 8_000));
            run.watermark(1);
            Recommendation answer = run.answers().get(0);
            assertThat(answer.fallback()).isEqualTo(RecommendOperator.OVERRUN);
            assertThat(items(answer)).doesNotContain("new").startsWith("i2", "i3");
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ what is left out

    @Test
    void whatCantBeHadIsLeftOutOfEveryKindOfList() throws Exception {
        String second = FakeModels.expected(List.of("i1"), "v1", 2).get(1);
        assertThat(second).as("not among the most popular").isNotIn("i1", "i2", "i3", "i4", "i5");
        feed.vectors("a", "i1", EAST, NORTH)
                .vectors("a", "x", NORTH, EAST)
                .vectors("a", "y", NORTH, EAST)
                .tower("a", 1, 2, 3)
                .catalog("x", false, List.of())
                .catalog(second, false, List.of())
                .catalog("i0", false, List.of());
        try (OperatorRun run = run(settings(blend(), "model", false, Duration.ofSeconds(1)))) {
            Recommendation ranked = click(run, "s", "i1", 1);
            assertThat(items(ranked)).contains("y").doesNotContain("x", second).hasSize(5);
            Recommendation popular = click(run, "t", "z", 2);
            assertThat(popular.fallback()).isEqualTo(RecommendOperator.UNKNOWN_ITEMS);
            assertThat(items(popular)).containsExactly("i1", "i2", "i3", "i4", "i5");
            run.harness().setProcessingTime(10_000);
            run.click(new ReceivedClick("e", "u", null, "i39", 3, "clicks", 0, 9, 8_000));
            run.watermark(3);
            Recommendation overrun = run.answers().get(2);
            assertThat(overrun.fallback()).isEqualTo(RecommendOperator.OVERRUN);
            assertThat(items(overrun)).startsWith("i1").doesNotContain("i0").hasSize(5);
            feed.catalog("x", true, List.of()).catalog("i0", true, List.of()).awaitRead();
            assertThat(items(click(run, "v", "i1", 10_000))).contains("x");
            run.endOfTime();
        }
    }

    @Test
    void aCatalogueAloneIsOfUseToo() throws Exception {
        List<String> best = FakeModels.expected(List.of("i1"), "v1", 7);
        feed.catalog(best.get(0), false, List.of()).catalog(best.get(3), true, List.of());
        feed.withdrawn(best.get(3));
        CandidateSettings alone = blend(false, false, true, 0, 1);
        try (OperatorRun run = run(settings(alone, "model", false, Duration.ZERO))) {
            assertThat(items(click(run, "s", "i1", 1)))
                    .containsExactly(
                            best.get(1), best.get(2), best.get(4), best.get(5), best.get(6));
            run.endOfTime();
        }
    }

    @Test
    void whereTheCatalogueIsRequiredNothingElseIsRecommended() throws Exception {
        List<String> best = FakeModels.expected(List.of("i1"), "v1", 2);
        feed.catalog(best.get(1), true, List.of()).catalog("i20", true, List.of());
        CandidateSettings required = blend(true, true, true, 0, 1);
        try (OperatorRun run = run(settings(required, "model", false, Duration.ZERO))) {
            assertThat(items(click(run, "s", "i1", 1))).containsExactly(best.get(1), "i20");
            run.endOfTime();
        }
    }

    @Test
    void whatTheSessionHasSeenIsLeftOutOnRequest() throws Exception {
        feed.vectors("a", "x", NORTH, NORTH).vectors("a", "y", NORTH, NORTH).tower("a", 1, 2, 2);
        try (OperatorRun run = run(settings(blend(), "model", true, Duration.ZERO))) {
            assertThat(items(click(run, "s", "x", 1))).contains("y").doesNotContain("x");
            assertThat(items(click(run, "s", "i0", 2)))
                    .contains("y")
                    .doesNotContain("x", "i0")
                    .hasSize(5);
            run.endOfTime();
        }
    }

    @Test
    void noCategoryTakesTheWholeList() throws Exception {
        feed.vectors("a", "x", EAST, NORTH).tower("a", 1, 2, 1);
        for (int i = 0; i < 6; i++) {
            feed.vectors("a", "c" + i, NORTH, EAST)
                    .catalog("c" + i, true, List.of("all", "chairs"));
        }
        feed.vectors("a", "d", WEST, EAST).catalog("d", true, List.of("all", "desks"));
        CandidateSettings capped = blend(true, false, true, 2, 1);
        try (OperatorRun run = run(settings(capped, "model", false, Duration.ZERO))) {
            assertThat(items(click(run, "s", "x", 1)))
                    .hasSize(5)
                    .contains("x", "d")
                    .filteredOn(item -> item.startsWith("c"))
                    .hasSize(2);
            run.endOfTime();
        }
    }

    @Test
    void varietyComesBeforeMoreOfTheSameOnRequest() throws Exception {
        float root = (float) Math.sqrt(.5);
        feed.vectors("a", "x", WEST, NORTH)
                .vectors("a", "n1", NORTH, EAST)
                .vectors("a", "n2", NORTH, EAST)
                .vectors("a", "ne", new float[] {root, root}, EAST)
                .tower("a", 1, 2, 4);
        CandidateSettings varied = blend(true, false, true, 0, .4);
        try (OperatorRun run = run(settings(blend(), null, false, Duration.ZERO))) {
            assertThat(items(click(run, "s", "x", 1))).containsExactly("n1", "n2", "ne", "x");
        }
        try (OperatorRun run = run(settings(varied, null, false, Duration.ZERO))) {
            assertThat(items(click(run, "s", "x", 1))).containsExactly("n1", "x", "ne", "n2");
        }
    }

    // ------------------------------------------------------------------ what is learnt

    @Test
    void believesWhomTheClicksConfirmAndGoesOnAfterARestore() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).vectors("a", "x", NORTH, NORTH).tower("a", 1, 2, 2);
        OperatorSubtaskState state;
        double learnt;
        RecommendSettings settings = settings(blend(), "model", false, Duration.ZERO);
        try (OperatorRun run = run(settings)) {
            assertThat((double) run.gauge("twoTowerWeight")).isEqualTo(.5);
            for (int i = 0; i < 100; i++) {
                click(run, "s" + i, "i1", 3L * i);
                // The tower's first, which the model has never seen.
                click(run, "s" + i, "x", 3L * i + 1);
            }
            assertThat((double) run.gauge("twoTowerWeight")).isGreaterThan(.9);
            assertThat((double) run.gauge("twoTowerWeightAfterUnseen")).isEqualTo(.5);
            assertThat((double) run.gauge("twoTowerRecall@20")).isEqualTo(1);
            assertThat((double) run.gauge("modelRecall@20")).isZero();
            assertThat((double) run.gauge("unseenRecall@20")).isEqualTo(1);
            assertThat(run.gauge("unseenLabels")).isEqualTo(100L);
            for (int i = 0; i < 100; i++) {
                // The model knows no x: what it says is of i1, and is right.
                click(run, "t" + i, "i1", 1_000 + 3L * i);
                click(run, "t" + i, "x", 1_001 + 3L * i);
                click(run, "t" + i, FakeModels.expected(List.of("i1"), "v1", 1).get(0), 1_002);
            }
            assertThat((double) run.gauge("twoTowerWeightAfterUnseen")).isLessThan(.2);
            learnt = (double) run.gauge("twoTowerWeight");
            state = run.snapshot();
        }
        try (OperatorRun run =
                new OperatorRun(settings, FakeModels.recurrent("v1")).restore(state)) {
            assertThat((double) run.gauge("twoTowerWeight")).isCloseTo(learnt, within(1e-12));
            click(run, "u", "i1", 2_000);
            click(run, "u", "x", 2_001);
            assertThat((double) run.gauge("twoTowerWeight")).isGreaterThan(learnt - 1e-12);
        }
    }

    @Test
    void fixedWeightsStay() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).vectors("a", "x", NORTH, NORTH).tower("a", 1, 2, 2);
        CandidateSettings fixed = blend(true, false, false, 0, 1);
        try (OperatorRun run = run(settings(fixed, "model", false, Duration.ZERO))) {
            click(run, "s", "i1", 1);
            click(run, "s", "x", 2);
            assertThat((double) run.gauge("twoTowerWeight")).isEqualTo(.5);
            assertThat((double) run.gauge("twoTowerRecall@20")).isEqualTo(1);
        }
    }

    /** The tower is judged by its own first 20, whatever came into the list. */
    @Test
    void aSourceIsJudgedByItsOwnList() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).tower("a", 1, 2, 1);
        for (int i = 0; i < 8; i++) {
            feed.vectors("a", "x" + i, NORTH, EAST);
        }
        try (OperatorRun run = run("model")) {
            Recommendation answer = click(run, "s", "i1", 1);
            assertThat(items(answer)).doesNotContain("x7");
            click(run, "s", "x7", 2);
            assertThat((double) run.gauge("recall@20")).isZero();
            assertThat((double) run.gauge("twoTowerRecall@20")).isEqualTo(1);
            assertThat((double) run.gauge("twoTowerMrr@20")).isCloseTo(1 / 8.0, within(1e-9));
            assertThat((double) run.gauge("twoTowerWeight")).isGreaterThan(.5);
        }
    }

    // ------------------------------------------------------------------ other sources

    private static CandidateSettings sources(CandidateSettings.Live live, Quotas quotas) {
        TrendingSettings trending = new TrendingSettings(Duration.ofHours(1), 100);
        return new CandidateSettings(live, quotas, trending, .5, true, 50, 0, 1, null);
    }

    private static Bulletin trending(Object... itemsAndCounts) {
        List<ItemCount> counts = new ArrayList<>();
        for (int i = 0; i < itemsAndCounts.length; i += 2) {
            counts.add(
                    new ItemCount(
                            (String) itemsAndCounts[i],
                            ((Number) itemsAndCounts[i + 1]).doubleValue()));
        }
        return new Bulletin.Trending(new TrendingCounts(0, counts));
    }

    @Test
    void coVisitationFindsWhatTheModelMissesWithoutAnyLiveItems() throws Exception {
        // The table says that the item after it follows, which the model has not among its first.
        int start = 0;
        while (FakeModels.expected(List.of("i" + start), "v1", 20).contains("i" + (start + 1))) {
            start++;
        }
        CandidateSettings candidates = sources(null, new Quotas(20, 20, 10, 0, 0));
        try (OperatorRun run = run(settings(candidates, "model", false, Duration.ZERO))) {
            assertThat((double) run.gauge("coVisitationWeight")).isCloseTo(1 / 11.0, within(1e-9));
            for (int i = 0; i < 100; i++) {
                click(run, "s" + i, "i" + start, 3L * i);
                click(run, "s" + i, "i" + (start + 1), 3L * i + 1);
            }
            assertThat((double) run.gauge("coVisitationRecall@20")).isEqualTo(1);
            assertThat((double) run.gauge("coVisitationAloneRecall@20")).isEqualTo(1);
            assertThat((double) run.gauge("modelRecall@20")).isZero();
            assertThat((double) run.gauge("coVisitationWeight")).isGreaterThan(.85);
            Recommendation answer = click(run, "t", "i" + start, 1_000);
            assertThat(items(answer)).startsWith("i" + (start + 1), "i" + (start + 2));
            assertThat(sourceOf(answer, "i" + (start + 1))).isEqualTo("co-visitation");
            run.endOfTime();
        }
    }

    @Test
    void whatIsClickedNowIsProposedAndSaysThatNobodyReadTheSession() throws Exception {
        CandidateSettings candidates = sources(null, new Quotas(20, 20, 0, 3, 0));
        try (OperatorRun run = run(settings(candidates, "model", false, Duration.ZERO))) {
            Recommendation before = click(run, "s", "z", 1);
            assertThat(items(before)).containsExactly("i0", "i1", "i2", "i3", "i4");
            run.tell(trending("hot", 6, "i9", 3, "warm", 2, "cold", 1));
            assertThat(run.gauge("trendingItems")).isEqualTo(4);
            Recommendation unknown = click(run, "t", "z", 2);
            assertThat(items(unknown)).containsExactly("hot", "i9", "warm", "i0", "i1");
            assertThat(sourceOf(unknown, "hot")).isEqualTo("trending");
            assertThat(unknown.fallback()).isEqualTo(RecommendOperator.UNKNOWN_ITEMS);
            Recommendation known = click(run, "u", "i1", 3);
            assertThat(known.fallback()).isNull();
            assertThat(items(known)).contains("hot").startsWith("i1");
            run.tell(trending("hot", 0, "cold", 9));
            assertThat(items(click(run, "v", "z", 4))).startsWith("cold", "i9", "warm");
            run.endOfTime();
        }
    }

    @Test
    void trendingIsEnoughWhereThereIsNoModel() throws Exception {
        CandidateSettings candidates = sources(null, new Quotas(20, 20, 5, 5, 0));
        try (OperatorRun run = run(settings(candidates, null, true, Duration.ZERO))) {
            run.tell(trending("hot", 6, "warm", 2));
            Recommendation answer = click(run, "s", "hot", 1);
            assertThat(items(answer)).containsExactly("warm");
            assertThat(answer.fallback()).isEqualTo(RecommendOperator.NO_MODEL);
            assertThat(answer.model()).isNull();
            click(run, "s", "warm", 2);
            assertThat((double) run.gauge("trendingRecall@20")).isEqualTo(1);
            run.endOfTime();
        }
    }

    @Test
    void whatIsClickedNowInTheCategoriesOfTheSessionIsProposed() throws Exception {
        feed.catalog("h1", true, List.of("all", "hats"))
                .catalog("h2", true, List.of("all", "hats"))
                .catalog("b1", true, List.of("all", "boots"));
        CandidateSettings candidates = sources(live(false, false), new Quotas(20, 20, 0, 0, 5));
        try (OperatorRun run = run(settings(candidates, "model", false, Duration.ZERO))) {
            run.tell(trending("b1", 6, "h1", 4, "h2", 1));
            Recommendation hats = click(run, "s", "h2", 1);
            assertThat(items(hats)).startsWith("h1", "h2").doesNotContain("b1");
            assertThat(sourceOf(hats, "h1")).isEqualTo("trending-category");
            assertThat(hats.fallback()).isNull();
            assertThat(items(click(run, "t", "b1", 2))).startsWith("b1");
            run.endOfTime();
        }
    }

    @Test
    void noSourceProposesWhatIsSeenOrCantBeHad() throws Exception {
        long seed = 5;
        Random random = new Random(seed);
        Set<String> gone = new HashSet<>();
        for (int i = 0; i < 2 * FakeModels.ITEMS; i++) {
            String item = "i" + i;
            feed.vectors("a", item, random.nextBoolean() ? EAST : NORTH, NORTH)
                    .catalog(item, i % 3 != 0, List.of("c" + i % 4));
            if (i % 3 == 0) {
                gone.add(item);
            }
        }
        feed.tower("a", 1, 2, 2 * FakeModels.ITEMS);
        CandidateSettings candidates = sources(live(true, false), new Quotas(20, 20, 10, 10, 10));
        Set<String> sources = new HashSet<>();
        try (OperatorRun run = run(settings(candidates, "model", true, Duration.ZERO))) {
            Map<String, Set<String>> seen = new HashMap<>();
            for (int click = 0; click < 600; click++) {
                if (click % 50 == 0) {
                    run.tell(
                            trending(
                                    "i" + random.nextInt(80), 50 * (click + 1),
                                    "i" + random.nextInt(80), 40 * (click + 1),
                                    "i" + random.nextInt(80), 30 * (click + 1),
                                    "i" + random.nextInt(80), 20 * (click + 1)));
                }
                String session = "s" + random.nextInt(60);
                String item = "i" + random.nextInt(80);
                seen.computeIfAbsent(session, unused -> new HashSet<>()).add(item);
                Recommendation answer = click(run, session, item, click);
                assertThat(items(answer))
                        .as("seed %d, click %d", seed, click)
                        .hasSize(5)
                        .doesNotHaveDuplicates()
                        .doesNotContainAnyElementsOf(gone)
                        .doesNotContainAnyElementsOf(seen.get(session));
                answer.items().forEach(listed -> sources.add(listed.source()));
            }
            assertThat(sources)
                    .contains(
                            "model", "two-tower", "co-visitation", "trending", "trending-category");
            run.endOfTime();
        }
    }

    @Test
    void sourcesMayComeAndGo() throws Exception {
        feed.vectors("a", "i1", EAST, NORTH).vectors("a", "x", NORTH, NORTH).tower("a", 1, 2, 2);
        RecommendSettings two = settings(blend(), "model", false, Duration.ZERO);
        RecommendSettings four =
                settings(
                        sources(live(true, false), new Quotas(20, 20, 5, 5, 0)),
                        "model",
                        false,
                        Duration.ZERO);
        OperatorSubtaskState state;
        double tower;
        try (OperatorRun run = run(two)) {
            for (int i = 0; i < 100; i++) {
                click(run, "s" + i, "i1", 3L * i);
                click(run, "s" + i, "x", 3L * i + 1);
            }
            tower = (double) run.gauge("twoTowerWeight");
            assertThat(tower).isGreaterThan(.9);
            state = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(four, FakeModels.recurrent("v1")).restore(state)) {
            // The two new ones begin with .1 beside 1 for the others together.
            assertThat((double) run.gauge("trendingWeight")).isCloseTo(1 / 12.0, within(1e-9));
            assertThat((double) run.gauge("twoTowerWeight"))
                    .isCloseTo(tower * 10 / 12, within(1e-9));
            click(run, "s99", "i2", 400);
            state = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(two, FakeModels.recurrent("v1")).restore(state)) {
            assertThat((double) run.gauge("twoTowerWeight")).isCloseTo(tower, within(.02));
        }
    }
}
