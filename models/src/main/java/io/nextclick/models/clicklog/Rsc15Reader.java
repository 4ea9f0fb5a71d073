package io.nextclick.models.clicklog;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Reads {@link ClickLogFormat#RSC15}. Streams: nothing is kept but the distinct ids. */
final class Rsc15Reader {

    private static final String FIRST_COLUMN = "SessionId";
    private static final BigDecimal MILLIS_PER_SECOND = BigDecimal.valueOf(1000);
    private static final BigDecimal LATEST_SECONDS = BigDecimal.valueOf(100_000_000_000L);

    private Rsc15Reader() {}

    static void read(LogLines lines, Consumer<LoggedClick> clicks) {
        Map<String, String> ids = new HashMap<>();
        boolean first = true;
        for (String line = lines.next(); line != null; line = lines.next()) {
            String[] fields = line.split("\t", -1);
            boolean header = first && fields[0].strip().equalsIgnoreCase(FIRST_COLUMN);
            first = false;
            if (header) {
                continue;
            }
            if (fields.length < 3) {
                throw lines.failure(
                        fields.length + " tab-separated fields where SessionId, ItemId, Time are");
            }
            String session = fields[0].strip();
            String item = fields[1].strip();
            if (session.isEmpty() || item.isEmpty()) {
                throw lines.failure("empty " + (session.isEmpty() ? "SessionId" : "ItemId"));
            }
            clicks.accept(
                    new LoggedClick(
                            null,
                            ids.computeIfAbsent(session, id -> id),
                            null,
                            ids.computeIfAbsent(item, id -> id),
                            millis(fields[2].strip(), lines),
                            Map.of()));
        }
    }

    /** Milliseconds of a text of seconds since the epoch. */
    static long millis(String seconds, LogLines lines) {
        BigDecimal time;
        try {
            // Not a double: 1396437466.94 s must be 1396437466940 ms on every machine.
            time = new BigDecimal(seconds);
        } catch (NumberFormatException e) {
            throw new ClickLogException(
                    lines.file(),
                    lines.number(),
                    "Time '" + seconds + "' is not a number of seconds",
                    e);
        }
        if (time.abs().compareTo(LATEST_SECONDS) > 0) {
            throw lines.failure("Time '" + seconds + "' is out of range");
        }
        return time.multiply(MILLIS_PER_SECOND).longValue();
    }
}
