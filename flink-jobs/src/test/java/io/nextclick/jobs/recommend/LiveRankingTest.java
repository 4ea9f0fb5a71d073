package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.recommend.OperatorRun.SETTINGS;
import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.experiment.SomeExperiments;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.retrieve.HandFeed;
import io.nextclick.jobs.retrieve.LiveRanker;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.CandidateScorer;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.Ranker;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.ranker.RankingStage;
import io.nextclick.models.ranking.Blend;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Candidates in a ranker's order. */
class LiveRankingTest {

    private static final int PRICES = 8;
    private static final int CANDIDATES = 20;
    private static final RankingSettings RANKING =
            new RankingSettings(Duration.ofSeconds(10), Duration.ZERO, false);

    private final HandFeed feed = new HandFeed();

    @AfterEach
    void endsWhatItBegan() {
        assertThat(FakeModels.OPEN).hasValue(0);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("nextclick live items");
    }

    // ------------------------------------------------------------------ in the operator's answers

    private static double price(String item) {
        return 1 + Integer.parseInt(item.substring(1)) * 5 % PRICES;
    }

    /** One that has learnt that the dearer an item, or the cheaper, the more it is liked. */
    private static ModelFolder byPrice(String version, boolean dearFirst) {
        List<RankingExample> examples = new ArrayList<>();
        QueryFacts query = QueryFacts.of(null, Map.of(), 1, List.of(), 0, 0, id -> null);
        for (int price = 1; price <= PRICES; price++) {
            for (int i = 0; i < PRICES; i++) {
                ItemFacts item =
                        new ItemFacts(
                                "i0", List.of(), price, true, Double.NaN, Double.NaN, Map.of());
                examples.add(new RankingExample(query, item, new float[0], i < price == dearFirst));
            }
        }
        RankerLearner learner =
                new RankerLearner(
                        FeatureSpace.learn(
                                List.of(Field.parse("price"), Field.parse("session-length")),
                                examples),
                        RankerOptions.of(RankerKind.LOGISTIC_REGRESSION));
        for (int round = 0; round < 50; round++) {
            examples.forEach(learner::learn);
        }
        return learner.folder("ranker", version, SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH);
    }

    private void fillCatalogue(int unavailableFrom) {
        for (int row = 0; row < FakeModels.ITEMS; row++) {
            String item = "i" + row;
            feed.catalog(
                    new CatalogItem(
                            item,
                            null,
                            List.of(),
                            price(item),
                            price(item) < unavailableFrom,
                            Map.of()));
        }
    }

    private OperatorRun run(RankingSettings ranking, int count) throws Exception {
        CandidateSettings candidates =
                new CandidateSettings(
                        new CandidateSettings.Live(
                                ranking == null ? feed.source() : feed.sourceWithRankers(),
                                feed.loader(),
                                false,
                                true,
                                false,
                                Duration.ofSeconds(30)),
                        new CandidateSettings.Quotas(CANDIDATES),
                        new TrendingSettings(Duration.ofHours(1), 100),
                        .5,
                        true,
                        50,
                        0,
                        1,
                        ranking);
        RecommendSettings settings =
                new RecommendSettings(
                        "model",
                        false,
                        count,
                        false,
                        SETTINGS.inactivityGap(),
                        SETTINGS.maximumLength(),
                        SETTINGS.collapseRepeats(),
                        SETTINGS.retention(),
                        SETTINGS.rememberedEventIds(),
                        SETTINGS.hotSessionBytes(),
                        SETTINGS.bundleSize(),
                        SETTINGS.bundleTimeout(),
                        Duration.ZERO,
                        SETTINGS.livePopularitySize(),
                        SETTINGS.liveQualityWindow(),
                        candidates,
                        false,
                        true);
        return new OperatorRun(settings, FakeModels.recurrent("v1")).open();
    }

    /** The answer to one more click. */
    private static Recommendation click(OperatorRun run, String session, String item, long time)
            throws Exception {
        run.click(session, item, time).watermark(time);
        List<Recommendation> answers = run.answers();
        return answers.get(answers.size() - 1);
    }

