package io.nextclick.models.clicklog;

import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.session.Sessioniser;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A click log in a file, in one of the {@link ClickLogFormat}s: as clicks in order of time, to
 * replay or to learn from, and as sessions, to train and to measure on. Immutable; the file is read
 * anew by every call, plain, gzipped or (its first entry) zipped. {@link ClickLogFormat#MOVIELENS}
 * may be a folder.
 *
 * <p>{@link #until} and {@link #from} cut a log by time. A log without times of its own can't be
 * cut; its clicks get made-up times, line n beginning n seconds after 2000-01-01, its clicks 20 s
 * apart. The eshop log has dates only: its times of day are made up, deterministically, with
 * overlapping sessions that never leave their date, so a cut at midnight UTC is a cut by date.
 *
 * <p>Every reading method throws {@link ClickLogException} with the file and the line if the file
 * is missing or anything in it is not as its format says.
 */
public final class ClickLog {

    private final Path file;
    private final ClickLogFormat format;
    private final Instant from;
    private final Instant until;

    private ClickLog(Path file, ClickLogFormat format, Instant from, Instant until) {
        this.file = Objects.requireNonNull(file, "file");
        this.format = Objects.requireNonNull(format, "format");
        this.from = from;
        this.until = until;
        if (!format.isTimed() && (from != null || until != null)) {
            throw new IllegalArgumentException(
                    "a log of format " + format + " has no times, it can't be cut by time");
        }
    }

    public static ClickLog of(Path file, ClickLogFormat format) {
        return new ClickLog(file, format, null, null);
    }

    /**
     * This log without the clicks at or after a time.
     *
     * @param time null cuts nothing
     * @throws IllegalArgumentException if the format has no times
     */
    public ClickLog until(Instant time) {
        return time == null ? this : new ClickLog(file, format, from, time);
    }

    /**
     * This log without the sessions that begin before a time; as clicks: without the clicks before
     * it.
     *
     * @param time null cuts nothing
     * @throws IllegalArgumentException if the format has no times
     */
    public ClickLog from(Instant time) {
        return time == null ? this : new ClickLog(file, format, time, until);
    }

    /**
     * A time as a person writes it: a date (its midnight UTC), an ISO-8601 time, or epoch
     * milliseconds.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public static Instant time(String text) {
        String time = text.strip();
        try {
            if (time.matches("-?\\d{5,}")) {
                return Instant.ofEpochMilli(Long.parseLong(time));
            }
            return time.indexOf('T') < 0
                    ? LocalDate.parse(time).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : Instant.parse(time);
        } catch (DateTimeException | NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'"
                            + text
                            + "' is no time: a date such as 2008-08-01, an ISO-8601 time such as"
                            + " 2008-08-01T12:00:00Z or epoch milliseconds is expected",
                    e);
        }
    }

    public Path file() {
        return file;
    }

    public ClickLogFormat format() {
        return format;
    }

    /** Hands on the clicks in the order of the file, as it is read. */
    public void forEach(Consumer<LoggedClick> clicks) {
        long first = from == null ? Long.MIN_VALUE : from.toEpochMilli();
        long end = until == null ? Long.MAX_VALUE : until.toEpochMilli();
        readAll(
                click -> {
                    if (click.eventTimeMillis() >= first && click.eventTimeMillis() < end) {
                        clicks.accept(click);
                    }
                });
    }

    /** The clicks in order of time, clicks of one millisecond in the order of the file. */
    public List<LoggedClick> clicks() {
        List<LoggedClick> clicks = new ArrayList<>();
        forEach(clicks::add);
        clicks.sort(Comparator.comparingLong(LoggedClick::eventTimeMillis));
        return clicks;
    }

    /**
     * The sessions that a model may learn from, in the order of the file: all of them, single
     * clicks included. If the log {@link #leavesLastOut()}, the last item of each user is for
     * testing and the one before it for validation, so neither is here: that is how the published
     * figures of such logs were reached, baselines' and networks' alike.
     */
    public List<Session> trainingSessions(SessionRules rules) {
        List<Session> sessions = sessions(rules);
        return leavesLastOut() ? leaveOut(sessions).training() : sessions;
    }

    /**
     * Whether the last item of each user is set apart for testing and the one before it for
     * validation, as it is in {@link ClickLogFormat#USER_SEQUENCES}, and in {@link
     * ClickLogFormat#MOVIELENS} where no time says what is for testing.
     */
    public boolean leavesLastOut() {
        return format == ClickLogFormat.USER_SEQUENCES
                || (format == ClickLogFormat.MOVIELENS && from == null && until == null);
    }

    /**
     * The sessions to learn from and those to validate on: the last by time (by order where there
     * are no times), but if the log {@link #leavesLastOut()}, each user's last item but one,
     * whatever the fraction, if that isn't zero.
     *
     * @param validationFraction share of the sessions, in [0, 1)
     */
    public SessionSplit split(SessionRules rules, double validationFraction) {
        return leavesLastOut() && validationFraction > 0
                ? leaveOut(sessions(rules))
                : SessionSplit.byTime(trainingSessions(rules), validationFraction);
    }

    /**
     * The sessions to measure a model on, in the order of the file. Every click but a session's
     * first is to be predicted; of {@link ClickLogFormat#PREFIX_TARGET}, and if the log {@link
     * #leavesLastOut()}, only the last.
     */
    public List<Session> testSessions(SessionRules rules) {
        List<Session> sessions = sessions(rules);
        return leavesLastOut()
                ? sessions.stream()
                        .filter(session -> session.items().size() > 1)
                        .map(session -> predictLastOf(session, session.items().size()))
                        .toList()
                : sessions;
    }

    private static SessionSplit leaveOut(List<Session> sessions) {
        List<Session> training = new ArrayList<>(sessions.size());
        List<Session> validation = new ArrayList<>(sessions.size());
        for (Session session : sessions) {
            int size = session.items().size();
            if (size > 1) {
                List<String> items = session.items().subList(0, Math.max(1, size - 2));
                training.add(new Session(session.id(), session.startMillis(), items));
            }
            if (size > 2) {
                validation.add(predictLastOf(session, size - 1));
            }
        }
        return new SessionSplit(training, validation);
    }

    /** The first items of a session, the last of which is to be predicted. */
    private static Session predictLastOf(Session session, int size) {
        return new Session(
                session.id(), session.startMillis(), session.items().subList(0, size), size - 1);
    }

    private List<Session> sessions(SessionRules rules) {
        Objects.requireNonNull(rules, "rules");
        if (!format.isTimed()) {
            try (LogLines lines = new LogLines(file)) {
                return SequenceReader.readSessions(lines, format, rules);
            }
        }
        // A session that began before `from` has to be seen to be left out.
        List<Session> sessions = sessions(new ClickLog(file, format, null, until)::forEach, rules);
        if (from != null) {
            sessions.removeIf(session -> session.startMillis() < from.toEpochMilli());
        }
        return sessions;
    }

    /** The sessions that clicks in any order make, in the order in which their ids come. */
    public static List<Session> sessions(List<LoggedClick> clicks, SessionRules rules) {
        return sessions(clicks::forEach, rules);
    }

    private static List<Session> sessions(
            Consumer<Consumer<LoggedClick>> clicks, SessionRules rules) {
        Map<String, List<LoggedClick>> bySession = new LinkedHashMap<>();
        clicks.accept(
                click ->
                        bySession
                                .computeIfAbsent(click.sessionId(), id -> new ArrayList<>(4))
                                .add(click));
        // Rules look at one session id at a time, so that session by session is click by click.
        Sessioniser sessioniser = new Sessioniser(rules);
        for (List<LoggedClick> ofSession : bySession.values()) {
            ofSession.sort(Comparator.comparingLong(LoggedClick::eventTimeMillis));
            for (LoggedClick click : ofSession) {
                sessioniser.add(
                        click.sessionId(),
                        click.eventId(),
                        click.itemId(),
                        click.eventTimeMillis());
            }
        }
        return sessioniser.sessions();
    }

    private void readAll(Consumer<LoggedClick> clicks) {
        if (format == ClickLogFormat.MOVIELENS) {
            MovieLensReader.read(file, clicks);
            return;
        }
        try (LogLines lines = new LogLines(file)) {
            switch (format) {
                case JSONL -> JsonLinesReader.read(lines, clicks);
                case ESHOP -> EshopReader.read(lines, clicks);
                case RSC15 -> Rsc15Reader.read(lines, clicks);
                case SESSIONS, PREFIX_TARGET, USER_SEQUENCES ->
                        SequenceReader.readClicks(lines, format, clicks);
                case MOVIELENS -> throw new IllegalStateException("not a single file of lines");
            }
        }
    }

    @Override
    public String toString() {
        return file
                + " ("
                + format
                + (from == null ? "" : ", from " + from)
                + (until == null ? "" : ", until " + until)
                + ")";
    }
}
