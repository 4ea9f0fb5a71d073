package io.nextclick.jobs.ranker;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.impress.SessionClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Lists of a shop in which visitors click what is of the category they looked at last, and
 * retrieval knows nothing of it.
 */
final class ShownLists {

    static final int ITEMS = 60;
    private static final int CATEGORIES = 6;
    private static final int LENGTH = 8;
    private static final long TIME = 1_700_000_000_000L;

    private ShownLists() {}

    static RankerTrainSettings settings(Path models, String... fields) {
        RankerOptions usual = RankerOptions.of(RankerKind.FM);
        return new RankerTrainSettings(
                new RankerOptions(
                        RankerKind.FM,
                        4,
                        List.of(),
                        List.of(),
                        usual.crossBuckets(),
                        0.1,
                        0.05,
                        0,
                        1e-4,
                        // No divisor of the lists' length: a checkpoint falls into a step.
                        7,
                        0.75,
                        3),
                new ArrayList<>(List.of(fields)),
                400,
                models.toUri().toString(),
                2,
                null,
                Duration.ofSeconds(10),
                500,
                100,
                Duration.ofMinutes(30),
                50,
                true);
    }

    static String[] fields() {
        return new String[] {
            "score.blend",
            "rank.model",
            "popularity/bins:4",
            "category/hash:16",
            "last-categories/hash:16",
            "price/bins:4"
        };
    }

    static TopicEntry<CatalogItem> described(int item) {
        String id = "i" + item;
        return new TopicEntry<>(
                id,
                new CatalogItem(
                        id,
                        "Item " + item,
                        List.of("c" + item % CATEGORIES),
                        1.0 + item,
                        true,
                        Map.of()));
    }

    static List<RankerInput> catalogue() {
        List<RankerInput> entries = new ArrayList<>();
        for (int item = 0; item < ITEMS; item++) {
            entries.add(new RankerInput.Described(described(item)));
        }
        return entries;
    }

    /** Lists in a random order of retrieval. */
    static List<RankerInput> random(int count, long seed) {
        return lists(count, seed, false);
    }

    /** Lists that retrieval puts the clicked items on top of. */
    static List<RankerInput> perfectlyRetrieved(int count, long seed) {
        return lists(count, seed, true);
    }

    private static List<RankerInput> lists(int count, long seed, boolean isPerfect) {
        Random random = new Random(seed);
        List<RankerInput> lists = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            lists.add(new RankerInput.Labelled(list(i, random, isPerfect)));
        }
        return lists;
    }

    private static LabelledImpression list(int number, Random random, boolean isPerfect) {
        int last = random.nextInt(ITEMS);
        List<Integer> shown = new ArrayList<>();
        for (int item = 0; item < ITEMS; item++) {
            shown.add(item);
        }
        Collections.shuffle(shown, random);
        shown = shown.subList(0, LENGTH);
        List<Boolean> clicked = new ArrayList<>();
        for (int item : shown) {
            double chance = item % CATEGORIES == last % CATEGORIES ? 0.8 : 0.1;
            clicked.add(random.nextDouble() < chance);
        }
        List<ShownItem> items = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        long time = TIME + 1_000L * number;
        for (int i = 0; i < LENGTH; i++) {
            boolean isClicked = clicked.get(i);
            int rank = isPerfect ? (isClicked ? i : LENGTH + i) : i;
            items.add(
                    new ShownItem(
                            "i" + shown.get(i),
                            i + 1,
                            null,
                            null,
                            new RankingFacts(
                                    List.of(new SourceFacts("model", i, 1f / (i + 2))),
                                    1.0 / (rank + 2),
                                    rank,
                                    (double) random.nextInt(100),
                                    null)));
            outcomes.add(isClicked ? new Outcome(500, Outcome.NONE) : Outcome.NOT_CLICKED);
        }
        Impression impression =
                new Impression("v" + number, "s" + number, null, time, null, items, null, null);
        SessionClick before =
                new SessionClick(
                        "i" + last,
                        time,
                        null,
                        Collections.emptySortedMap(),
                        SessionClick.NO_EVENT);
        return new LabelledImpression(impression, List.of(before), outcomes);
    }
}
