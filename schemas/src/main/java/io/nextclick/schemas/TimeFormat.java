package io.nextclick.schemas;

import java.time.DateTimeException;
import java.util.Locale;

/** How a publisher writes the time of an event. */
public enum TimeFormat {
    /**
     * Told from the value: a text that is no number is ISO-8601; a number below 10<sup>11</sup>
     * counts seconds (it would be the year 5138), any other milliseconds (from March 1973).
     */
    AUTO("seconds or milliseconds since the epoch or ISO-8601"),
    /** Seconds since the epoch, fractions allowed, as a number or in a text. */
    EPOCH_SECONDS("seconds since the epoch"),
    /** Milliseconds since the epoch, fractions dropped, as a number or in a text. */
    EPOCH_MILLIS("milliseconds since the epoch"),
    /**
     * ISO-8601 date and time, separated by {@code T} or a space; seconds and fraction may be left
     * out; without an offset it is UTC.
     */
    ISO_8601("ISO-8601");

    private static final double AUTO_SECONDS_BELOW = 1e11;
    private static final double MILLIS_PER_SECOND = 1e3;

    private final String form;

    TimeFormat(String form) {
        this.form = form;
    }

    /**
     * The format's name in configuration: {@code auto}, {@code epoch-seconds}, {@code
     * epoch-millis}, {@code iso-8601}.
     */
    public String configName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The format of a name in configuration.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static TimeFormat ofConfigName(String name) {
        for (TimeFormat format : values()) {
            if (format.configName().equals(name)) {
                return format;
            }
        }
        throw new IllegalArgumentException(
                "time format must be auto, epoch-seconds, epoch-millis or iso-8601 but is '"
                        + name
                        + "'");
    }

    String form() {
        return form;
    }

    long ofWhole(long value) {
        if (!countsSeconds((double) value)) {
            return value;
        }
        // Beyond any plausible time; kept from overflowing, so that it is refused as such.
        return value < 0 || value > EventTime.END_MILLIS ? Long.MAX_VALUE : value * 1_000;
    }

    /** The nearest value of seconds; the value rounded down of milliseconds. */
    long ofFraction(double value) {
        return countsSeconds(value)
                ? Math.round(value * MILLIS_PER_SECOND)
                : (long) Math.floor(value);
    }

    long ofText(String text) {
        if (this == ISO_8601 || (this == AUTO && !looksLikeNumber(text))) {
            return EventTime.ofIso(text);
        }
        if (!looksLikeNumber(text)) {
            throw new DateTimeException("not a number");
        }
        return text.indexOf('.') < 0 ? ofWhole(Long.parseLong(text)) : fractionOf(text);
    }

    private long fractionOf(String text) {
        return ofFraction(Double.parseDouble(text));
    }

    private boolean countsSeconds(double value) {
        return this == EPOCH_SECONDS || (this == AUTO && value < AUTO_SECONDS_BELOW);
    }

    /** Digits with at most one point among them. */
    private static boolean looksLikeNumber(String text) {
        boolean point = false;
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (unit == '.' && !point && i > 0) {
                point = true;
            } else if (unit < '0' || unit > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
