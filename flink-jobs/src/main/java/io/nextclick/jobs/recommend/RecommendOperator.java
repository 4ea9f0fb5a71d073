package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.ExperimentOutcomeSerializer;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.BackgroundWork;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.jobs.model.ReleasesInForce;
import io.nextclick.jobs.model.SubtaskDevice;
import io.nextclick.jobs.ready.Readiness;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Recommendation;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.util.OutputTag;

/**
 * Answers every click with the items its session is most likely to want next.
 *
 * <p>Scoring a catalogue costs the same memory traffic for one session as for many, so clicks are
 * gathered into a bundle and answered in one batch ({@link Recommender}). A bundle is answered when
 * it is full, when its first click has waited for the bundle timeout, and before anything that must
 * not overtake its clicks: a watermark, a checkpoint's barrier, the end of the input. So nothing is
 * in flight at a checkpoint, and a failure repeats whole clicks.
 *
 * <p>Runs with one input, clicks, or with two: the second brings {@link Bulletin}s, the same to
 * each subtask. A released model is made ready in the background ({@link ModelExchange}) and takes
 * the other's place between two bundles. Event time is that of the clicks alone.
 *
 * <p>State: {@link SessionState} per session; the {@link ReleasesInForce}; what {@link
 * LiveSessions}, {@link VariantModels} and {@link Recommender} keep.
 */
