package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;

/**
 * What a network drops of its values in training: the network says where, the training how much.
 * Inverted dropout, so that nothing has to be scaled in serving.
 */
public interface Dropout {

    /** Drops nothing: for validation and serving. */
    Dropout NONE =
            new Dropout() {
                @Override
                public NDArray ofEmbedded(NDArray values) {
                    return values;
                }

                @Override
                public NDArray ofHidden(NDArray values) {
                    return values;
                }
            };

    /** Values that embed a click, at the rate of the embedding dropout. */
    NDArray ofEmbedded(NDArray values);

    /** Values within the network, at the rate of the hidden dropout. */
    NDArray ofHidden(NDArray values);
}
