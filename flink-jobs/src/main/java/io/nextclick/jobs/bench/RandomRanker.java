package io.nextclick.jobs.bench;

import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * A catalogue of random entries and rankers that have learnt from random examples of it. What they
 * make of candidates is of no use, but it costs as much as it would of others.
 */
final class RandomRanker {

    private static final List<Field> FIELDS =
            Stream.of(
                            "user",
                            "hour",
                            "weekday",
                            "session-length",
                            "last-item",
                            "last-categories",
                            "session-lowest-price",
                            "session-highest-price",
                            "item/hash:65536",
                            "category",
                            "price",
                            "popularity",
                            "age",
                            "score.model",
                            "rank.model",
                            "score.two-tower",
                            "rank.two-tower",
                            "score.blend",
                            "rank.blend")
                    .map(Field::parse)
                    .toList();

    private static final int PAIRS = 6;
    private static final int EXAMPLES = 5_000;
    private static final int CATEGORIES = 200;
    private static final int CANDIDATES = 200;
    private static final long START_MILLIS = 1_700_000_000_000L;

    private RandomRanker() {}

    /** An entry an item. */
    static List<CatalogItem> catalogue(int items, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<CatalogItem> entries = new ArrayList<>(items);
        for (int row = 0; row < items; row++) {
            entries.add(
                    new CatalogItem(
                            ClickLoad.item(row),
                            null,
                            List.of("shop", "category-" + random.nextInt(CATEGORIES)),
                            1 + 100 * random.nextDouble(),
                            true,
                            Map.of()));
        }
        return entries;
    }

    /** Writes a ranker of a catalogue's candidates. */
    static void write(
            Path folder, RankerOptions options, List<CatalogItem> catalogue, String version)
            throws IOException {
        SplittableRandom random = new SplittableRandom(options.seed());
        List<RankingExample> examples = new ArrayList<>(EXAMPLES);
        for (int example = 0; example < EXAMPLES; example++) {
            examples.add(example(catalogue, random));
        }
        RankerLearner learner = new RankerLearner(FeatureSpace.learn(FIELDS, examples), options);
        examples.forEach(learner::learn);
        learner.folder("ranker", version, SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH)
                .write(folder);
    }

    private static RankingExample example(List<CatalogItem> catalogue, SplittableRandom random) {
        List<String> session = new ArrayList<>();
        for (int click = random.nextInt(20); click >= 0; click--) {
            session.add(ClickLoad.item(random.nextInt(catalogue.size())));
        }
        long now = START_MILLIS + random.nextInt(1_000_000_000);
        QueryFacts query =
                QueryFacts.of(
                        null,
                        Map.of(),
                        now,
                        session,
                        session.size(),
                        now,
                        item ->
                                facts(
                                        catalogue.get(
                                                Integer.parseInt(
                                                        item.substring(item.indexOf('-') + 1))),
                                        random));
        float[] pairs = new float[PAIRS];
        for (int pair = 0; pair < PAIRS; pair += 2) {
            boolean isListed = pair == PAIRS - 2 || random.nextBoolean();
            int rank = random.nextInt(CANDIDATES);
            pairs[pair] = isListed ? (float) -Math.log(rank + 2) - random.nextInt(5) : Float.NaN;
            pairs[pair + 1] = isListed ? rank : Float.NaN;
        }
        CatalogItem item = catalogue.get(random.nextInt(catalogue.size()));
        return new RankingExample(query, facts(item, random), pairs, random.nextInt(10) == 0);
    }

    private static ItemFacts facts(CatalogItem item, SplittableRandom random) {
        return new ItemFacts(
                item.itemId(),
                item.categories(),
                item.price(),
                item.available(),
                random.nextInt(1_000),
                365 * random.nextDouble(),
                item.attributes());
    }
}
