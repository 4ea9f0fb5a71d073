package io.nextclick.models.clicklog;

import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@link ClickLogFormat#MOVIELENS}. Items and users are kept, ratings are handed on as they
 * are read; the attributes of an item and of a user are shared by all of their ratings.
 *
 * <p>The first line of the ratings says which release it is: typed header, {@code userId,…}, {@code
 * ::} or tabs. Files of items and users may be missing; their text is UTF-8 or, as GroupLens wrote
 * it until 2003, Latin-1.
 */
final class MovieLensReader {

    private static final Pattern TITLE_AND_YEAR =
            Pattern.compile("(.*\\S)\\s*\\((\\d{4})(?:[-–]\\d{0,4})?\\)\\s*");

    private static final String NO_GENRES = "(no genres listed)";

    /** The genres of {@code u.item}, in the order of its columns. */
    private static final String[] GENRES = {
        "unknown",
        "Action",
        "Adventure",
        "Animation",
        "Children's",
        "Comedy",
        "Crime",
        "Documentary",
        "Drama",
        "Fantasy",
        "Film-Noir",
        "Horror",
        "Musical",
        "Mystery",
        "Romance",
        "Sci-Fi",
        "Thriller",
        "War",
        "Western"
    };

    private static final int TAB_ITEM_COLUMNS = 5 + GENRES.length;

    /** The occupations of 1M's {@code users.dat}, by their code. */
    private static final String[] OCCUPATIONS = {
        "other",
        "academic/educator",
        "artist",
        "clerical/admin",
        "college/grad student",
        "customer service",
        "doctor/health care",
        "executive/managerial",
        "farmer",
        "homemaker",
        "K-12 student",
        "lawyer",
        "programmer",
        "retired",
        "sales/marketing",
        "scientist",
        "self-employed",
        "technician/engineer",
        "tradesman/craftsman",
        "unemployed",
        "writer"
    };

    private final MovieLensFiles files;
    private final Map<String, String> texts = new HashMap<>();

    private MovieLensReader(MovieLensFiles files) {
        this.files = files;
    }

    static void read(Path path, Consumer<LoggedClick> clicks) {
        try (MovieLensFiles files = new MovieLensFiles(path)) {
            new MovieLensReader(files).read(clicks);
        }
    }

    /** How a release writes its lines. */
    private enum Layout {
        TABS,
        COLONS,
        CSV,
        TYPED
    }

    /** A thing and what is known of it. */
    private record Described(String id, Map<String, String> attributes) {}

    @FunctionalInterface
    private interface LineParser {
        Described parse(String line, LogLines lines);
    }

    private void read(Consumer<LoggedClick> clicks) {
        String name = files.ratings();
        try (LogLines lines = files.open(name, StandardCharsets.UTF_8)) {
            String line = lines.next();
            if (line == null) {
                return;
            }
            Layout layout = layout(line, lines);
            Map<String, Map<String, String>> items;
            Map<String, Map<String, String>> users;
            int[] columns = {0, 1, 2, 3};
            switch (layout) {
                case TABS -> {
                    items = described("u.item", (text, at) -> tabItem(text, at));
                    users = described("u.user", (text, at) -> tabUser(text, at));
                }
                case COLONS -> {
                    items = described("movies.dat", (text, at) -> colonItem(text, at));
                    users = described("users.dat", (text, at) -> colonUser(text, at));
                }
                case CSV -> {
                    items = describedBelowHeader("movies.csv");
                    users = Map.of();
                    line = lines.next();
                }
                case TYPED -> {
                    String stem = name.substring(0, Math.max(0, name.lastIndexOf('.')));
                    items = typed(stem + ".item", "item_id");
                    users = typed(stem + ".user", "user_id");
                    columns = typedColumns(line, lines);
                    line = lines.next();
                }
                default -> throw new IllegalStateException(layout + " is read above");
            }
            for (; line != null; line = lines.next()) {
                clicks.accept(rating(fields(line, layout, lines), columns, items, users, lines));
            }
        }
    }

    private static Layout layout(String first, LogLines lines) {
        if (first.contains(":token")) {
            return Layout.TYPED;
        }
        if (first.contains("::")) {
            return Layout.COLONS;
        }
        if (first.toLowerCase(Locale.ROOT).startsWith("userid,")) {
            return Layout.CSV;
        }
        if (first.indexOf('\t') > 0) {
            return Layout.TABS;
        }
        throw lines.failure(
                "neither tabs nor :: nor the header userId,movieId,rating,timestamp nor a typed"
                        + " header: not ratings of MovieLens");
    }

