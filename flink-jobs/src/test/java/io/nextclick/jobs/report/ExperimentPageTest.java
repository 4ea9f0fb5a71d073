package io.nextclick.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.experiment.ExperimentDesign;
import io.nextclick.models.experiment.Guard;
import io.nextclick.models.experiment.SequentialTest;
import io.nextclick.models.experiment.SplitAnalysis;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ExperimentPageTest {

    private static final String EVIL = "</script><img src=x onerror='f(\"&\")'>";

    /**
     * @param worse hits of ten that b misses
     */
    private static String page(int worse, int units) {
        SplitAnalysis analysis =
                new SplitAnalysis(
                        new ExperimentDesign(
                                List.of("control", "b " + EVIL, "c"), List.of(0.3, 0.3, 0.3)),
                        new Guard(new SequentialTest(0.95, 500, 20), 0.05));
        for (int unit = 0; unit < units; unit++) {
            int variant = unit % 2;
            analysis.add("s" + unit, variant, 5 + unit / 2 % 3 - worse * variant, 10);
            if (unit % 100 == 99) {
                analysis.look(unit * 1_000L);
            }
        }
        return ExperimentPage.html("exp " + EVIL, "hits", analysis.report(), Instant.EPOCH);
    }

    private static JsonNode charts(String page) throws Exception {
        Matcher data = Pattern.compile("(?s)id=\"charts\">(.*?)</script>").matcher(page);
        assertThat(data.find()).isTrue();
        return new ObjectMapper().readTree(data.group(1));
    }

    @Test
    void showsTheVerdictWithItsIntervalAndCourse() throws Exception {
        String page = page(3, 400);
        assertThat(page)
                .contains("worse: the guard ends it")
                .contains("−0.3000")
                .contains("ends what is worse by 0.05")
                .contains("<td class=\"number\">too few</td>");
        JsonNode charts = charts(page);
        assertThat(charts.get("differences").get("values")).hasSize(1);
        assertThat(charts.get("course-0").get("x").toString()).isEqualTo("[100,200,300,400]");
        assertThat(charts.get("course-0").get("series").get(1).get("values")).hasSize(4);
        assertThat(charts.get("course-1").get("series").get(0).get("values").get(0).isNull())
                .isTrue();
    }

    @Test
    void aMismatchIsOnThePage() {
        // c gets nobody, though it was to get a third.
        assertThat(page(0, 400)).contains("Sample ratio mismatch").contains("no clear difference");
    }

    @Test
    void namesAreTextAndNeverMarkup() {
        String page = page(0, 30);
        assertThat(page).doesNotContain("<img");
        assertThat(page.split("</script>", -1)).hasSize(4);
        assertThat(page).doesNotContain("course-0");
    }
}
