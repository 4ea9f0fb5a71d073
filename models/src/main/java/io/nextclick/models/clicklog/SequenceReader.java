package io.nextclick.models.clicklog;

import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.Sessioniser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringTokenizer;
import java.util.function.Consumer;

/**
 * Reads the formats that hold a session a line and no times: {@link ClickLogFormat#SESSIONS},
 * {@link ClickLogFormat#PREFIX_TARGET} and {@link ClickLogFormat#USER_SEQUENCES}. A session's id is
 * {@code line-n} or the user, its start is its line number.
 *
 * <p>Where clicks are asked for, times are made up: line n begins n seconds after {@link
 * #EPOCH_MILLIS}, its clicks follow each other at 20 s.
 */
final class SequenceReader {

    /** 2000-01-01T00:00:00Z. */
    static final long EPOCH_MILLIS = 946_684_800_000L;

    static final long LINE_MILLIS = 1_000;
    static final long CLICK_MILLIS = 20_000;

    private static final String BLANKS = " \t";

    private SequenceReader() {}

    /** A line's session, before rules. */
    private record Line(long number, String id, String user, List<String> items) {}

    static void readClicks(LogLines lines, ClickLogFormat format, Consumer<LoggedClick> clicks) {
        read(
                lines,
                format,
                line -> {
                    long time = EPOCH_MILLIS + line.number * LINE_MILLIS;
                    for (String item : line.items) {
                        clicks.accept(
                                new LoggedClick(null, line.id, line.user, item, time, Map.of()));
                        time += CLICK_MILLIS;
                    }
                });
    }

    /**
     * The sessions as they stand. Of a prefix-target line only the last item is to be predicted; it
     * is left out if the rules collapse that item into the one before.
     */
    static List<Session> readSessions(LogLines lines, ClickLogFormat format, SessionRules rules) {
        List<Session> sessions = new ArrayList<>();
        read(
                lines,
                format,
                line -> {
                    // One time for all: where there are no times, no gap can end a session.
                    Sessioniser sessioniser = new Sessioniser(rules);
                    SessionRules.Verdict last = null;
                    for (String item : line.items) {
                        last = sessioniser.add(line.id, null, item, line.number);
                    }
                    Session session = sessioniser.sessions().get(0);
                    if (format != ClickLogFormat.PREFIX_TARGET) {
                        sessions.add(session);
                    } else if (last == SessionRules.Verdict.CONTINUES) {
                        List<String> items = session.items();
                        sessions.add(new Session(line.id, line.number, items, items.size() - 1));
                    }
                });
        return sessions;
    }

    private static void read(LogLines lines, ClickLogFormat format, Consumer<Line> sessions) {
        Map<String, String> items = new HashMap<>();
        Map<String, Long> users = new HashMap<>();
        for (String line = lines.next(); line != null; line = lines.next()) {
            List<String> tokens = new ArrayList<>();
            StringTokenizer blanks = new StringTokenizer(line, BLANKS);
            while (blanks.hasMoreTokens()) {
                tokens.add(items.computeIfAbsent(blanks.nextToken(), id -> id));
            }
            String id = "line-" + lines.number();
            String user = null;
            switch (format) {
                case SESSIONS -> {}
                case PREFIX_TARGET -> requirePrefixAndTarget(line, lines);
                case USER_SEQUENCES -> {
                    user = tokens.remove(0);
                    id = user;
                    if (tokens.isEmpty()) {
                        throw lines.failure("user " + user + " has no items");
                    }
                    Long before = users.putIfAbsent(user, lines.number());
                    if (before != null) {
                        throw lines.failure("user " + user + " was on line " + before + " too");
                    }
                }
                default -> throw new IllegalArgumentException(format + " is no format of lines");
            }
            sessions.accept(new Line(lines.number(), id, user, tokens));
        }
    }

    private static void requirePrefixAndTarget(String line, LogLines lines) {
        int tab = line.indexOf('\t');
        if (tab < 0 || line.indexOf('\t', tab + 1) >= 0) {
            throw lines.failure("not a prefix, one tab and a target");
        }
        if (line.substring(0, tab).isBlank()) {
            throw lines.failure("the prefix is empty");
        }
        String target = line.substring(tab + 1).strip();
        if (target.isEmpty() || target.indexOf(' ') >= 0) {
            throw lines.failure("the target is not one item");
        }
    }
}
