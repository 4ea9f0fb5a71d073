package io.nextclick.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.jobs.report.EvaluationPage.Subject;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.evaluation.Comparison;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.Outcomes;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.session.Session;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The page of two baselines on sessions whose ids would like to be markup. */
class EvaluationPageTest {

    private static final String EVIL =
            "</script><script>alert(1)</script><img src=x onerror='f(\"&\")'>";
    private static final Pattern SCRIPT = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL);

    private static String compared;
    private static String alone;

    @BeforeAll
    static void writePages() {
        compared = page(true);
        alone = page(false);
    }

    private static List<Session> log(int sessions, long seed) {
        Random random = new Random(seed);
        List<Session> log = new ArrayList<>();
        for (int s = 0; s < sessions; s++) {
            List<String> items = new ArrayList<>();
            int item = random.nextInt(40);
            for (int i = random.nextInt(6); i >= 0; i--) {
                items.add(EVIL + item);
                item = (item + (random.nextInt(3) == 0 ? random.nextInt(40) : 1)) % 40;
            }
            log.add(new Session(EVIL + "s" + s, s, items));
        }
        return log;
    }

    private static Contestant contestant(
            String kind, List<Session> log, SampleSessions samples, Resampling resampling) {
        CountedModel model = CountedModel.of(kind, log(300, 1));
        Evaluation evaluation = new Evaluation(model.vocabulary(), model.popularity());
        try (SessionScorer scorer = model.newScorer()) {
            Outcomes outcomes = evaluation.outcomes(scorer, log);
            return new Contestant(
                    EVIL + kind,
                    EVIL,
                    outcomes,
                    outcomes.report(resampling),
                    samples.answers(evaluation, scorer, model.vocabulary(), outcomes));
        }
    }

    private static String page(boolean comparing) {
        Resampling resampling = new Resampling(50, 60, 0.95, 7);
        List<Session> log = log(80, 2);
        SampleSessions samples = SampleSessions.draw(log, 5, 7);
        Contestant markov = contestant(CountedModel.MARKOV, log, samples, resampling);
        Contestant popularity =
                comparing ? contestant(CountedModel.POPULARITY, log, samples, resampling) : null;
        Comparison comparison =
                comparing ? markov.outcomes().against(popularity.outcomes(), resampling) : null;
        return EvaluationPage.html(
                new Subject(EVIL, false, Instant.EPOCH), markov, popularity, comparison, samples);
    }

    /** The page without its scripts and style. */
    private static String visible(String page) {
        return page.replaceAll("(?s)<(script|style)\\b.*?</\\1>", "");
    }

    private static String sha256(String content) throws Exception {
        return "sha256-"
                + Base64.getEncoder()
                        .encodeToString(
                                MessageDigest.getInstance("SHA-256")
                                        .digest(content.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void idsAreTextAndNeverMarkup() {
        for (String page : List.of(compared, alone)) {
            assertThat(page).doesNotContain("<script>alert").doesNotContain("<img");
            assertThat(page).contains("&lt;img src=x onerror=&#39;f(&quot;&amp;&quot;)&#39;&gt;");
            // The charts' data, the library and our script.
            assertThat(page.split("</script>", -1)).hasSize(4);
        }
    }

    @Test
    void controlsAndTurnsOfDirectionAreReplaced() {
        assertThat(new Markup().text("a\u0000b\u202Ec\nd").toString())
                .isEqualTo("a\uFFFDb\uFFFDc\uFFFDd");
        assertThat(new Markup().text("Größe 😀").toString()).isEqualTo("Größe 😀");
    }

    @Test
    void thePageRefersToNothingOutsideItself() {
        String markup = visible(compared);
        assertThat(markup).doesNotContainPattern("(?i)\\s(src|href|style|on\\w+)=\"");
        assertThat(markup).doesNotContain("http://").doesNotContain("https://");
        assertThat(compared)
                .doesNotContain("sourceMappingURL")
                .doesNotContain("@import")
                .doesNotContain("url(");
        assertThat(compared).contains("default-src &#39;none&#39;");
    }

    @Test
    void onlyItsOwnScriptsMayRun() throws Exception {
        Matcher scripts = SCRIPT.matcher(compared);
        int count = 0;
        while (scripts.find()) {
            count++;
            assertThat(compared).contains("&#39;" + sha256(scripts.group(1)) + "&#39;");
        }
        assertThat(count).isEqualTo(2);
        Matcher style = Pattern.compile("(?s)<style>(.*?)</style>").matcher(compared);
        assertThat(style.find()).isTrue();
        assertThat(compared).contains(sha256(style.group(1)));
    }

    @Test
    void theLibraryBringsItsLicence() {
        assertThat(compared).contains("Chart.js v4.5.1").contains("Permission is hereby granted");
    }

    @Test
    void everyChartHasItsFiguresAndEveryFigureATable() throws Exception {
        for (String page : List.of(compared, alone)) {
            Matcher data = Pattern.compile("(?s)id=\"charts\">(.*?)</script>").matcher(page);
            assertThat(data.find()).isTrue();
            JsonNode charts = new ObjectMapper().readTree(data.group(1));
            Matcher canvases = Pattern.compile("<canvas id=\"([^\"]*)\"").matcher(page);
            List<String> drawn = new ArrayList<>();
            while (canvases.find()) {
                drawn.add(canvases.group(1));
            }
            List<String> described = new ArrayList<>();
            charts.fieldNames().forEachRemaining(described::add);
            assertThat(drawn).containsExactlyElementsOf(described);
            assertThat(charts.has("differences")).isEqualTo(page.equals(compared));
            assertThat(charts.get("lengths").get("series")).hasSize(page.equals(compared) ? 2 : 1);
            assertThat(charts.get("lengths").get("series").get(0).get("values")).hasSize(20);
            assertThat(page).contains("HR = Recall @20").contains("clicks of the test log");
        }
    }

    @Test
    void elementsAreClosedInOrder() {
        Matcher tags = Pattern.compile("<(/?)([a-z0-9]+)[^>]*>").matcher(visible(compared));
        List<String> open = new ArrayList<>();
        while (tags.find()) {
            if (tags.group(1).isEmpty()) {
                if (!List.of("meta", "br").contains(tags.group(2))) {
                    open.add(tags.group(2));
                }
            } else {
                assertThat(open).as("before %s", tags.group()).isNotEmpty();
                assertThat(open.remove(open.size() - 1)).isEqualTo(tags.group(2));
            }
        }
        assertThat(open).isEmpty();
    }

    @Test
    void sampleSessionsAreDrawnByTheSeedAndShowTheirRanks() {
        List<Session> log = log(80, 2);
        assertThat(SampleSessions.draw(log, 5, 7).sessions())
                .hasSize(5)
                .isEqualTo(SampleSessions.draw(log, 5, 7).sessions())
                .isNotEqualTo(SampleSessions.draw(log, 5, 8).sessions())
                .allMatch(session -> session.items().size() > 1);
        SampleSessions all = SampleSessions.draw(log, 1_000, 7);
        assertThat(all.sessions())
                .containsExactlyElementsOf(
                        log.stream().filter(session -> session.items().size() > 1).toList());
        SampleSessions.Answers answers =
                contestant(CountedModel.MARKOV, log, all, new Resampling(20, 20, 0.95, 1))
                        .answers();
        for (int i = 0; i < all.sessions().size(); i++) {
            List<String> items = all.sessions().get(i).items();
            assertThat(answers.lists().get(i)).hasSize(items.size() - 1);
            for (int at = 0; at < items.size() - 1; at++) {
                int rank = answers.ranks().get(i).get(at);
                int place = answers.lists().get(i).get(at).indexOf(items.get(at + 1));
                // A tie against the model puts the rank behind the place.
                assertThat(rank).isGreaterThanOrEqualTo(place < 0 ? 20 : place);
            }
        }
        assertThat(compared).contains("place ").contains("<mark>");
    }
}
