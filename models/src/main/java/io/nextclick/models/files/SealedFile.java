package io.nextclick.models.files;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Files whose size and SHA-256 are written down elsewhere, as in a {@link ModelManifest}: they are
 * written so that both are known, and read so that nothing else gets through.
 *
 * <p>A file that is read may be anything and may change meanwhile: no more of it is read than a
 * byte beyond its stated size, and what a parser made of it counts only if all that it was given
 * has the stated digest.
 */
final class SealedFile {

    private static final int BUFFER_BYTES = 1 << 16;

    private SealedFile() {}

    // ------------------------------------------------------------------ reading

    /** Opens a file that nothing is known of; one that is missing is a model's fault. */
    static InputStream open(FileSource source, String file) throws IOException {
        try {
            return source.open(file);
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new ModelFileException(ModelFileException.Fault.MISSING, file, "is missing", e);
        }
    }

    /** Reads a file through and checks it; never further than a byte beyond its stated size. */
    static void verify(FileSource source, String file, ModelManifest.Digest expected)
            throws IOException {
        read(
                source,
                file,
                expected,
                in -> {
                    in.transferTo(OutputStream.nullOutputStream());
                    return null;
                });
    }

    /** What is made of a file. */
    interface Parser<T> {
        T parse(InputStream in) throws IOException;
    }

    /** Hands a file to a parser and checks that what it read was what the manifest says. */
    static <T> T read(
            FileSource source, String file, ModelManifest.Digest expected, Parser<T> parser)
            throws IOException {
        MessageDigest digest = sha256();
        try (InputStream opened = open(source, file);
                DigestInputStream in =
                        new DigestInputStream(
                                new SizedInputStream(file, opened, expected.bytes()), digest)) {
            T parsed = parser.parse(in);
            if (!HexFormat.of().formatHex(digest.digest()).equals(expected.sha256())) {
                throw new ModelFileException(
                        ModelFileException.Fault.CHANGED,
                        file,
                        "its SHA-256 is not the manifest's",
                        null);
            }
            return parsed;
        } catch (EOFException e) {
            throw new ModelFileException(
                    ModelFileException.Fault.CHANGED, file, "ends too early", e);
        }
    }

    /** A stream that has to be exactly as long as announced. */
    private static final class SizedInputStream extends FilterInputStream {

        private final String file;
        private final long bytes;
        private long read;

        SizedInputStream(String file, InputStream in, long bytes) {
            super(in);
            this.file = file;
            this.bytes = bytes;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            advance(value < 0 ? -1 : 1);
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            advance(count);
            return count;
        }

        private void advance(int count) throws ModelFileException {
            if (count >= 0) {
                read += count;
            }
            if (read > bytes || (count < 0 && read < bytes)) {
                throw new ModelFileException(
                        ModelFileException.Fault.CHANGED,
                        file,
                        (read > bytes ? "longer" : "shorter")
                                + " than the "
                                + bytes
                                + " bytes of the manifest",
                        null);
            }
        }

        @Override
        public long skip(long count) {
            throw new UnsupportedOperationException("every byte has to be digested");
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }

    // ------------------------------------------------------------------ writing

    /** What a file is to hold. */
    interface Writer {
        void write(OutputStream out) throws IOException;
    }

    /** Writes a new file, flushes it to disk and says what can be checked of it. */
    static ModelManifest.Digest write(Path file, Writer writer) throws IOException {
        MessageDigest digest = sha256();
        try (OutputStream opened = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
                OutputStream out =
                        new BufferedOutputStream(
                                new DigestOutputStream(opened, digest), BUFFER_BYTES)) {
            writer.write(out);
        }
        flushToDisk(file);
        return new ModelManifest.Digest(
                Files.size(file), HexFormat.of().formatHex(digest.digest()));
    }

    /** Returns when the disk has the file. */
    static void flushToDisk(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** The SHA-256 of a local file, in hexadecimal. */
    static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
