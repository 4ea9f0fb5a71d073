package io.nextclick.models.imports;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A model that was trained elsewhere, on its way into a {@link ModelFolder}.
 *
 * <p>Shapes: V = items, E = embedding size, H = hidden size, d = dimension, P = positions. Every
 * tensor is F32 and in PyTorch's layout. Row n of a matrix of V rows belongs to the item of line n
 * + 1 of the list of items; there is no row for padding. Names that are not expected are refused:
 * what a file holds and nobody reads was meant to matter.
 *
 * <table>
 * <caption>Tensors by kind; those in brackets may be absent</caption>
 * <tr><td>{@code torchscript}</td><td>{@code item.weight} [V, d], ({@code item.bias} [V]); the
 * module's signature and the trust that it takes: {@code serving.TorchScriptModule}</td></tr>
 * <tr><td>{@code gru4rec}</td><td>({@code embedding.weight} [V, E], else the output's), {@code
 * gru.weight_ih_l0} [3H, E], {@code gru.weight_hh_l0} [3H, H], {@code gru.bias_ih_l0} [3H], {@code
 * gru.bias_hh_l0} [3H], {@code output.weight} [V, H], ({@code output.bias} [V], else 0): an {@code
 * nn.Embedding}, an {@code nn.GRU} and an {@code nn.Linear}</td></tr>
 * <tr><td>{@code sasrec}</td><td>({@code embedding.weight} [V, d], else the output's), {@code
 * positions.weight} [P, d], {@code encoder.*} of an {@code nn.TransformerEncoder} with {@code
 * norm_first=True}, {@code activation="relu"} and a last {@code norm=nn.LayerNorm(d)}, {@code
 * output.weight} [V, d], ({@code output.bias} [V], else 0); positions count from the first of the
 * last P items</td></tr>
 * </table>
 */
public final class ModelImport {

    /** Tensors of a layer of torch's TransformerEncoder. */
    private static final List<String> LAYER =
            List.of(
                    "norm1.weight",
                    "norm1.bias",
                    "self_attn.in_proj_weight",
                    "self_attn.in_proj_bias",
                    "self_attn.out_proj.weight",
                    "self_attn.out_proj.bias",
                    "norm2.weight",
                    "norm2.bias",
                    "linear1.weight",
                    "linear1.bias",
                    "linear2.weight",
                    "linear2.bias");

    private final String kind;
    private final String file;
    private final String sha256;
    private final ItemVocabulary vocabulary;
    private final Map<String, Tensor> tensors;
    private final Map<String, Object> parameters = new LinkedHashMap<>();

    /** Null if there is none. */
    private final byte[] module;

    private ModelImport(String kind, Path weights, Path items, byte[] module) throws IOException {
        this.kind = kind;
        this.module = module;
        file = name(weights);
        vocabulary = ModelFolder.readItems(items);
        if (vocabulary.size() == 0) {
            throw new ModelFileException(name(items), "is empty");
        }
        MessageDigest digest = sha256();
        long bytes = bounded(weights, ModelFolder.LARGEST_WEIGHTS_BYTES);
        try (InputStream in =
                new DigestInputStream(
                        new BufferedInputStream(Files.newInputStream(weights)), digest)) {
            tensors = new LinkedHashMap<>(Safetensors.read(file, in, bytes));
        }
        sha256 = HexFormat.of().formatHex(digest.digest());
        parameters.put("items", vocabulary.size());
        parameters.put("imported", true);
        parameters.put("source", file);
        parameters.put("source_sha256", sha256);
    }

    /**
     * A TorchScript module that encodes sessions, and the items it scores.
     *
     * @param module the archive that {@code torch.jit.save} wrote; it is a program, and will be run
     *     with the rights of this process
     * @param itemMatrix safetensors
     * @param items an item id a line
     * @throws ModelFileException if a file is too large or not what it should be
     */
    public static ModelImport torchScript(Path module, Path itemMatrix, Path items)
            throws IOException {
        bounded(module, ModelFolder.LARGEST_MODULE_BYTES);
        ModelImport made =
                new ModelImport("torchscript", itemMatrix, items, Files.readAllBytes(module));
        made.requireNames(List.of("item.weight"), List.of("item.bias"));
        made.requireItems("item.weight", "item.bias");
        made.parameters.put("hidden_size", made.columns("item.weight"));
        made.parameters.put("module_source", name(module));
        return made;
    }

    /**
     * Weights of a GRU4Rec with one layer.
     *
     * @param weights safetensors
     * @param items an item id a line
     * @throws ModelFileException if a file is too large or not what it should be
     */
    public static ModelImport gru4Rec(Path weights, Path items) throws IOException {
        ModelImport made = new ModelImport("gru4rec", weights, items, null);
        made.requireNames(
                List.of(
                        "gru.weight_ih_l0",
                        "gru.weight_hh_l0",
                        "gru.bias_ih_l0",
                        "gru.bias_hh_l0",
                        "output.weight"),
                List.of("embedding.weight", "output.bias"));
        made.requireItems("embedding.weight", "output.weight", "output.bias");
        made.zerosUnless("output.bias", made.vocabulary.size());
        boolean tied = !made.tensors.containsKey("embedding.weight");
        made.parameters.put(
                "embedding_size", made.columns(tied ? "output.weight" : "embedding.weight"));
        made.parameters.put("hidden_size", made.columns("output.weight"));
        made.parameters.put("layers", 1);
        made.parameters.put("tied", tied);
        return made;
    }

