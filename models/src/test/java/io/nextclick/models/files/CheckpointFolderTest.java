package io.nextclick.models.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.files.CheckpointFolder.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {

    @TempDir Path directory;

    private static Checkpoint checkpoint(String epoch, float... values) {
        return new Checkpoint(
                Map.of("epoch", epoch), Map.of("w", new Tensor.Floats(values, values.length)));
    }

    private static float[] values(Checkpoint checkpoint) {
        return ((Tensor.Floats) checkpoint.tensors().get("w")).values();
    }

    private List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void theLastOneWrittenIsReadAndNothingElseIsLeft() throws IOException {
        Path path = directory.resolve("a/checkpoint");
        CheckpointFolder folder = new CheckpointFolder(path);
        assertThat(folder.exists()).isFalse();
        assertThat(folder.read()).isEmpty();
        folder.write(checkpoint("1", 1, Float.NaN, Float.MIN_VALUE));
        folder.write(checkpoint("2", -0f, 3));
        assertThat(folder.exists()).isTrue();
        assertThat(files(path)).hasSize(2);
        Checkpoint read = new CheckpointFolder(path).read().orElseThrow();
        assertThat(read.facts()).containsExactly(Map.entry("epoch", "2"));
        assertThat(values(read)).containsExactly(-0f, 3);
        folder.delete();
        assertThat(path).doesNotExist();
        folder.delete();
    }

    @Test
    void aWriteThatWasCutOffLeavesTheOneBefore() throws IOException {
        CheckpointFolder folder = new CheckpointFolder(directory);
        folder.write(checkpoint("1", 1));
        // What a process leaves that is killed between the state and the move of the description.
        Files.write(directory.resolve("state-0123.safetensors"), new byte[100]);
        Files.writeString(directory.resolve("checkpoint.json.new"), "{\"format\":");
        assertThat(values(folder.read().orElseThrow())).containsExactly(1);
        folder.write(checkpoint("2", 2));
        assertThat(files(directory)).hasSize(2);
        assertThat(values(folder.read().orElseThrow())).containsExactly(2);
    }

    @Test
    void aFailingWriteLeavesTheOneBefore() throws IOException {
        CheckpointFolder folder = new CheckpointFolder(directory);
        folder.write(checkpoint("1", 1));
        Checkpoint unwritable =
                new Checkpoint(
                        Map.of(), Map.of("__metadata__", new Tensor.Floats(new float[1], 1)));
        assertThatThrownBy(() -> folder.write(unwritable))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(files(directory)).hasSize(2);
        assertThat(values(folder.read().orElseThrow())).containsExactly(1);
    }

    @Test
    void damageIsSaidWhereverItIs() throws IOException {
        CheckpointFolder folder = new CheckpointFolder(directory);
        folder.write(checkpoint("1", 1, 2, 3));
        Path description = directory.resolve(CheckpointFolder.DESCRIPTION);
        Path state =
                files(directory).stream().filter(f -> !f.equals(description)).findFirst().get();
        byte[] good = Files.readAllBytes(state);
        byte[] flipped = good.clone();
        flipped[good.length - 1] ^= 1;
        Files.write(state, flipped);
        assertThatThrownBy(folder::read)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("SHA-256");
        Files.write(state, new byte[3]);
        assertThatThrownBy(folder::read).hasMessageContaining("takes 3 bytes");
        Files.delete(state);
        assertThatThrownBy(folder::read).hasMessageContaining("is missing");
        String json = Files.readString(description);
        Files.writeString(description, json.replace("\"format\" : 1", "\"format\" : 7"));
        assertThatThrownBy(folder::read).hasMessageContaining("unknown format 7");
        Files.writeString(description, json.replace("state-", "../state-"));
        assertThatThrownBy(folder::read).hasMessageContaining("names the file '../state-");
        Files.writeString(description, json.substring(0, 20));
        assertThatThrownBy(folder::read).hasMessageContaining("not JSON");
    }

    @Test
    void otherFilesAreLeftAlone() throws IOException {
        Files.writeString(directory.resolve("thesis.txt"), "mine");
        Files.writeString(directory.resolve("state-of-the-art.safetensors"), "mine");
        CheckpointFolder folder = new CheckpointFolder(directory);
        folder.write(checkpoint("1", 1));
        folder.delete();
        assertThat(files(directory)).hasSize(2);
    }
}
