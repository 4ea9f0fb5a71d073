package io.nextclick.models.ranker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Examples for tests, with everything that a field can read. */
final class RankingExamples {

    /** A field of every fact. */
    static final List<Field> FIELDS =
            Stream.of(
                            "user/hash:32",
                            "context.device",
                            "hour",
                            "weekday",
                            "session-length",
                            "session-dwell",
                            "last-item/hash:32",
                            "last-categories/hash:8",
                            "session-lowest-price",
                            "session-highest-price",
                            "item/hash:32",
                            "category/hash:8",
                            "price",
                            "available",
                            "attribute.colour/hash:8",
                            "popularity",
                            "age",
                            "score.sequence/bins:8",
                            "rank.sequence/bins:8",
                            "score.towers/bins:8",
                            "rank.towers/bins:8")
                    .map(Field::parse)
                    .toList();

    private static final String[] CATEGORIES = {"shoes", "coats", "hats", "bags"};
    private static final String[] COLOURS = {"red", "blue|green", "", "black"};

    private RankingExamples() {}

    /** So many examples; some of what they could tell is missing. */
    static List<RankingExample> random(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RankingExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            examples.add(
                    new RankingExample(
                            query(random), item(random), pairs(random), random.nextBoolean()));
        }
        return examples;
    }

    static QueryFacts query(SplittableRandom random) {
        List<String> items = new ArrayList<>();
        for (int i = random.nextInt(8); i > 0; i--) {
            items.add("item-" + random.nextInt(40));
        }
        return QueryFacts.of(
                random.nextInt(4) == 0 ? null : "user-" + random.nextInt(20),
                random.nextBoolean() ? Map.of("device", "d" + random.nextInt(5)) : Map.of(),
                1_700_000_000_000L + random.nextInt(1_000_000_000),
                items,
                items.size() + random.nextInt(3),
                1_700_000_000_000L - random.nextInt(1_000_000),
                id -> item(id, random));
    }

    static ItemFacts item(SplittableRandom random) {
        return item("item-" + random.nextInt(40), random);
    }

    private static ItemFacts item(String id, SplittableRandom random) {
        List<String> categories = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            categories.add(CATEGORIES[random.nextInt(CATEGORIES.length)]);
        }
        return new ItemFacts(
                id,
                categories,
                random.nextInt(3) == 0 ? Double.NaN : random.nextDouble() * 100,
                random.nextBoolean(),
                random.nextInt(1000),
                random.nextDouble() * 30,
                random.nextBoolean()
                        ? Map.of("colour", COLOURS[random.nextInt(COLOURS.length)])
                        : Map.of());
    }

    static float[] pairs(SplittableRandom random) {
        float[] pairs = new float[4];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = random.nextInt(3) == 0 ? Float.NaN : random.nextInt(200) / 10f;
        }
        return pairs;
    }

    /** A kind's options with every part in use, small. */
    static RankerOptions options(RankerKind kind) {
        return new RankerOptions(
                kind,
                3,
                kind.isDeep() ? List.of(6, 5) : List.of(),
                kind == RankerKind.WIDE_AND_DEEP
                        ? List.of(
                                "last-categories*category",
                                "item*user",
                                "hour*weekday",
                                "category*rank.towers",
                                "rank.sequence*user",
                                "score.sequence*score.towers")
                        : List.of(),
                64,
                0.1,
                0.1,
                0,
                0,
                4,
                1,
                7);
    }
}
