package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.SplittableRandom;

/**
 * Inverted dropout whose masks come from a seeded generator of its own, so that a training doesn't
 * depend on what else uses the engine's.
 */
final class DropoutMask {

    private static final int LEVELS = 1 << 16;

    private final SplittableRandom random;

    DropoutMask(SplittableRandom random) {
        this.random = random;
    }

    /**
     * Drops values: each becomes 0 with probability {@code rate}, and is divided by {@code 1 -
     * rate} otherwise.
     *
     * @param rate share that is <em>dropped</em>, in [0, 1)
     */
    NDArray apply(NDManager manager, UploadBuffer upload, NDArray values, double rate) {
        if (rate == 0) {
            return values;
        }
        float[] mask = mask(Math.toIntExact(values.size()), rate);
        return values.mul(upload.floats(manager, mask, values.getShape().getShape()));
    }

    float[] mask(int size, double rate) {
        int threshold = (int) Math.round(rate * LEVELS);
        float kept = (float) (1 / (1 - rate));
        float[] mask = new float[size];
        long bits = 0;
        for (int i = 0; i < size; i++) {
            bits = i % 4 == 0 ? random.nextLong() : bits >>> 16;
            mask[i] = (bits & (LEVELS - 1)) < threshold ? 0 : kept;
        }
        return mask;
    }
}
