package io.nextclick.models.device;

import ai.djl.Device;

/**
 * A processor that a model's arithmetic runs on: the machine's own, or one of the GPUs that PyTorch
 * sees in this process.
 *
 * @param gpu the GPU's number, as PyTorch counts them; -1 for the machine's own processor
 */
public record ComputeDevice(int gpu) {

    /** The machine's own processor. */
    public static final ComputeDevice CPU = new ComputeDevice(-1);

    public ComputeDevice {
        if (gpu < -1) {
            throw new IllegalArgumentException("gpu is " + gpu + ", it must be at least -1");
        }
    }

    /** The GPU of a number. */
    public static ComputeDevice gpu(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("there is no GPU " + number);
        }
        return new ComputeDevice(number);
    }

    public boolean isGpu() {
        return gpu >= 0;
    }

    /** As the engine calls it. */
    public Device engineDevice() {
        return isGpu() ? Device.gpu(gpu) : Device.cpu();
    }

    /** {@code cpu}, or {@code gpu 0} and so on. */
    @Override
    public String toString() {
        return isGpu() ? "gpu " + gpu : "cpu";
    }
}
