package io.nextclick.models.device;

import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which processor somebody wants, before it is known what there is. */
public enum DeviceChoice {
    /** A GPU where PyTorch sees one, otherwise the machine's own processor. */
    AUTO,
    /** The machine's own processor. */
    CPU,
    /** A GPU, or not at all. */
    GPU;

    private static final Logger LOG = LoggerFactory.getLogger(DeviceChoice.class);

    /**
     * For whoever would rather know at once than when the device is needed.
     *
     * @throws NoGpuException if a GPU is wanted and PyTorch sees none
     */
    public void require() {
        if (this == GPU && VisibleGpus.count() == 0) {
            throw new NoGpuException("device gpu: " + VisibleGpus.describe());
        }
    }

    /**
     * The device of one of several users, dealt out in turn.
     *
     * @param user which one, from 0
     * @throws NoGpuException if a GPU is wanted and PyTorch sees none
     */
    public ComputeDevice choose(int user) {
        return choose(user, List.of());
    }

    /**
     * The device of one of several users, dealt out in turn.
     *
     * @param user which one, from 0
     * @param assigned the GPUs that somebody has given to all of them; empty: all that there are
     * @throws NoGpuException if a GPU is wanted and PyTorch sees none, or not the assigned one
     */
    public ComputeDevice choose(int user, List<Integer> assigned) {
        if (this == CPU || (this == AUTO && !VisibleGpus.mayBeThere())) {
            return ComputeDevice.CPU;
        }
        require();
        int seen = VisibleGpus.count();
        if (seen == 0) {
            LOG.warn("Computing on the CPU: {}", VisibleGpus.describe());
        }
        return choose(user, assigned, seen);
    }

    /** As above, where it is known how many GPUs PyTorch sees. */
    ComputeDevice choose(int user, List<Integer> assigned, int seen) {
        if (this == CPU || seen == 0) {
            return ComputeDevice.CPU;
        }
        if (assigned.isEmpty()) {
            return ComputeDevice.gpu(user % seen);
        }
        List<Integer> ordered = assigned.stream().sorted().toList();
        int number = ordered.get(user % ordered.size());
        if (number < seen) {
            return ComputeDevice.gpu(number);
        }
        // Whoever hid all but the assigned ones from this process made PyTorch count anew.
        if (ordered.size() == seen) {
            return ComputeDevice.gpu(user % seen);
        }
        throw new NoGpuException(
                "GPU "
                        + number
                        + " is assigned to this process, and PyTorch sees "
                        + seen
                        + " GPUs, numbered from 0");
    }

    /** As it is written in options. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