    private static int[] typedColumns(String header, LogLines lines) {
        List<String> names =
                Arrays.stream(header.split("\t", -1)).map(MovieLensReader::name).toList();
        int[] columns = new int[4];
        String[] needed = {"user_id", "item_id", "rating", "timestamp"};
        for (int i = 0; i < needed.length; i++) {
            columns[i] = names.indexOf(needed[i]);
            if (columns[i] < 0) {
                throw lines.failure("the header has no " + needed[i]);
            }
        }
        return columns;
    }

    /** The name of a typed column such as {@code user_id:token}. */
    private static String name(String column) {
        int colon = column.indexOf(':');
        return (colon < 0 ? column : column.substring(0, colon)).strip();
    }

    private static String[] fields(String line, Layout layout, LogLines lines) {
        return switch (layout) {
            case TABS, TYPED -> line.split("\t", -1);
            case COLONS -> line.split("::", -1);
            case CSV -> csv(line, lines);
        };
    }

    private LoggedClick rating(
            String[] fields,
            int[] columns,
            Map<String, Map<String, String>> items,
            Map<String, Map<String, String>> users,
            LogLines lines) {
        for (int column : columns) {
            if (column >= fields.length) {
                throw lines.failure(
                        fields.length + " fields where user, item, rating and time are expected");
            }
        }
        String user = id(fields[columns[0]], "user", lines);
        String item = id(fields[columns[1]], "item", lines);
        String rating = fields[columns[2]].strip();
        requireNumber(rating, lines);
        return new LoggedClick(
                null,
                user,
                user,
                item,
                Rsc15Reader.millis(fields[columns[3]].strip(), lines),
                new RatingAttributes(
                        same(rating),
                        items.getOrDefault(item, Map.of()),
                        users.getOrDefault(user, Map.of())));
    }

    private static void requireNumber(String rating, LogLines lines) {
        double value;
        try {
            value = Double.parseDouble(rating);
        } catch (NumberFormatException e) {
            throw new ClickLogException(
                    lines.file(), lines.number(), "rating '" + rating + "' is not a number", e);
        }
        if (!Double.isFinite(value)) {
            throw lines.failure("rating '" + rating + "' is not a number");
        }
    }

    private String id(String text, String name, LogLines lines) {
        String id = text.strip();
        if (id.isEmpty()) {
            throw lines.failure("empty " + name + " id");
        }
        return same(id);
    }

    private String same(String text) {
        return texts.computeIfAbsent(text, first -> first);
    }

    /** What a file says of each thing, by its id; nothing if there is no such file. */
    private Map<String, Map<String, String>> described(String file, LineParser parser) {
        if (!files.has(file)) {
            return Map.of();
        }
        try {
            return described(file, StandardCharsets.UTF_8, parser);
        } catch (ClickLogException e) {
            if (e.getCause() instanceof CharacterCodingException) {
                return described(file, StandardCharsets.ISO_8859_1, parser);
            }
            throw e;
        }
    }

