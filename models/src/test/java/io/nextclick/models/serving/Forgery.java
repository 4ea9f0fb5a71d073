package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** What an attacker does to a model folder that meant well. */
@FunctionalInterface
interface Forgery {

    void on(Path folder) throws Exception;

    /** A file's bytes in place of others. */
    @FunctionalInterface
    interface Change {
        byte[] of(byte[] before) throws IOException;
    }

    /** Of somebody who can't write the manifest: it stays as it is. */
    static Forgery tampered(String file, Change change) {
        return folder ->
                Files.write(
                        folder.resolve(file), change.of(Files.readAllBytes(folder.resolve(file))));
    }

    /** Of somebody who writes the manifest as well: it agrees. */
    static Forgery sealed(String file, Change change) {
        return folder -> {
            byte[] before = Files.readAllBytes(folder.resolve(file));
            byte[] after = change.of(before);
            Files.write(folder.resolve(file), after);
            manifest(
                            json ->
                                    json.replace(sha256(before), sha256(after))
                                            .replace(
                                                    "\"bytes\" : " + before.length,
                                                    "\"bytes\" : " + after.length))
                    .on(folder);
        };
    }

    static Forgery deleted(String file) {
        return folder -> Files.delete(folder.resolve(file));
    }

    /** A link in place of a file. */
    static Forgery linked(String file, String target) {
        return folder -> {
            Files.delete(folder.resolve(file));
            Files.createSymbolicLink(folder.resolve(file), Path.of(target));
        };
    }

    /** The manifest, written anew. */
    static Forgery manifest(UnaryOperator<String> edit) {
        return folder -> {
            Path file = folder.resolve(ModelFolder.MANIFEST);
            String before = Files.readString(file);
            String after = edit.apply(before);
            assertThat(after).isNotEqualTo(before);
            Files.writeString(file, after);
        };
    }

    /** Items, and the manifest agrees. */
    static Forgery items(String text) {
        return sealed(ModelFolder.ITEMS, before -> text.getBytes(StandardCharsets.UTF_8));
    }

    /** Weights of other tensors, and the manifest agrees. */
    static Forgery tensors(Consumer<Map<String, Tensor>> edit) {
        return sealed(
                ModelFolder.WEIGHTS,
                before -> {
                    Map<String, Tensor> tensors =
                            new LinkedHashMap<>(
                                    Safetensors.read(
                                            "weights",
                                            new ByteArrayInputStream(before),
                                            before.length));
                    edit.accept(tensors);
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    Safetensors.write(out, tensors);
                    return out.toByteArray();
                });
    }

    /** One tensor in place of another. */
    static Forgery tensor(String name, Tensor tensor) {
        return tensors(all -> all.put(name, tensor));
    }

    /** One value of a tensor in place of another. */
    static Forgery value(String tensor, int at, float value) {
        return tensors(all -> ((Tensor.Floats) all.get(tensor)).values()[at] = value);
    }

    /** One value of a tensor in place of another. */
    static Forgery value(String tensor, int at, int value) {
        return tensors(all -> ((Tensor.Ints) all.get(tensor)).values()[at] = value);
    }

    /**
     * Weights of any header, and the manifest agrees.
     *
     * @param json apostrophes stand for quotes
     * @param dataBytes of data behind the header
     */
    static Forgery header(Supplier<String> json, int dataBytes) {
        return sealed(
                ModelFolder.WEIGHTS,
                before -> {
                    byte[] header = json.get().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
                    return weights(header.length, header, dataBytes);
                });
    }

    /** Weights whose header is as long as they like to say, and the manifest agrees. */
    static Forgery headerLength(long length) {
        return sealed(ModelFolder.WEIGHTS, before -> weights(length, new byte[] {'{', '}'}, 64));
    }

    private static byte[] weights(long length, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .array();
    }

    /** What a reader that deserializes would fall for. */
    static byte[] javaObject() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ArrayList<>(List.of("a", "b")));
        }
        return bytes.toByteArray();
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
