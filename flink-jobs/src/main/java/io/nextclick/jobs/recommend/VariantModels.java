package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models that variants of running experiments name, beside the job's own, for one subtask.
 *
 * <p>A variant's model is the last release of the name. It is verified as it is loaded (digests,
 * shapes, that its scores are numbers) and not held against the job's own model: which of the two
 * is better is what the experiment asks. It is made ready in the background, a later release of the
 * name takes its place between two bundles, and it is closed when no experiment names it any more.
 *
 * <p>Each subtask loads for itself, without a gate before all of them. A gate would have to follow
 * experiments too and to agree with each subtask on which run; and nothing needs all subtasks to
 * change at once, since a session is one subtask's and an experiment takes no sessions where a
 * model is missing ({@link io.nextclick.jobs.experiment.Experiments}). In one process they share
 * it.
 *
 * <p>State: the releases offered, the last of each name, also of those that nobody names yet: an
 * experiment may begin long after. All subtasks hold the same, having been told the same in the
 * same order; it is a union, so that a subtask added by rescaling has them too.
 */
final class VariantModels implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VariantModels.class);

    /** The state's name in a savepoint. */
    private static final String STATE = "releases-offered";

    /** Names remembered; the one whose last release is longest ago is forgotten first. */
    private static final int MOST_NAMES = 256;

    private final Predicate<String> isServed;
    private final ListState<TopicEntry<ModelRelease>> state;

    /** By name, the latest last. */
    private final Map<String, ModelRelease> offered = new LinkedHashMap<>();

    /** The names that variants of running experiments have. */
    private Set<String> wanted = Set.of();

    /** By name, also of those that aren't wanted any more: closing one would have to wait. */
    private final Map<String, ModelExchange> exchanges = new HashMap<>();

    /** Those that can answer, by name, all of them wanted. A gauge tells of them. */
    private final Map<String, ActiveModel> ready = new ConcurrentHashMap<>();

    private Supplier<ModelExchange> newExchange;

    /**
     * Takes up what the state holds.
     *
     * @param isServed whether models of a kind answer clicks of sessions
     * @param store the operator's
     */
    VariantModels(Predicate<String> isServed, OperatorStateStore store) throws Exception {
        this.isServed = isServed;
        state = state(store);
        for (TopicEntry<ModelRelease> entry : state.get()) {
            // Each subtask wrote all of them.
            offered.put(entry.key(), entry.value());
        }
    }

    /** Drops what is left where a job follows no releases or no experiments any more. */
    static void forget(OperatorStateStore store) throws Exception {
        state(store).clear();
    }

    private static ListState<TopicEntry<ModelRelease>> state(OperatorStateStore store)
            throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>(STATE, TopicEntrySerializer.MODEL_RELEASE));
    }

    /**
     * Comes before anything is offered or wanted.
     *
     * @param exchanges makes what loads the releases of one name, and has {@link #takeReady} called
     */
    void open(MetricGroup group, Supplier<ModelExchange> exchanges) {
        newExchange = exchanges;
        group.gauge("variantModels", (Gauge<String>) this::describe);
    }

    /** For a person: each name with the version that answers. */
    private String describe() {
        Map<String, String> versions = new TreeMap<>();
        ready.forEach((name, model) -> versions.put(name, model.reference().version()));
        return versions.isEmpty() ? "none" : versions.toString();
    }

    /**
     * As {@link #want}, but waits for the models: sessions of a restored job are to go on as they
     * were. One that can't be loaded now is tried again in the background.
     */
    void begin(Set<String> names) {
        wanted = Set.copyOf(names);
        for (String name : new TreeSet<>(names)) {
            ModelRelease release = offered.get(name);
            if (release == null) {
                LOG.warn("No release of the name {} is known, which a variant asks for", name);
                continue;
            }
            ApprovedRelease described = described(release);
            try {
                answerWith(name, exchange(name).load(described));
            } catch (IOException | RuntimeException e) {
                LOG.warn(
                        "A variant's model {} isn't there: {}", described.describe(), e.toString());
                exchange(name).prepare(described);
            }
        }
    }

    /** Makes the models of these names ready, and closes all others. Between two bundles. */
    void want(Set<String> names) {
        Set<String> before = wanted;
        wanted = Set.copyOf(names);
        for (String name : before) {
            if (!wanted.contains(name)) {
                giveUp(name);
            }
        }
        for (String name : wanted) {
            if (!before.contains(name)) {
                ModelRelease release = offered.get(name);
                if (release == null) {
                    LOG.warn("A variant asks for the model {}, which isn't released yet", name);
                } else {
                    exchange(name).prepare(described(release));
                }
            }
        }
    }

    private void giveUp(String name) {
        ModelExchange exchange = exchanges.get(name);
        if (exchange != null) {
            exchange.giveUp();
        }
        ActiveModel model = ready.remove(name);
        if (model != null) {
            LOG.info("No variant answers with {} any more", model.describe());
            exchange.retire(model);
        }
    }

    /** Takes up a release, of whatever name and kind. */
    void offer(ModelRelease release) {
        String name = release.name();
        if (!isServed.test(release.kind())) {
            // The topic holds towers and rankers too.
            if (wanted.contains(name)) {
                LOG.warn("{} is a {}, by which no variant can answer", name, release.kind());
            }
            return;
        }
        // To the end, as the last.
        offered.remove(name);
        offered.put(name, release);
        if (offered.size() > MOST_NAMES) {
            Iterator<String> oldest = offered.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        if (!wanted.contains(name)) {
            return;
        }
        ActiveModel inForce = ready.get(name);
        if (inForce != null && inForce.fingerprint().equals(release.sha256())) {
            // Gone back to: what came after it is wanted no more.
            exchange(name).giveUp();
        } else {
            exchange(name).prepare(described(release));
        }
    }

    /** Takes the models into use that have become ready. Between two bundles. */
    void takeReady() {
        for (String name : wanted) {
            ModelExchange exchange = exchanges.get(name);
            ActiveModel next = exchange == null ? null : exchange.take();
            if (next != null) {
                answerWith(name, next);
            }
        }
    }

    private void answerWith(String name, ActiveModel next) {
        ActiveModel replaced = ready.put(name, next);
        LOG.info("Variants with the model {} answer with {}", name, next.describe());
        if (replaced != null) {
            exchange(name).retire(replaced);
        }
    }

    private ModelExchange exchange(String name) {
        return exchanges.computeIfAbsent(name, unused -> newExchange.get());
    }

    /** Nobody has approved it nor counted it: of a name the last offered holds. */
    private static ApprovedRelease described(ModelRelease release) {
        return new ApprovedRelease(
                1, release.name(), release.version(), release.uri(), release.sha256());
    }

    /** Whether a model is ready. */
    boolean has(String name) {
        return ready.containsKey(name);
    }

    /** The model of a name; null if it isn't ready. */
    ActiveModel get(String name) {
        return ready.get(name);
    }

    /** All that are ready. */
    Collection<ActiveModel> all() {
        return ready.values();
    }

    /** Writes the releases to the state. */
    void snapshot() throws Exception {
        List<TopicEntry<ModelRelease>> entries =
                offered.values().stream()
                        .map(release -> TopicEntry.of(Topics.MODEL_RELEASES, release))
                        .toList();
        state.update(entries);
    }

    /** Waits for what is being loaded, and closes all. */
    @Override
    public void close() {
        // Each is given up first, so that they need not be waited for one after the other.
        exchanges.values().forEach(ModelExchange::giveUp);
        RuntimeException failure = null;
        for (ModelExchange exchange : exchanges.values()) {
            try {
                exchange.close();
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        exchanges.clear();
        ready.values().forEach(ActiveModel::close);
        ready.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
