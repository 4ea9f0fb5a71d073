package io.nextclick.jobs.learn;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.tower.ItemVectors;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of what a trainer learns: item vectors and their withdrawals, query towers as
 * folders and releases that name them, and now and then the whole model.
 *
 * <p>A file system that fails doesn't stop the training: it is counted and logged, and tried again
 * at the next interval.
 */
final class TowerPublisher implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TowerPublisher.class);

    private static final int KEPT_SNAPSHOTS = 2;
    private static final long CLOSE_SECONDS = 30;

    private final TrainSettings settings;
    private final TwoTowerLearner learner;
    private final TrainMetrics report;
    private final Outlet outlet;
    private final int shard;
    private final int shards;
    private final ModelStore store;

    /** Null where nothing is evaluated. */
    private final PublishedTowers published;

    /** Writes snapshots, one at a time. */
    private final ExecutorService writer;

    private Future<?> writing;
    private int refreshPart;
    private boolean refreshAll;
    private long releasedStep = -1;
    private long savedStep = -1;
    private long savedMillis;

    /** Where things leave. */
    interface Outlet {

        void vectors(TopicEntry<ItemEmbedding> entry);

        void release(TopicEntry<ModelRelease> release);
    }

    /**
     * @param shard which of the trainers publishes here
     * @param refreshAll whether the topic may hold none of the learner's vectors
     */
    TowerPublisher(
            TrainSettings settings,
            TwoTowerLearner learner,
            TrainMetrics report,
            MetricGroup metrics,
            int shard,
            int shards,
            boolean refreshAll,
            long nowMillis,
            Outlet outlet) {
        this.settings = settings;
        this.learner = learner;
        this.report = report;
        this.shard = shard;
        this.shards = shards;
        this.refreshAll = refreshAll;
        this.outlet = Objects.requireNonNull(outlet, "outlet");
        store = new ModelStore(settings.models());
        savedMillis = nowMillis;
        if (settings.evaluationShare() > 0) {
            published =
                    new PublishedTowers(
                            settings.towers().dimension(),
                            settings.evaluationShare(),
                            settings.evaluationWindow());
            published.register(metrics);
            learner.forEachItem(published::publish);
        } else {
            published = null;
        }
        writer =
                Executors.newSingleThreadExecutor(
                        task -> {
                            Thread thread = new Thread(task, "two-tower snapshots");
                            thread.setDaemon(true);
                            return thread;
                        });
    }

    /** Puts an example to the towers as they are published, before it is learnt from. */
    void evaluate(TowerExample example) {
        if (published != null) {
            published.evaluate(example);
        }
    }

    /** Withdraws items' vectors. */
    void withdraw(Iterable<String> itemIds) {
        for (String itemId : itemIds) {
            if (published != null) {
                published.withdraw(itemId);
            }
            if (isOwn(itemId)) {
                outlet.vectors(TopicEntry.withdrawal(itemId));
                report.withdrawnVectors.inc();
            }
        }
    }

    /** All that is due at a sync interval. */
    void publish(long nowMillis) {
        learner.drainTouched().forEach(item -> publish(item, nowMillis));
        refresh(nowMillis);
        release(nowMillis);
        if (nowMillis - savedMillis >= settings.snapshotInterval().toMillis()) {
            save(nowMillis);
        }
    }

    /** All that is left at the end of the input. */
    void publishLast(long nowMillis) throws InterruptedException {
        learner.drainTouched().forEach(item -> publish(item, nowMillis));
        release(nowMillis);
        await();
        save(nowMillis);
        await();
    }

    private void publish(ItemVectors item, long nowMillis) {
        if (published != null) {
            published.publish(item);
        }
        if (isOwn(item.itemId())) {
            outlet.vectors(
                    TopicEntry.of(
                            Topics.ITEM_EMBEDDINGS,
                            new ItemEmbedding(
                                    item.itemId(),
                                    item.output(),
                                    learner.lineage(),
                                    nowMillis,
                                    item.input())));
            report.publishedVectors.inc();
            report.published();
        }
    }

    /** One part of all vectors. */
    private void refresh(long nowMillis) {
        int parts = refreshAll ? 1 : settings.refreshParts();
        refreshAll = false;
        refreshPart %= parts;
        learner.forEachItem(refreshPart, parts, item -> publish(item, nowMillis));
        refreshPart = (refreshPart + 1) % parts;
    }

    /** Every trainer has all rows; each key has one writer. */
    private boolean isOwn(String itemId) {
        return shards == 1 || Long.remainderUnsigned(Fingerprint.of(itemId), shards) == shard;
    }

    private void release(long nowMillis) {
        long step = learner.steps();
        if (step == 0 || step == releasedStep) {
            return;
        }
        if (published != null) {
            published.publish(learner.queryTower());
        }
        if (shard == 0) {
            try {
                release(step, nowMillis);
            } catch (IOException e) {
                report.failedWrites.inc();
                LOG.warn("The query tower of step {} can't be released", step, e);
                return;
            }
        }
        releasedStep = step;
    }

    private void release(long step, long nowMillis) throws IOException {
        String version = learner.lineage() + '-' + step;
        ModelFolder folder =
                learner.toQueryTowerFolder(
                        TrainOperator.MODEL_NAME,
                        version,
                        settings.sessionRules(),
                        Instant.ofEpochMilli(nowMillis));
        String series = TrainOperator.RELEASED_KIND + '-' + learner.lineage();
        ModelStore.Stored stored = store.write(folder, ModelStore.name(series, step));
        outlet.release(
                TopicEntry.of(
                        Topics.MODEL_RELEASES,
                        new ModelRelease(
                                TrainOperator.MODEL_NAME,
                                version,
                                stored.uri(),
                                stored.sha256(),
                                TrainOperator.RELEASED_KIND,
                                figures(folder),
                                nowMillis)));
        report.releasedTowers.inc();
        report.published();
        store.prune(series, settings.keptModels());
    }

    private Map<String, Double> figures(ModelFolder folder) {
        Map<String, Double> figures = new HashMap<>(folder.manifest().metrics());
        if (Double.isFinite(report.loss())) {
            figures.put("loss", report.loss());
        }
        if (published != null && Double.isFinite(published.recall())) {
            figures.put("recall@20", published.recall());
            figures.put("mrr@20", published.meanReciprocalRank());
        }
        return figures;
    }

    /** Has the whole model written, if the last time is done with. */
    private void save(long nowMillis) {
        long step = learner.steps();
        if (shard != 0
                || step == 0
                || step == savedStep
                || (writing != null && !writing.isDone())) {
            return;
        }
        savedMillis = nowMillis;
        savedStep = step;
        ModelFolder folder =
                learner.toFolder(
                        TrainOperator.MODEL_NAME,
                        learner.lineage() + '-' + step,
                        settings.sessionRules(),
                        Instant.ofEpochMilli(nowMillis));
        String series = TrainOperator.MODEL_NAME + '-' + learner.lineage();
        writing =
                writer.submit(
                        () -> {
                            try {
                                store.write(folder, ModelStore.name(series, step));
                                store.prune(series, KEPT_SNAPSHOTS);
                                report.savedModels.inc();
                            } catch (IOException | RuntimeException e) {
                                report.failedWrites.inc();
                                LOG.warn("The model of step {} can't be saved", step, e);
                            }
                        });
    }

    private void await() throws InterruptedException {
        if (writing != null) {
            try {
                writing.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("saving a model failed in a way of its own", e);
            }
        }
    }

    @Override
    public void close() {
        writer.shutdown();
        try {
            if (!writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("A model is still being saved after {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (published != null) {
            published.close();
        }
    }
}
