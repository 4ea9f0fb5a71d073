package io.nextclick.jobs.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.embedding.NeighbourPreservation;
import io.nextclick.models.embedding.Neighbours;
import io.nextclick.models.embedding.Projection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The items, or the users, of a model as a map on a {@link Page}: a point each, coloured by
 * category, with its nearest neighbours in the model. Whatever comes from logs and catalogues is
 * escaped.
 */
public final class MapPage {

    /** Categories with a colour of their own: as many as can be told apart. */
    static final int COLOURS = 8;

    /** Points whose neighbours stand in the table. */
    private static final int LISTED = 30;

    /** Neighbours of each there. */
    private static final int NEIGHBOURS_LISTED = 5;

    private static final String MAP = "map";
    private static final String OTHERS = "others";
    private static final String UNKNOWN = "not known";

    private final Subject subject;
    private final List<Group> groups;

    /** By point its place in the groups. */
    private final int[] groupOf;

    private final Page page = new Page();
    private final Markup html = page.html();

    /**
     * An item or a user.
     *
     * @param id its id
     * @param title what people call it; null if that isn't known
     * @param category what it is coloured by; null if that isn't known
     * @param clicks how often it was clicked, or did click
     */
    public record Point(String id, String title, String category, long clicks) {

        public Point {
            Objects.requireNonNull(id, "id");
        }

        String label() {
            return title == null || title.isBlank() ? id : title;
        }
    }

    /**
     * What the page shows.
     *
     * @param model the model, for a person
     * @param noun what a point is: item or user
     * @param facts what else is to be said of it, by name
     * @param points in any order
     * @param projection where they lie, in the same order
     * @param neighbours their nearest in the model, in the same order
     * @param preservation what the map keeps of them
     * @param time when
     */
    public record Subject(
            String model,
            String noun,
            Map<String, String> facts,
            List<Point> points,
            Projection projection,
            Neighbours neighbours,
            NeighbourPreservation preservation,
            Instant time) {

        public Subject {
            points = List.copyOf(points);
            if (projection.size() != points.size() || neighbours.rows().length != points.size()) {
                throw new IllegalArgumentException(
                        points.size()
                                + " points, places of "
                                + projection.size()
                                + ", neighbours of "
                                + neighbours.rows().length);
            }
        }
    }

    /**
     * Points of one colour.
     *
     * @param name the category
     * @param role its colour and mark in style sheet and script
     * @param size how many they are
     */
    private record Group(String name, String role, int size) {}

    private MapPage(Subject subject) {
        this.subject = subject;
        groupOf = new int[subject.points().size()];
        groups = groups();
    }

    /** The page. */
    public static String html(Subject subject) {
        return new MapPage(subject).write();
    }

    // ---------------------------------------------------------------- colours

