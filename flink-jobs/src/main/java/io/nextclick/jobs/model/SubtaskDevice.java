package io.nextclick.jobs.model;

import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.device.NoGpuException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.externalresource.ExternalResourceInfo;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which device a subtask computes on. Flink gives GPUs to task managers, not to subtasks, so all
 * subtasks of a process see the same ones: they are dealt out by the subtasks' numbers.
 */
public final class SubtaskDevice {

    /** As Flink's documentation and its plugin for GPUs call the resource. */
    private static final String RESOURCE = "gpu";

    /** Flink's plugin says the GPU's number by this. */
    private static final String NUMBER = "index";

    private static final Logger LOG = LoggerFactory.getLogger(SubtaskDevice.class);

    private SubtaskDevice() {}

    /**
     * @param restored whether the task goes on from a checkpoint
     * @throws CannotStartException if a GPU is wanted and there is none, and the task is started
     *     afresh
     * @throws NoGpuException in the same case, and the task goes on from a checkpoint: where it is
     *     tried again there may be one
     */
    public static ComputeDevice choose(
            DeviceChoice choice, RuntimeContext context, boolean restored)
            throws CannotStartException {
        if (choice == DeviceChoice.CPU) {
            return ComputeDevice.CPU;
        }
        try {
            List<Integer> assigned = new ArrayList<>();
            for (ExternalResourceInfo gpu : context.getExternalResourceInfos(RESOURCE)) {
                gpu.getProperty(NUMBER).map(Integer::valueOf).ifPresent(assigned::add);
            }
            ComputeDevice device =
                    choice.choose(context.getTaskInfo().getIndexOfThisSubtask(), assigned);
            if (device.isGpu()) {
                LOG.info(
                        "{} computes on {}",
                        context.getTaskInfo().getTaskNameWithSubtasks(),
                        device);
            }
            return device;
        } catch (NoGpuException e) {
            if (restored) {
                throw e;
            }
            throw new CannotStartException(e.getMessage(), e);
        }
    }
}
