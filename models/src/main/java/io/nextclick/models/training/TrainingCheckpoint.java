package io.nextclick.models.training;

import io.nextclick.models.files.CheckpointFolder;
import io.nextclick.models.files.CheckpointFolder.Checkpoint;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.training.TrainingListener.Validation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps a training's place between two epochs in a folder, so that it can go on from there as if it
 * had never been interrupted, and refuses the place of another training: other options or other
 * data.
 *
 * <p>Facts: what makes the training this one ({@code training.*}), {@code refitting}, {@code
 * epoch}, {@code without_gain}, {@code elapsed_ms}, and the figures of the best epoch and of the
 * model that the first fitting chose ({@code best.*}, {@code chosen.*}). Tensors: {@code now/…} is
 * {@link NetworkTraining#state()}, {@code best/n} and {@code chosen/n} are the n-th parameter of
 * those; the best's are left out if they are what is there now.
 */
final class TrainingCheckpoint {

    /** Steps up when a training of the same options and data would go another way than before. */
    private static final String METHOD = "1";

    private static final String IDENTITY = "training.";
    private static final String NOW = "now/";

    /**
     * A model's figures and its weights.
     *
     * @param epochs epochs that the weights have seen
     * @param validation may be null
     * @param values one array a parameter, in the network's order; null if they are those of now
     */
    record Model(
            int epochs,
            Validation validation,
            double loss,
            int sessions,
            Duration elapsed,
            List<float[]> values) {}

    /**
     * A place between two epochs.
     *
     * @param refitting whether this is the fitting on all sessions
     * @param epoch complete epochs
     * @param withoutGain epochs since the best one
     * @param elapsed since the training began
     * @param best of this fitting
     * @param chosen the result of the fitting before; null if there was none
     * @param now see {@link NetworkTraining#state()}
     */
    record Place(
            boolean refitting,
            int epoch,
            int withoutGain,
            Duration elapsed,
            Model best,
            Model chosen,
            Map<String, Tensor> now) {}

    private final CheckpointFolder folder;
    private final Map<String, String> identity = new LinkedHashMap<>();

    /**
     * @param fingerprint of the data
     */
    TrainingCheckpoint(CheckpointFolder folder, TrainingOptions options, String fingerprint) {
        this.folder = folder;
        identity.put(IDENTITY + "method", METHOD);
        options.asMap().forEach((name, value) -> identity.put(IDENTITY + name, value.toString()));
        identity.put(IDENTITY + "data", fingerprint);
    }

    void write(Place place) {
        Map<String, String> facts = new LinkedHashMap<>(identity);
        facts.put("refitting", Boolean.toString(place.refitting()));
        facts.put("epoch", Integer.toString(place.epoch()));
        facts.put("without_gain", Integer.toString(place.withoutGain()));
        facts.put("elapsed_ms", Long.toString(place.elapsed().toMillis()));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        place.now().forEach((name, tensor) -> tensors.put(NOW + name, tensor));
        put("best", place.best(), facts, tensors);
        if (place.chosen() != null) {
            put("chosen", place.chosen(), facts, tensors);
        }
        try {
            folder.write(new Checkpoint(facts, tensors));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot keep a checkpoint in " + folder.path() + ": " + e.getMessage(), e);
        }
    }

    private static void put(
            String role, Model model, Map<String, String> facts, Map<String, Tensor> tensors) {
        facts.put(role + ".epochs", Integer.toString(model.epochs()));
        facts.put(role + ".loss", Double.toString(model.loss()));
        facts.put(role + ".sessions", Integer.toString(model.sessions()));
        facts.put(role + ".elapsed_ms", Long.toString(model.elapsed().toMillis()));
        Validation validation = model.validation();
        if (validation != null) {
            facts.put(role + ".predictions", Integer.toString(validation.predictions()));
            facts.put(role + ".recall20", Double.toString(validation.recall20()));
            facts.put(role + ".mrr20", Double.toString(validation.mrr20()));
        }
        for (int i = 0; model.values() != null && i < model.values().size(); i++) {
            float[] values = model.values().get(i);
            tensors.put(role + "/" + i, new Tensor.Floats(values, values.length));
        }
    }

    /**
     * The place to go on from, if one is kept.
     *
     * @throws IllegalArgumentException if it is that of another training
     * @throws UncheckedIOException if it can't be read
     */
    Optional<Place> read() {
        try {
            Optional<Checkpoint> checkpoint = folder.read();
            if (checkpoint.isEmpty()) {
                return Optional.empty();
            }
            requireSameTraining(checkpoint.get().facts());
            return Optional.of(place(checkpoint.get()));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot go on from the checkpoint in " + folder.path() + ": " + e.getMessage(),
                    e);
        }
    }

    private void requireSameTraining(Map<String, String> facts) {
        identity.forEach(
                (name, own) -> {
                    String kept = facts.get(name);
                    if (!own.equals(kept)) {
                        throw new IllegalArgumentException(
                                "the checkpoint in "
                                        + folder.path()
                                        + " is of another training: its "
                                        + name.substring(IDENTITY.length()).replace('_', ' ')
                                        + " is "
                                        + kept
                                        + ", this one's is "
                                        + own);
                    }
                });
    }

    private static Place place(Checkpoint checkpoint) throws ModelFileException {
        Map<String, String> facts = checkpoint.facts();
        Map<String, Tensor> now = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : checkpoint.tensors().entrySet()) {
            if (entry.getKey().startsWith(NOW)) {
                now.put(entry.getKey().substring(NOW.length()), entry.getValue());
            }
        }
        return new Place(
                Boolean.parseBoolean(facts.get("refitting")),
                (int) number(facts, "epoch"),
                (int) number(facts, "without_gain"),
                Duration.ofMillis((long) number(facts, "elapsed_ms")),
                model("best", checkpoint),
                facts.containsKey("chosen.epochs") ? model("chosen", checkpoint) : null,
                now);
    }

    private static Model model(String role, Checkpoint checkpoint) throws ModelFileException {
        Map<String, String> facts = checkpoint.facts();
        Validation validation =
                facts.containsKey(role + ".predictions")
                        ? new Validation(
                                (int) number(facts, role + ".predictions"),
                                number(facts, role + ".recall20"),
                                number(facts, role + ".mrr20"))
                        : null;
        List<float[]> values = new ArrayList<>();
        while (checkpoint.tensors().get(role + "/" + values.size()) instanceof Tensor.Floats next) {
            values.add(next.values());
        }
        return new Model(
                (int) number(facts, role + ".epochs"),
                validation,
                number(facts, role + ".loss"),
                (int) number(facts, role + ".sessions"),
                Duration.ofMillis((long) number(facts, role + ".elapsed_ms")),
                values.isEmpty() ? null : values);
    }

    private static double number(Map<String, String> facts, String name) throws ModelFileException {
        try {
            return Double.parseDouble(facts.getOrDefault(name, ""));
        } catch (NumberFormatException e) {
            throw new ModelFileException(
                    CheckpointFolder.DESCRIPTION, "the fact " + name + " is no number", e);
        }
    }
}
