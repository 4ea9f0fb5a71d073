package io.nextclick.models.clicklog;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The formats of click logs that can be read. Every one may be plain or gzipped. */
public enum ClickLogFormat {

    /**
     * One JSON object a line with the fields of a click: {@code session_id}, {@code item_id},
     * {@code event_time} (epoch milliseconds or ISO-8601), optionally {@code event_id}, {@code
     * user_id}, {@code event_type}, {@code attributes}.
     */
    JSONL("jsonl", true),

    /**
     * "Clickstream Data for Online Shopping" of the UCI repository: {@code ;}-separated, also
     * inside its original {@code .zip}. It has dates but no time of day: {@link ClickLog} says how
     * times are made up.
     */
    ESHOP("eshop", true),

    /** {@code SessionId ItemId Time}, tab-separated with a header, times in seconds. */
    RSC15("rsc15", true),

    /** A session a line, item ids separated by blanks. No times. */
    SESSIONS("sessions", false),

    /** The items of a session so far, a tab, and the item to predict. No times. */
    PREFIX_TARGET("prefix-target", false),

    /**
     * A user id and the items of all the user's life, separated by blanks. The last item is for
     * testing, the one before it for validation. No times.
     */
    USER_SEQUENCES("user-sequences", false);

    private final String label;
    private final boolean timed;

    ClickLogFormat(String label, boolean timed) {
        this.label = label;
        this.timed = timed;
    }

    /** The name on a command line. */
    public String label() {
        return label;
    }

    /** Whether clicks can be placed before or after a date. */
    public boolean isTimed() {
        return timed;
    }

    /**
     * @throws IllegalArgumentException if there is no such format
     */
    public static ClickLogFormat named(String label) {
        for (ClickLogFormat format : values()) {
            if (format.label.equals(label)) {
                return format;
            }
        }
        throw new IllegalArgumentException(
                "no format '"
                        + label
                        + "', there are "
                        + Arrays.stream(values())
                                .map(ClickLogFormat::label)
                                .collect(Collectors.joining(", ")));
    }

    @Override
    public String toString() {
        return label;
    }
}
