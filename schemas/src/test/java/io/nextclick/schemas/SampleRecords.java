package io.nextclick.schemas;

import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation.ExperimentReference;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import io.nextclick.schemas.RelatedItems.RelatedItem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Records with every field set, and with as few as may be. */
final class SampleRecords {

    static final long TIME = 1_207_045_230_123L;

    static final Click FULL_CLICK =
            new Click("e-7", "visit-1", "Zoë 🙂", "sku-42", "view", TIME, Map.of("page", "3"));

    static final Click BARE_CLICK =
            new Click(null, "s", null, "i", Click.DEFAULT_EVENT_TYPE, 0, Map.of());

    static final RankingFacts FACTS =
            new RankingFacts(
                    List.of(new SourceFacts("model", 0, 0.25f), new SourceFacts("größer", 199, 0f)),
                    0.125,
                    7,
                    42.5,
                    0.0);

    static final RankingFacts BARE_FACTS = new RankingFacts(List.of(), 0, 0, null, null);

    /** What version 1 of the record could say. */
    static final Impression IMPRESSION_1 =
            new Impression(
                    "view-7",
                    "visit-1",
                    "Zoë 🙂",
                    TIME,
                    "product-page",
                    List.of(
                            new ShownItem("sku-42", 3, -1.5, "two-tower"),
                            new ShownItem("b", 1, null, null)),
                    "clicks-3-1742",
                    "B");

    static final Impression FULL_IMPRESSION =
            IMPRESSION_1.withItems(
                    List.of(
                            new ShownItem("sku-42", 3, -1.5, "two-tower", FACTS),
                            new ShownItem("b", 1, null, null, BARE_FACTS),
                            new ShownItem("c", 2, null, null)));

    static final Impression BARE_IMPRESSION =
            new Impression("v", "s", null, 0, null, List.of(), null, null);

    /** What version 1 of the record could say. */
    static final Recommendation RECOMMENDATION_1 =
            new Recommendation(
                    "clicks-3-1742",
                    "visit-1",
                    "u",
                    5,
                    new Trigger(3, 1742, "e-7", TIME),
                    List.of(
                            new RecommendedItem("a", 1.5f, "model"),
                            new RecommendedItem("b", -0.1f, "popularity")),
                    new ModelReference("gru4rec", "2008-08-01"),
                    "unknown-items",
                    TIME + 7);

    static final Recommendation FULL_RECOMMENDATION =
            new Recommendation(
                    "clicks-3-1742",
                    "visit-1",
                    "u",
                    5,
                    new Trigger(3, 1742, "e-7", TIME),
                    List.of(
                            new RecommendedItem("a", 1.5f, "model", FACTS),
                            new RecommendedItem("b", -0.1f, "popularity")),
                    new ModelReference("gru4rec", "2008-08-01"),
                    "unknown-items",
                    TIME + 7,
                    new ModelReference("fm", "2008-08-02"),
                    new ExperimentReference("blend of May", "größer"));

    static final Recommendation BARE_RECOMMENDATION =
            new Recommendation(
                    "r", "s", null, 1, new Trigger(0, 0, null, 0), List.of(), null, null, 0);

    static final CatalogItem FULL_CATALOG_ITEM =
            new CatalogItem(
                    "sku-42",
                    "Blue \"trousers\"\n",
                    List.of("clothes", "trousers"),
                    38.5,
                    false,
                    Map.of("colour", "blue"));

    static final CatalogItem BARE_CATALOG_ITEM =
            new CatalogItem("i", null, List.of(), null, true, Map.of());

    static final ItemEmbedding FULL_ITEM_EMBEDDING =
            new ItemEmbedding(
                    "sku-42",
                    new float[] {0.5f, -1e-30f, Float.MAX_VALUE},
                    "tower-9",
                    TIME,
                    new float[] {1f, 0f, -2.5f});

    /** What version 1 of the record could say of the same item. */
    static final ItemEmbedding ITEM_EMBEDDING_1 =
            new ItemEmbedding(
                    "sku-42", new float[] {0.5f, -1e-30f, Float.MAX_VALUE}, "tower-9", TIME);

    /** What version 1 of the record could say. */
    static final ModelRelease MODEL_RELEASE_1 =
            new ModelRelease(
                    "gru4rec",
                    "2008-08-01",
                    "s3://models/gru4rec/2008-08-01",
                    "0123456789abcdef".repeat(4),
                    "gru4rec",
                    Map.of("recall@20", 0.625),
                    TIME);

    static final ModelRelease FULL_MODEL_RELEASE =
            MODEL_RELEASE_1.after(
                    new ModelRelease(
                            "gru4rec",
                            "2008-07-01",
                            "s3://models/vmis-knn/2008-07-01",
                            "fedcba9876543210".repeat(4),
                            "vmis-knn",
                            Map.of(),
                            TIME - 1));

    static final RelatedItems FULL_RELATED_ITEMS =
            new RelatedItems(
                    "sku-42",
                    List.of(new RelatedItem("Größe \"7\"", 0.75f), new RelatedItem("b", -0.125f)),
                    "tower-9",
                    TIME);

