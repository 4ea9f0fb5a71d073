package io.nextclick.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.embedding.NeighbourPreservation;
import io.nextclick.models.embedding.Neighbours;
import io.nextclick.models.embedding.Projection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MapPageTest {

    private static final String EVIL = "</script><img src=x onerror='f(\"&\")'>";

    /** Points at 0, 1, 2, … on a line, with those beside them as neighbours. */
    private static MapPage.Subject subject(List<MapPage.Point> points) {
        float[] x = new float[points.size()];
        for (int i = 0; i < x.length; i++) {
            // Exact, so that those on both sides are equally far.
            x[i] = i + 31 / 256f;
        }
        Projection line = new Projection(x, new float[x.length]);
        return new MapPage.Subject(
                "gru4rec " + EVIL,
                "item",
                Map.of("Dimension", "8 " + EVIL),
                points,
                line,
                Neighbours.in(line, 2),
                new NeighbourPreservation(2, .91234, .87654),
                Instant.EPOCH);
    }

    private static JsonNode chart(String page) throws Exception {
        Matcher data = Pattern.compile("(?s)id=\"charts\">(.*?)</script>").matcher(page);
        assertThat(data.find()).isTrue();
        return new ObjectMapper().readTree(data.group(1)).get("map");
    }

    private static MapPage.Point point(String id, String title, String category, long clicks) {
        return new MapPage.Point(id, title, category, clicks);
    }

    @Test
    void eachPointHasItsPlaceItsColourAndItsNeighbours() throws Exception {
        JsonNode chart =
                chart(
                        MapPage.html(
                                subject(
                                        List.of(
                                                point("a", "Blue shirt", "shirts", 9),
                                                point("b", null, "shirts", 8),
                                                point("c", " ", "skirts", 3),
                                                point("d", "Red skirt", null, 2)))));
        assertThat(chart.get("type").asText()).isEqualTo("map");
        assertThat(chart.get("groups").toString())
                .isEqualTo(
                        "[{\"name\":\"shirts\",\"role\":\"group0\"},"
                                + "{\"name\":\"skirts\",\"role\":\"group1\"},"
                                + "{\"name\":\"not known\",\"role\":\"unknown\"}]");
        assertThat(chart.get("points").get(1).toString())
                .isEqualTo(
                        "{\"x\":1.121,\"y\":0.0,\"label\":\"b\",\"group\":0,\"clicks\":8,"
                                + "\"near\":[0,2],\"cosines\":[-1.0,-1.0]}");
        assertThat(chart.get("points").get(3).get("label").asText()).isEqualTo("Red skirt");
        assertThat(chart.get("points").get(3).get("id").asText()).isEqualTo("d");
        assertThat(chart.get("points").get(3).get("group").asInt()).isEqualTo(2);
    }

    @Test
    void tablesSayWhatTheMapShows() {
        String page =
                MapPage.html(
                        subject(
                                List.of(
                                        point("a", null, "shirts", 1),
                                        point("b", null, "shirts", 3),
                                        point("c", null, "shirts", 2),
                                        point("d", null, "skirts", 0))));
        assertThat(page).contains("0.9123", "0.8765", "1 January 1970", "By the cosine");
        // Of the shirts' neighbours, b c, a c, b d, five of six are shirts; chance is two of three.
        assertThat(page)
                .containsPattern(
                        "(?s)shirts</th>.*?>3</td>\\s*<td class=\"number\">83 %</td>"
                                + "\\s*<td class=\"number\">67 %</td>");
        // By clicks: b, c, a, d.
        assertThat(page)
                .containsPattern("(?s)</span>b</th>.*</span>c</th>.*</span>a</th>.*</span>d</th>");
    }

    @Test
    void theLargestCategoriesHaveColoursAndTheOthersOneTogether() throws Exception {
        List<MapPage.Point> points = new ArrayList<>();
        for (int category = 0; category < 12; category++) {
            for (int i = 0; i <= category; i++) {
                points.add(point(category + "-" + i, null, "category " + category, i));
            }
        }
        JsonNode groups = chart(MapPage.html(subject(points))).get("groups");
        assertThat(groups).hasSize(MapPage.COLOURS + 1);
        assertThat(groups.get(0).get("name").asText()).isEqualTo("category 11");
        assertThat(groups.get(8).toString())
                .isEqualTo("{\"name\":\"others (4 categories)\",\"role\":\"others\"}");
    }

    @Test
    void withoutCategoriesThereIsOneColourAndNoTableOfThem() throws Exception {
        String page =
                MapPage.html(
                        subject(List.of(point("a", null, null, 0), point("b", null, null, 0))));
        assertThat(chart(page).get("groups").toString())
                .isEqualTo("[{\"name\":\"items\",\"role\":\"group0\"}]");
        assertThat(page).doesNotContain("by chance");
    }

    @Test
    void namesAreTextAndNeverMarkupAndHaveNothingUnseen() throws Exception {
        String page =
                MapPage.html(
                        subject(
                                List.of(
                                        point(EVIL, null, EVIL, 0),
                                        point("b", "turn\u202eed", "x\u0000", 0))));
        assertThat(page).doesNotContain("<img").doesNotContain("\u202e");
        assertThat(page.split("</script>", -1)).hasSize(4);
        assertThat(chart(page).get("points").get(0).get("label").asText()).isEqualTo(EVIL);
        assertThat(chart(page).get("points").get(1).get("label").asText())
                .isEqualTo("turn\ufffded");
    }

    @Test
    void refersToNothingOutsideItself() {
        String page =
                MapPage.html(
                        subject(List.of(point("a", null, null, 0), point("b", null, null, 0))));
        assertThat(page).doesNotContain("<link", "src=\"http", "@import", "fetch(");
        assertThat(page).contains("default-src &#39;none&#39;");
    }

    @Test
    void saysWhatDoesNotFit() {
        MapPage.Subject two =
                subject(List.of(point("a", null, null, 0), point("b", null, null, 0)));
        assertThatThrownBy(
                        () ->
                                new MapPage.Subject(
                                        two.model(),
                                        two.noun(),
                                        two.facts(),
                                        List.of(point("a", null, null, 0)),
                                        two.projection(),
                                        two.neighbours(),
                                        two.preservation(),
                                        two.time()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("1 points, places of 2, neighbours of 2");
    }
}
