package io.nextclick.models.clicklog;

import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The lines of a log file, one at a time: plain, gzipped, or the first entry of a zip, recognised
 * by the first bytes. UTF-8 unless another character set is asked for, lines ended by LF or CRLF,
 * with or without a byte order mark. Blank lines are passed over.
 */
final class LogLines implements AutoCloseable {

    /** The longest line, in characters: no file may fill the memory with a single one. */
    static final int LONGEST_LINE = 4 << 20;

    private static final int BUFFER = 1 << 16;

    private final Path file;
    private final Charset charset;
    private final Reader reader;
    private final char[] buffer = new char[BUFFER];
    private int position;
    private int limit;
    private long number;

    /** Where the bytes of a file come from. */
    @FunctionalInterface
    interface Source {
        InputStream open() throws IOException;
    }

    LogLines(Path file) {
        this(file, () -> content(file), StandardCharsets.UTF_8);
    }

    /**
     * @param file what to call it where something is wrong
     */
    LogLines(Path file, Source source, Charset charset) {
        this.file = file;
        this.charset = charset;
        InputStream stream = null;
        try {
            stream = new BufferedInputStream(source.open(), BUFFER);
            InputStream content = unpacked(stream);
            reader =
                    new InputStreamReader(
                            content,
                            charset.newDecoder()
                                    .onMalformedInput(CodingErrorAction.REPORT)
                                    .onUnmappableCharacter(CodingErrorAction.REPORT));
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw new ClickLogException(file, 0, "no such file", e);
        } catch (IOException e) {
            ClickLogException failure =
                    new ClickLogException(file, 0, "cannot be read: " + e.getMessage(), e);
            if (stream != null) {
                try {
                    stream.close();
                } catch (IOException closing) {
                    failure.addSuppressed(closing);
                }
            }
            throw failure;
        }
    }

    private static InputStream content(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new ClickLogException(file, 0, "is a directory");
        }
        return Files.newInputStream(file);
    }

    private static InputStream unpacked(InputStream stream) throws IOException {
        stream.mark(4);
        int first = stream.read();
        int second = stream.read();
        stream.reset();
        if (first == 0x1f && second == 0x8b) {
            return new GZIPInputStream(stream, BUFFER);
        }
        if (first == 'P' && second == 'K') {
            ZipInputStream zip = new ZipInputStream(stream, StandardCharsets.UTF_8);
            ZipEntry entry = zip.getNextEntry();
            while (entry != null && entry.isDirectory()) {
                entry = zip.getNextEntry();
            }
            if (entry == null) {
                throw new IOException("the zip holds no file");
            }
            return zip;
        }
        return stream;
    }

    /** The next line that is not blank, or null at the end. */
    String next() {
        String line;
        do {
            line = nextEvenIfBlank();
        } while (line != null && line.isBlank());
        return line;
    }

    private String nextEvenIfBlank() {
        number++;
        StringBuilder pieces = null;
        try {
            while (true) {
                if (position == limit) {
                    limit = reader.read(buffer, 0, buffer.length);
                    position = 0;
                    if (limit < 0) {
                        limit = 0;
                        return pieces == null ? null : withoutFrame(pieces.toString());
                    }
                }
                int end = position;
                while (end < limit && buffer[end] != '\n') {
                    end++;
                }
                if (end < limit) {
                    String piece = new String(buffer, position, end - position);
                    position = end + 1;
                    return withoutFrame(pieces == null ? piece : pieces.append(piece).toString());
                }
                if (pieces == null) {
                    pieces = new StringBuilder();
                }
                pieces.append(buffer, position, end - position);
                position = end;
                if (pieces.length() > LONGEST_LINE) {
                    throw failure("longer than " + LONGEST_LINE + " characters");
                }
            }
        } catch (CharacterCodingException e) {
            throw new ClickLogException(
                    file, number, "not " + charset + " on this line or after it", e);
        } catch (IOException e) {
            throw new ClickLogException(file, number, "cannot be read: " + e.getMessage(), e);
        }
    }

    private String withoutFrame(String line) {
        int start = number == 1 && !line.isEmpty() && line.charAt(0) == '\ufeff' ? 1 : 0;
        int end = line.length();
        if (end > start && line.charAt(end - 1) == '\r') {
            end--;
        }
        return line.substring(start, end);
    }

    Path file() {
        return file;
    }

    /** The number of the line last returned, from 1. */
    long number() {
        return number;
    }

    /** What to throw when the current line is at fault. */
    ClickLogException failure(String problem) {
        return new ClickLogException(file, number, problem);
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new ClickLogException(file, 0, "cannot be closed: " + e.getMessage(), e);
        }
    }
}
