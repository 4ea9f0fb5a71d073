package io.nextclick.models.files;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.session.ItemVocabulary;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A model on disk: a folder of {@value #MANIFEST}, {@value #WEIGHTS} (see {@link Safetensors}) and
 * {@value #ITEMS} (item id of row n on line n; {@code \} is written {@code \\}, a line feed {@code
 * \n}, a carriage return {@code \r}); a model of the kind {@code torchscript} has its network
 * beside them, {@value #MODULE}. The file names are fixed: a manifest that names others is refused,
 * so that no model can point outside its folder.
 *
 * <p>Every kind of model carries its fallbacks in the weights, with V = items, C = neighbours kept:
 * {@value #POPULARITY_COUNTS} [V] F32, {@value #CO_VISITATION_ITEMS} [V, C] I32 where -1 fills up,
 * {@value #CO_VISITATION_SCORES} [V, C] F32.
 *
 * <p>{@link #read} first checks size and SHA-256 of a file against the manifest, then parses it, in
 * two passes, so that weights of any size are never held twice. The second pass is digested too: a
 * file that changes in between is refused. {@link #write} puts the folder in its place in one move,
 * complete and flushed to disk.
 */
public final class ModelFolder {

    public static final String MANIFEST = "manifest.json";
    public static final String WEIGHTS = "weights.safetensors";
    public static final String ITEMS = "items.txt";
    public static final String MODULE = "module.pt";

    public static final String POPULARITY_COUNTS = "popularity.counts";
    public static final String CO_VISITATION_ITEMS = "covisitation.items";
    public static final String CO_VISITATION_SCORES = "covisitation.scores";

    /** The largest manifest, in bytes. */
    public static final int LARGEST_MANIFEST_BYTES = 1 << 20;

    /** The largest list of items, in bytes. */
    public static final int LARGEST_ITEMS_BYTES = 1 << 30;

    /** The longest item id, in UTF-16 units: what records carry. */
    public static final int LONGEST_ITEM = 1_024;

    /** The largest weights, in bytes. */
    public static final long LARGEST_WEIGHTS_BYTES = 16L << 30;

    /** The largest TorchScript module, in bytes. */
    public static final int LARGEST_MODULE_BYTES = 1 << 30;

    private static final List<String> FILES = List.of(MANIFEST, WEIGHTS, ITEMS, MODULE);

    private final ModelManifest manifest;
    private final ItemVocabulary vocabulary;
    private final Map<String, Tensor> tensors;

    /** Null where there is none. */
    private final byte[] module;

    /**
     * A model in memory.
     *
     * @param tensors weights and fallbacks by name
     */
    public ModelFolder(
            ModelManifest manifest, ItemVocabulary vocabulary, Map<String, Tensor> tensors) {
        this(manifest, vocabulary, tensors, null);
    }

    /**
     * A model in memory whose network is a TorchScript module.
     *
     * @param tensors weights and fallbacks by name
     * @param module the archive, not a copy; null for none
     */
    public ModelFolder(
            ModelManifest manifest,
            ItemVocabulary vocabulary,
            Map<String, Tensor> tensors,
            byte[] module) {
        this.manifest = Objects.requireNonNull(manifest, "manifest");
        this.vocabulary = Objects.requireNonNull(vocabulary, "vocabulary");
        this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        this.module = module;
    }

    /** The tensors of the fallbacks, to be put among a model's. */
    public static Map<String, Tensor> fallbackTensors(
            Popularity popularity, CoVisitation coVisitation) {
        int items = popularity.size();
        if (coVisitation.size() != items) {
            throw new IllegalArgumentException(
                    "popularity of "
                            + items
                            + " items, co-visitation of "
                            + coVisitation.size()
                            + " items");
        }
        int kept = coVisitation.largestNeighbourhood();
        int[] neighbours = new int[Math.multiplyExact(items, kept)];
        Arrays.fill(neighbours, ItemVocabulary.UNKNOWN);
        float[] scores = new float[neighbours.length];
        for (int row = 0; row < items; row++) {
            var list = coVisitation.neighbours(row, kept);
            System.arraycopy(list.rows(), 0, neighbours, row * kept, list.size());
            System.arraycopy(list.scores(), 0, scores, row * kept, list.size());
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(POPULARITY_COUNTS, new Tensor.Floats(popularity.counts(), items));
        tensors.put(CO_VISITATION_ITEMS, new Tensor.Ints(neighbours, items, kept));
        tensors.put(CO_VISITATION_SCORES, new Tensor.Floats(scores, items, kept));
        return tensors;
    }

    public ModelManifest manifest() {
        return manifest;
    }

    public ItemVocabulary vocabulary() {
        return vocabulary;
    }

    /** All tensors by name, unmodifiable. */
    public Map<String, Tensor> tensors() {
        return tensors;
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /**
     * The elements of a tensor of floats; not a copy.
     *
     * @param shape what its shape has to be; -1 allows any size of a dimension
     * @throws ModelFileException if it is missing, of another type or of another shape, or a value
     *     is not finite
     */
    public float[] floats(String name, int... shape) throws ModelFileException {
        if (requireShape(name, shape) instanceof Tensor.Floats floats) {
            float[] values = floats.values();
            for (int i = 0; i < values.length; i++) {
                if (!Float.isFinite(values[i])) {
                    throw new ModelFileException(
                            WEIGHTS, "value " + i + " of tensor " + name + " is " + values[i]);
                }
            }
            return values;
        }
        throw new ModelFileException(WEIGHTS, "tensor " + name + " is not of floats");
    }

    /** The elements of a tensor of 32-bit integers; otherwise like {@link #floats}. */
    public int[] ints(String name, int... shape) throws ModelFileException {
        if (requireShape(name, shape) instanceof Tensor.Ints ints) {
            return ints.values();
        }
        throw new ModelFileException(WEIGHTS, "tensor " + name + " is not of 32-bit integers");
    }

    /**
     * The TorchScript archive; not a copy.
     *
     * @throws ModelFileException if there is none
     */
    public byte[] module() throws ModelFileException {
        if (module == null) {
            throw new ModelFileException(
                    ModelFileException.Fault.MISSING, MODULE, "is missing", null);
        }
        return module;
    }

    private Tensor requireShape(String name, int... shape) throws ModelFileException {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new ModelFileException(WEIGHTS, "has no tensor " + name);
        }
        int[] actual = tensor.shape();
        boolean fits = actual.length == shape.length;
        for (int i = 0; fits && i < shape.length; i++) {
            fits = shape[i] == -1 || shape[i] == actual[i];
        }
        if (!fits) {
            throw new ModelFileException(
                    WEIGHTS,
                    "tensor "
                            + name
                            + " has shape "
                            + Arrays.toString(actual)
                            + " where "
                            + Arrays.toString(shape)
                            + " is needed");
        }
        return tensor;
    }

    /**
     * Clicks per item of the training log.
     *
     * @throws ModelFileException if its tensor is missing or does not fit the vocabulary
     */
    public Popularity popularity() throws ModelFileException {
        float[] counts = floats(POPULARITY_COUNTS, vocabulary.size());
        try {
            return new Popularity(counts);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(WEIGHTS, POPULARITY_COUNTS + ": " + e.getMessage(), e);
        }
    }

    /**
     * Neighbours of each item in the training log.
     *
     * @throws ModelFileException if its tensors are missing or do not fit the vocabulary
     */
    public CoVisitation coVisitation() throws ModelFileException {
        int items = vocabulary.size();
        int[] flat = ints(CO_VISITATION_ITEMS, items, -1);
        int kept = tensors.get(CO_VISITATION_ITEMS).shape()[1];
        float[] flatScores = floats(CO_VISITATION_SCORES, items, kept);
        int[][] neighbours = new int[items][];
        float[][] scores = new float[items][];
        for (int row = 0; row < items; row++) {
            int begin = row * kept;
            int size = 0;
            while (size < kept && flat[begin + size] != ItemVocabulary.UNKNOWN) {
                size++;
            }
            neighbours[row] = Arrays.copyOfRange(flat, begin, begin + size);
            scores[row] = Arrays.copyOfRange(flatScores, begin, begin + size);
        }
        try {
            return new CoVisitation(neighbours, scores);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(WEIGHTS, CO_VISITATION_ITEMS + ": " + e.getMessage(), e);
        }
    }

    /** Reads a local folder; see {@link #read(FileSource)}. */
    public static ModelFolder read(Path folder) throws IOException {
        return read(FileSource.of(folder));
    }

    /** Reads the manifest only, without looking at the other files. */
    public static ModelManifest readManifest(FileSource source) throws IOException {
        return sealed(source).manifest();
    }

    /**
     * Reads all files of a model through and compares them with the manifest, without parsing or
     * keeping anything: takes little memory, whatever the model's size.
     *
     * @throws ModelFileException if a file is missing, damaged, too large or unlike the manifest
     * @throws IOException if the source fails
     */
    public static ModelManifest verify(FileSource source) throws IOException {
        ModelManifest.Sealed sealed = sealed(source);
        SealedFile.verify(source, ITEMS, bounded(sealed, ITEMS, LARGEST_ITEMS_BYTES));
        SealedFile.verify(source, WEIGHTS, bounded(sealed, WEIGHTS, LARGEST_WEIGHTS_BYTES));
        if (sealed.files().containsKey(MODULE)) {
            SealedFile.verify(source, MODULE, bounded(sealed, MODULE, LARGEST_MODULE_BYTES));
        }
        return sealed.manifest();
    }

    /**
     * Reads a model.
     *
     * @throws ModelFileException if a file is missing, damaged, too large or unlike the manifest
     * @throws IOException if the source fails
     */
    public static ModelFolder read(FileSource source) throws IOException {
        ModelManifest.Sealed sealed = sealed(source);
        ModelManifest.Digest items = bounded(sealed, ITEMS, LARGEST_ITEMS_BYTES);
        ModelManifest.Digest weights = bounded(sealed, WEIGHTS, LARGEST_WEIGHTS_BYTES);
        boolean hasModule = sealed.files().containsKey(MODULE);
        ModelManifest.Digest module =
                hasModule ? bounded(sealed, MODULE, LARGEST_MODULE_BYTES) : null;
        SealedFile.verify(source, ITEMS, items);
        SealedFile.verify(source, WEIGHTS, weights);
        ItemVocabulary vocabulary = SealedFile.read(source, ITEMS, items, ItemLines::read);
        Map<String, Tensor> tensors =
                SealedFile.read(
                        source,
                        WEIGHTS,
                        weights,
                        in -> Safetensors.read(WEIGHTS, in, weights.bytes()));
        // One pass will do: whoever parses the module gets it whole and digested.
        byte[] archive =
                hasModule
                        ? SealedFile.read(source, MODULE, module, InputStream::readAllBytes)
                        : null;
        return new ModelFolder(sealed.manifest(), vocabulary, tensors, archive);
    }

    private static ModelManifest.Sealed sealed(FileSource source) throws IOException {
        byte[] json;
        try (InputStream in = SealedFile.open(source, MANIFEST)) {
            json = in.readNBytes(LARGEST_MANIFEST_BYTES + 1);
        }
        if (json.length > LARGEST_MANIFEST_BYTES) {
            throw new ModelFileException(
                    MANIFEST, "larger than " + LARGEST_MANIFEST_BYTES + " bytes");
        }
        ModelManifest.Sealed sealed = ModelManifest.fromJson(json);
        Set<String> named = sealed.files().keySet();
        boolean hasModule = named.contains(MODULE);
        if (!named.equals(hasModule ? Set.of(WEIGHTS, ITEMS, MODULE) : Set.of(WEIGHTS, ITEMS))) {
            throw new ModelFileException(
                    MANIFEST,
                    "names the files "
                            + named
                            + " where "
                            + List.of(WEIGHTS, ITEMS)
                            + ", and for some kinds "
                            + MODULE
                            + ", are expected");
        }
        return sealed;
    }

    private static ModelManifest.Digest bounded(
            ModelManifest.Sealed sealed, String file, long largest) throws ModelFileException {
        ModelManifest.Digest digest = sealed.files().get(file);
        if (digest.bytes() < 0 || digest.bytes() > largest) {
            throw new ModelFileException(
                    file, "takes " + digest.bytes() + " bytes, it must be in [0, " + largest + "]");
        }
        long heap = Runtime.getRuntime().maxMemory();
        if (digest.bytes() > heap) {
            // All of it will have to lie there: nothing is gained by reading it to the end first.
            throw new ModelFileException(
                    file,
                    "takes "
                            + digest.bytes()
                            + " bytes, the heap of this process has no more than "
                            + heap);
        }
        return digest;
    }

    /**
     * Reads a list of items that may have been written by hand or by another program: like {@value
     * #ITEMS}, but lines may end in any way and the last one not at all.
     *
     * @throws ModelFileException if it is too large, not UTF-8, or an item is empty or longer than
     *     {@value #LONGEST_ITEM}, occurs twice or has an unknown escape
     */
    public static ItemVocabulary readItems(Path file) throws IOException {
        return ItemLines.readForeign(file);
    }

    /**
     * Writes this model to a local folder. It appears there whole or not at all; a model folder
     * that is already there is replaced.
     *
     * @throws IOException if it can't be written, or if the folder holds anything but a model
     */
    public void write(Path folder) throws IOException {
        Path target = folder.toAbsolutePath().normalize();
        requireModelOrNothing(target);
        Path parent = target.getParent();
        if (parent == null) {
            throw new IOException(target + " cannot be replaced by a model folder");
        }
        Files.createDirectories(parent);
        String marker = UUID.randomUUID().toString();
        Path fresh = parent.resolve("." + target.getFileName() + ".new-" + marker);
        Path old = parent.resolve("." + target.getFileName() + ".old-" + marker);
        Files.createDirectory(fresh);
        try {
            Map<String, ModelManifest.Digest> files = new LinkedHashMap<>();
            files.put(
                    WEIGHTS,
                    SealedFile.write(
                            fresh.resolve(WEIGHTS), out -> Safetensors.write(out, tensors)));
            files.put(
                    ITEMS,
                    SealedFile.write(
                            fresh.resolve(ITEMS), out -> ItemLines.write(vocabulary, out)));
            if (module != null) {
                files.put(
                        MODULE, SealedFile.write(fresh.resolve(MODULE), out -> out.write(module)));
            }
            byte[] json = manifest.toJson(files);
            SealedFile.write(
                    fresh.resolve(MANIFEST), out -> new ByteArrayInputStream(json).transferTo(out));
            boolean replaces = Files.exists(target);
            if (replaces) {
                Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            }
            try {
                Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                if (replaces) {
                    Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
                }
                throw e;
            }
            delete(old);
        } finally {
            delete(fresh);
        }
    }

    private static void requireModelOrNothing(Path target) throws IOException {
        if (!Files.exists(target)) {
            return;
        }
        if (!Files.isDirectory(target)) {
            throw new IOException(target + " is a file, a folder is needed for a model");
        }
        try (Stream<Path> present = Files.list(target)) {
            for (Path file : present.toList()) {
                if (!FILES.contains(String.valueOf(file.getFileName()))) {
                    throw new IOException(
                            target + " holds " + file.getFileName() + ", which is not a model's");
                }
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        for (String name : FILES) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.deleteIfExists(folder);
    }
}
