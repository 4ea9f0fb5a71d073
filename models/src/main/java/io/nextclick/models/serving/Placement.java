package io.nextclick.models.serving;

import io.nextclick.models.device.ComputeDevice;

/**
 * What a model's item matrix is searched by, and where: the kernel on the machine's own processor,
 * torch elsewhere.
 *
 * @param kernel what else is computed on the machine's own processor
 * @param torch the device that torch works on; null where the kernel does all of it
 */
record Placement(DenseKernel kernel, ComputeDevice torch) {

    static Placement on(ComputeDevice device) {
        return new Placement(DenseKernel.fastest(), device.isGpu() ? device : null);
    }

    static Placement on(DenseKernel kernel) {
        return new Placement(kernel, null);
    }

    /**
     * An index over item vectors.
     *
     * @param vectors V · dimension floats, row-major
     * @param biases V floats, or null for none
     */
    ItemIndex index(float[] vectors, float[] biases, int dimension) {
        return torch == null
                ? new ExactItemIndex(vectors, biases, dimension, kernel)
                : new TorchItemIndex(vectors, biases, dimension, torch);
    }
}
