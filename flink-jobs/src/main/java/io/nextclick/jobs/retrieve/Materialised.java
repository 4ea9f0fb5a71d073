package io.nextclick.jobs.retrieve;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
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
import java.time.Duration;
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

    /** Kind of the releases that are query towers; all others are somebody else's. */
    static final String QUERY_TOWER = "query-tower";

    /** Hyper-parameter of a query tower's folder. */
    static final String LINEAGE = "lineage";

    /** Metric of a release: item vectors published before the tower was. */
    static final String ITEMS = "items";

    /** The share of a tower's items that must have come before it is used. */
    static final double ENOUGH = .99;

    /** Lineages kept beside the one in use. */
    static final int SPARE_LINEAGES = 2;

    private static final long FIRST_RETRY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_RETRY_NANOS = Duration.ofMinutes(1).toNanos();

    private final TowerLoader loader;
    private final LiveItemsFigures figures;

    private final Codec<ItemEmbedding> embeddings;
    private final Codec<ModelRelease> releases;
    private final Codec<CatalogItem> catalogItems;

    private final Map<String, Lineage> lineages = new HashMap<>();
    private final LiveCatalog catalog = new LiveCatalog();

    /** The last query tower released, until it has been loaded; null if there is none to load. */
    private ModelRelease wanted;

    private long retryNanos;
    private long nextTryNanos;

    /** The last query tower loaded, until its vectors have come; null if there is none. */
    private Loaded waiting;

    /** What is in use; null before the first. */
    private LiveTower current;

    private record Loaded(ModelRelease release, String lineage, QueryTower tower) {}

    /**
     * @param writers schemas of writers that this build doesn't know by itself
     */
    Materialised(TowerLoader loader, LiveItemsFigures figures, WriterSchemas writers) {
        this.loader = loader;
        this.figures = figures;
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

    /** When the newest vector of the lineage in use was made; the least long without one. */
    long newestMillis() {
        Lineage lineage = current == null ? null : lineages.get(current.lineage());
        return lineage == null ? Long.MIN_VALUE : lineage.newestMillis;
    }

    /** Whether nothing that has been read still waits to be used. */
    boolean isSettled() {
        return wanted == null && waiting == null;
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
        if (release.kind().equals(QUERY_TOWER)) {
            wanted = release;
            retryNanos = 0;
            nextTryNanos = 0;
        }
    }

    private void receiveCatalogItem(TopicFeed.Entry entry) throws MalformedRecordException {
        if (entry.value() == null) {
            catalog.withdraw(key(entry));
        } else {
            catalog.put(catalogItems.decode(entry.value()));
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

    // ------------------------------------------------------------------ towers

    /**
     * Uses what has become usable.
     *
     * @param nowNanos as {@link System#nanoTime}
     */
    void settle(long nowNanos) {
        if (wanted != null && (retryNanos == 0 || nowNanos - nextTryNanos >= 0)) {
            load(nowNanos);
        }
        if (waiting != null) {
            take();
        }
    }

    private void load(long nowNanos) {
        ModelRelease release = wanted;
        try {
            ModelFolder folder = loader.load(release);
            if (!folder.manifest().kind().equals(QUERY_TOWER)) {
                throw new ModelFileException(
                        ModelFolder.MANIFEST,
                        "kind is '" + folder.manifest().kind() + "', not " + QUERY_TOWER);
            }
            String lineage = folder.manifest().text(LINEAGE);
            waiting = new Loaded(release, lineage, new QueryTower(TowerWeights.read(folder)));
            wanted = null;
        } catch (IOException | IllegalArgumentException e) {
            figures.refusedTower();
            if (retryNanos == 0) {
                LOG.warn(
                        "Query tower {} at {} can't be used, {} goes on: {}",
                        release.version(),
                        release.uri(),
                        current == null ? "nothing" : current.version(),
                        e.toString());
            }
            // A file system may be away, or late in showing a folder; the next release may come
            // in ten seconds or never.
            retryNanos =
                    retryNanos == 0
                            ? FIRST_RETRY_NANOS
                            : Math.min(2 * retryNanos, LONGEST_RETRY_NANOS);
            nextTryNanos = nowNanos + retryNanos;
        }
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
