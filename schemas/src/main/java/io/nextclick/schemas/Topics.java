package io.nextclick.schemas;

import io.nextclick.schemas.Topic.CleanUpPolicy;
import java.util.List;

/**
 * What crosses Kafka.
 *
 * <table>
 * <caption>Topics</caption>
 * <tr><th>topic</th><th>key</th><th>value</th><th>clean-up</th></tr>
 * <tr><td>{@code clicks}</td><td>session_id</td><td>{@link Click}</td><td>delete</td></tr>
 * <tr><td>{@code impressions}</td><td>session_id</td><td>{@link Impression}</td><td>delete</td></tr>
 * <tr><td>{@code recommendations}</td><td>session_id</td><td>{@link Recommendation}</td><td>delete
 * </td></tr>
 * <tr><td>{@code item-catalog}</td><td>item_id</td><td>{@link CatalogItem}</td><td>compact</td></tr>
 * <tr><td>{@code item-embeddings}</td><td>item_id</td><td>{@link ItemEmbedding}</td><td>compact
 * </td></tr>
 * <tr><td>{@code model-releases}</td><td>name</td><td>{@link ModelRelease}</td><td>compact</td></tr>
 * <tr><td>{@code related-items}</td><td>item_id</td><td>{@link RelatedItems}</td><td>compact</td></tr>
 * <tr><td>{@code experiments}</td><td>name</td><td>{@link Experiment}</td><td>compact</td></tr>
 * <tr><td>{@code experiment-outcomes}</td><td>session_id</td><td>{@link ExperimentOutcome}</td><td>
 * delete</td></tr>
 * <tr><td>{@code clicks-rejected}</td><td>the original key</td><td>the original bytes, see {@link
 * RejectedClicks}</td><td>delete</td></tr>
 * </table>
 */
public final class Topics {

    public static final Topic<Click> CLICKS =
            new Topic<>(
                    "clicks",
                    "session_id",
                    Click::sessionId,
                    CleanUpPolicy.DELETE,
                    ClickFormat.INSTANCE);

    public static final Topic<Impression> IMPRESSIONS =
            new Topic<>(
                    "impressions",
                    "session_id",
                    Impression::sessionId,
                    CleanUpPolicy.DELETE,
                    ImpressionFormat.INSTANCE);

    public static final Topic<Recommendation> RECOMMENDATIONS =
            new Topic<>(
                    "recommendations",
                    "session_id",
                    Recommendation::sessionId,
                    CleanUpPolicy.DELETE,
                    RecommendationFormat.INSTANCE);

    public static final Topic<CatalogItem> ITEM_CATALOG =
            new Topic<>(
                    "item-catalog",
                    "item_id",
                    CatalogItem::itemId,
                    CleanUpPolicy.COMPACT,
                    CatalogItemFormat.INSTANCE);

    public static final Topic<ItemEmbedding> ITEM_EMBEDDINGS =
            new Topic<>(
                    "item-embeddings",
                    "item_id",
                    ItemEmbedding::itemId,
                    CleanUpPolicy.COMPACT,
                    ItemEmbeddingFormat.INSTANCE);

    public static final Topic<ModelRelease> MODEL_RELEASES =
            new Topic<>(
                    "model-releases",
                    "name",
                    ModelRelease::name,
                    CleanUpPolicy.COMPACT,
                    ModelReleaseFormat.INSTANCE);

    public static final Topic<RelatedItems> RELATED_ITEMS =
            new Topic<>(
                    "related-items",
                    "item_id",
                    RelatedItems::itemId,
                    CleanUpPolicy.COMPACT,
                    RelatedItemsFormat.INSTANCE);

    public static final Topic<Experiment> EXPERIMENTS =
            new Topic<>(
                    "experiments",
                    "name",
                    Experiment::name,
                    CleanUpPolicy.COMPACT,
                    ExperimentFormat.INSTANCE);

    public static final Topic<ExperimentOutcome> EXPERIMENT_OUTCOMES =
            new Topic<>(
                    "experiment-outcomes",
                    "session_id",
                    ExperimentOutcome::sessionId,
                    CleanUpPolicy.DELETE,
                    ExperimentOutcomeFormat.INSTANCE);

    /** The topics whose values are records; {@link RejectedClicks#TOPIC} comes on top. */
    public static final List<Topic<?>> ALL =
            List.of(
                    CLICKS,
                    IMPRESSIONS,
                    RECOMMENDATIONS,
                    ITEM_CATALOG,
                    ITEM_EMBEDDINGS,
                    MODEL_RELEASES,
                    RELATED_ITEMS,
                    EXPERIMENTS,
                    EXPERIMENT_OUTCOMES);

    private Topics() {}
}
