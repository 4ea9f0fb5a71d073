package io.nextclick.models.ranker;

import io.nextclick.models.ranker.Fact.Side;
import io.nextclick.models.ranker.Field.Encoding;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How facts become the features of a ranker: the one definition for training and serving, stored
 * with the ranker.
 *
 * <p>Fields lie one behind the other. A field of n values has n + 1 features; its first stands for
 * a missing value, so that every field has an active feature in every example, one of value 1 or k
 * of value 1/k. A text is hashed (FNV-1a over the field and its UTF-16 units, finished by
 * MurmurHash3's mixer, stable for ever) into the field's own buckets. A number falls into the bin
 * whose lower bound is the last that isn't above it; bounds are quantiles of the values that {@link
 * #learn} saw, never changed afterwards. Immutable.
 */
public final class FeatureSpace {

    /** Values of a field that quantiles are taken from, at most. */
    private static final int SAMPLE = 200_000;

    /** Of a field that is an offset, for a missing value or one below. */
    private static final float LEAST_OFFSET = -20;

    private static final long OFFSET = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;
    private static final float[] UNBOUNDED = {};

    private final List<Field> fields;

    /** By field: the inner bounds of its bins, ascending; empty where it has none. */
    private final float[][] bounds;

    private final int[] offsets;
    private final long[] seeds;
    private final int[] queryFields;
    private final int[] itemFields;
    private final int[] pairFields;

    /** Numbers among {@link #pairFields()} of those that are offsets. */
    private final int[] offsetPairs;

    /**
     * @param fields different ones, at least one
     * @param bounds by field: the inner bounds of its bins, ascending; empty for a field without
     *     bins
     * @throws IllegalArgumentException if a field occurs twice, or bounds don't fit
     */
    FeatureSpace(List<Field> fields, float[][] bounds) {
        this.fields = List.copyOf(fields);
        this.bounds = bounds;
        if (fields.isEmpty()) {
            throw new IllegalArgumentException("there are no fields");
        }
        if (bounds.length != fields.size()) {
            throw new IllegalArgumentException(
                    "bounds of " + bounds.length + " fields where there are " + fields.size());
        }
        Set<String> labels = new HashSet<>();
        offsets = new int[fields.size() + 1];
        seeds = new long[fields.size()];
        for (int field = 0; field < fields.size(); field++) {
            Field definition = fields.get(field);
            if (!labels.add(definition.label())) {
                throw new IllegalArgumentException("field " + definition.label() + " occurs twice");
            }
            requireBounds(definition, bounds[field]);
            int size = definition.isBinned() ? bounds[field].length + 1 : definition.size();
            offsets[field + 1] = Math.addExact(offsets[field], size + 1);
            seeds[field] = fold(OFFSET, definition.label());
        }
        queryFields = of(Side.QUERY);
        itemFields = of(Side.ITEM);
        pairFields = of(Side.PAIR);
        offsetPairs =
                IntStream.range(0, pairFields.length)
                        .filter(pair -> fields.get(pairFields[pair]).encoding() == Encoding.OFFSET)
                        .toArray();
    }

    private static void requireBounds(Field field, float[] bounds) {
        if (bounds.length >= (field.isBinned() ? field.size() : 1)) {
            throw new IllegalArgumentException(
                    "field " + field + " has " + bounds.length + " bounds");
        }
        for (int i = 0; i < bounds.length; i++) {
            if (!Float.isFinite(bounds[i]) || (i > 0 && !(bounds[i] > bounds[i - 1]))) {
                throw new IllegalArgumentException("bounds of field " + field + " do not ascend");
            }
        }
    }

    private int[] of(Side side) {
        int[] numbers = new int[fields.size()];
        int count = 0;
        for (int field = 0; field < numbers.length; field++) {
            if (fields.get(field).fact().side() == side) {
                numbers[count++] = field;
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    /**
     * A space whose bins hold about equally many of the values that the examples have. Values that
     * are equal share a bin, so that a field may get fewer bins than it asks for.
     *
     * @param examples read once; of each field the first {@value #SAMPLE} values count
     */
    public static FeatureSpace learn(List<Field> fields, Iterable<RankingExample> examples) {
        List<Integer> binned = new ArrayList<>();
        float[][] bounds = new float[fields.size()][];
        float[][] samples = new float[fields.size()][];
        int[] counts = new int[fields.size()];
        int pairs = 0;
        int[] pairNumbers = new int[fields.size()];
        for (int field = 0; field < bounds.length; field++) {
            bounds[field] = UNBOUNDED;
            if (fields.get(field).isBinned()) {
                binned.add(field);
                samples[field] = new float[1024];
            }
            if (fields.get(field).fact().side() == Side.PAIR) {
                pairNumbers[field] = pairs++;
            }
        }
        for (RankingExample example : examples) {
            for (int field : binned) {
                Field definition = fields.get(field);
                float value =
                        switch (definition.fact().side()) {
                            case QUERY -> number(definition, example.query());
                            case ITEM -> number(definition, example.item());
                            case PAIR -> example.pairs()[pairNumbers[field]];
                        };
                if (!Float.isNaN(value) && counts[field] < SAMPLE) {
                    if (counts[field] == samples[field].length) {
                        samples[field] = Arrays.copyOf(samples[field], 2 * counts[field]);
                    }
                    samples[field][counts[field]++] = value;
                }
            }
        }
        for (int field : binned) {
            bounds[field] = quantiles(samples[field], counts[field], fields.get(field).size());
        }
        return new FeatureSpace(fields, bounds);
    }

    private static float[] quantiles(float[] values, int count, int bins) {
        Arrays.sort(values, 0, count);
        float[] found = new float[bins - 1];
        int size = 0;
        for (int bin = 1; bin < bins && count > 0; bin++) {
            float bound = values[(int) ((long) bin * count / bins)];
            // A bound at the smallest value would leave the bin below it empty.
            if (Float.isFinite(bound)
                    && bound > values[0]
                    && (size == 0 || bound > found[size - 1])) {
                found[size++] = bound;
            }
        }
        return Arrays.copyOf(found, size);
    }

    public List<Field> fields() {
        return fields;
    }

    /** The bounds of a field's bins, not a copy; empty for a field without bins. */
    float[] bounds(int field) {
        return bounds[field];
    }

    /** All features of all fields. */
    public int size() {
        return offsets[fields.size()];
    }

    /** The number of a field's first feature, the one for a missing value. */
    int offset(int field) {
        return offsets[field];
    }

    /** How many features a field has, that for a missing value included. */
    int width(int field) {
        return offsets[field + 1] - offsets[field];
    }

    /** The number of the field with this label. */
    OptionalInt number(String label) {
        for (int field = 0; field < fields.size(); field++) {
            if (fields.get(field).label().equals(label)) {
                return OptionalInt.of(field);
            }
        }
        return OptionalInt.empty();
    }

    /** The numbers of the fields that depend on the query alone. */
    int[] queryFields() {
        return queryFields;
    }

    /** The numbers of the fields that depend on the item alone. */
    int[] itemFields() {
        return itemFields;
    }

    /** The numbers of the fields that depend on both. */
    int[] pairFieldNumbers() {
        return pairFields;
    }

    /**
     * The fields whose values the caller gives for each candidate, in the order in which it gives
     * them: scores and ranks of sources.
     */
    public List<Field> pairFields() {
        return Arrays.stream(pairFields).mapToObj(fields::get).toList();
    }

    /** The features of an example, which replace what was there before. */
    public void encode(RankingExample example, ActiveFeatures features) {
        if (example.pairs().length != pairFields.length) {
            throw new IllegalArgumentException(
                    example.pairs().length
                            + " values where the space has "
                            + pairFields.length
                            + " fields of both query and item");
        }
        features.clear();
        query(example.query(), features);
        item(example.item(), features);
        for (int pair = 0; pair < pairFields.length; pair++) {
            int index = offsets[pairFields[pair]] + bin(pair, example.pairs()[pair]);
            features.add(pairFields[pair], index, 1);
        }
        features.setOffset(offset(example.pairs(), 0));
    }

    /**
     * What an example's log-odds begin from: the sum of its values of the fields that are offsets.
     *
     * @param pairs values of {@link #pairFields()}
     * @param from place of the first of them
     */
    float offset(float[] pairs, int from) {
        float sum = 0;
        for (int pair : offsetPairs) {
            float value = pairs[from + pair];
            // A source that doesn't list an item says that it is very unlikely, not how unlikely.
            sum += value >= LEAST_OFFSET ? Math.min(value, -LEAST_OFFSET) : LEAST_OFFSET;
        }
        return sum;
    }

    /** Adds the features of a query. */
    void query(QueryFacts query, ActiveFeatures features) {
        for (int field : queryFields) {
            Field definition = fields.get(field);
            if (definition.encoding() == Encoding.HASH) {
                switch (definition.fact()) {
                    case USER -> text(field, query.userId(), features);
                    case LAST_ITEM -> text(field, query.lastItem(), features);
                    case LAST_CATEGORIES -> texts(field, query.lastCategories(), features);
                    case CONTEXT ->
                            attribute(field, query.context().get(definition.name()), features);
                    default -> text(field, whole(number(definition, query)), features);
                }
            } else {
                features.add(field, numbered(field, number(definition, query)), 1);
            }
        }
    }

    /** Adds the features of an item. */
    void item(ItemFacts item, ActiveFeatures features) {
        for (int field : itemFields) {
            Field definition = fields.get(field);
            if (definition.encoding() == Encoding.HASH) {
                switch (definition.fact()) {
                    case ITEM -> text(field, item.itemId(), features);
                    case CATEGORY -> texts(field, item.categories(), features);
                    case ATTRIBUTE ->
                            attribute(field, item.attributes().get(definition.name()), features);
                    default -> text(field, whole(number(definition, item)), features);
                }
            } else {
                features.add(field, numbered(field, number(definition, item)), 1);
            }
        }
    }

    /**
     * The place among its field's features of a value that depends on query and item.
     *
     * @param pair the field's number among {@link #pairFields()}
     * @param value NaN if there is none
     */
    int bin(int pair, float value) {
        return bin(bounds[pairFields[pair]], value);
    }

    private static float number(Field field, QueryFacts query) {
        return switch (field.fact()) {
            case HOUR -> Math.floorMod(query.eventTimeMillis() / 3_600_000, 24);
            case WEEKDAY ->
                    Instant.ofEpochMilli(query.eventTimeMillis())
                                    .atOffset(ZoneOffset.UTC)
                                    .getDayOfWeek()
                                    .getValue()
                            - DayOfWeek.MONDAY.getValue();
            case SESSION_LENGTH -> query.sessionLength();
            case SESSION_DWELL -> (float) query.dwellSeconds();
            case SESSION_LOWEST_PRICE -> (float) query.lowestPrice();
            case SESSION_HIGHEST_PRICE -> (float) query.highestPrice();
            case CONTEXT -> parsed(query.context().get(field.name()));
            case USER -> parsed(query.userId());
            case LAST_ITEM -> parsed(query.lastItem());
            default -> Float.NaN;
        };
    }

    private static float number(Field field, ItemFacts item) {
        return switch (field.fact()) {
            case ITEM -> parsed(item.itemId());
            case PRICE -> (float) item.price();
            case AVAILABLE -> item.available() ? 1 : 0;
            case POPULARITY -> (float) item.popularity();
            case AGE -> (float) item.ageDays();
            case ATTRIBUTE -> parsed(item.attributes().get(field.name()));
            default -> Float.NaN;
        };
    }

    /** A number that is hashed is hashed as a whole one, since 1.5 and 1.500001 would differ. */
    private static String whole(float number) {
        return Float.isNaN(number) ? null : Long.toString((long) Math.floor(number));
    }

    private static float parsed(String text) {
        if (text == null || text.isEmpty()) {
            return Float.NaN;
        }
        try {
            float number = Float.parseFloat(text);
            return Float.isFinite(number) ? number : Float.NaN;
        } catch (NumberFormatException e) {
            return Float.NaN;
        }
    }

    private int numbered(int field, float number) {
        if (fields.get(field).isBinned()) {
            return offsets[field] + bin(bounds[field], number);
        }
        boolean isValue = number >= 0 && number < fields.get(field).size();
        return offsets[field] + (isValue ? 1 + (int) number : 0);
    }

    /**
     * 0 for NaN, else 1 + how many bounds aren't above the value. Candidates' values come in no
     * order that a processor could foresee, so that nothing here is a branch on them: the sign of a
     * difference says whether to go right.
     */
    private static int bin(float[] bounds, float value) {
        if (Float.isNaN(value)) {
            return 0;
        }
        float finite = Math.min(Math.max(value, -Float.MAX_VALUE), Float.MAX_VALUE);
        int low = 0;
        int size = bounds.length;
        while (size > 0) {
            int half = (size + 1) >>> 1;
            int isBelow = Float.floatToRawIntBits(finite - bounds[low + half - 1]) >>> 31;
            low += half & (isBelow - 1);
            size -= half;
        }
        return 1 + low;
    }

    private void text(int field, String text, ActiveFeatures features) {
        features.add(field, text == null ? offsets[field] : bucket(field, text), 1);
    }

    private void texts(int field, List<String> texts, ActiveFeatures features) {
        if (texts.isEmpty()) {
            features.add(field, offsets[field], 1);
        }
        float share = 1f / texts.size();
        for (String text : texts) {
            features.add(field, bucket(field, text), share);
        }
    }

    private void attribute(int field, String value, ActiveFeatures features) {
        if (value == null || value.indexOf('|') < 0) {
            text(field, value, features);
        } else {
            texts(field, List.of(value.split("\\|")), features);
        }
    }

    private int bucket(int field, String text) {
        long hash = mixed(fold(seeds[field], text));
        // The upper 32 bits, scaled to the number of buckets.
        return offsets[field] + 1 + (int) (((hash >>> 32) * (width(field) - 1)) >>> 32);
    }

    private static long fold(long hash, String text) {
        long folded = hash * PRIME;
        for (int i = 0; i < text.length(); i++) {
            folded = (folded ^ text.charAt(i)) * PRIME;
        }
        return folded;
    }

    /** The finaliser of MurmurHash3 (Appleby), a bijection whose every bit depends on all. */
    static long mixed(long key) {
        long hash = key;
        hash ^= hash >>> 33;
        hash *= 0xff51afd7ed558ccdL;
        hash ^= hash >>> 33;
        hash *= 0xc4ceb9fe1a85ec53L;
        hash ^= hash >>> 33;
        return hash;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureSpace space
                && fields.equals(space.fields)
                && Arrays.deepEquals(bounds, space.bounds);
    }

    @Override
    public int hashCode() {
        return 31 * fields.hashCode() + Arrays.deepHashCode(bounds);
    }

    @Override
    public String toString() {
        return fields.size() + " fields, " + size() + " features";
    }
}
