package io.nextclick.jobs.learn;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.jobs.ready.Readiness;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.tower.ItemAttributes;
import io.nextclick.models.tower.TowerChanges;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TowerStep;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.ModelRelease;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns two towers from examples, and publishes what it learns while it goes on.
 *
 * <p><b>What it learns depends on its input alone</b>: on the examples and the catalogue's entries
 * in the order they come, not on the time they come at, unless examples may wait for their batch
 * only so long. Rows are given up by event time after every so many batches. A trainer that is
 * restored, and given the same input again, has the same parameters as one that never stopped, bit
 * for bit.
 *
 * <p><b>Publishing.</b> Item vectors that changed leave at each sync interval; which these are is
 * part of the learner's state, so none is forgotten by a failure. After them leaves the query
 * tower, as a folder and a release that names it. The vectors of all items leave again over the
 * snapshot interval, a part at each sync interval: so whoever began to read the topic in the middle
 * has all of them after that time, and vectors that moved because a feature shared with other items
 * did are caught up with. An item that has been given up is withdrawn at once.
 *
 * <p><b>Several trainers</b> each see their share of the examples, and average through {@link
 * PeerGroup} at the sync interval. Each has all rows, so each could publish any vector; to have one
 * writer a key, an item's vector is published by the trainer that its id falls to, and the query
 * tower by the first.
 *
 * <p>State: the learner's chunks, a union, since each trainer needs all of them: rows,
 * accumulators, the query tower and its optimiser, estimates of frequency, counts before admission,
 * pending examples. The chunks are on the heap while a checkpoint is written, beside what they were
 * made from.
 */
