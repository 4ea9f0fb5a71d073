package io.nextclick.models.serving;

import static io.nextclick.models.files.ModelFolder.MODULE;
import static io.nextclick.models.serving.Forgery.sealed;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** Programs that are none, and archives that lie. */
final class ModuleAttacks {

    private static final String KIND = "torchscript";

    private ModuleAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(
                new Attack(
                        "a serialised Java object as module",
                        KIND,
                        sealed(MODULE, before -> Forgery.javaObject()),
                        "module.pt: not a TorchScript archive: it is no zip file"),
                new Attack(
                        "a pickle as module",
                        KIND,
                        sealed(MODULE, before -> WellMeantModels.resource("gru-state-dict.pt")),
                        "module.pt: not a TorchScript archive; torch.save wrote it"),
                new Attack(
                        "half a module",
                        KIND,
                        sealed(MODULE, before -> Arrays.copyOf(before, before.length / 2)),
                        "module.pt: not a TorchScript archive"),
                new Attack(
                        "a zip bomb as module",
                        KIND,
                        sealed(MODULE, before -> with(before, "gru/extra/zeros", 200 << 20)),
                        "module.pt: unpacks to more than 67108864 bytes"),
                new Attack(
                        "a module that claims to unpack to 4 GiB",
                        KIND,
                        sealed(MODULE, before -> withUncompressedSize(before, -2)),
                        "module.pt: its entry gru-module/data/0 is not as long as it says"),
                new Attack(
                        "a module with a path out of its archive",
                        KIND,
                        sealed(MODULE, before -> with(before, "../../evil", 1)),
                        "module.pt: holds an entry named '../../evil'"));
    }

    /** An archive with one entry of zeros more. */
    private static byte[] with(byte[] archive, String name, int zeros) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        entries.put(name, new byte[zeros]);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** The 32-bit field of an archive's first central directory entry, replaced. */
    private static byte[] withUncompressedSize(byte[] archive, int size) {
        ByteBuffer zip = ByteBuffer.wrap(archive.clone()).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 < archive.length; at++) {
            if (zip.getInt(at) == 0x02014b50) {
                return zip.putInt(at + 24, size).array();
            }
        }
        throw new IllegalArgumentException("no central directory");
    }
}