    /** The largest categories, then all others together, then points without one. */
    private List<Group> groups() {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        int unknown = 0;
        for (Point point : subject.points()) {
            if (point.category() == null) {
                unknown++;
            } else {
                sizes.merge(point.category(), 1, Integer::sum);
            }
        }
        List<Map.Entry<String, Integer>> bySize = new ArrayList<>(sizes.entrySet());
        bySize.sort(
                Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()));
        List<Group> all = new ArrayList<>();
        Map<String, Integer> places = new LinkedHashMap<>();
        int rest = 0;
        for (Map.Entry<String, Integer> category : bySize) {
            if (all.size() < COLOURS) {
                places.put(category.getKey(), all.size());
                all.add(new Group(category.getKey(), "group" + all.size(), category.getValue()));
            } else {
                rest += category.getValue();
            }
        }
        int others = all.size();
        if (rest > 0) {
            int categories = bySize.size() - COLOURS;
            all.add(new Group(OTHERS + " (" + categories + " categories)", "others", rest));
        }
        int without = all.size();
        if (unknown > 0) {
            String name = bySize.isEmpty() ? subject.noun() + "s" : UNKNOWN;
            all.add(new Group(name, bySize.isEmpty() ? "group0" : "unknown", unknown));
        }
        Arrays.setAll(
                groupOf,
                i -> {
                    String category = subject.points().get(i).category();
                    return category == null ? without : places.getOrDefault(category, others);
                });
        return all;
    }

    /** Whether there is more than one thing to tell apart. */
    private boolean coloured() {
        return subject.points().stream().anyMatch(point -> point.category() != null);
    }

    // ---------------------------------------------------------------- the page

    private String write() {
        String title = "The " + subject.noun() + "s of " + subject.model();
        NeighbourPreservation preservation = subject.preservation();
        html.open("header");
        html.element("p", "nextclick map", "class", "kicker");
        html.element("h1", title);
        html.open("dl", "class", "facts");
        subject.facts().forEach(page::fact);
        page.fact("Trustworthiness", Page.four(preservation.trustworthiness()));
        page.fact("Continuity", Page.four(preservation.continuity()));
        page.fact("Made", Page.time(subject.time()));
        html.close("dl").close("header").raw("<main>\n");
        map();
        if (coloured()) {
            categories();
        }
        neighbours();
        notes();
        html.raw("</main>\n");
        return page.write(title);
    }

    private void map() {
        String noun = subject.noun();
        html.open("section").element("h2", "Map");
        html.element(
                "p",
                "Each point is one of the model's "
                        + noun
                        + "s; those whose vectors are alike lie together. Point at one to see what"
                        + " it is, choose it to see its nearest neighbours in the model, wherever"
                        + " they lie on the map. Drag to move; the wheel with Ctrl held comes"
                        + " closer.");
        html.open("div", "class", "explorer");
        page.figure(
                MAP,
                Page.number(subject.points().size()) + " " + noun + "s, laid out by UMAP.",
                "Scatter chart; the tables below hold the neighbourhoods.");
        // Works by script alone, so the script shows it.
        html.open("div", "class", "finder", "data-chart", MAP, "hidden", "");
        html.element("label", "Search the " + noun + "s", "for", "find");
        html.open("input", "id", "find", "type", "search", "autocomplete", "off").raw("\n");
        html.raw("<ul class=\"matches\"></ul>\n");
        html.raw("<div class=\"chosen\" aria-live=\"polite\"></div>\n");
        html.raw("<p class=\"zoom\"><button type=\"button\" data-zoom=\"in\">Closer</button>\n");
        html.raw("<button type=\"button\" data-zoom=\"out\">Farther</button>\n");
        html.raw("<button type=\"button\" data-zoom=\"all\">Everything</button></p>\n");
        html.close("div").close("div").close("section");
        chart();
    }

    private void chart() {
        ObjectNode chart = page.chart(MAP, "map", "", "");
        chart.put("noun", subject.noun());
        ArrayNode series = chart.putArray("groups");
        for (Group group : groups) {
            series.addObject().put("name", Markup.visible(group.name())).put("role", group.role());
        }
        ArrayNode points = chart.putArray("points");
        for (int i = 0; i < subject.points().size(); i++) {
            Point point = subject.points().get(i);
            ObjectNode node = points.addObject();
            node.put("x", rounded(subject.projection().x(i)));
            node.put("y", rounded(subject.projection().y(i)));
            node.put("label", Markup.visible(point.label()));
            if (!point.label().equals(point.id())) {
                node.put("id", Markup.visible(point.id()));
            }
            node.put("group", groupOf[i]);
            node.put("clicks", point.clicks());
            ArrayNode near = node.putArray("near");
            ArrayNode cosines = node.putArray("cosines");
            for (int k = 0; k < subject.neighbours().rows()[i].length; k++) {
                near.add(subject.neighbours().rows()[i][k]);
                cosines.add(rounded(subject.neighbours().proximities()[i][k]));
            }
        }
    }

    private static double rounded(float value) {
        return Math.round(value * 1_000.0) / 1_000.0;
    }

    private void categories() {
        String noun = subject.noun();
        html.open("section").element("h2", "Categories");
        html.element(
                "p",
                "How far the model tells categories apart: the share of the nearest neighbours, in"
                        + " the model and not on the map, that are of the "
                        + noun
                        + "'s own category, and what it would be if neighbours were any "
                        + noun
                        + "s.");
        page.openTable("Nearest neighbours of the same category.");
        html.raw("<thead><tr>").element("th", "category", "scope", "col");
        for (String column : List.of(noun + "s", "same category", "by chance")) {
            html.element("th", column, "scope", "col", "class", "number");
        }
        html.raw("</tr></thead>\n<tbody>\n");
        for (int group = 0; group < groups.size(); group++) {
            // Those without one, and the many together, are no category.
            boolean category = groups.get(group).role().startsWith("group");
            html.open("tr").open("th", "scope", "row");
            html.raw(Page.key(groups.get(group).role())).text(groups.get(group).name());
            html.close("th");
            html.element("td", Page.number(groups.get(group).size()), "class", "number");
            html.element(
                    "td", category ? Page.percent(sameCategory(group)) : "", "class", "number");
            double chance =
                    (groups.get(group).size() - 1.0) / Math.max(1, subject.points().size() - 1);
            html.element("td", category ? Page.percent(chance) : "", "class", "number");
            html.close("tr");
        }
        html.raw("</tbody>\n");
        page.closeTable();
        html.close("section");
    }

    /** The share of the neighbours of a group's points that are in it, too. */
    private double sameCategory(int group) {
        long all = 0;
        long same = 0;
        for (int point = 0; point < groupOf.length; point++) {
            if (groupOf[point] == group) {
                int[] near = subject.neighbours().rows()[point];
                all += near.length;
                same += Arrays.stream(near).filter(row -> groupOf[row] == group).count();
            }
        }
        return all == 0 ? 0 : (double) same / all;
    }

    private void neighbours() {
        String noun = subject.noun();
        html.open("section").element("h2", "Nearest neighbours");
        int[] listed =
                IntStream.range(0, subject.points().size())
                        .boxed()
                        .sorted(
                                Comparator.comparingLong(
                                        (Integer i) -> -subject.points().get(i).clicks()))
                        .limit(LISTED)
                        .mapToInt(Integer::intValue)
                        .toArray();
        page.openTable(
                "The "
                        + listed.length
                        + " "
                        + noun
                        + "s with most clicks, and their nearest with the cosine of the two"
                        + " vectors.");
        html.raw("<thead><tr>").element("th", noun, "scope", "col");
        html.element("th", "clicks", "scope", "col", "class", "number");
        html.element("th", "nearest", "scope", "col").raw("</tr></thead>\n<tbody>\n");
        for (int point : listed) {
            html.open("tr").open("th", "scope", "row");
            html.raw(Page.key(groups.get(groupOf[point]).role()));
            html.text(subject.points().get(point).label()).close("th");
            html.element(
                    "td", Page.number(subject.points().get(point).clicks()), "class", "number");
            html.open("td");
            int[] rows = subject.neighbours().rows()[point];
            for (int k = 0; k < Math.min(NEIGHBOURS_LISTED, rows.length); k++) {
                html.raw(k == 0 ? "" : ", ").open("span", "class", "near");
                html.raw(Page.key(groups.get(groupOf[rows[k]]).role()));
                html.text(subject.points().get(rows[k]).label()).raw(" <small>");
                double cosine = subject.neighbours().proximities()[point][k];
                html.raw(String.format(Locale.ROOT, "%.2f", cosine)).raw("</small></span>");
            }
            html.close("td").close("tr");
        }
        html.raw("</tbody>\n");
        page.closeTable();
        html.close("section");
    }

    private void notes() {
        int k = subject.preservation().neighbours();
        html.open("section", "class", "notes").element("h2", "How to read this").open("dl");
        page.note(
                "The map",
                "UMAP (McInnes, Healy and Melville 2018) on the cosines between vectors. It keeps"
                        + " neighbourhoods. How far two groups lie apart, how large they are and"
                        + " which way is up means nothing.");
        page.note(
                "Trustworthiness and continuity",
                "Venna and Kaski 2001, of the "
                        + k
                        + " nearest: 1 if no "
                        + subject.noun()
                        + " is shown among neighbours that aren't its own, or away from its own;"
                        + " points laid down at random get about .5.");
        page.note(
                "Nearest neighbours",
                "By the cosine of the model's own vectors, exactly; the map has no part in them.");
        html.close("dl").close("section");
    }
}
