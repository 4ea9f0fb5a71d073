package io.nextclick.models.ranker;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a {@link Field} of a feature space can read. The label is its name in a field's text. */
public enum Fact {

    /** Who asks. */
    USER("user", Side.QUERY, false, "hash:4096"),

    /** A named attribute of the click, such as the device; a user's own attributes among them. */
    CONTEXT("context", Side.QUERY, true, "hash:256"),

    /** The hour of the day in UTC, 0 to 23. */
    HOUR("hour", Side.QUERY, false, "values:24"),

    /** The day of the week in UTC, Monday 0 to Sunday 6. */
    WEEKDAY("weekday", Side.QUERY, false, "values:7"),

    /** Clicks of the session so far. */
    SESSION_LENGTH("session-length", Side.QUERY, false, "bins:8"),

    /** Seconds that the visitor has spent on the last item. */
    SESSION_DWELL("session-dwell", Side.QUERY, false, "bins:8"),

    /** The item clicked last. */
    LAST_ITEM("last-item", Side.QUERY, false, "hash:4096"),

    /** The categories of the session's last {@value QueryFacts#RECENT_ITEMS} items. */
    LAST_CATEGORIES("last-categories", Side.QUERY, false, "hash:256"),

    /** The lowest price among the session's items. */
    SESSION_LOWEST_PRICE("session-lowest-price", Side.QUERY, false, "bins:8"),

    /** The highest price among the session's items. */
    SESSION_HIGHEST_PRICE("session-highest-price", Side.QUERY, false, "bins:8"),

    /** The candidate itself. */
    ITEM("item", Side.ITEM, false, "hash:4096"),

    /** The candidate's categories. */
    CATEGORY("category", Side.ITEM, false, "hash:256"),

    /** Its price. */
    PRICE("price", Side.ITEM, false, "bins:8"),

    /** Whether it can be had: 0 or 1. */
    AVAILABLE("available", Side.ITEM, false, "values:2"),

    /** A named attribute of the candidate; {@code |} separates several values. */
    ATTRIBUTE("attribute", Side.ITEM, true, "hash:256"),

    /** How often it has been clicked, or is clicked lately: what the caller counts. */
    POPULARITY("popularity", Side.ITEM, false, "bins:16"),

    /** Days since it was first offered. */
    AGE("age", Side.ITEM, false, "bins:8"),

    /** The score that a named source of candidates gives it for this query. */
    SOURCE_SCORE("score", Side.PAIR, true, "bins:16"),

    /** Its place in a named source's list for this query, from 0. */
    SOURCE_RANK("rank", Side.PAIR, true, "bins:16");

    /** What a fact depends on, and so how often it has to be looked at. */
    public enum Side {
        /** On the session, the user and the context: once a query. */
        QUERY,
        /** On the candidate alone: once an item, until something of it changes. */
        ITEM,
        /** On both: for each candidate of each query. */
        PAIR
    }

    private final String label;
    private final Side side;
    private final boolean named;
    private final String usualEncoding;

    Fact(String label, Side side, boolean named, String usualEncoding) {
        this.label = label;
        this.side = side;
        this.named = named;
        this.usualEncoding = usualEncoding;
    }

    public String label() {
        return label;
    }

    public Side side() {
        return side;
    }

    /** Whether a field has to say which: of which attribute, of which source. */
    public boolean isNamed() {
        return named;
    }

    String usualEncoding() {
        return usualEncoding;
    }

    static Fact labelled(String label) {
        for (Fact fact : values()) {
            if (fact.label.equals(label)) {
                return fact;
            }
        }
        throw new IllegalArgumentException(
                "no fact '"
                        + label
                        + "', there are "
                        + Arrays.stream(values())
                                .map(fact -> fact.label + (fact.named ? ".NAME" : ""))
                                .collect(Collectors.joining(", ")));
    }
}
