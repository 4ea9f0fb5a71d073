package io.nextclick.models.serving;

import static io.nextclick.models.files.ModelFolder.ITEMS;
import static io.nextclick.models.serving.Attack.ANY;
import static io.nextclick.models.serving.Forgery.items;
import static io.nextclick.models.serving.Forgery.manifest;
import static io.nextclick.models.serving.Forgery.sealed;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Items that are none, and more of them than anything can hold. */
final class ItemsAttacks {

    private ItemsAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(
                new Attack(
                        "2^31 lines, announced",
                        ANY,
                        ItemsAttacks::announce,
                        "items.txt: takes 2147483648 bytes"),
                new Attack(
                        "50,000,000 empty lines",
                        ANY,
                        sealed(ITEMS, before -> filled(50_000_000, '\n')),
                        "items.txt: item '' occurs twice in the vocabulary"),
                new Attack(
                        "one item of 50 MB",
                        ANY,
                        sealed(ITEMS, before -> filled(50_000_000, 'a')),
                        "items.txt: line 1 is longer than"),
                new Attack(
                        "an item twice",
                        ANY,
                        items("a\nb\na\n"),
                        "items.txt: item 'a' occurs twice in the vocabulary"),
                new Attack(
                        "items that are not UTF-8",
                        ANY,
                        sealed(ITEMS, before -> bytes('a', '\n', 0xc0, 'a', '\n')),
                        "items.txt: line 2 is not UTF-8"),
                new Attack(
                        "half a surrogate in an item",
                        ANY,
                        sealed(ITEMS, before -> bytes(0xed, 0xa0, 0x80, '\n')),
                        "items.txt: line 1 is not UTF-8"),
                new Attack(
                        "a serialised Java object as items",
                        ANY,
                        sealed(ITEMS, before -> Forgery.javaObject()),
                        "items.txt: its last line is not ended"),
                new Attack(
                        "a gzip bomb as items",
                        ANY,
                        sealed(ITEMS, before -> gzippedZeros(50_000_000)),
                        "items.txt: line 1 is not UTF-8"),
                new Attack(
                        "fewer items than rows",
                        ANY,
                        items("a\nb\n"),
                        "has shape [12] where [2] is needed"),
                new Attack(
                        "an unknown escape",
                        ANY,
                        items("\\u0000\n"),
                        "items.txt: line 1 has an unknown escape"));
    }

    private static void announce(Path folder) throws Exception {
        long before = Files.size(folder.resolve(ITEMS));
        manifest(json -> json.replace("\"bytes\" : " + before, "\"bytes\" : 2147483648"))
                .on(folder);
    }

    /** The last line is ended. */
    private static byte[] filled(int count, char with) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) with);
        bytes[count - 1] = '\n';
        return bytes;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] gzippedZeros(int bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(new byte[bytes]);
        }
        return out.toByteArray();
    }
}
