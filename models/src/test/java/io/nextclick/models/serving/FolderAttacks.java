package io.nextclick.models.serving;

import static io.nextclick.models.files.ModelFolder.ITEMS;
import static io.nextclick.models.files.ModelFolder.MANIFEST;
import static io.nextclick.models.files.ModelFolder.MODULE;
import static io.nextclick.models.files.ModelFolder.WEIGHTS;
import static io.nextclick.models.serving.Attack.ANY;
import static io.nextclick.models.serving.Forgery.deleted;
import static io.nextclick.models.serving.Forgery.linked;
import static io.nextclick.models.serving.Forgery.tampered;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Files that aren't what the manifest says of them, and what is no file at all. */
final class FolderAttacks {

    private FolderAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(ofOtherBytes(), ofLinksAndDevices()).flatMap(List::stream);
    }

    private static List<Attack> ofOtherBytes() {
        return List.of(
                new Attack(
                        "one bit of the weights",
                        ANY,
                        tampered(WEIGHTS, before -> flipped(before, before.length - 1)),
                        "weights.safetensors: its SHA-256 is not the manifest's"),
                new Attack(
                        "weights cut off",
                        ANY,
                        tampered(WEIGHTS, before -> Arrays.copyOf(before, before.length / 2)),
                        "weights.safetensors: shorter than the"),
                new Attack(
                        "weights that go on",
                        ANY,
                        tampered(WEIGHTS, before -> Arrays.copyOf(before, before.length + 1)),
                        "weights.safetensors: longer than the"),
                new Attack(
                        "two items exchanged",
                        ANY,
                        tampered(ITEMS, FolderAttacks::exchanged),
                        "items.txt: its SHA-256 is not the manifest's"),
                new Attack(
                        "another program in place of the module",
                        "torchscript",
                        tampered(MODULE, before -> flipped(before, before.length / 2)),
                        "module.pt: its SHA-256 is not the manifest's"),
                new Attack("no weights", ANY, deleted(WEIGHTS), "weights.safetensors: is missing"),
                new Attack("no manifest", ANY, deleted(MANIFEST), "manifest.json: is missing"),
                new Attack("no module", "torchscript", deleted(MODULE), "module.pt: is missing"));
    }

    private static byte[] flipped(byte[] before, int at) {
        byte[] after = before.clone();
        after[at] ^= 1;
        return after;
    }

    private static byte[] exchanged(byte[] items) {
        return new String(items, StandardCharsets.UTF_8)
                .replace("shoe-1\n", "x\n")
                .replace("shoe-2\n", "shoe-1\n")
                .replace("x\n", "shoe-2\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static List<Attack> ofLinksAndDevices() {
        return List.of(
                new Attack(
                        "a link out of the folder, to the right bytes",
                        ANY,
                        FolderAttacks::linkToCopy,
                        "weights.safetensors: is a link to outside of its folder"),
                new Attack(
                        "a link to an endless device",
                        ANY,
                        linked(WEIGHTS, "/dev/zero"),
                        "weights.safetensors: is a link to outside of its folder"),
                new Attack(
                        "a link to itself",
                        ANY,
                        linked(WEIGHTS, WEIGHTS),
                        "weights.safetensors: cannot be followed"),
                new Attack(
                        "a link to nothing",
                        ANY,
                        linked(WEIGHTS, "nothing"),
                        "weights.safetensors: is missing"),
                new Attack(
                        "a directory in place of a file",
                        ANY,
                        FolderAttacks::directory,
                        "weights.safetensors: is no regular file"),
                new Attack(
                        "a pipe that nobody writes to",
                        ANY,
                        FolderAttacks::pipe,
                        "weights.safetensors: is no regular file"));
    }

    private static void linkToCopy(Path folder) throws Exception {
        Path outside = Files.createTempFile(folder.getParent(), "outside", "");
        Files.write(outside, Files.readAllBytes(folder.resolve(WEIGHTS)));
        linked(WEIGHTS, outside.toString()).on(folder);
    }

    private static void directory(Path folder) throws Exception {
        deleted(WEIGHTS).on(folder);
        Files.createDirectory(folder.resolve(WEIGHTS));
    }

    private static void pipe(Path folder) throws Exception {
        deleted(WEIGHTS).on(folder);
        ProcessBuilder mkfifo = new ProcessBuilder("mkfifo", folder.resolve(WEIGHTS).toString());
        assertThat(mkfifo.inheritIO().start().waitFor()).isZero();
    }
}
