package io.nextclick.jobs.impress;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * A watermark that never goes back. Flink's own isn't part of a checkpoint: a restored task knows
 * of none until its sources send one, and would take a repeat of an impression whose examples have
 * left for a new one.
 *
 * <p>State: for key groups from–to, the watermark by which their last decisions were made. So each
 * key keeps its own when the job is rescaled, and subtasks that were further than others make no
 * other's records late.
 */
final class LastingWatermark {

    private final int keyGroups;
    private final int firstKeyGroup;

    /** By key group of this subtask: the watermark before the restart. */
    private final long[] before;

    private final long highestBefore;
    private final ListState<Tuple3<Integer, Integer, Long>> state;

    /** The latest that was asked with since the start. */
    private long latest = Long.MIN_VALUE;

    /**
     * @param store holds the watermarks, which are read here
     */
    LastingWatermark(TaskInfo task, OperatorStateStore store) throws Exception {
        keyGroups = task.getMaxNumberOfParallelSubtasks();
        KeyGroupRange range =
                KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
                        keyGroups,
                        task.getNumberOfParallelSubtasks(),
                        task.getIndexOfThisSubtask());
        firstKeyGroup = range.getStartKeyGroup();
        before = new long[range.getNumberOfKeyGroups()];
        Arrays.fill(before, Long.MIN_VALUE);
        // A union, as a key group may move to any subtask; small, one entry a subtask.
        state =
                store.getUnionListState(
                        new ListStateDescriptor<>(
                                "watermarks", Types.TUPLE(Types.INT, Types.INT, Types.LONG)));
        for (Tuple3<Integer, Integer, Long> entry : state.get()) {
            int from = Math.max(entry.f0, range.getStartKeyGroup());
            int to = Math.min(entry.f1, range.getEndKeyGroup());
            for (int keyGroup = from; keyGroup <= to; keyGroup++) {
                before[keyGroup - firstKeyGroup] = entry.f2;
            }
        }
        highestBefore = Arrays.stream(before).max().orElse(Long.MIN_VALUE);
    }

    /**
     * The watermark that a decision on a key is to be made by.
     *
     * @param watermark the task's own, now
     */
    long at(String key, long watermark) {
        // The end of all input isn't a time: a job that was drained goes on where it was.
        if (watermark != Long.MAX_VALUE) {
            latest = Math.max(latest, watermark);
        }
        if (watermark >= highestBefore) {
            return watermark;
        }
        int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(key, keyGroups);
        return Math.max(watermark, before[keyGroup - firstKeyGroup]);
    }

    void snapshot() throws Exception {
        List<Tuple3<Integer, Integer, Long>> entries = new ArrayList<>();
        int from = 0;
        for (int i = 1; i <= before.length; i++) {
            if (i == before.length || lasting(i) != lasting(from)) {
                entries.add(Tuple3.of(firstKeyGroup + from, firstKeyGroup + i - 1, lasting(from)));
                from = i;
            }
        }
        state.update(entries);
    }

    private long lasting(int index) {
        return Math.max(before[index], latest);
    }
}
