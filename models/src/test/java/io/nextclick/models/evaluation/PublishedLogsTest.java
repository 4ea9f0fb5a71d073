package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The baselines' figures on published logs, which are not part of the project: run with {@code
 * -Dnextclick.data=FOLDER} where they are.
 */
@EnabledIfSystemProperty(named = "nextclick.data", matches = ".+")
class PublishedLogsTest {

    private static final Path DATA = Path.of(System.getProperty("nextclick.data", ""));
    private static final Instant SPLIT = ClickLog.time("2008-08-01");

    private record Figures(EvaluationReport popularity, EvaluationReport markov) {}

    private static Figures measure(String name, ClickLog training, ClickLog test, boolean masked) {
        long start = System.nanoTime();
        List<Session> sessions = training.trainingSessions(SessionRules.AS_LOGGED);
        List<Session> tested = test.testSessions(SessionRules.AS_LOGGED);
        long read = System.nanoTime();
        ItemVocabulary vocabulary = new ItemVocabulary();
        sessions.forEach(session -> session.items().forEach(vocabulary::rowOrAdd));
        MarkovChain chain = MarkovChain.of(sessions, vocabulary);
        long counted = System.nanoTime();
        CoVisitation.of(sessions, vocabulary);
        long visited = System.nanoTime();
        Evaluation evaluation =
                new Evaluation(vocabulary, chain.popularity()).withSeenMasked(masked);
        Figures figures =
                new Figures(
                        evaluation.run(chain.popularity().scorer(), tested),
                        evaluation.run(chain.scorer(), tested));
        System.out.printf(
                "%s: %d training sessions, %d items; read %.1f s, Markov %.2f s, co-visitation"
                        + " %.2f s%npopularity %s%nMarkov %s%n",
                name,
                sessions.size(),
                vocabulary.size(),
                (read - start) / 1e9,
                (counted - read) / 1e9,
                (visited - counted) / 1e9,
                figures.popularity.toJson(),
                figures.markov.toJson());
        return figures;
    }

    private static void expect(EvaluationReport report, String metric, double figure) {
        assertThat(report.metric(metric)).as(metric).isCloseTo(figure, within(0.001));
    }

    @Test
    void eshop() {
        ClickLog log =
                ClickLog.of(DATA.resolve("eshop/eshop-clothing-2008.zip"), ClickLogFormat.ESHOP);
        Figures figures = measure("eshop", log.until(SPLIT), log.from(SPLIT), false);
        assertThat(figures.markov.predictions()).isEqualTo(12_224);
        expect(figures.popularity, "hr@5", 0.075);
        expect(figures.popularity, "hr@10", 0.135);
        expect(figures.popularity, "hr@20", 0.237);
        expect(figures.popularity, "mrr@20", 0.051);
        expect(figures.markov, "hr@5", 0.384);
        expect(figures.markov, "hr@10", 0.543);
        expect(figures.markov, "hr@20", 0.704);
        expect(figures.markov, "mrr@20", 0.258);
    }

    @Test
    void rsc15() {
        Figures figures =
                measure(
                        "rsc15",
                        ClickLog.of(
                                DATA.resolve("rsc15-100k/yoochoose-clicks-100k_train_full.txt.gz"),
                                ClickLogFormat.RSC15),
                        ClickLog.of(
                                DATA.resolve("rsc15-100k/yoochoose-clicks-100k_test.txt.gz"),
                                ClickLogFormat.RSC15),
                        false);
        assertThat(figures.markov.predictions()).isEqualTo(10_152);
        expect(figures.markov, "hr@20", 0.578);
        expect(figures.markov, "mrr@20", 0.348);
    }

    @Test
    void diginetica() {
        Figures figures =
                measure(
                        "diginetica",
                        ClickLog.of(
                                DATA.resolve("diginetica/train_sessions.txt.gz"),
                                ClickLogFormat.SESSIONS),
                        ClickLog.of(
                                DATA.resolve("diginetica/test_prefix_target.txt.gz"),
                                ClickLogFormat.PREFIX_TARGET),
                        false);
        assertThat(figures.markov.predictions()).isEqualTo(60_858);
        expect(figures.popularity, "hr@20", 0.0093);
        expect(figures.markov, "hr@20", 0.3361);
        expect(figures.markov, "mrr@20", 0.1277);
    }

    @Test
    void beauty() {
        ClickLog log =
                ClickLog.of(DATA.resolve("beauty/Beauty.txt.gz"), ClickLogFormat.USER_SEQUENCES);
        Figures figures = measure("beauty", log, log, true);
        assertThat(figures.markov.predictions()).isEqualTo(22_363);
        // The published popularity, .0152 / .0068, counts the clicks to be predicted too.
        expect(figures.popularity, "hr@10", 0.0115);
        expect(figures.popularity, "ndcg@10", 0.0055);
        expect(figures.markov, "hr@10", 0.0600);
        expect(figures.markov, "ndcg@10", 0.0413);
    }
}