    /**
     * Weights of a SASRec.
     *
     * @param weights safetensors
     * @param items an item id a line
     * @param heads heads of its attention, which the weights don't tell
     * @throws ModelFileException if a file is too large or not what it should be
     */
    public static ModelImport sasRec(Path weights, Path items, int heads) throws IOException {
        ModelImport made = new ModelImport("sasrec", weights, items, null);
        int layers = 0;
        while (made.tensors.containsKey(layer(layers) + "linear1.weight")) {
            layers++;
        }
        List<String> required = new ArrayList<>(List.of("positions.weight", "output.weight"));
        for (int layer = 0; layer < Math.max(1, layers); layer++) {
            for (String name : LAYER) {
                required.add(layer(layer) + name);
            }
        }
        required.addAll(List.of("encoder.norm.weight", "encoder.norm.bias"));
        made.requireNames(required, List.of("embedding.weight", "output.bias"));
        made.requireItems("embedding.weight", "output.weight", "output.bias");
        made.requireRank("positions.weight", 2);
        made.requireRank(layer(0) + "linear1.weight", 2);
        made.zerosUnless("output.bias", made.vocabulary.size());
        made.parameters.put("embedding_size", made.columns("output.weight"));
        made.parameters.put("positions", made.rows("positions.weight"));
        made.parameters.put("layers", layers);
        made.parameters.put("heads", heads);
        made.parameters.put("inner_size", made.rows(layer(0) + "linear1.weight"));
        made.parameters.put("tied", !made.tensors.containsKey("embedding.weight"));
        return made;
    }

    private static String layer(int number) {
        return "encoder.layers." + number + ".";
    }

    /** The kind of model in the manifest. */
    public String kind() {
        return kind;
    }

    public ItemVocabulary vocabulary() {
        return vocabulary;
    }

    /**
     * The model as a folder, ready to be written. It has been loaded as the job will load it; a
     * module has been tried out.
     *
     * @param name the name that recommendations carry
     * @param version the version that recommendations carry
     * @param rules the session rules it was trained under
     * @param log sessions to count the fallbacks from; empty if there are none
     * @throws ModelFileException if the model can't be served; names the file that it came from
     */
    public ModelFolder folder(
            String name, String version, SessionRules rules, List<Session> log, Instant createdAt)
            throws ModelFileException {
        Map<String, Tensor> all = new LinkedHashMap<>(tensors);
        all.putAll(
                ModelFolder.fallbackTensors(
                        Popularity.of(log, vocabulary), CoVisitation.of(log, vocabulary)));
        ModelFolder folder =
                new ModelFolder(
                        new ModelManifest(
                                kind, name, version, parameters, rules, "", Map.of(), createdAt),
                        vocabulary,
                        all,
                        module);
        try {
            ServableModels.load(folder).close();
        } catch (ModelFileException e) {
            throw switch (e.file()) {
                case ModelFolder.WEIGHTS -> new ModelFileException(file, e.problem(), e);
                case ModelFolder.MODULE ->
                        new ModelFileException(
                                (String) parameters.get("module_source"), e.problem(), e);
                default -> e;
            };
        }
        return folder;
    }

    private void requireNames(List<String> required, List<String> optional)
            throws ModelFileException {
        TreeSet<String> missing = new TreeSet<>(required);
        missing.removeAll(tensors.keySet());
        TreeSet<String> unexpected = new TreeSet<>(tensors.keySet());
        required.forEach(unexpected::remove);
        optional.forEach(unexpected::remove);
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
            throw new ModelFileException(
                    file,
                    "the tensors of a "
                            + kind
                            + " are "
                            + required
                            + " and optionally "
                            + optional
                            + "; missing are "
                            + missing
                            + ", unexpected are "
                            + unexpected);
        }
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            requireFinite(entry.getKey(), entry.getValue());
        }
    }

    private void requireFinite(String name, Tensor tensor) throws ModelFileException {
        if (!(tensor instanceof Tensor.Floats floats)) {
            throw new ModelFileException(
                    file, "tensor " + name + " is " + tensor.type() + " where F32 is needed");
        }
        float[] values = floats.values();
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new ModelFileException(
                        file, "value " + i + " of tensor " + name + " is " + values[i]);
            }
        }
    }

    private void requireItems(String... names) throws ModelFileException {
        for (String name : names) {
            if (!tensors.containsKey(name)) {
                continue;
            }
            requireRank(name, name.endsWith(".bias") ? 1 : 2);
            if (rows(name) != vocabulary.size()) {
                throw new ModelFileException(
                        file,
                        "tensor "
                                + name
                                + " has "
                                + rows(name)
                                + " rows, the list of items has "
                                + vocabulary.size()
                                + " lines: they must be as many, without a row for padding");
            }
        }
    }

    private void requireRank(String name, int rank) throws ModelFileException {
        int actual = tensors.get(name).shape().length;
        if (actual != rank) {
            throw new ModelFileException(
                    file, "tensor " + name + " has " + actual + " dimensions, not " + rank);
        }
    }

    private int rows(String name) {
        return tensors.get(name).shape()[0];
    }

    private int columns(String name) {
        return tensors.get(name).shape()[1];
    }

    private void zerosUnless(String name, int size) {
        tensors.putIfAbsent(name, new Tensor.Floats(new float[size], size));
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static long bounded(Path path, long largest) throws IOException {
        long bytes = Files.size(path);
        if (bytes > largest) {
            throw new ModelFileException(
                    name(path), "takes " + bytes + " bytes, the most are " + largest);
        }
        return bytes;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
