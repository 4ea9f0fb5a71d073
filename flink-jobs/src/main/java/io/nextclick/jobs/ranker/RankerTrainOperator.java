package io.nextclick.jobs.ranker;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.LabelledImpressionSerializer;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.learn.ModelStore;
import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.jobs.ranker.ShownExamples.ShownList;
import io.nextclick.jobs.ready.Readiness;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.NegativeSampling;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns a ranker from lists that were shown and what became of them, and releases it while it goes
 * on. One subtask.
 *
 * <p><b>Beginning.</b> The bins of numbers are found from the first so many examples, which wait
 * until then and are learnt from after; from then on the feature space stays. A ranker that is gone
 * on with brings its own.
 *
 * <p><b>Judged before it learns.</b> Each list is ordered by what was known before it; the figures
 * ({@link ListQuality}) stand beside those of the order of retrieval. A ranker is released at each
 * interval in which it has learnt, but only while its order is at least as good: the one released
 * last goes on being served.
 *
 * <p><b>What it learns depends on its input alone</b>, on the lists and the catalogue's entries in
 * the order they come. One that is restored, and given the same input again, has the same
 * parameters as one that never stopped, bit for bit: the gradients of an unfinished step are state,
 * and a release is made of a copy.
 *
 * <p>State, operator lists: the learner with the figures ({@link RankerTrainState}), the lists that
 * wait, and what rankers may read of the catalogue, since a restored source doesn't read that
 * again.
 */
