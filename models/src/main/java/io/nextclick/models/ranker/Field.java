package io.nextclick.models.ranker;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One field of a feature space: which fact it reads, and how its value becomes one of a fixed
 * number of features.
 *
 * <p>As a text: {@code FACT[.NAME][/hash:N|/bins:N|/values:N|/offset:N]}, such as {@code hour},
 * {@code context.device}, {@code attribute.year/bins:8} or {@code score.two-tower/bins:32}. An
 * encoding that is left out is the fact's usual one.
 *
 * @param fact what it reads
 * @param name which attribute or source; empty where the fact has no names
 * @param encoding how a value becomes a feature
 * @param size how many features there are beside the one for a missing value: buckets to hash into,
 *     bins by quantiles (fewer where values are equal), or values from 0 on
 */
public record Field(Fact fact, String name, Encoding encoding, int size) {

    /** The most buckets, and the most values. */
    public static final int MOST_BUCKETS = 1 << 22;

    /** The most bins. */
    public static final int MOST_BINS = 256;

    /** The most bins of a field of query and item: an item's part with each of them is kept. */
    public static final int MOST_PAIR_BINS = 64;

    private static final Pattern TEXT =
            Pattern.compile(
                    "([a-z-]+)(?:\\.([^/\\s,]{1,128}))?(?:/(hash|bins|values|offset):(\\d{1,7}))?");

    private static final List<Field> USUAL =
            Stream.of(
                            "score.blend/offset:16",
                            "rank.blend",
                            "score.model",
                            "rank.model",
                            "score.two-tower",
                            "rank.two-tower",
                            "score.co-visitation",
                            "score.trending",
                            "score.trending-category",
                            "item",
                            "popularity",
                            "age",
                            "category",
                            "price",
                            "last-item",
                            "last-categories",
                            "session-length")
                    .map(Field::parse)
                    .toList();

    /** How a value becomes a feature. */
    public enum Encoding {
        /** A text is hashed into buckets. */
        HASH,
        /** A number falls between quantiles, learnt once and stored. */
        BINS,
        /** A whole number from 0 on stands for itself; one beyond the last counts as missing. */
        VALUES,
        /**
         * Of a source's score alone: it is added to the log-odds as it is, and its bins besides say
         * by how much that is wrong. So a ranker that has learnt nothing orders as the source does,
         * and what it learns is where it differs.
         */
        OFFSET
    }

    public Field {
        Objects.requireNonNull(fact, "fact");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(encoding, "encoding");
        if (fact.isNamed() == name.isEmpty()) {
            throw new IllegalArgumentException(
                    fact.isNamed()
                            ? "field " + fact.label() + " needs a name: " + fact.label() + ".NAME"
                            : "field " + fact.label() + " takes no name");
        }
        boolean isBinned = encoding == Encoding.BINS || encoding == Encoding.OFFSET;
        int most = isBinned ? MOST_BINS : MOST_BUCKETS;
        int least = isBinned ? 2 : 1;
        if (size < least || size > most) {
            throw new IllegalArgumentException(
                    "size of field "
                            + fact.label()
                            + " is "
                            + size
                            + ", it must be in ["
                            + least
                            + ", "
                            + most
                            + "]");
        }
        boolean isList = fact == Fact.CATEGORY || fact == Fact.LAST_CATEGORIES;
        if (isList && encoding != Encoding.HASH) {
            throw new IllegalArgumentException(
                    "field " + fact.label() + " is a list of texts, it must be hashed");
        }
        if (encoding == Encoding.OFFSET && fact != Fact.SOURCE_SCORE) {
            throw new IllegalArgumentException(
                    "field " + fact.label() + " is no score, only a score can be an offset");
        }
        if (fact.side() == Fact.Side.PAIR && !isBinned) {
            throw new IllegalArgumentException(
                    "field " + fact.label() + " is a number of each candidate, it must have bins");
        }
        if (fact.side() == Fact.Side.PAIR && size > MOST_PAIR_BINS) {
            throw new IllegalArgumentException(
                    "size of field "
                            + fact.label()
                            + " is "
                            + size
                            + ", at most "
                            + MOST_PAIR_BINS
                            + " are kept for every item");
        }
    }

    /**
     * @throws IllegalArgumentException if it isn't a field's text
     */
    public static Field parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no field: FACT[.NAME][/hash:N|/bins:N|/values:N|/offset:N]");
        }
        Fact fact = Fact.labelled(parts.group(1));
        String[] usual = fact.usualEncoding().split(":", 2);
        String encoding = parts.group(3) == null ? usual[0] : parts.group(3);
        String size = parts.group(4) == null ? usual[1] : parts.group(4);
        return new Field(
                fact,
                parts.group(2) == null ? "" : parts.group(2),
                Encoding.valueOf(encoding.toUpperCase(Locale.ROOT)),
                Integer.parseInt(size));
    }

    /**
     * What a ranker of recommendations reads where nothing else is asked for: what every source
     * made of an item, where the blend of them puts it and by how much it is wrong there, what the
     * catalogue and the clicks say of the item, and the session.
     */
    public static List<Field> usual() {
        return USUAL;
    }

    /** Whether its features are the bins of a number. */
    boolean isBinned() {
        return encoding == Encoding.BINS || encoding == Encoding.OFFSET;
    }

    /** The fact with its name, such as {@code context.device}. */
    public String label() {
        return name.isEmpty() ? fact.label() : fact.label() + '.' + name;
    }

    /** What {@link #parse} reads, with the encoding. */
    @Override
    public String toString() {
        return label() + '/' + encoding.name().toLowerCase(Locale.ROOT) + ':' + size;
    }
}
