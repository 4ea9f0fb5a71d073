package io.nextclick.models.clicklog;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Reads {@link ClickLogFormat#ESHOP}; one day is kept at a time.
 *
 * <p>The log has dates but no time of day, so event times are made up, the same for every reading:
 * the n sessions of a day begin evenly between 06:00 and 20:00 UTC in the order of the file, each
 * somewhere in its n-th of that time, and a session's clicks follow each other at 5 to 60 s, both
 * drawn from a hash of session and position. On a day of 480 sessions about two are live at a time.
 * A session that would run past midnight is run through faster, so that a click never leaves its
 * date. Gaps stay far below 30 minutes: the usual session rules leave these sessions whole.
 */
final class EshopReader {

    private static final int COLUMNS = 14;
    private static final long OPENS_MILLIS = 6L * 3_600_000;
    private static final long OPEN_FOR_MILLIS = 14L * 3_600_000;
    private static final long DAY_MILLIS = 24L * 3_600_000;
    private static final long SHORTEST_GAP_MILLIS = 5_000;
    private static final long GAP_SPREAD_MILLIS = 55_000;

    private static final String[] CATEGORIES = {"trousers", "skirts", "blouses", "sale"};
    private static final String[] COLOURS = {
        "beige",
        "black",
        "blue",
        "brown",
        "burgundy",
        "gray",
        "green",
        "navy blue",
        "of many colours",
        "olive",
        "pink",
        "red",
        "violet",
        "white"
    };
    private static final String[] PHOTOS = {"en face", "profile"};
    private static final String[] PRICES = {"above average", "not above average"};

    private final LogLines lines;
    private final Consumer<LoggedClick> clicks;
    private final Map<String, String> texts = new HashMap<>();
    private final Map<Map<String, String>, Map<String, String>> attributeSets = new HashMap<>();
    private final Map<String, List<Row>> day = new LinkedHashMap<>();

    private record Row(String item, Map<String, String> attributes) {}

    private EshopReader(LogLines lines, Consumer<LoggedClick> clicks) {
        this.lines = lines;
        this.clicks = clicks;
    }

    static void read(LogLines lines, Consumer<LoggedClick> clicks) {
        new EshopReader(lines, clicks).read();
    }

    private void read() {
        LocalDate current = null;
        boolean first = true;
        for (String line = lines.next(); line != null; line = lines.next()) {
            String[] fields = line.split(";", -1);
            boolean header = first && fields[0].strip().equalsIgnoreCase("year");
            first = false;
            if (header) {
                continue;
            }
            if (fields.length != COLUMNS) {
                throw lines.failure(fields.length + " fields where " + COLUMNS + " are expected");
            }
            LocalDate date = date(fields);
            if (!date.equals(current)) {
                flush(current);
                current = date;
            }
            List<Row> session =
                    day.computeIfAbsent(text(fields, 5, "session ID"), id -> new ArrayList<>());
            int order = number(fields, 3, "order");
            if (order != session.size() + 1) {
                throw lines.failure(
                        "order "
                                + order
                                + " in session "
                                + fields[5]
                                + " where "
                                + (session.size() + 1)
                                + " is expected");
            }
            session.add(new Row(text(fields, 7, "page 2"), attributes(fields)));
        }
        flush(current);
    }

    private LocalDate date(String[] fields) {
        try {
            return LocalDate.of(
                    number(fields, 0, "year"),
                    number(fields, 1, "month"),
                    number(fields, 2, "day"));
        } catch (DateTimeException e) {
            throw new ClickLogException(
                    lines.file(), lines.number(), "no such date: " + e.getMessage(), e);
        }
    }

    private Map<String, String> attributes(String[] fields) {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("category", word(fields, 6, "page 1", CATEGORIES));
        attributes.put("colour", word(fields, 8, "colour", COLOURS));
        attributes.put("location", text(fields, 9, "location"));
        attributes.put("photo", word(fields, 10, "model photography", PHOTOS));
        attributes.put("price", text(fields, 11, "price"));
        attributes.put("price2", word(fields, 12, "price 2", PRICES));
        attributes.put("page", text(fields, 13, "page"));
        attributes.put("country", text(fields, 4, "country"));
        return attributeSets.computeIfAbsent(attributes, Map::copyOf);
    }

    private String text(String[] fields, int column, String name) {
        String text = fields[column].strip();
        if (text.isEmpty()) {
            throw lines.failure("empty " + name);
        }
        return texts.computeIfAbsent(text, same -> same);
    }

    private int number(String[] fields, int column, String name) {
        try {
            return Integer.parseInt(fields[column].strip());
        } catch (NumberFormatException e) {
            throw new ClickLogException(
                    lines.file(),
                    lines.number(),
                    name + " '" + fields[column] + "' is not a number",
                    e);
        }
    }

    private String word(String[] fields, int column, String name, String[] words) {
        int code = number(fields, column, name);
        if (code < 1 || code > words.length) {
            throw lines.failure(name + " is " + code + ", it must be in [1, " + words.length + "]");
        }
        return words[code - 1];
    }

    private void flush(LocalDate date) {
        int place = 0;
        for (Map.Entry<String, List<Row>> session : day.entrySet()) {
            long midnight = date.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
            long[] times = times(session.getKey(), place, day.size(), session.getValue().size());
            for (int i = 0; i < times.length; i++) {
                Row row = session.getValue().get(i);
                clicks.accept(
                        new LoggedClick(
                                null,
                                session.getKey(),
                                null,
                                row.item,
                                midnight + times[i],
                                row.attributes));
            }
            place++;
        }
        day.clear();
    }

    /** Milliseconds since midnight of each click of a session, see the class. */
    private static long[] times(String session, int place, int sessions, int clicks) {
        double start = OPENS_MILLIS + OPEN_FOR_MILLIS * (place + draw(session, 0)) / sessions;
        double[] elapsed = new double[clicks];
        for (int i = 1; i < clicks; i++) {
            elapsed[i] =
                    elapsed[i - 1] + SHORTEST_GAP_MILLIS + GAP_SPREAD_MILLIS * draw(session, i);
        }
        double left = DAY_MILLIS - 1 - start;
        double pace = Math.min(1, clicks > 1 ? left / elapsed[clicks - 1] : 1);
        long[] times = new long[clicks];
        for (int i = 0; i < clicks; i++) {
            times[i] = (long) (start + pace * elapsed[i]);
        }
        return times;
    }

    /** A number in [0, 1) that depends on session and position only (the SplitMix64 finaliser). */
    private static double draw(String session, int position) {
        long z = session.hashCode() * 0x9E3779B97F4A7C15L + position * 0xD1B54A32D192ED03L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (z >>> 11) * 0x1.0p-53;
    }
}