    private static List<Recommendation> clicks(OperatorRun run) throws Exception {
        for (int click = 0; click < 12; click++) {
            click(run, "s" + click % 3, "i" + (7 * click + 1) % FakeModels.ITEMS, 1 + click);
        }
        List<Recommendation> answers = run.answers();
        run.endOfTime();
        return answers;
    }

    /** So that two stages can be compared with one. */
    @Test
    void aVariantOfAnExperimentMayGoWithoutTheRanker() throws Exception {
        fillCatalogue(PRICES);
        List<Recommendation> retrieved;
        try (OperatorRun run = run(null, CANDIDATES)) {
            retrieved = clicks(run);
        }
        feed.ranker(byPrice("r1", true));
        try (OperatorRun run = run(RANKING, CANDIDATES)) {
            run.tell(
                    SomeExperiments.experiment(
                            "stages",
                            Unit.SESSION,
                            Method.SPLIT,
                            SomeExperiments.plain("two stages", 0.5),
                            new Variant(
                                    "one stage", 0.5, null, Map.of(), Map.of("ranking", "false"))));
            List<Recommendation> answers = clicks(run);
            Map<String, Integer> answered = new HashMap<>();
            for (int click = 0; click < answers.size(); click++) {
                Recommendation answer = answers.get(click);
                String variant = answer.experiment().variant();
                answered.merge(variant, 1, Integer::sum);
                assertThat(answer.fallback()).isNull();
                if (variant.equals("one stage")) {
                    assertThat(answer.ranker()).isNull();
                    assertThat(items(answer)).isEqualTo(items(retrieved.get(click)));
                } else {
                    assertThat(answer.ranker()).isEqualTo(new ModelReference("ranker", "r1"));
                }
            }
            assertThat(answered).containsOnlyKeys("one stage", "two stages");
            assertThat(run.counter("ranking.ranked")).isEqualTo((long) answered.get("two stages"));
            assertThat(run.counter("ranking.unranked")).isZero();
        }
    }

    @Test
    void candidatesComeInTheRankersOrder() throws Exception {
        fillCatalogue(PRICES);
        List<Recommendation> retrieved;
        try (OperatorRun run = run(null, CANDIDATES)) {
            retrieved = clicks(run);
        }
        feed.ranker(byPrice("r1", true));
        try (OperatorRun run = run(RANKING, 5)) {
            List<Recommendation> ranked = clicks(run);
            assertThat(ranked).hasSameSizeAs(retrieved);
            for (int click = 0; click < ranked.size(); click++) {
                Recommendation answer = ranked.get(click);
                List<String> expected =
                        retrieved.get(click).items().stream()
                                // The list was filled up, as some can't be had.
                                .filter(item -> item.source().equals("model"))
                                .map(RecommendedItem::itemId)
                                .sorted(Comparator.comparing(LiveRankingTest::price).reversed())
                                .limit(5)
                                .toList();
                assertThat(items(answer)).isEqualTo(expected);
                assertThat(answer.items())
                        .extracting(RecommendedItem::score)
                        .isSortedAccordingTo(Comparator.reverseOrder())
                        .allSatisfy(score -> assertThat(score).isBetween(0f, 1f));
                assertThat(answer.items())
                        .allSatisfy(item -> assertThat(price(item.itemId())).isLessThan(PRICES));
                assertThat(answer.ranker()).isEqualTo(new ModelReference("ranker", "r1"));
                assertThat(answer.model()).isEqualTo(new ModelReference("fake", "v1"));
                assertThat(answer.fallback()).isNull();
                assertThat(answer.items()).allSatisfy(item -> assertThat(item.facts()).isNull());
            }
            assertThat(run.counter("ranking.ranked")).isEqualTo(ranked.size());
            assertThat(run.counter("ranking.unranked")).isZero();
            assertThat(run.counter("ranking.failures")).isZero();
        }
    }

