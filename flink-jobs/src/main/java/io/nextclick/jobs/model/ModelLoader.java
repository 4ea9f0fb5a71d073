package io.nextclick.jobs.model;

import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.serving.ServableModel;
import java.io.IOException;
import java.io.Serializable;

/** Where models come from; tests bring their own. */
public interface ModelLoader extends Serializable {

    /**
     * Something short that changes whenever the model at the path does: of a model folder the
     * SHA-256 of its manifest, which holds the digests of the other files. Subtasks of one JVM tell
     * by it that they mean the same model, and a release says by it which one it means.
     *
     * @throws java.io.FileNotFoundException if there is no model
     * @throws IOException if it can't be read
     */
    String fingerprint(String path) throws IOException;

    /**
     * Loads the model of this fingerprint.
     *
     * @param device what it is to compute on
     * @throws io.nextclick.models.files.ModelFileException if a file is missing, damaged or not
     *     what the manifest says, or if there is another model by now
     * @throws IOException if it can't be read
     */
    ServableModel load(String path, String fingerprint, ComputeDevice device) throws IOException;

    /** What models are to compute on, where they can choose. */
    default DeviceChoice device() {
        return DeviceChoice.CPU;
    }

    /** Whether models of this kind answer clicks of sessions. */
    boolean serves(String kind);
}
