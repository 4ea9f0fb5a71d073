package io.nextclick.jobs.release;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.BackgroundWork;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.jobs.model.ReleasesInForce;
import io.nextclick.jobs.model.SubtaskDevice;
import io.nextclick.jobs.release.RefusedReleaseException.Reason;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Examines every released model before any click is answered with it; what passes goes to all
 * subtasks that answer. Runs once a job: all of them are to change to the same model.
 *
 * <p>A release is loaded in the background, its digests verified and its shapes with it, and then
 * tried out on the last clicks of some sessions ({@link Trial}). One that is refused leaves a log
 * line and a count by its reason, and the model in force goes on. A later release takes the place
 * of one that is being examined; one with the content of the model in force changes nothing.
 *
 * <p>Two sorts of release are not compared with the model in force: those that a job finds in the
 * topic when it is started afresh, as they are to replace the model at the configured path; and
 * those that were in force before, as whoever goes back has a reason.
 *
 * <p>State: the {@link ReleasesInForce}, and the release that is being examined, which is examined
 * again when restored. The clicks to try it on are gathered anew.
 */
public final class ReleaseGateOperator extends AbstractStreamOperator<ApprovedRelease>
        implements TwoInputStreamOperator<
                ReceivedClick, TopicEntry<ModelRelease>, ApprovedRelease> {

    private static final Logger RELEASES = LoggerFactory.getLogger(ReleaseGateOperator.class);

    private static final long serialVersionUID = 1L;

    private static final int MOST_ATTEMPTS = 3;
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final ReleaseSettings settings;
    private final String modelPath;
    private final ModelLoader loader;

    private transient MailboxExecutor mailbox;
    private transient BackgroundWork background;
    private transient Codec<ModelRelease> codec;

    private transient ListState<byte[]> candidateState;
    private transient ReleasesInForce releases;

    /** When a job that was started afresh began; releases from before were found by it. */
    private transient long startedAfreshMillis;

    private transient boolean restored;
    private transient ComputeDevice device;

    /** The name that is followed; null until the first release says one. */
    private transient String name;

    /** The model in force; null if there is none, or none that can be read. */
    private transient LoadedModel inForce;

    /** The release that is being examined; null if none is. */
    private transient Candidate candidate;

    private transient RecentPredictions predictions;

    private transient Counter approved;
    private transient Counter refused;
    private transient Map<Reason, Counter> refusedBecause;

    /** A release on its way, and its model from when it is loaded until somebody takes it. */
    private static final class Candidate {

        final ModelRelease release;

        /** Whether it is compared with the model in force. */
        final boolean isCompared;

        /** Whether it has waited long enough for clicks; the task's, as the next. */
        boolean hasWaited;

        boolean isTried;
        private LoadedModel model;
        private boolean isDiscarded;

        Candidate(ModelRelease release, boolean isCompared) {
            this.release = release;
            this.isCompared = isCompared;
        }

        /** Takes over the model. */
        synchronized void put(LoadedModel loaded) {
            if (isDiscarded) {
                loaded.close();
            } else {
                model = loaded;
            }
        }

        /** The model, which stays here; null before it is loaded. */
        synchronized LoadedModel model() {
            return model;
        }

        /** The model, which becomes the caller's. */
        synchronized LoadedModel take() {
            LoadedModel taken = model;
            model = null;
            return taken;
        }

        /** Frees the model, or will when it is loaded. */
        synchronized void discard() {
            isDiscarded = true;
            if (model != null) {
                model.close();
                model = null;
            }
        }

        String describe() {
            return release.name() + ' ' + release.version() + " from " + release.uri();
        }
    }

    /**
     * @param modelPath the model that answers until the first release; may be null
     */
    public ReleaseGateOperator(ReleaseSettings settings, String modelPath, ModelLoader loader) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.modelPath = modelPath;
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
        codec = Topics.MODEL_RELEASES.codec(Encoding.AVRO);
        releases = new ReleasesInForce(context.getOperatorStateStore());
        candidateState =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "release-examined",
                                        PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        restored = context.isRestored();
        startedAfreshMillis =
                restored ? Long.MIN_VALUE : getProcessingTimeService().getCurrentProcessingTime();
    }

    @Override
    public void open() throws Exception {
        super.open();
        // That of the first answering subtask: in the same process they share the model.
        device = SubtaskDevice.choose(loader.device(), getRuntimeContext(), restored);
        approved = getMetricGroup().counter("releasesApproved");
        refused = getMetricGroup().counter("releasesRefused");
        MetricGroup because = getMetricGroup().addGroup("releasesRefusedBecause");
        refusedBecause = new EnumMap<>(Reason.class);
        for (Reason reason : Reason.values()) {
            refusedBecause.put(reason, because.counter(reason.word()));
        }
        getMetricGroup()
                .gauge(
                        "releaseInForce",
                        (Gauge<String>)
                                () ->
                                        releases.current() == null
                                                ? "none"
                                                : releases.current().version());
        predictions = new RecentPredictions(settings.trialClicks());
        background =
                new BackgroundWork(
                        mailbox,
                        "models of " + getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks());
        takeUpModelInForce();
        for (byte[] bytes : candidateState.get()) {
            ModelRelease release = codec.decode(bytes);
            consider(release, !releases.contains(release.sha256()));
        }
    }

    private void takeUpModelInForce() throws IOException {
        Optional<LoadedModel> model = releases.acquire(loader, device);
        if (releases.current() == null) {
            model = LoadedModel.acquireToStart(modelPath, false, loader, device, restored);
        }
        inForce = model.orElse(null);
        if (settings.name() != null) {
            name = settings.name();
        } else if (releases.current() != null) {
            name = releases.current().name();
        } else if (inForce != null) {
            name = inForce.reference().name();
        }
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            try {
                if (background != null) {
                    background.close();
                }
            } finally {
                if (candidate != null) {
                    candidate.discard();
                    candidate = null;
                }
                if (inForce != null) {
                    inForce.close();
                    inForce = null;
                }
            }
        }
    }

    // ------------------------------------------------------------------ records

    @Override
    public void processElement1(StreamRecord<ReceivedClick> element) {
        predictions.add(element.getValue());
        if (candidate != null) {
            tryOutWhenReady();
        }
    }

    @Override
    public void processElement2(StreamRecord<TopicEntry<ModelRelease>> element) {
        TopicEntry<ModelRelease> entry = element.getValue();
        if (entry.isWithdrawal()) {
            // Without its release a name says nothing of what should answer instead.
            return;
        }
        boolean wasFound = element.hasTimestamp() && element.getTimestamp() < startedAfreshMillis;
        consider(entry.value(), !wasFound && !releases.contains(entry.value().sha256()));
    }

    @Override
    public void processWatermark(Watermark mark) {
        // Nothing here has an event time.
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        releases.snapshot();
        candidateState.update(
                candidate == null ? List.of() : List.of(codec.encode(candidate.release)));
    }

    // ------------------------------------------------------------------ examination

    private void consider(ModelRelease release, boolean isCompared) {
        boolean isServed = loader.serves(release.kind());
        if (name == null && isServed) {
            name = release.name();
        }
        if (!release.name().equals(name)) {
            return;
        }
        giveUpCandidate();
        if (inForce != null && inForce.fingerprint().equals(release.sha256())) {
            RELEASES.info("The release {} {} is in force", release.name(), release.version());
            return;
        }
        Candidate next = new Candidate(release, isCompared);
        candidate = next;
        if (!isServed) {
            refuse(
                    next,
                    new RefusedReleaseException(
                            Reason.UNKNOWN_KIND, "nothing here serves a " + release.kind()));
            return;
        }
        background.run(() -> load(next));
    }

    /** In the background. */
    private void load(Candidate loading) {
        ModelRelease release = loading.release;
        for (int attempt = 1; ; attempt++) {
            try {
                loading.put(LoadedModel.acquire(release.uri(), release.sha256(), loader, device));
                background.tell(() -> loaded(loading), "examine a release");
                return;
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                RefusedReleaseException refusal = RefusedReleaseException.of(e);
                boolean mayPass = refusal.reason() == Reason.UNREADABLE;
                if (!mayPass || attempt == MOST_ATTEMPTS || background.pause(PAUSE)) {
                    background.tell(() -> refuse(loading, refusal), "refuse a release");
                    return;
                }
            }
        }
    }

    private void loaded(Candidate loading) {
        var unused =
                getProcessingTimeService()
                        .registerTimer(
                                getProcessingTimeService().getCurrentProcessingTime()
                                        + settings.trialTimeout().toMillis(),
                                now -> {
                                    loading.hasWaited = true;
                                    tryOutWhenReady();
                                });
        tryOutWhenReady();
    }

    private void tryOutWhenReady() {
        Candidate trying = candidate;
        if (trying == null || trying.isTried || trying.model() == null) {
            return;
        }
        LoadedModel compared = trying.isCompared ? inForce : null;
        if (compared != null && predictions.size() < settings.trialClicks() && !trying.hasWaited) {
            return;
        }
        trying.isTried = true;
        LoadedModel model = trying.model();
        Trial trial = new Trial(settings, predictions.all());
        background.run(
                () -> {
                    try {
                        String found =
                                trial.examine(
                                        model.model(), compared == null ? null : compared.model());
                        background.tell(() -> approve(trying, found), "approve a release");
                    } catch (RefusedReleaseException e) {
                        background.tell(() -> refuse(trying, e), "refuse a release");
                    } catch (RuntimeException | OutOfMemoryError e) {
                        background.tell(
                                () -> refuse(trying, RefusedReleaseException.of(e)),
                                "refuse a release");
                    }
                });
    }

    private void approve(Candidate tried, String found) {
        if (tried != candidate) {
            return;
        }
        ModelRelease release = tried.release;
        ApprovedRelease approval =
                new ApprovedRelease(
                        releases.current() == null ? 1 : releases.current().number() + 1,
                        release.name(),
                        release.version(),
                        release.uri(),
                        release.sha256());
        RELEASES.info("Release {} approved: {}", approval.describe(), found);
        releases.put(approval);
        approved.inc();
        LoadedModel replaced = inForce;
        inForce = tried.take();
        candidate = null;
        if (replaced != null) {
            background.run(replaced::close);
        }
        output.collect(new StreamRecord<>(approval));
    }

    private void refuse(Candidate tried, RefusedReleaseException refusal) {
        if (tried != candidate) {
            return;
        }
        RELEASES.warn(
                "Release {} refused ({}), {}: {}",
                tried.describe(),
                refusal.reason().word(),
                inForce == null ? "there is no other" : "the model in force goes on",
                refusal.getMessage());
        refused.inc();
        refusedBecause.get(refusal.reason()).inc();
        giveUpCandidate();
        if (inForce == null) {
            // Rather an older release than none.
            tried.release.rolledBack().ifPresent(older -> consider(older, false));
        }
    }

    private void giveUpCandidate() {
        if (candidate != null) {
            background.run(candidate::discard);
            candidate = null;
        }
    }
}