public final class RecommendOperator extends AbstractStreamOperator<Recommendation>
        implements OneInputStreamOperator<ReceivedClick, Recommendation>,
                TwoInputStreamOperator<ReceivedClick, Bulletin, Recommendation>,
                BoundedOneInput,
                Triggerable<String, VoidNamespace> {

    /** In {@link Recommendation#fallback()}: no item of the session is known to the model. */
    public static final String UNKNOWN_ITEMS = "unknown-items";

    /** In {@link Recommendation#fallback()}: there is no model. */
    public static final String NO_MODEL = "no-model";

    /** In {@link Recommendation#fallback()}: the click was older than the budget allows. */
    public static final String OVERRUN = "overrun";

    /**
     * In {@link Recommendation#fallback()}: a ranker should have put the candidates in order, and
     * there was no time for it, or it failed.
     */
    public static final String UNRANKED = "unranked";

    /** What sessions that took part in an experiment came to. */
    public static final OutputTag<ExperimentOutcome> OUTCOMES =
            new OutputTag<>("experiment-outcomes", ExperimentOutcomeSerializer.TYPE);

    /** Of two inputs that of clicks, as Flink's operators count them. */
    private static final int CLICKS_INPUT = 0;

    /** Sessions written between two bundles: about 0.2 ms. */
    private static final int MOST_WRITES_BETWEEN = 32;

    /** No subtask's hot sessions take more of the heap than one part of so many. */
    private static final int SHARE_OF_HEAP = 8;

    private static final long serialVersionUID = 1L;

    private final RecommendSettings settings;
    private final ModelLoader loader;

    /** Null where released models aren't followed. */
    private transient ReleasesInForce releases;

    private transient ModelExchange exchange;

    /** Null where releases or experiments aren't followed. */
    private transient VariantModels variantModels;

    /** What this subtask's models compute on. */
    private transient ComputeDevice device;

    /** Whether this goes on from a checkpoint or savepoint. */
    private transient boolean restored;

    /** How long the model to begin with took to warm up. */
    private transient long warmUpMillis;

    /** Whether a model became ready while a bundle was being answered. */
    private transient boolean exchangeDue;

    private transient HotSessions hotSessions;
    private transient LiveSessions liveSessions;
    private transient Recommender recommender;
    private transient RecommendMetrics counters;

    private transient BundledClick[] bundle;
    private transient int bundled;
    private transient boolean answering;
    private transient long watermark;

    private transient MailboxExecutor mailbox;
    private transient BundleWakeUp wakeUp;

    /**
     * @param settings how to answer
     * @param loader where the model comes from
     */
    public RecommendOperator(RecommendSettings settings, ModelLoader loader) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.loader = Objects.requireNonNull(loader, "loader");
    }

    @Override
    public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
        super.setMailboxExecutor(mailboxExecutor);
        mailbox = mailboxExecutor;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        TaskInfo task = getRuntimeContext().getTaskInfo();
        hotSessions =
                new HotSessions(
                        context.getKeyedStateStore()
                                .getState(
                                        new ValueStateDescriptor<>(
                                                "sessions", SessionStateSerializer.TYPE)),
                        this::setCurrentKey,
                        Math.min(
                                settings.hotSessionBytes(),
                                Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP),
                        task.getMaxNumberOfParallelSubtasks());
        liveSessions =
                new LiveSessions(
                        task,
                        hotSessions,
                        this::setCurrentKey,
                        session -> recommender.end(session),
                        context.getOperatorStateStore());
        if (settings.releases() && settings.experiments()) {
            variantModels = new VariantModels(loader::serves, context.getOperatorStateStore());
        } else {
            VariantModels.forget(context.getOperatorStateStore());
        }
        recommender =
                new Recommender(
                        settings,
                        hotSessions,
                        liveSessions,
                        variantModels,
                        this::emit,
                        context.getOperatorStateStore());
        if (settings.releases()) {
            releases = new ReleasesInForce(context.getOperatorStateStore());
        } else {
            ReleasesInForce.forget(context.getOperatorStateStore());
        }
        restored = context.isRestored();
    }

    @Override
    public void open() throws Exception {
        super.open();
        device = SubtaskDevice.choose(loader.device(), getRuntimeContext(), restored);
        counters = new RecommendMetrics(getMetricGroup());
        getMetricGroup().gauge("liveSessions", (Gauge<Long>) () -> liveSessions.size());
        getMetricGroup().gauge("modelVersion", (Gauge<String>) () -> recommender.modelVersion());
        if (releases != null) {
            exchange = newExchange();
        }
        if (variantModels != null) {
            variantModels.open(getMetricGroup(), this::newExchange);
        }
        getMetricGroup().gauge(Readiness.GAUGE, (Gauge<Integer>) () -> isReady() ? 1 : 0);
        getMetricGroup().gauge("device", (Gauge<String>) () -> device.toString());
        getMetricGroup().gauge("warmUpMillis", (Gauge<Long>) () -> warmUpMillis);
        getMetricGroup().gauge("hotSessions", (Gauge<Integer>) () -> hotSessions.size());
        getMetricGroup().gauge("sessionReads", (Gauge<Long>) () -> hotSessions.reads());
        getMetricGroup().gauge("sessionWrites", (Gauge<Long>) () -> hotSessions.writes());
        recommender.open(
                counters, getMetricGroup(), getRuntimeContext(), getProcessingTimeService());
        recommender.answerWith(firstModel());
        liveSessions.open(
                getInternalTimerService("session-ends", VoidNamespaceSerializer.INSTANCE, this));
        bundle = new BundledClick[settings.bundleSize()];
        wakeUp =
                new BundleWakeUp(
                        settings.bundleTimeout(),
                        mailbox,
                        getProcessingTimeService(),
                        () -> bundled > 0,
                        this::answerBundle);
        watermark = Long.MIN_VALUE;
    }

    private ModelExchange newExchange() {
        return new ModelExchange(
                loader,
                device,
                settings,
                new BackgroundWork(
                        mailbox,
                        "models of " + getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks()),
                this::exchangeModels,
                counters.modelLoadFailures);
    }

    /**
     * Whether there is a model, each of which is warm when it takes its place, or none is needed.
     */
    private boolean isReady() {
        return recommender.hasModel() || !settings.modelRequired();
    }

    /**
     * The model to begin with, warm: a subtask counts as running only after this. Null for none.
     */
    private ActiveModel firstModel() throws IOException {
        LoadedModel loaded = loadFirstModel();
        if (loaded == null) {
            return null;
        }
        long started = System.nanoTime();
        ActiveModel first = ActiveModel.warmedUp(loaded, settings, /* isBesideClicks= */ false);
        warmUpMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        LOG.info("Warmed up {} in {} ms", first.describe(), warmUpMillis);
        return first;
    }

    /** May return null. */
    private LoadedModel loadFirstModel() throws IOException {
        ApprovedRelease released = releases == null ? null : releases.current();
        Optional<LoadedModel> loaded = Optional.empty();
        if (released != null) {
            loaded = releases.acquire(loader, device);
            if (loaded.isEmpty() || !loaded.get().fingerprint().equals(released.sha256())) {
                exchange.prepare(released);
            }
        }
        if (loaded.isEmpty()) {
            // Where there is neither, the first release is waited for.
            boolean required =
                    settings.modelRequired() && (releases == null || settings.modelPath() != null);
            loaded =
                    LoadedModel.acquireToStart(
                            settings.modelPath(), required, loader, device, restored);
        }
        return loaded.orElse(null);
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            try {
                if (exchange != null) {
                    exchange.close();
                    exchange = null;
                }
            } finally {
                try {
                    if (variantModels != null) {
                        variantModels.close();
                    }
                } finally {
                    if (recommender != null) {
                        recommender.close();
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------------ models

    @Override
    public void processElement2(StreamRecord<Bulletin> element) {
        Bulletin bulletin = element.getValue();
        if (bulletin instanceof Bulletin.Released released) {
            if (releases.put(released.release())) {
                exchange.prepare(released.release());
            }
        } else if (bulletin instanceof Bulletin.Offered offered) {
            variantModels.offer(offered.release());
        } else if (bulletin instanceof Bulletin.Trending trending) {
            recommender.takeTrending(trending.counts());
        } else if (bulletin instanceof Bulletin.Experimenting experimenting) {
            recommender.tell(experimenting.entry());
        } else {
            throw new IllegalStateException("nothing here takes " + bulletin);
        }
    }

    /** Changes to the models that have become ready. */
    private void exchangeModels() throws Exception {
        answerBundle();
        if (answering) {
            // A sink that waited for Kafka has run this in the middle of a bundle.
            exchangeDue = true;
            return;
        }
        exchangeDue = false;
        if (variantModels != null) {
            variantModels.takeReady();
        }
        ActiveModel next = exchange.take();
        if (next == null) {
            return;
        }
        ActiveModel replaced = recommender.answerWith(next);
        counters.modelSwitches.inc();
        LOG.info("Answering with {}", next.describe());
        if (replaced != null) {
            exchange.retire(replaced);
        }
    }

    // ------------------------------------------------------------------ gathering

    @Override
    public void processElement1(StreamRecord<ReceivedClick> element) throws Exception {
        processElement(element);
    }

    @Override
    public void processElement(StreamRecord<ReceivedClick> element) throws Exception {
        // The click is kept, not copied: it is immutable. The record around it is Flink's.
        bundle[bundled++] = new BundledClick(element.getValue());
        wakeUp.clickArrived();
        if (bundled == bundle.length) {
            answerBundle();
        } else if (bundled == 1) {
            wakeUp.bundleBegins();
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        answerBundle();
        watermark = mark.getTimestamp();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        answerBundle();
        super.processWatermarkStatus(status);
    }

    @Override
    public void processWatermark1(Watermark mark) throws Exception {
        processWatermark(mark);
    }

    /** Bulletins say nothing of event time, and some would hold it back for ever. */
    @Override
    public void processWatermark2(Watermark mark) {}

    @Override
    protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
        if (input == CLICKS_INPUT) {
            processWatermarkStatus(status);
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        answerBundle();
        super.prepareSnapshotPreBarrier(checkpointId);
    }

    @Override
    public void endInput() throws Exception {
        answerBundle();
    }

    @Override
    public void finish() throws Exception {
        answerBundle();
        super.finish();
    }

    // ------------------------------------------------------------------ answering

    private void answerBundle() throws Exception {
        if (bundled == 0 || answering) {
            return;
        }
        answering = true;
        emit(recommender.answer(bundle, bundled, watermark));
        if (bundled < bundle.length) {
            // There is time to spare. Twice as many as may have changed, so that few are left when
            // a checkpoint has all of them written while clicks wait.
            hotSessions.writeSome(Math.min(2 * bundled, MOST_WRITES_BETWEEN));
        }
        bundle = new BundledClick[bundle.length];
        bundled = 0;
        answering = false;
        if (exchangeDue) {
            exchangeModels();
        }
    }

    private void emit(List<Recommendation> answers) {
        StreamRecord<Recommendation> record = new StreamRecord<>(null);
        int answer = 0;
        for (int i = 0; i < bundled; i++) {
            if (bundle[i].verdict != Verdict.DUPLICATE) {
                Recommendation recommendation = answers.get(answer++);
                output.collect(record.replace(recommendation, bundle[i].click.eventTimeMillis()));
            }
        }
        counters.recommendations.inc(answer);
    }

    private void emit(ExperimentOutcome outcome) {
        output.collect(OUTCOMES, new StreamRecord<>(outcome, outcome.endedAtMillis()));
    }

    // ------------------------------------------------------------------ ends of sessions

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        liveSessions.onTimer(timer);
    }

    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) {
        throw new IllegalStateException("no timer of this operator is in processing time");
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        hotSessions.writeAll();
        liveSessions.snapshot();
        recommender.snapshot();
        if (releases != null) {
            releases.snapshot();
        }
        if (variantModels != null) {
            variantModels.snapshot();
        }
    }
}