    private Map<String, Map<String, String>> described(
            String file, Charset charset, LineParser parser) {
        Map<String, Map<String, String>> described = new HashMap<>();
        try (LogLines lines = files.open(file, charset)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                add(parser.parse(line, lines), described, lines);
            }
        }
        return described;
    }

    private void add(Described thing, Map<String, Map<String, String>> described, LogLines lines) {
        Map<String, String> attributes = new LinkedHashMap<>();
        thing.attributes.forEach(
                (name, value) -> {
                    String text = value.strip();
                    if (!text.isEmpty()) {
                        attributes.put(same(name), same(text));
                    }
                });
        if (described.putIfAbsent(id(thing.id, "first", lines), attributes) != null) {
            throw lines.failure("'" + thing.id + "' has been described before");
        }
    }

    private static void requireFields(String[] fields, int atLeast, LogLines lines) {
        if (fields.length < atLeast) {
            throw lines.failure(fields.length + " fields where " + atLeast + " are expected");
        }
    }

    private static Described tabItem(String line, LogLines lines) {
        String[] fields = line.split("\\|", -1);
        requireFields(fields, TAB_ITEM_COLUMNS, lines);
        List<String> genres = new ArrayList<>();
        for (int i = 0; i < GENRES.length; i++) {
            if (fields[5 + i].strip().equals("1")) {
                genres.add(GENRES[i]);
            }
        }
        return item(fields[0], fields[1], String.join("|", genres));
    }

    private static Described tabUser(String line, LogLines lines) {
        String[] fields = line.split("\\|", -1);
        requireFields(fields, 5, lines);
        return user(fields[0], fields[1], fields[2], fields[3], fields[4]);
    }

    private static Described colonItem(String line, LogLines lines) {
        String[] fields = line.split("::", -1);
        requireFields(fields, 3, lines);
        return item(fields[0], fields[1], fields[2]);
    }

    private static Described colonUser(String line, LogLines lines) {
        String[] fields = line.split("::", -1);
        requireFields(fields, 5, lines);
        int occupation;
        try {
            occupation = Integer.parseInt(fields[3].strip());
        } catch (NumberFormatException e) {
            throw new ClickLogException(
                    lines.file(),
                    lines.number(),
                    "occupation '" + fields[3] + "' is not a number",
                    e);
        }
        if (occupation < 0 || occupation >= OCCUPATIONS.length) {
            throw lines.failure(
                    "occupation is "
                            + occupation
                            + ", it must be in [0, "
                            + (OCCUPATIONS.length - 1)
                            + "]");
        }
        return user(fields[0], fields[2], fields[1], OCCUPATIONS[occupation], fields[4]);
    }

    private Map<String, Map<String, String>> describedBelowHeader(String file) {
        return described(
                file,
                (line, lines) -> {
                    String[] fields = csv(line, lines);
                    requireFields(fields, 3, lines);
                    // The header describes nothing, and no click asks for it.
                    return lines.number() == 1
                            ? new Described(fields[0], Map.of())
                            : item(fields[0], fields[1], fields[2]);
                });
    }

    private static Described item(String id, String title, String genres) {
        Map<String, String> attributes = new LinkedHashMap<>();
        Matcher parts = TITLE_AND_YEAR.matcher(title);
        boolean hasYear = parts.matches();
        attributes.put("title", hasYear ? parts.group(1) : title);
        attributes.put("year", hasYear ? parts.group(2) : "");
        attributes.put("genres", genres.equals(NO_GENRES) ? "" : genres);
        return new Described(id, attributes);
    }

    private static Described user(
            String id, String age, String gender, String occupation, String zip) {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("age", age);
        attributes.put("gender", gender);
        attributes.put("occupation", occupation);
        attributes.put("zip", zip);
        return new Described(id, attributes);
    }

    /** Things under a typed header, one column of which is their id. */
    private Map<String, Map<String, String>> typed(String file, String idColumn) {
        String[][] header = new String[1][];
        return described(
                file,
                (line, lines) -> {
                    String[] fields = line.split("\t", -1);
                    if (header[0] == null || lines.number() == 1) {
                        header[0] = fields;
                        return new Described(fields[0], Map.of());
                    }
                    requireFields(fields, header[0].length, lines);
                    String id = "";
                    Map<String, String> attributes = new LinkedHashMap<>();
                    for (int i = 0; i < header[0].length; i++) {
                        String name = name(header[0][i]);
                        if (name.equals(idColumn)) {
                            id = fields[i];
                        } else {
                            attributes.put(
                                    ourName(name), typedValue(name, header[0][i], fields[i]));
                        }
                    }
                    return new Described(id, attributes);
                });
    }

    private static String ourName(String column) {
        return switch (column) {
            case "movie_title" -> "title";
            case "release_year" -> "year";
            case "class", "genre" -> "genres";
            case "zip_code" -> "zip";
            default -> column;
        };
    }

    private static String typedValue(String name, String column, String value) {
        boolean isTitle = ourName(name).equals("title");
        return column.endsWith(":token_seq") && !isTitle
                ? String.join("|", value.strip().split(" +"))
                : value;
    }

    /** The fields of a line of RFC 4180: in quotes a comma is a comma, and two quotes are one. */
    private static String[] csv(String line, LogLines lines) {
        if (line.indexOf('"') < 0) {
            return line.split(",", -1);
        }
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        if (quoted) {
            throw lines.failure("a quotation mark is not closed");
        }
        fields.add(field.toString());
        return fields.toArray(new String[0]);
    }
}
