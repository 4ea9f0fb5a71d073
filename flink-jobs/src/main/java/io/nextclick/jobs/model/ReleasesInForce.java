package io.nextclick.jobs.model;

import io.nextclick.models.device.ComputeDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The release in force and the last before it, kept in an operator's state, so that a restored job
 * answers with the version that was released and not with whatever lies at a path by now.
 *
 * <p>Going back to a release forgets those that came after it: nobody wants them any more.
 *
 * <p>If the released model can't be read any more, the latest before it that can answers: a
 * recommender whose model is a release old is worth more than one that doesn't start. With all of
 * them gone, it is as if nothing had been released.
 *
 * <p>All subtasks hold the same releases, having been given the same before each checkpoint; the
 * state is a union, so that a subtask added by rescaling has them too.
 */
public final class ReleasesInForce {

    private static final Logger LOG = LoggerFactory.getLogger(ReleasesInForce.class);

    /** Releases kept, as many as a record names and itself. */
    private static final int MOST = 6;

    private final ListState<ApprovedRelease> state;

    /** Newest first. */
    private final List<ApprovedRelease> releases;

    /**
     * Takes up what the state holds.
     *
     * @param store the operator's
     */
    public ReleasesInForce(OperatorStateStore store) throws Exception {
        state = state(store);
        TreeSet<ApprovedRelease> ofAllSubtasks =
                new TreeSet<>(Comparator.comparingLong(ApprovedRelease::number).reversed());
        for (ApprovedRelease each : state.get()) {
            ofAllSubtasks.add(each);
        }
        releases = new ArrayList<>(ofAllSubtasks);
    }

    /**
     * Drops what a job that followed releases left, where this one doesn't. Left alone, Flink would
     * go on writing it, and since a union comes back to every subtask whole, as often again with
     * each restore as there are subtasks.
     *
     * @param store the operator's
     */
    public static void forget(OperatorStateStore store) throws Exception {
        state(store).clear();
    }

    private static ListState<ApprovedRelease> state(OperatorStateStore store) throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>("releases-in-force", ApprovedReleaseSerializer.TYPE));
    }

    /** The release in force; may be null. */
    public ApprovedRelease current() {
        return releases.isEmpty() ? null : releases.get(0);
    }

    /** Whether a model is in force, or was and may be gone back to. */
    public boolean contains(String sha256) {
        return releases.stream().anyMatch(each -> each.sha256().equals(sha256));
    }

    /**
     * Puts a release in force.
     *
     * @return false if it was in force already, or a later one is
     */
    public boolean put(ApprovedRelease release) {
        if (!releases.isEmpty() && release.number() <= current().number()) {
            return false;
        }
        for (int i = 0; i < releases.size(); i++) {
            if (releases.get(i).sha256().equals(release.sha256())) {
                releases.subList(0, i + 1).clear();
                break;
            }
        }
        releases.add(0, release);
        if (releases.size() > MOST) {
            releases.remove(MOST);
        }
        return true;
    }

    /** Writes them to the state. */
    public void snapshot() throws Exception {
        state.update(releases);
    }

    /** Loads the model in force, or the latest before it that can be; empty if there is none. */
    public Optional<LoadedModel> acquire(ModelLoader loader, ComputeDevice device) {
        for (ApprovedRelease release : releases) {
            try {
                return Optional.of(
                        LoadedModel.acquire(release.uri(), release.sha256(), loader, device));
            } catch (IOException | RuntimeException e) {
                LOG.warn(
                        "The released model {} can't be restored: {}",
                        release.describe(),
                        e.toString());
            }
        }
        return Optional.empty();
    }
}