    @Test
    void untilThereIsARankerTheOrderIsThatOfTheBlendAndThenChangesWithEachRelease()
            throws Exception {
        fillCatalogue(PRICES + 1);
        try (OperatorRun run = run(RANKING, 5)) {
            Recommendation before = click(run, "a", "i1", 1);
            assertThat(before.ranker()).isNull();
            assertThat(before.fallback()).isNull();
            feed.ranker(byPrice("r1", true)).awaitRead();
            Recommendation dear = click(run, "b", "i1", 2);
            feed.ranker(byPrice("r2", false)).awaitRead();
            Recommendation cheap = click(run, "c", "i1", 3);
            assertThat(dear.ranker().version()).isEqualTo("r1");
            assertThat(cheap.ranker().version()).isEqualTo("r2");
            assertThat(price(items(dear).get(0))).isEqualTo(PRICES);
            assertThat(price(items(cheap).get(0))).isEqualTo(1);
            assertThat(run.gauge("liveItems.rankerVersion")).isEqualTo("r2");
            run.endOfTime();
        }
    }

    @Test
    void whatARankerReadsTravelsWithTheItemsAlsoBeforeThereIsOne() throws Exception {
        fillCatalogue(PRICES + 1);
        try (OperatorRun run =
                run(new RankingSettings(RANKING.bundleBudget(), Duration.ZERO, true), 5)) {
            Recommendation retrieved = click(run, "a", "i1", 1);
            for (int place = 0; place < 5; place++) {
                RankingFacts facts = retrieved.items().get(place).facts();
                assertThat(facts.blendRank()).isEqualTo(place);
                assertThat((float) facts.blendScore())
                        .isEqualTo(retrieved.items().get(place).score());
                assertThat(facts.ageDays()).isNull();
                assertThat(facts.sources())
                        .containsExactly(
                                new SourceFacts("model", place, (float) facts.blendScore()));
            }
            feed.ranker(byPrice("r1", true)).awaitRead();
            Recommendation ranked = click(run, "b", "i1", 2);
            assertThat(ranked.ranker()).isNotNull();
            List<Integer> places = new ArrayList<>();
            for (RecommendedItem item : ranked.items()) {
                places.add(item.facts().blendRank());
                assertThat(item.facts().sources())
                        .extracting(SourceFacts::rank)
                        .containsExactly(item.facts().blendRank());
            }
            assertThat(places).isNotEqualTo(List.of(0, 1, 2, 3, 4)).doesNotHaveDuplicates();
            run.endOfTime();
        }
    }

    /** Of the session, of the item, and of both. */
    private static final List<Field> FIELDS =
            Stream.of(
                            "session-length",
                            "last-item/hash:64",
                            "session-highest-price",
                            "item/hash:64",
                            "price",
                            "popularity",
                            "age",
                            "score.model",
                            "rank.model",
                            "score.blend",
                            "rank.blend")
                    .map(Field::parse)
                    .toList();

    private static ItemFacts facts(String item, RankingFacts logged) {
        return new ItemFacts(
                item,
                List.of(),
                price(item),
                true,
                logged.popularity(),
                logged.ageDays() == null ? Double.NaN : logged.ageDays(),
                Map.of());
    }

    private static RankerLearner learntOfEverything() {
        SplittableRandom random = new SplittableRandom(11);
        List<RankingExample> examples = new ArrayList<>();
        for (int example = 0; example < 2_000; example++) {
            String item = "i" + random.nextInt(FakeModels.ITEMS);
            int rank = random.nextInt(CANDIDATES);
            double probability = random.nextDouble();
            RankingFacts logged =
                    new RankingFacts(
                            List.of(), probability, rank, (double) random.nextInt(5), null);
            List<String> session = List.of("i" + random.nextInt(FakeModels.ITEMS));
            examples.add(
                    new RankingExample(
                            query(session, 1 + random.nextInt(3), 1),
                            facts(item, logged),
                            pairs(logged, new SourceFacts("model", rank, (float) probability)),
                            random.nextInt(CANDIDATES) > rank));
        }
        RankerLearner learner =
                new RankerLearner(
                        FeatureSpace.learn(FIELDS, examples), RankerOptions.of(RankerKind.FM));
        examples.forEach(learner::learn);
        return learner;
    }

    private static QueryFacts query(List<String> session, int length, long time) {
        return QueryFacts.of(
                null,
                Map.of(),
                time,
                session,
                length,
                time,
                item ->
                        new ItemFacts(
                                item,
                                List.of(),
                                price(item),
                                true,
                                Double.NaN,
                                Double.NaN,
                                Map.of()));
    }

