package io.nextclick.jobs.retrieve;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Topics that a test fills by hand, and the folders that its releases mean. Found again by name in
 * the operator that a test starts, as both travel as bytes.
 *
 * <p>Its towers read the last item alone and ask with its input vector as it is.
 */
public final class HandFeed {

    /** Temperature of the towers. */
    public static final double TEMPERATURE = .5;

    private static final Map<String, HandFeed> FEEDS = new ConcurrentHashMap<>();

    private final String name = UUID.randomUUID().toString();
    private final Map<String, ModelFolder> folders = new ConcurrentHashMap<>();

    /** Guarded by this object, as all that follows. */
    private final List<TopicFeed.Entry> log = new ArrayList<>();

    private int atStart;
    private int read;
    private int opened;
    private int polls;
    private RuntimeException failure;

    /** Of the records from now on. */
    private long timestampMillis = -1;

    public HandFeed() {
        FEEDS.put(name, this);
    }

    public TopicFeed.Source source() {
        return new Source(name, false);
    }

    /** The same topics, for those who follow rankers too. */
    public TopicFeed.Source sourceWithRankers() {
        return new Source(name, true);
    }

    public TowerLoader loader() {
        return new Loader(name);
    }

    // ------------------------------------------------------------------ the topics

    public HandFeed vectors(String lineage, String item, float[] output, float[] input) {
        return vectors(lineage, item, output, input, 1);
    }

    HandFeed vectors(String lineage, String item, float[] output, float[] input, long millis) {
        ItemEmbedding embedding =
                new ItemEmbedding(
                        item, output, lineage, millis, input == null ? new float[0] : input);
        return add(
                TopicFeed.Kind.EMBEDDINGS,
                item,
                Topics.ITEM_EMBEDDINGS.codec(Encoding.AVRO).encode(embedding));
    }

    public HandFeed noVectors(String item) {
        return add(TopicFeed.Kind.EMBEDDINGS, item, null);
    }

    public HandFeed catalog(String item, boolean available, List<String> categories) {
        return catalog(item, available, categories, Map.of());
    }

    HandFeed catalog(
            String item,
            boolean available,
            List<String> categories,
            Map<String, String> attributes) {
        return catalog(new CatalogItem(item, null, categories, null, available, attributes));
    }

    public HandFeed catalog(CatalogItem entry) {
        return add(
                TopicFeed.Kind.CATALOG,
                entry.itemId(),
                Topics.ITEM_CATALOG.codec(Encoding.JSON).encode(entry));
    }

    /** Kafka's timestamp of the records from now on. */
    synchronized HandFeed at(long millis) {
        timestampMillis = millis;
        return this;
    }

    public HandFeed withdrawn(String item) {
        return add(TopicFeed.Kind.CATALOG, item, null);
    }

    /** Releases a query tower of a lineage; its folder is there. */
    public HandFeed tower(String lineage, int step, int dimension, double items) {
        String version = lineage + "-" + step;
        folders.put(version, folder(Materialised.QUERY_TOWER, lineage, version, dimension));
        return release(Materialised.QUERY_TOWER, version, items);
    }

    /** Releases a ranker under its folder's own version. */
    public HandFeed ranker(ModelFolder folder) {
        String version = folder.manifest().version();
        folders.put(version, folder);
        return release("ranker", RankerFolder.KIND, version, 0);
    }

    HandFeed release(String kind, String version, double items) {
        return release("two-tower", kind, version, items);
    }

    HandFeed release(String model, String kind, String version, double items) {
        ModelRelease release =
                new ModelRelease(
                        model,
                        version,
                        version,
                        "0".repeat(64),
                        kind,
                        Map.of(Materialised.ITEMS, items),
                        1);
        return add(
                TopicFeed.Kind.RELEASES,
                model,
                Topics.MODEL_RELEASES.codec(Encoding.AVRO).encode(release));
    }

    void folder(String version, ModelFolder folder) {
        folders.put(version, folder);
    }

