package io.nextclick.models.prequential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.Sessioniser;
import io.nextclick.models.simulation.Oracle;
import io.nextclick.models.simulation.ShopOptions;
import io.nextclick.models.simulation.ShopSimulator;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RankingTrialTest {

    private static final int WARM_UP = 6_000;
    private static final int TESTED = 12_000;
    private static final int CUTOFF = 10;
    private static final SessionRules RULES =
            new SessionRules(Duration.ofMinutes(30), 50, /* collapseRepeats= */ false);
    private static final Map<CandidateSource, Integer> QUOTAS =
            Map.of(
                    CandidateSource.MODEL, 40,
                    CandidateSource.TWO_TOWER, 40,
                    CandidateSource.CO_VISITATION, 20,
                    CandidateSource.TRENDING, 20,
                    CandidateSource.TRENDING_CATEGORY, 20);

    private static final ShopOptions SHOP =
            ShopOptions.DEFAULT
                    .withCatalogue(240, 6)
                    .withTastes(5)
                    .withTraffic(100, 50)
                    .withChange(0, 600, Duration.ofSeconds(20));

    private static ServableModel markov;

    @BeforeAll
    static void countTheSequenceModel() throws IOException {
        Sessioniser sessioniser = new Sessioniser(RULES);
        new ShopSimulator(SHOP)
                .clicks(WARM_UP)
                .forEach(
                        click ->
                                sessioniser.add(
                                        click.sessionId(),
                                        click.eventId(),
                                        click.itemId(),
                                        click.eventTimeMillis()));
        List<Session> log = sessioniser.sessions();
        markov =
                ServableModels.load(
                        CountedModel.of(CountedModel.MARKOV, log)
                                .folder("1", RULES, log, Instant.EPOCH));
    }

    @AfterAll
    static void closeIt() {
        markov.close();
    }

    private static LearningSystem towers() {
        return new LearningSystem(
                "towers",
                TwoTowerOptions.DEFAULTS.toBuilder()
                        .dimension(16)
                        .hidden(16)
                        .batchExamples(64)
                        .negatives(32)
                        .seed(11)
                        .build(),
                1,
                LearningSystem::weightsThatLearn);
    }

    private static LearningRanker ranker(String name, int binExamples, int beyond) {
        return new LearningRanker(
                name,
                new LearningRanker.Settings(
                        RankerOptions.of(RankerKind.FM), Field.usual(), binExamples, beyond));
    }

    private static Course run(
            Map<CandidateSource, Integer> quotas, int syncClicks, LearningRanker... rankers) {
        RankingTrial.Settings settings =
                new RankingTrial.Settings(
                        RULES, CUTOFF, quotas, Duration.ofMinutes(1), syncClicks, 1);
        Iterator<StreamEvent> events = StreamEvent.of(new ShopSimulator(SHOP));
        try (LearningSystem towers = towers();
                RankingTrial run =
                        new RankingTrial(
                                settings,
                                markov,
                                towers,
                                List.of(rankers),
                                new Oracle(SHOP, CUTOFF))) {
            run.warmUp(events, WARM_UP, done -> {});
            Course course = run.test(events, TESTED, done -> {});
            System.out.printf(
                    "%s %s; weights %s%n",
                    course.systems(),
                    IntStream.range(0, course.systems().size())
                            .mapToObj(
                                    system -> "%.4f".formatted(course.recall(system, any -> true)))
                            .toList(),
                    run.weights());
            assertThatThrownBy(() -> run.test(events, 1, done -> {}))
                    .isInstanceOf(IllegalStateException.class);
            return course;
        }
    }

    private static List<Integer> ranks(Course course, String system) {
        var predictions = course.predictions(course.system(system), any -> true);
        return IntStream.range(0, predictions.size()).mapToObj(predictions::rank).toList();
    }

    /** In new items and habits every source finds something; the second stage puts it together. */
    @Test
    void twoStagesAreAboveEachSource() {
        Course course = run(QUOTAS, 250, ranker("two stages", 2_000, 10));
        assertThat(course.systems())
                .containsExactly(
                        "model",
                        "two-tower",
                        "co-visitation",
                        "trending",
                        "trending-category",
                        RankingTrial.BLEND,
                        "two stages",
                        RankingTrial.ORACLE);
        IntPredicate late = course.between(course.lastMillis() - 120_000, Long.MAX_VALUE);
        double twoStages = course.recall(course.system("two stages"), late);
        for (CandidateSource source : QUOTAS.keySet()) {
            assertThat(twoStages)
                    .as("above %s", source.label())
                    .isGreaterThan(course.recall(course.system(source.label()), late));
        }
        assertThat(course.recall(course.system(RankingTrial.ORACLE), late))
                .isGreaterThan(twoStages);
    }

    /** Before there are bins, or anything to learn, the second stage is the first. */
    @Test
    void aRankerThatHasLearntNothingLeavesTheOrderAlone() {
        Course course = run(QUOTAS, 500, ranker("waits", Integer.MAX_VALUE, 3));
        assertThat(ranks(course, "waits")).isEqualTo(ranks(course, RankingTrial.BLEND));
    }

    @Test
    void aSourceAloneIsItsOwnBlend() {
        Course course =
                run(Map.of(CandidateSource.CO_VISITATION, 20), 500, ranker("two stages", 2_000, 0));
        assertThat(course.systems())
                .containsExactly("co-visitation", RankingTrial.BLEND, "two stages", "oracle");
        assertThat(ranks(course, RankingTrial.BLEND)).isEqualTo(ranks(course, "co-visitation"));
    }

    @Test
    void theSameSettingsGiveTheSameCourse() {
        Course one = run(QUOTAS, 500, ranker("two stages", 1_000, 5));
        Course again = run(QUOTAS, 500, ranker("two stages", 1_000, 5));
        assertThat(ranks(again, "two stages")).isEqualTo(ranks(one, "two stages"));
    }

    /** The catalogue that a log's clicks carry is known of an item from its first click on. */
    @Test
    void aLogDescribesEachItemBeforeItsFirstClick() {
        Iterator<StreamEvent> events =
                StreamEvent.of(
                        Stream.of("a", "b", "a")
                                .map(
                                        item ->
                                                new LoggedClick(
                                                        null,
                                                        "s",
                                                        null,
                                                        item,
                                                        7,
                                                        Map.of(
                                                                "category", "coats",
                                                                "price",
                                                                        "b".equals(item)
                                                                                ? "?"
                                                                                : "9.5",
                                                                "colour", "red",
                                                                "country", "1")))
                                .toList(),
                        List.of("colour"));
        StreamEvent.Described described = (StreamEvent.Described) events.next();
        assertThat(described.itemId()).isEqualTo("a");
        assertThat(described.attributes().categories()).containsExactly("coats");
        assertThat(described.attributes().price()).isEqualTo(9.5);
        assertThat(described.attributes().attributes()).isEqualTo(Map.of("colour", "red"));
        assertThat(events.next()).isInstanceOf(StreamEvent.Clicked.class);
        assertThat(((StreamEvent.Described) events.next()).attributes().price()).isNull();
        assertThat(events.next()).isInstanceOf(StreamEvent.Clicked.class);
        assertThat(((StreamEvent.Clicked) events.next()).click().itemId()).isEqualTo("a");
        assertThat(events.hasNext()).isFalse();
    }

    @Test
    void refusesWhatCannotBeAsked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(Map.of(), 500, ranker("r", 1, 0)))
                .withMessageContaining("a source other than popularity");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(Map.of(CandidateSource.MODEL, 9), 500, ranker("r", 1, 0)))
                .withMessageContaining("quota of model is 9, it must be 0 or in [10, 10000]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ranker("r", 0, 0))
                .withMessageContaining("bins");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ranker("r", 1, -1))
                .withMessageContaining("beyond");
    }
}