    private static float[] pairs(RankingFacts logged, SourceFacts byModel) {
        return new float[] {
            byModel == null ? Float.NaN : RankingStage.score(byModel.probability()),
            byModel == null ? Float.NaN : byModel.rank(),
            RankingStage.score(logged.blendScore()),
            logged.blendRank()
        };
    }

    /** What has been logged gives a learner the very score that the list was ordered by. */
    @Test
    void whatIsLoggedIsWhatWasRead() throws Exception {
        fillCatalogue(PRICES + 1);
        RankerLearner learner = learntOfEverything();
        feed.ranker(
                learner.folder("ranker", "r", SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH));
        RankingSettings logs = new RankingSettings(RANKING.bundleBudget(), Duration.ZERO, true);
        try (OperatorRun run = run(logs, CANDIDATES)) {
            run.tell(
                    new Bulletin.Trending(
                            new TrendingCounts(
                                    0,
                                    List.of(
                                            new TrendingCounts.ItemCount("i0", 4),
                                            new TrendingCounts.ItemCount("i7", 2)))));
            List<String> session = new ArrayList<>();
            for (int click = 0; click < 5; click++) {
                // Facts of items are renewed in between.
                long time = 1 + 7_000L * click;
                session.add("i" + 7 * click);
                Recommendation answer = click(run, "s", "i" + 7 * click, time);
                assertThat(answer.ranker()).isNotNull();
                for (RecommendedItem item : answer.items()) {
                    RankingFacts logged = item.facts();
                    SourceFacts byModel =
                            logged.sources().stream()
                                    .filter(source -> source.source().equals("model"))
                                    .findFirst()
                                    .orElse(null);
                    double logOdds =
                            learner.logOdds(
                                    new RankingExample(
                                            query(session, session.size(), time),
                                            facts(item.itemId(), logged),
                                            pairs(logged, byModel),
                                            false));
                    assertThat((double) item.score())
                            .isCloseTo(Ranker.probability(logOdds), within(1e-5));
                }
            }
            assertThat(run.answers())
                    .flatExtracting(Recommendation::items)
                    .extracting(item -> item.facts().popularity())
                    .anyMatch(popularity -> popularity > 1);
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ time, and what goes wrong

    /** Prefers what comes later in the alphabet. */
    private static final class Backwards implements Ranker, CandidateScorer {

        private final Map<String, Integer> slots = new HashMap<>();
        private final List<String> items = new ArrayList<>();
        private final Runnable whileScoring;
        QueryFacts asked;

        Backwards(Runnable whileScoring) {
            this.whileScoring = whileScoring;
        }

        @Override
        public String kind() {
            return "backwards";
        }

        @Override
        public FeatureSpace space() {
            return FeatureSpace.learn(List.of(Field.parse("item")), List.of());
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
            items.add(item.itemId());
            slots.put(item.itemId(), items.size() - 1);
            return items.size() - 1;
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
        public void ask(QueryFacts query) {
            asked = query;
        }

        @Override
        public void score(int[] of, float[] pairs, int count, float[] logOdds) {
            whileScoring.run();
            for (int c = 0; c < count; c++) {
                logOdds[c] = items.get(of[c]).charAt(0);
            }
        }
    }

    private long nanos;

    private LiveRanking ranking(int bundleMillis, int overrunMillis) {
        LiveRanking ranking =
                new LiveRanking(
                        new RankingSettings(
                                Duration.ofMillis(bundleMillis),
                                Duration.ofMillis(overrunMillis),
                                false),
                        List.of("model"),
                        () -> nanos);
        ranking.register(new UnregisteredMetricsGroup());
        return ranking;
    }

    private static BundledClick asked(LiveRanking ranking, long ageMillis) {
        BundledClick pending =
                new BundledClick(
                        new ReceivedClick(null, "s", "u", "b", 5_000, "clicks", 0, 1, 5_000));
        pending.ageMillis = ageMillis;
        SessionState state = new SessionState();
        state.start();
        state.addItem("a", 10);
        state.addItem("b", 10);
        state.step = 2;
        ranking.ask(pending, state);
        return pending;
    }

    /** Ranks three candidates for a click; returns their order. */
    private static String rank(LiveRanking ranking, BundledClick pending) {
        CandidateList list =
                CandidateList.of(
                        List.of("a", "b", "c"), new float[] {3, 2, 1}, ScoreScale.PROPORTION);
        Candidates candidates = new Blend(1).of(new CandidateList[] {list}, new double[] {1});
        ranking.rank(pending, candidates);
        ranking.count(pending);
        return candidates.item(0) + candidates.item(1) + candidates.item(2);
    }

    private static void begin(LiveRanking ranking, LiveRanker live) {
        ranking.begin(live, (item, now) -> ItemFacts.unknown(item));
    }

    @Test
    void theQueryIsTheSessionWithItsClickAtTheTimeOfTheClick() {
        LiveRanking ranking = ranking(20, 0);
        Backwards ranker = new Backwards(() -> {});
        begin(ranking, new LiveRanker("ranker", "1", ranker));
        assertThat(rank(ranking, asked(ranking, 0))).isEqualTo("cba");
        assertThat(ranker.asked.lastItem()).isEqualTo("b");
        assertThat(ranker.asked.userId()).isEqualTo("u");
        assertThat(ranker.asked.sessionLength()).isEqualTo(2);
        assertThat(ranker.asked.eventTimeMillis()).isEqualTo(5_000);
        assertThat(ranker.asked.dwellSeconds()).isZero();
    }

    @Test
    void whatThereIsNoTimeForStaysAsItIsAndSaysSo() {
        LiveRanking ranking = ranking(20, 0);
        LiveRanker slow = new LiveRanker("ranker", "1", new Backwards(() -> nanos += 4_000_000));
        List<Integer> ranked = new ArrayList<>();
        for (int bundle = 0; bundle < 30; bundle++) {
            begin(ranking, slow);
            long started = nanos;
            int count = 0;
            for (int click = 0; click < 10; click++) {
                BundledClick pending = asked(ranking, 0);
                String order = rank(ranking, pending);
                assertThat(order).isEqualTo(pending.isUnranked ? "abc" : "cba");
                assertThat(pending.ranker == null).isEqualTo(pending.isUnranked);
                count += pending.isUnranked ? 0 : 1;
            }
            ranking.end();
            assertThat(nanos - started).isLessThanOrEqualTo(24_000_000);
            ranked.add(count);
        }
        // Of ten clicks of 4 ms five fit in 20 ms.
        assertThat(ranked.get(29)).isBetween(4, 5);
    }

    @Test
    void clicksThatAreOldAreLeftAsTheyAre() {
        LiveRanking ranking = ranking(20, 30);
        begin(ranking, new LiveRanker("ranker", "1", new Backwards(() -> {})));
        BundledClick young = asked(ranking, 10);
        BundledClick old = asked(ranking, 31);
        assertThat(rank(ranking, young)).isEqualTo("cba");
        assertThat(rank(ranking, old)).isEqualTo("abc");
        assertThat(old.isUnranked).isTrue();
    }

    @Test
    void aRankerThatFailsLeavesCandidatesAsTheyAre() {
        LiveRanking ranking = ranking(20, 0);
        boolean[] fails = {true};
        LiveRanker sometimes =
                new LiveRanker(
                        "ranker",
                        "1",
                        new Backwards(
                                () -> {
                                    if (fails[0]) {
                                        throw new IllegalStateException("for the test");
                                    }
                                }));
        begin(ranking, sometimes);
        BundledClick failed = asked(ranking, 0);
        assertThat(rank(ranking, failed)).isEqualTo("abc");
        assertThat(failed.isUnranked).isTrue();
        assertThat(failed.ranker).isNull();
        fails[0] = false;
        BundledClick after = asked(ranking, 0);
        assertThat(rank(ranking, after)).isEqualTo("cba");
        assertThat(after.isUnranked).isFalse();
    }

    @Test
    void withoutARankerNothingIsRankedAndNothingIsMissing() {
        LiveRanking ranking = ranking(20, 0);
        begin(ranking, null);
        BundledClick pending = asked(ranking, 0);
        assertThat(rank(ranking, pending)).isEqualTo("abc");
        assertThat(pending.isUnranked).isFalse();
        assertThat(pending.ranker).isNull();
    }
}
