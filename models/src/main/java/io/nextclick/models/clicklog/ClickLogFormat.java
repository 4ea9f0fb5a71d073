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
    USER_SEQUENCES("user-sequences", false),

    /**
     * Ratings of MovieLens as GroupLens publishes them: 100K ({@code u.data}), 1M and 10M ({@code
     * ratings.dat}), 20M, 25M and latest ({@code ratings.csv}), or with typed headers ({@code
     * .inter}); the folder, its {@code .zip}, or the file of ratings with the others beside it. A
     * rating is a click of the session that is the user's whole life. Its attributes are {@code
     * rating}, of the item {@code title}, {@code year} and {@code genres} (separated by {@code |}),
     * of the user {@code age}, {@code gender}, {@code occupation} and {@code zip}, as far as the
     * files have them. Each user's last item is for testing, the one before it for validation,
     * unless the log is cut by time.
     */
    MOVIELENS("movielens", true);

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