public final class RankerTrainOperator extends AbstractStreamOperator<TopicEntry<ModelRelease>>
        implements OneInputStreamOperator<RankerInput, TopicEntry<ModelRelease>>, BoundedOneInput {

    /** The name under which rankers are released. */
    public static final String MODEL_NAME = "ranker";

    private static final Logger LOG = LoggerFactory.getLogger(RankerTrainOperator.class);

    private static final long serialVersionUID = 1L;

    private final RankerTrainSettings settings;

    /** Names the training run that is begun when there is nothing to go on from. */
    private final String run;

    private transient ListState<RankerTrainState> learnerState;
    private transient ListState<LabelledImpression> waitingState;
    private transient ListState<TopicEntry<CatalogItem>> catalogueState;
    private transient boolean restored;

    private transient String lineage;

    /** Null before learning has begun. */
    private transient RankerLearner learner;

    private transient ListQuality quality;
    private transient ShownExamples shown;
    private transient NegativeSampling sampling;

    /** Until learning begins. */
    private transient List<LabelledImpression> waiting;

    private transient int waitingExamples;

    private transient RankerTrainMetrics report;
    private transient ModelStore store;
    private transient long releasedExamples;
    private transient boolean held;

    public RankerTrainOperator(RankerTrainSettings settings) {
        this(settings, UUID.randomUUID().toString().substring(0, 8));
    }

    RankerTrainOperator(RankerTrainSettings settings, String run) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.run = Objects.requireNonNull(run, "run");
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        learnerState =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "ranker", RankerTrainStateSerializer.TYPE));
        waitingState =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "waiting-lists", LabelledImpressionSerializer.TYPE));
        catalogueState =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "catalogue", TopicEntrySerializer.CATALOG_ITEM));
        restored = context.isRestored();
    }

    @Override
    public void open() throws Exception {
        super.open();
        report = new RankerTrainMetrics(getMetricGroup());
        store = new ModelStore(settings.models());
        takeUpLearner();
        List<Field> fields = learner == null ? settings.parsedFields() : learner.space().fields();
        shown = new ShownExamples(fields, settings.sessionRules());
        double rate =
                learner == null
                        ? settings.options().negativeRate()
                        : learner.options().negativeRate();
        sampling = new NegativeSampling(rate);
        waiting = new ArrayList<>();
        for (TopicEntry<CatalogItem> entry : catalogueState.get()) {
            shown.describe(entry);
        }
        for (LabelledImpression labelled : waitingState.get()) {
            await(labelled);
        }
        releasedExamples = learner == null ? 0 : learner.examples();
        LOG.info(
                "The ranker {} goes on from {} examples",
                lineage,
                learner == null ? waitingExamples + " waiting" : learner.examples());
        report.judged(quality);
        String named = lineage;
        getMetricGroup().gauge("lineage", (Gauge<String>) () -> named);
        // Whoever could not take up what it learns from doesn't come here.
        getMetricGroup().gauge(Readiness.GAUGE, (Gauge<Integer>) () -> 1);
        releaseAt(getProcessingTimeService().getCurrentProcessingTime());
    }

    private void takeUpLearner() throws Exception {
        lineage = run + '-' + getRuntimeContext().getTaskInfo().getAttemptNumber();
        quality = new ListQuality(settings.window());
        boolean found = false;
        for (RankerTrainState state : learnerState.get()) {
            found = true;
            lineage = state.lineage();
            quality = new ListQuality(settings.window(), state.lists(), state.sums());
            if (state.learner() != null) {
                learner = RankerLearner.fromBytes(state.learner());
            }
        }
        if (!found && settings.startModel() != null) {
            learner = RankerLearner.read(startModel());
        }
        if (learner != null
                && (!learner.options().equals(settings.options())
                        || !learner.space().fields().equals(settings.parsedFields()))) {
            LOG.warn(
                    "The ranker goes on as what it was begun as, not as configured: {} of {}",
                    learner.options(),
                    learner.space().fields());
        }
    }

    private ModelFolder startModel() throws IOException {
        try {
            return ModelStore.read(settings.startModel());
        } catch (FileNotFoundException | ModelFileException e) {
            // No restart would mend it.
            throw restored ? e : CannotStartException.withoutModel(settings.startModel(), e);
        }
    }

    // ------------------------------------------------------------------ learning

    @Override
    public void processElement(StreamRecord<RankerInput> element) {
        RankerInput input = element.getValue();
        if (input instanceof RankerInput.Described of) {
            shown.describe(of.entry());
            report.describedItems.inc();
            return;
        }
        report.lists.inc();
        LabelledImpression labelled = ((RankerInput.Labelled) input).impression().sampled(sampling);
        if (learner != null) {
            learn(shown.of(labelled));
        } else {
            await(labelled);
            if (waitingExamples >= settings.binExamples()) {
                begin();
            }
        }
    }

    private void await(LabelledImpression labelled) {
        waiting.add(labelled);
        waitingExamples += shown.size(labelled);
        report.waiting(waitingExamples);
    }

    /** Begins to learn, from all that waits. */
    private void begin() {
        // All of them by the catalogue as it is now: so it is too if they have been in state.
        List<ShownList> lists = waiting.stream().map(shown::of).toList();
        List<RankingExample> examples = new ArrayList<>();
        lists.forEach(list -> examples.addAll(list.examples()));
        learner =
                new RankerLearner(
                        FeatureSpace.learn(settings.parsedFields(), examples), settings.options());
        waiting.clear();
        waitingExamples = 0;
        report.waiting(0);
        lists.forEach(this::learn);
    }

    private void learn(ShownList list) {
        report.withoutFacts.inc(list.leftOut());
        if (list.examples().isEmpty()) {
            return;
        }
        double[] logOdds = list.examples().stream().mapToDouble(learner::logOdds).toArray();
        quality = quality.with(logOdds, list.places(), list.clicked(), list.rate());
        report.judged(quality);
        list.examples().forEach(learner::learn);
        report.trained.inc(list.examples().size());
    }

    // ------------------------------------------------------------------ at each interval

    private void releaseAt(long lastMillis) {
        var unused =
                getProcessingTimeService()
                        .registerTimer(
                                lastMillis + settings.interval().toMillis(),
                                now -> {
                                    release(now);
                                    releaseAt(now);
                                });
    }

    @Override
    public void endInput() {
        if (learner == null && waitingExamples > 0) {
            begin();
        }
        release(getProcessingTimeService().getCurrentProcessingTime());
    }

    private void release(long nowMillis) {
        if (learner == null || learner.examples() == releasedExamples) {
            return;
        }
        if (!quality.isWorthReleasing(settings.leastLists())) {
            report.heldReleases.inc();
            if (!held) {
                LOG.info(
                        "The ranker {} isn't released: AUC {} where retrieval has {}, by {} lists",
                        lineage,
                        quality.auc(),
                        quality.retrievalAuc(),
                        quality.lists());
            }
            held = true;
            return;
        }
        held = false;
        try {
            write(nowMillis);
        } catch (IOException e) {
            report.failedWrites.inc();
            LOG.warn("The ranker of {} examples can't be released", learner.examples(), e);
        }
    }

    private void write(long nowMillis) throws IOException {
        long examples = learner.examples();
        String version = lineage + '-' + examples;
        Map<String, Double> figures =
                Map.of(
                        "auc", quality.auc(),
                        "retrieval-auc", quality.retrievalAuc(),
                        "log-loss", quality.logLoss());
        // A folder ends the step in the making, and when it is made depends on the clock.
        ModelFolder folder =
                RankerLearner.fromBytes(learner.toBytes())
                        .folder(
                                MODEL_NAME,
                                version,
                                settings.sessionRules(),
                                "",
                                figures,
                                Instant.ofEpochMilli(nowMillis));
        String series = MODEL_NAME + '-' + lineage;
        ModelStore.Stored stored = store.write(folder, ModelStore.name(series, examples));
        output.collect(
                new StreamRecord<>(
                        TopicEntry.of(
                                Topics.MODEL_RELEASES,
                                new ModelRelease(
                                        MODEL_NAME,
                                        version,
                                        stored.uri(),
                                        stored.sha256(),
                                        RankerFolder.KIND,
                                        figures,
                                        nowMillis))));
        releasedExamples = examples;
        report.releasedRankers.inc();
        store.prune(series, settings.keptModels());
    }

    // ------------------------------------------------------------------ state

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        learnerState.update(
                List.of(
                        new RankerTrainState(
                                lineage,
                                learner == null ? null : learner.toBytes(),
                                quality.lists(),
                                quality.sums())));
        waitingState.update(waiting);
        catalogueState.update(List.copyOf(shown.described()));
    }
}