public final class TrainOperator extends AbstractStreamOperator<TopicEntry<ItemEmbedding>>
        implements OneInputStreamOperator<TrainingInput, TopicEntry<ItemEmbedding>>,
                BoundedOneInput {

    /** The name under which query towers are released. */
    public static final String MODEL_NAME = "two-tower";

    /** What a release's folder holds. */
    public static final String RELEASED_KIND = "query-tower";

    /** Where releases of query towers leave. */
    public static final OutputTag<TopicEntry<ModelRelease>> RELEASES =
            new OutputTag<>("releases", TopicEntrySerializer.MODEL_RELEASE);

    /** Where what the other trainers are to know leaves. */
    public static final OutputTag<PeerMessage> TO_PEERS =
            new OutputTag<>("to-peers", PeerMessageSerializer.TYPE);

    private static final Logger LOG = LoggerFactory.getLogger(TrainOperator.class);

    private static final long serialVersionUID = 1L;

    /** Rows are looked through for idle ones after so many batches. */
    static final int EXPIRY_STEPS = 256;

    /** Pairs of items that the collapse guard looks at. */
    private static final int GUARD_PAIRS = 2_000;

    /** Below this many items a mean over pairs says nothing. */
    private static final int GUARD_ITEMS = 50;

    private final TrainSettings settings;

    /** Names the training run that is begun when there is nothing to go on from. */
    private final String run;

    private transient int shard;
    private transient int shards;
    private transient TwoTowerLearner learner;
    private transient ListState<StateChunk> learnerState;
    private transient ListState<Long> eventTimeState;
    private transient boolean restored;

    /** The latest event time of the examples so far. */
    private transient long eventTimeMillis;

    private transient TrainMetrics report;
    private transient TowerPublisher publisher;

    /** Null where there is one trainer. */
    private transient PeerGroup peers;

    private transient MailboxExecutor mailbox;

    /** Since when the oldest example waits for its batch to fill; -1 if none waits. */
    private transient long waitingSinceMillis;

    private transient boolean wakeUpSet;

    public TrainOperator(TrainSettings settings) {
        this(settings, UUID.randomUUID().toString().substring(0, 8));
    }

    TrainOperator(TrainSettings settings, String run) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.run = Objects.requireNonNull(run, "run");
    }

    @Override
    public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
        super.setMailboxExecutor(mailboxExecutor);
        mailbox = mailboxExecutor;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        learnerState =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>("learner", StateChunkSerializer.TYPE));
        eventTimeState =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("event-time", Types.LONG));
        restored = context.isRestored();
    }

    @Override
    public void open() throws Exception {
        super.open();
        TaskInfo task = getRuntimeContext().getTaskInfo();
        shard = task.getIndexOfThisSubtask();
        shards = task.getNumberOfParallelSubtasks();
        boolean isRestored = takeUpLearner(task);
        LOG.info(
                "Trainer {} of {} goes on from step {} of {} with {} items",
                shard + 1,
                shards,
                learner.steps(),
                learner.lineage(),
                learner.items());
        report = new TrainMetrics(getMetricGroup());
        // Whoever could not take up what it learns from doesn't come here.
        getMetricGroup().gauge(Readiness.GAUGE, (Gauge<Integer>) () -> 1);
        report.count(learner.figures());
        String lineage = learner.lineage();
        getMetricGroup().gauge("lineage", (Gauge<String>) () -> lineage);
        long now = getProcessingTimeService().getCurrentProcessingTime();
        publisher =
                new TowerPublisher(
                        settings,
                        learner,
                        report,
                        getMetricGroup(),
                        shard,
                        shards,
                        !isRestored,
                        now,
                        new Outlet());
        if (shards > 1) {
            peers = new PeerGroup(lineage, shard, shards, UUID.randomUUID().toString());
        }
        waitingSinceMillis = -1;
        if (learner.figures().pendingExamples() > 0) {
            waitForBatch();
        }
        syncAt(now + settings.syncInterval().toMillis());
    }

    /** Returns whether the learner goes on from a checkpoint. */
    private boolean takeUpLearner(TaskInfo task) throws Exception {
        eventTimeMillis = Long.MIN_VALUE;
        List<byte[]> chunks = new ArrayList<>();
        if (restored) {
            for (StateChunk chunk : learnerState.get()) {
                chunks.add(chunk.bytes());
            }
            for (long time : eventTimeState.get()) {
                eventTimeMillis = Math.max(eventTimeMillis, time);
            }
        }
        if (!chunks.isEmpty()) {
            learner = TwoTowerLearner.restore(settings.towers(), chunks, shard, shards);
            // The learner has its own copy now.
            learnerState.clear();
            return true;
        }
        if (settings.startModel() != null) {
            learner = TwoTowerLearner.fromFolder(settings.towers(), startModel());
        } else {
            // All trainers of a run start together, so they agree on the attempt's number.
            learner = new TwoTowerLearner(settings.towers(), run + '-' + task.getAttemptNumber());
        }
        return false;
    }

    private ModelFolder startModel() throws IOException {
        try {
            return ModelStore.read(settings.startModel());
        } catch (FileNotFoundException | ModelFileException e) {
            // No restart would mend it.
            throw restored ? e : CannotStartException.withoutModel(settings.startModel(), e);
        }
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            if (publisher != null) {
                publisher.close();
                publisher = null;
            }
            if (learner != null) {
                learner.close();
                learner = null;
            }
        }
    }

    /** Where the publisher's records leave. */
    private final class Outlet implements TowerPublisher.Outlet {

        private final StreamRecord<TopicEntry<ItemEmbedding>> record = new StreamRecord<>(null);

        @Override
        public void vectors(TopicEntry<ItemEmbedding> entry) {
            output.collect(record.replace(entry));
        }

        @Override
        public void release(TopicEntry<ModelRelease> release) {
            output.collect(RELEASES, new StreamRecord<>(release));
        }
    }

    // ------------------------------------------------------------------ learning

    @Override
    public void processElement(StreamRecord<TrainingInput> element) throws Exception {
        TrainingInput input = element.getValue();
        if (input instanceof TrainingInput.Example of) {
            learn(of.example());
        } else if (input instanceof TrainingInput.Described of) {
            describe(of.entry());
        } else {
            hear(((TrainingInput.FromPeer) input).message());
        }
    }

    private void learn(TowerExample example) {
        report.examples.inc();
        publisher.evaluate(example);
        eventTimeMillis = Math.max(eventTimeMillis, example.eventTimeMillis());
        Optional<TowerStep> step = learner.add(example);
        if (step.isPresent()) {
            stepped(step.get());
        } else if (waitingSinceMillis < 0) {
            waitForBatch();
        }
    }

    private void stepped(TowerStep step) {
        waitingSinceMillis = -1;
        // Counted by batches, so that a restored trainer does it at the same places.
        if (step.number() % EXPIRY_STEPS == 0) {
            publisher.withdraw(learner.expire(eventTimeMillis));
        }
        report.trained(step, learner.figures());
    }

    /** Sees to it that a batch is trained although nothing more arrives to fill it. */
    private void waitForBatch() {
        if (settings.batchWait().isZero()) {
            return;
        }
        waitingSinceMillis = getProcessingTimeService().getCurrentProcessingTime();
        if (!wakeUpSet) {
            wakeUpSet = true;
            wakeUpAt(waitingSinceMillis + settings.batchWait().toMillis());
        }
    }

    /** One timer is on its way at a time; batches that fill up quickly cost none of their own. */
    private void wakeUpAt(long timeMillis) {
        // Never cancelled: it does no harm to find no example waiting.
        var unused =
                getProcessingTimeService()
                        .registerTimer(
                                timeMillis,
                                now -> {
                                    long due = waitingSinceMillis + settings.batchWait().toMillis();
                                    if (waitingSinceMillis >= 0 && now < due) {
                                        wakeUpAt(due);
                                        return;
                                    }
                                    wakeUpSet = false;
                                    if (waitingSinceMillis >= 0) {
                                        waitingSinceMillis = -1;
                                        learner.flush().ifPresent(this::stepped);
                                    }
                                });
    }

    private void describe(TopicEntry<CatalogItem> entry) {
        if (entry.isWithdrawal()) {
            learner.withdraw(entry.key());
            publisher.withdraw(List.of(entry.key()));
        } else {
            CatalogItem item = entry.value();
            learner.describe(
                    item.itemId(),
                    new ItemAttributes(item.categories(), item.price(), item.attributes()));
            report.describedItems.inc();
        }
    }

    // ------------------------------------------------------------------ at each sync interval

    private void syncAt(long timeMillis) {
        var unused =
                getProcessingTimeService()
                        .registerTimer(
                                timeMillis,
                                now -> {
                                    publisher.publish(now);
                                    guard();
                                    average();
                                    report.count(learner.figures());
                                    syncAt(now + settings.syncInterval().toMillis());
                                });
    }

    @Override
    public void endInput() throws Exception {
        learner.flush().ifPresent(this::stepped);
        publisher.publishLast(getProcessingTimeService().getCurrentProcessingTime());
        guard();
        report.count(learner.figures());
    }

    /** Warns when all items begin to look alike. */
    private void guard() {
        double cosine = learner.meanPairwiseCosine(GUARD_PAIRS);
        boolean alert = learner.items() >= GUARD_ITEMS && cosine > settings.collapseBound();
        if (report.spread(cosine, alert)) {
            LOG.warn(
                    "The towers collapse: at step {} of {} the mean cosine of two items is {},"
                            + " above {}",
                    learner.steps(),
                    learner.lineage(),
                    cosine,
                    settings.collapseBound());
        }
    }

    /** Begins a round, if the last one is complete. */
    private void average() {
        if (peers == null) {
            return;
        }
        if (!peers.isMember()) {
            tell(peers.join());
        } else if (peers.mayBegin()) {
            List<byte[]> chunks = new ArrayList<>();
            learner.drainChanges().write(chunks::add);
            peers.begin(chunks).forEach(this::tell);
        }
    }

    private void tell(PeerMessage message) {
        output.collect(TO_PEERS, new StreamRecord<>(message));
    }

    private void hear(PeerMessage message) {
        if (peers == null) {
            return;
        }
        Optional<List<List<byte[]>>> complete = peers.receive(message);
        if (complete.isPresent()) {
            learner.average(complete.get().stream().map(TowerChanges::read).toList(), shard);
            report.averagingRounds.inc();
        }
    }

    // ------------------------------------------------------------------ state

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        List<StateChunk> chunks = new ArrayList<>();
        learner.snapshot(shard, shards, chunk -> chunks.add(new StateChunk(chunk)));
        learnerState.update(chunks);
        eventTimeState.update(List.of(eventTimeMillis));
        // Flink has made a list of its own by the time this runs; between checkpoints the chunks
        // would only be in the way.
        mailbox.execute(() -> learnerState.clear(), "let go of the learner's chunks");
    }
}