    static ModelFolder folder(String kind, String lineage, String version, int dimension) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("dimension", dimension);
        parameters.put("history", 3);
        parameters.put("hidden", 1);
        parameters.put("users", false);
        parameters.put("contexts", false);
        parameters.put("maximum_features", 4);
        parameters.put("temperature", TEMPERATURE);
        parameters.put(Materialised.LINEAGE, lineage);
        float[] positions = new float[3 * dimension];
        Arrays.fill(positions, 0, dimension, 1);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("query.positions", new Tensor.Floats(positions, 3, dimension));
        tensors.put(
                "query.hidden.weight",
                new Tensor.Floats(new float[2 * dimension], 1, 2 * dimension));
        tensors.put("query.hidden.bias", new Tensor.Floats(new float[3], 3, 1));
        tensors.put("query.output.weight", new Tensor.Floats(new float[dimension], dimension, 1));
        tensors.put("query.output.bias", new Tensor.Floats(new float[dimension], dimension));
        tensors.put("profile.keys", new Tensor.Longs(new long[0], 0));
        tensors.put("profile.rows", new Tensor.Floats(new float[0], 0, dimension));
        return new ModelFolder(
                new ModelManifest(
                        kind,
                        "two-tower",
                        version,
                        parameters,
                        SessionRules.DEFAULT,
                        "",
                        Map.of(),
                        Instant.EPOCH),
                new ItemVocabulary(),
                tensors);
    }

    synchronized HandFeed add(TopicFeed.Kind kind, String key, byte[] value) {
        log.add(
                new TopicFeed.Entry(
                        kind,
                        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                        value,
                        "hand",
                        0,
                        log.size(),
                        timestampMillis));
        notifyAll();
        return this;
    }

    /** The next poll fails. */
    synchronized void fail(RuntimeException next) {
        failure = next;
        notifyAll();
    }

    /**
     * Forgets all records but the last of each key, as compaction does, and those without value.
     */
    synchronized void compact() {
        Map<String, TopicFeed.Entry> last = new LinkedHashMap<>();
        for (TopicFeed.Entry entry : log) {
            String key = entry.kind() + new String(entry.key(), StandardCharsets.UTF_8);
            last.remove(key);
            if (entry.value() != null) {
                last.put(key, entry);
            }
        }
        log.clear();
        log.addAll(last.values());
    }

    synchronized int opened() {
        return opened;
    }

    /** Waits until everything has been read and dealt with. */
    public synchronized HandFeed awaitRead() throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (read < log.size() || failure != null) {
            wait(leftUntil(end));
        }
        // The poll after the next begins when what the last one read has been dealt with.
        int seen = polls;
        while (polls < seen + 2) {
            wait(leftUntil(end));
        }
        return this;
    }

    private long leftUntil(long end) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
            throw new AssertionError("read " + read + " of " + log.size());
        }
        return left;
    }

    private synchronized TopicFeed open() {
        opened++;
        read = 0;
        atStart = log.size();
        return new Feed();
    }

    private final class Feed implements TopicFeed {

        private boolean woken;

        @Override
        public void poll(Duration longest, Receiver receiver) {
            List<Entry> entries;
            synchronized (HandFeed.this) {
                polls++;
                HandFeed.this.notifyAll();
                long end = System.nanoTime() + longest.toNanos() / 20;
                long left = 1;
                while (failure == null && !woken && read == log.size() && left > 0) {
                    try {
                        HandFeed.this.wait(left);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        break;
                    }
                    left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                }
                if (woken) {
                    throw new IllegalStateException("woken up");
                }
                if (failure != null) {
                    RuntimeException thrown = failure;
                    failure = null;
                    throw thrown;
                }
                entries = List.copyOf(log.subList(read, log.size()));
                read = log.size();
            }
            entries.forEach(receiver::receive);
        }

        @Override
        public boolean isCaughtUp() {
            synchronized (HandFeed.this) {
                return read >= atStart;
            }
        }

        @Override
        public long lag() {
            synchronized (HandFeed.this) {
                return log.size() - (long) read;
            }
        }

        @Override
        public void wakeUp() {
            synchronized (HandFeed.this) {
                woken = true;
                HandFeed.this.notifyAll();
            }
        }

        @Override
        public void close() {}
    }

    private record Source(String name, boolean rankers) implements TopicFeed.Source {
        @Override
        public TopicFeed open() {
            return FEEDS.get(name).open();
        }
    }

    private record Loader(String name) implements TowerLoader {
        @Override
        public ModelFolder load(ModelRelease release) throws IOException {
            ModelFolder folder = FEEDS.get(name).folders.get(release.uri());
            if (folder == null) {
                throw new FileNotFoundException("no folder " + release.uri());
            }
            return folder;
        }
    }
}
