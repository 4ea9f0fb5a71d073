package io.nextclick.schemas;

import java.time.DateTimeException;
import java.time.LocalDate;

/** Times as records carry them: which are plausible, and how ISO-8601 text is read. */
final class EventTime {

    /** 2100-01-01T00:00:00Z in milliseconds since the epoch. */
    static final long END_MILLIS = 4_102_444_800_000L;

    /** Longer texts are not times. */
    static final int TEXT_CHARS_MAX = 64;

    private static final long MILLIS_PER_DAY = 86_400_000L;
    private static final int DATE_LENGTH = 10;

    private EventTime() {}

    /**
     * From 1970 up to 2100. Logs without times get synthesised ones that start at the epoch, so the
     * lower end has to be 0.
     */
    static boolean isPlausible(long millis) {
        return millis >= 0 && millis < END_MILLIS;
    }

    static String implausible(long millis) {
        return "the time " + millis + " ms since the epoch is not between the years 1970 and 2100";
    }

    /**
     * Reads {@code 2008-04-01T10:20:30.123+02:00}: date and time separated by {@code T} or a space;
     * seconds and their fraction may be left out, digits beyond the millisecond are dropped; the
     * offset is {@code Z}, {@code +02:00}, {@code +0200} or {@code +02}, and UTC when missing.
     *
     * @return milliseconds since the epoch
     * @throws DateTimeException if the text is no such time
     */
    static long ofIso(String text) {
        int length = text.length();
        if (length > TEXT_CHARS_MAX) {
            throw new DateTimeException("a text of " + length + " characters");
        }
        require(length >= DATE_LENGTH + 6 && text.charAt(4) == '-' && text.charAt(7) == '-', text);
        char separator = text.charAt(DATE_LENGTH);
        require(separator == 'T' || separator == 't' || separator == ' ', text);
        long day =
                LocalDate.of(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2))
                        .toEpochDay();
        int at = DATE_LENGTH + 1;
        int hour = digits(text, at, 2);
        require(text.charAt(at + 2) == ':', text);
        int minute = digits(text, at + 3, 2);
        at += 5;
        int second = 0;
        int millis = 0;
        if (at < length && text.charAt(at) == ':') {
            second = digits(text, at + 1, 2);
            at += 3;
            if (at < length && (text.charAt(at) == '.' || text.charAt(at) == ',')) {
                int start = ++at;
                int scale = 100;
                while (at < length && isDigit(text.charAt(at))) {
                    millis += (text.charAt(at) - '0') * scale;
                    scale /= 10;
                    at++;
                }
                require(at > start, text);
            }
        }
        require(hour < 24 && minute < 60 && second < 60, text);
        long offsetMinutes = offset(text, at);
        return day * MILLIS_PER_DAY
                + ((hour * 60L + minute - offsetMinutes) * 60 + second) * 1_000
                + millis;
    }

    /** Minutes east of UTC. */
    private static long offset(String text, int from) {
        int rest = text.length() - from;
        if (rest == 0) {
            return 0;
        }
        char sign = text.charAt(from);
        if (sign == 'Z' || sign == 'z') {
            require(rest == 1, text);
            return 0;
        }
        require((sign == '+' || sign == '-') && (rest == 3 || rest == 5 || rest == 6), text);
        int hours = digits(text, from + 1, 2);
        int minutes = 0;
        if (rest == 5) {
            minutes = digits(text, from + 3, 2);
        } else if (rest == 6) {
            require(text.charAt(from + 3) == ':', text);
            minutes = digits(text, from + 4, 2);
        }
        require(hours <= 18 && minutes < 60, text);
        long offset = hours * 60L + minutes;
        return sign == '-' ? -offset : offset;
    }

    private static int digits(String text, int from, int count) {
        require(from + count <= text.length(), text);
        int value = 0;
        for (int i = from; i < from + count; i++) {
            char digit = text.charAt(i);
            require(isDigit(digit), text);
            value = value * 10 + (digit - '0');
        }
        return value;
    }

    private static boolean isDigit(char unit) {
        return unit >= '0' && unit <= '9';
    }

    private static void require(boolean holds, String text) {
        if (!holds) {
            throw new DateTimeException("'" + text + "' is not an ISO-8601 time");
        }
    }
}
