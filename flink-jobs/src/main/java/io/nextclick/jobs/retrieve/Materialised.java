package io.nextclick.jobs.retrieve;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.serving.QueryTower;
import io.nextclick.models.tower.TowerWeights;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the compacted topics say, made of their records one by one. For the thread that reads them.
 *
 * <p>Vectors are gathered by lineage: those of two training runs lie in two spaces. A lineage is
 * changed to when its query tower has been released and nearly all of the vectors have come that
 * were published before the tower; until then the one before goes on. Of lineages that aren't in
 * use the {@link #SPARE_LINEAGES} with the newest vectors are kept.
 */
final class Materialised {

    private static final Logger LOG = LoggerFactory.getLogger(Materialised.class);

    /** Kind of the releases that are query towers. */
    static final String QUERY_TOWER = "query-tower";

    /** Hyper-parameter of a query tower's folder. */
    static final String LINEAGE = "lineage";

    /** Metric of a release: item vectors published before the tower was. */
    static final String ITEMS = "items";

    /** The share of a tower's items that must have come before it is used. */
    static final double ENOUGH = .99;

    /** Lineages kept beside the one in use. */
    static final int SPARE_LINEAGES = 2;

    private final LiveItemsFigures figures;

    private final Codec<ItemEmbedding> embeddings;
    private final Codec<ModelRelease> releases;
    private final Codec<CatalogItem> catalogItems;

    private final Map<String, Lineage> lineages = new HashMap<>();
    private final LiveCatalog catalog;
    private final LastRelease<Loaded> towers;

    /** Null where rankers aren't followed. */
    private final LastRelease<LiveRanker> rankers;

    /** The last query tower loaded, until its vectors have come; null if there is none. */
    private Loaded waiting;

    /** What is in use; null before the first. */
    private LiveTower current;

    /** Null before the first. */
    private LiveRanker ranker;

    private record Loaded(ModelRelease release, String lineage, QueryTower tower) {}

    /**
     * @param followsRankers whether rankers are loaded, and what they may read of items is kept
     * @param writers schemas of writers that this build doesn't know by itself
     */
    Materialised(
            TowerLoader loader,
            LiveItemsFigures figures,
            boolean followsRankers,
            WriterSchemas writers) {
        this.figures = figures;
        catalog = new LiveCatalog(followsRankers);
        towers = new LastRelease<>(QUERY_TOWER, loader, Materialised::tower, figures::refusedTower);
        rankers =
                followsRankers
                        ? new LastRelease<>(
                                RankerFolder.KIND,
                                loader,
                                Materialised::ranker,
                                figures::refusedRanker)
                        : null;
        embeddings = Topics.ITEM_EMBEDDINGS.codec(Encoding.AVRO, writers);
        releases = Topics.MODEL_RELEASES.codec(Encoding.AVRO, writers);
        catalogItems = Topics.ITEM_CATALOG.codec(Encoding.AVRO, writers);
    }

    LiveCatalog catalog() {
        return catalog;
    }

    /** The tower in use; null before the first. */
    LiveTower tower() {
        return current;
    }

    /** The ranker in use; null before the first. */
    LiveRanker ranker() {
        return ranker;
    }

    /** When the newest vector of the lineage in use was made; the least long without one. */
    long newestMillis() {
        Lineage lineage = current == null ? null : lineages.get(current.lineage());
        return lineage == null ? Long.MIN_VALUE : lineage.newestMillis;
    }

    /** Whether nothing that has been read still waits to be used. */
    boolean isSettled() {
        return !towers.isWanted() && waiting == null && (rankers == null || !rankers.isWanted());
    }

    // ------------------------------------------------------------------ records

    /** Takes a record. One that can't be read leaves its key as it was. */
    void receive(TopicFeed.Entry entry) {
        try {
            switch (entry.kind()) {
                case EMBEDDINGS -> receiveEmbedding(entry);
                case RELEASES -> receiveRelease(entry);
                case CATALOG -> receiveCatalogItem(entry);
                default -> throw new IllegalStateException("kind " + entry.kind());
            }
        } catch (MalformedRecordException | IllegalArgumentException e) {
            long broken = figures.broken();
            // The first of each power of two: a topic of garbage must not fill the log.
            if (Long.bitCount(broken) == 1) {
                LOG.warn(
                        "{} is left out, the {}. record that can't be read: {}",
                        entry.place(),
                        broken,
                        e.getMessage());
            }
        }
    }

    private void receiveEmbedding(TopicFeed.Entry entry) throws MalformedRecordException {
        if (entry.value() == null) {
            String item = key(entry);
            lineages.values().forEach(lineage -> lineage.index.remove(item));
            return;
        }
        ItemEmbedding embedding = embeddings.decode(entry.value());
        Lineage lineage = lineages.get(embedding.towerVersion());
        if (lineage == null) {
            lineage = new Lineage(embedding.towerVersion(), embedding.dimension());
            lineages.put(lineage.name, lineage);
            lineage.put(embedding);
            forgetOldest();
        } else {
            lineage.put(embedding);
        }
    }

    private void receiveRelease(TopicFeed.Entry entry) throws MalformedRecordException {
        if (entry.value() == null) {
            return;
        }
        ModelRelease release = releases.decode(entry.value());
        towers.receive(release);
        if (rankers != null) {
            rankers.receive(release);
        }
    }

    private void receiveCatalogItem(TopicFeed.Entry entry) throws MalformedRecordException {
        if (entry.value() == null) {
            catalog.withdraw(key(entry));
        } else {
            catalog.put(catalogItems.decode(entry.value()), entry.timestampMillis());
        }
    }

    private static String key(TopicFeed.Entry entry) throws MalformedRecordException {
        if (entry.key() == null || entry.key().length == 0) {
            throw new MalformedRecordException("key", "a record without key and value");
        }
        return new String(entry.key(), StandardCharsets.UTF_8);
    }

    private void forgetOldest() {
        while (lineages.size() > 1 + SPARE_LINEAGES + (current == null ? 0 : 1)) {
            Lineage oldest = null;
            for (Lineage lineage : lineages.values()) {
                boolean isNeeded =
                        (current != null && lineage.name.equals(current.lineage()))
                                || (waiting != null && lineage.name.equals(waiting.lineage));
                if (!isNeeded && (oldest == null || lineage.newestMillis < oldest.newestMillis)) {
                    oldest = lineage;
                }
            }
            lineages.remove(oldest.name);
            oldest.index.close();
        }
    }

    // ------------------------------------------------------------------ towers and rankers

    /**
     * Uses what has become usable.
     *
     * @param nowNanos as {@link System#nanoTime}
     */
    void settle(long nowNanos) {
        Loaded tower = towers.load(nowNanos);
        if (tower != null) {
            waiting = tower;
        }
        if (waiting != null) {
            take();
        }
        LiveRanker next = rankers == null ? null : rankers.load(nowNanos);
        if (next != null) {
            LOG.info("Candidates are ordered by the ranker {} now", next);
            ranker = next;
        }
    }

    private static Loaded tower(ModelRelease release, ModelFolder folder) throws IOException {
        return new Loaded(
                release,
                folder.manifest().text(LINEAGE),
                new QueryTower(TowerWeights.read(folder)));
    }

    private static LiveRanker ranker(ModelRelease release, ModelFolder folder) throws IOException {
        return new LiveRanker(release.name(), release.version(), RankerFolder.ranker(folder));
    }

    private void take() {
        Lineage lineage = lineages.get(waiting.lineage);
        if (lineage == null || lineage.index.size() == 0) {
            return;
        }
        if (lineage.index.dimension() != waiting.tower.dimension()) {
            figures.refusedTower();
            LOG.warn(
                    "Query tower {} makes vectors of {} values, its items have {}: not used",
                    waiting.release.version(),
                    waiting.tower.dimension(),
                    lineage.index.dimension());
            waiting = null;
            return;
        }
        boolean isChange = current == null || !current.lineage().equals(lineage.name);
        double items = waiting.release.metrics().getOrDefault(ITEMS, 1.0);
        if (isChange && lineage.index.size() < ENOUGH * items) {
            return;
        }
        current =
                new LiveTower(
                        lineage.name, waiting.release.version(), waiting.tower, lineage.index);
        waiting = null;
        if (isChange) {
            LOG.info(
                    "Items are found by the query tower {} now, {}",
                    current.version(),
                    lineage.index.describe());
            lineages.values()
                    .removeIf(
                            other -> {
                                boolean isOlder = other.newestMillis < lineage.newestMillis;
                                return other != lineage && isOlder;
                            });
        }
    }
}