    static final Experiment FULL_EXPERIMENT =
            new Experiment(
                    "blend of May",
                    "blend of May 2008-04-01",
                    Experiment.Unit.USER,
                    Experiment.Method.INTERLEAVE,
                    List.of(
                            new Variant("as it is", 0.1, null, Map.of(), Map.of()),
                            new Variant(
                                    "größer",
                                    0.2,
                                    "gru4rec-large",
                                    Map.of("two-tower", 0.75),
                                    Map.of("most-per-category", "3"))),
                    Experiment.State.STOPPED,
                    0.005,
                    TIME,
                    TIME + 1,
                    "worse");

    static final Experiment BARE_EXPERIMENT =
            new Experiment(
                    "e",
                    "s",
                    Experiment.Unit.SESSION,
                    Experiment.Method.SPLIT,
                    List.of(
                            new Variant("a", 0.5, null, Map.of(), Map.of()),
                            new Variant("b", 0.5, null, Map.of(), Map.of())),
                    Experiment.State.RUNNING,
                    null,
                    0,
                    0,
                    null);

    static final ExperimentOutcome FULL_EXPERIMENT_OUTCOME =
            new ExperimentOutcome(
                    "blend of May/2008-04-01/visit-1",
                    "blend of May",
                    "blend of May 2008-04-01",
                    null,
                    "visit-1",
                    "Zoë 🙂",
                    TIME,
                    TIME + 60_000,
                    7,
                    6,
                    4,
                    List.of(new Credit("as it is", 1), new Credit("größer", 2)),
                    Map.of("revenue", 12.5));

    static final ExperimentOutcome BARE_EXPERIMENT_OUTCOME =
            new ExperimentOutcome("o", "e", "s", "a", "v", "v", 0, 0, 1, 0, 0, List.of(), Map.of());

    private SampleRecords() {}

    /** A record of some topic, with the name of its golden files, which ends in its version. */
    record Sample<T>(String name, Topic<T> topic, T value) {}

    /** Records as earlier versions wrote them, and what they are read as. */
    static List<Sample<?>> earlier() {
        return List.of(
                new Sample<>("impression-full-1", Topics.IMPRESSIONS, IMPRESSION_1),
                new Sample<>("impression-bare-1", Topics.IMPRESSIONS, BARE_IMPRESSION),
                new Sample<>("recommendation-full-1", Topics.RECOMMENDATIONS, RECOMMENDATION_1),
                new Sample<>("recommendation-bare-1", Topics.RECOMMENDATIONS, BARE_RECOMMENDATION),
                new Sample<>("item-embedding-full-1", Topics.ITEM_EMBEDDINGS, ITEM_EMBEDDING_1),
                new Sample<>("model-release-full-1", Topics.MODEL_RELEASES, MODEL_RELEASE_1));
    }

    static List<Sample<?>> all() {
        return List.of(
                new Sample<>("click-full-1", Topics.CLICKS, FULL_CLICK),
                new Sample<>("click-bare-1", Topics.CLICKS, BARE_CLICK),
                new Sample<>("impression-full-2", Topics.IMPRESSIONS, FULL_IMPRESSION),
                new Sample<>("impression-bare-2", Topics.IMPRESSIONS, BARE_IMPRESSION),
                new Sample<>("recommendation-full-2", Topics.RECOMMENDATIONS, FULL_RECOMMENDATION),
                new Sample<>("recommendation-bare-2", Topics.RECOMMENDATIONS, BARE_RECOMMENDATION),
                new Sample<>("catalog-item-full-1", Topics.ITEM_CATALOG, FULL_CATALOG_ITEM),
                new Sample<>("catalog-item-bare-1", Topics.ITEM_CATALOG, BARE_CATALOG_ITEM),
                new Sample<>("item-embedding-full-2", Topics.ITEM_EMBEDDINGS, FULL_ITEM_EMBEDDING),
                new Sample<>("model-release-full-2", Topics.MODEL_RELEASES, FULL_MODEL_RELEASE),
                new Sample<>("related-items-full-1", Topics.RELATED_ITEMS, FULL_RELATED_ITEMS),
                new Sample<>("experiment-full-1", Topics.EXPERIMENTS, FULL_EXPERIMENT),
                new Sample<>("experiment-bare-1", Topics.EXPERIMENTS, BARE_EXPERIMENT),
                new Sample<>(
                        "experiment-outcome-full-1",
                        Topics.EXPERIMENT_OUTCOMES,
                        FULL_EXPERIMENT_OUTCOME),
                new Sample<>(
                        "experiment-outcome-bare-1",
                        Topics.EXPERIMENT_OUTCOMES,
                        BARE_EXPERIMENT_OUTCOME));
    }

    /** A click with many attributes. */
    static Click wideClick() {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (int i = 0; i < 100; i++) {
            attributes.put("name-" + i, "välue-" + i);
        }
        return new Click("e", "s", "u", "i", "view", TIME, attributes);
    }

    /** A recommendation of 20 items, as the job writes them. */
    static Recommendation typicalRecommendation() {
        List<RecommendedItem> items = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            items.add(new RecommendedItem("item-" + i * 977, 10.123f / (i + 1), "model"));
        }
        return new Recommendation(
                "clicks-3-1742",
                "visit-1",
                null,
                5,
                new Trigger(3, 1742, "e-7", TIME),
                items,
                new ModelReference("gru4rec", "2008-08-01"),
                null,
                TIME + 7);
    }
}
