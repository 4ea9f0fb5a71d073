package io.nextclick.models.files;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Where a long task keeps how far it has come, on disk: facts (texts by name) and tensors. The
 * folder holds {@value #DESCRIPTION}, which names a {@code state-….safetensors} with its size and
 * SHA-256:
 *
 * <pre>
 * {"format": 1, "facts": {"epoch": "3", …}, "file": "state-….safetensors", "bytes": …, "sha256": …}
 * </pre>
 *
 * <p>{@link #write} first writes a new state file and flushes it to disk; replacing the description
 * in one move is what makes it count. Whenever the process or the machine stops, the folder holds
 * the last checkpoint or the one before, whole. Files of other names are left alone.
 */
public final class CheckpointFolder {

    /** The format that is written and read. */
    public static final int FORMAT = 1;

    public static final String DESCRIPTION = "checkpoint.json";

    /** The largest description, in bytes. */
    public static final int LARGEST_DESCRIPTION_BYTES = 1 << 20;

    private static final String STATE_FILES = "state-*.safetensors";
    private static final Pattern STATE_FILE =
            Pattern.compile("state-[0-9a-f-]{1,64}\\.safetensors");
    private static final int BUFFER_BYTES = 1 << 16;
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();

    /**
     * What is kept. Tensors are not copied.
     *
     * @param facts texts by name, in order
     * @param tensors by name
     */
    public record Checkpoint(Map<String, String> facts, Map<String, Tensor> tensors) {

        public Checkpoint {
            facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
            tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        }
    }

    private final Path folder;

    /** Nothing is created before something is written. */
    public CheckpointFolder(Path folder) {
        this.folder = folder;
    }

    public Path path() {
        return folder;
    }

    /** Whether a checkpoint is there. */
    public boolean exists() {
        return Files.exists(folder.resolve(DESCRIPTION));
    }

    /**
     * The checkpoint, if there is one.
     *
     * @throws ModelFileException if it is damaged or of another format
     */
    public Optional<Checkpoint> read() throws IOException {
        Path description = folder.resolve(DESCRIPTION);
        if (!Files.exists(description)) {
            return Optional.empty();
        }
        byte[] json;
        try (InputStream in = Files.newInputStream(description)) {
            json = in.readNBytes(LARGEST_DESCRIPTION_BYTES + 1);
        }
        if (json.length > LARGEST_DESCRIPTION_BYTES) {
            throw new ModelFileException(
                    DESCRIPTION, "larger than " + LARGEST_DESCRIPTION_BYTES + " bytes");
        }
        JsonNode root;
        try {
            root = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new ModelFileException(DESCRIPTION, "not JSON: " + e.getOriginalMessage(), e);
        }
        if (root.path("format").asInt(-1) != FORMAT) {
            throw new ModelFileException(
                    DESCRIPTION,
                    "unknown format " + root.path("format") + ", " + FORMAT + " is read");
        }
        Map<String, String> facts = new LinkedHashMap<>();
        root.path("facts").properties().forEach(e -> facts.put(e.getKey(), e.getValue().asText()));
        String name = root.path("file").asText();
        if (!STATE_FILE.matcher(name).matches()) {
            throw new ModelFileException(DESCRIPTION, "names the file '" + name + "'");
        }
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new ModelFileException(name, "is missing");
        }
        long bytes = root.path("bytes").asLong(-1);
        if (Files.size(file) != bytes) {
            throw new ModelFileException(
                    name, "takes " + Files.size(file) + " bytes, " + bytes + " are expected");
        }
        if (!SealedFile.sha256(file).equals(root.path("sha256").asText())) {
            throw new ModelFileException(name, "its SHA-256 is not the one in " + DESCRIPTION);
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
            return Optional.of(new Checkpoint(facts, Safetensors.read(name, in, bytes)));
        }
    }

    /** Keeps a checkpoint instead of the one before; all of it, or nothing changes. */
    public void write(Checkpoint checkpoint) throws IOException {
        Files.createDirectories(folder);
        String name = "state-" + UUID.randomUUID() + ".safetensors";
        Path file = folder.resolve(name);
        Path description = folder.resolve(DESCRIPTION);
        Path fresh = folder.resolve(DESCRIPTION + ".new");
        boolean counts = false;
        try {
            ModelManifest.Digest state =
                    SealedFile.write(file, out -> Safetensors.write(out, checkpoint.tensors()));
            ObjectNode root = JSON.createObjectNode();
            root.put("format", FORMAT);
            ObjectNode facts = root.putObject("facts");
            checkpoint.facts().forEach((key, value) -> facts.put(key, value));
            root.put("file", name);
            root.put("bytes", state.bytes());
            root.put("sha256", state.sha256());
            Files.write(fresh, JSON.writeValueAsBytes(root));
            SealedFile.flushToDisk(fresh);
            Files.move(
                    fresh,
                    description,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            counts = true;
        } finally {
            if (!counts) {
                Files.deleteIfExists(file);
                Files.deleteIfExists(fresh);
            }
        }
        deleteStatesExcept(name);
    }

    /** Removes the checkpoint, and the folder if nothing else is in it. */
    public void delete() throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        Files.deleteIfExists(folder.resolve(DESCRIPTION));
        Files.deleteIfExists(folder.resolve(DESCRIPTION + ".new"));
        deleteStatesExcept("");
        try {
            Files.delete(folder);
        } catch (DirectoryNotEmptyException e) {
            // Somebody keeps other things there.
            return;
        }
    }

    private void deleteStatesExcept(String kept) throws IOException {
        try (DirectoryStream<Path> states = Files.newDirectoryStream(folder, STATE_FILES)) {
            for (Path state : states) {
                String name = String.valueOf(state.getFileName());
                if (!name.equals(kept) && STATE_FILE.matcher(name).matches()) {
                    Files.delete(state);
                }
            }
        }
    }
}
