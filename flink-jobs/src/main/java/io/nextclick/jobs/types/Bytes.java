package io.nextclick.jobs.types;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The byte layout of the smallest parts: counts, strings and byte arrays.
 *
 * <p>A count takes seven bits a byte, lowest first. A string is {@code (length << 1 | wide) + 1} as
 * a count, then one byte a character if all are ASCII (narrow), else two bytes a character (wide);
 * 0 stands for null. Unlike UTF-8 this keeps unpaired surrogates, which JSON can carry: a session
 * id must come out of the network as it went in, or its key group changes on the way.
 */
public final class Bytes {

    private Bytes() {}

    /**
     * @param count at least 0
     */
    public static void writeCount(int count, DataOutputView out) throws IOException {
        int rest = count;
        while (rest > 0x7f) {
            out.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }

    public static int readCount(DataInputView in) throws IOException {
        int count = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte next = in.readByte();
            count |= (next & 0x7f) << shift;
            if (next >= 0) {
                return count;
            }
        }
        throw new IOException("a count runs over 5 bytes");
    }

    /**
     * @param text may be null
     */
    public static void writeText(String text, DataOutputView out) throws IOException {
        if (text == null) {
            out.write(0);
            return;
        }
        int length = text.length();
        if (isAscii(text)) {
            writeCount((length << 1) + 1, out);
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        } else {
            writeCount(((length << 1) | 1) + 1, out);
            out.writeChars(text);
        }
    }

    /** May be null. */
    public static String readText(DataInputView in) throws IOException {
        int head = readCount(in);
        if (head == 0) {
            return null;
        }
        int length = (head - 1) >>> 1;
        requireThere(length, in);
        if (((head - 1) & 1) == 0) {
            byte[] narrow = new byte[length];
            in.readFully(narrow);
            return new String(narrow, StandardCharsets.ISO_8859_1);
        }
        char[] wide = new char[length];
        for (int i = 0; i < length; i++) {
            wide[i] = in.readChar();
        }
        return new String(wide);
    }

    /**
     * @param bytes may be null
     */
    public static void writeBytes(byte[] bytes, DataOutputView out) throws IOException {
        if (bytes == null) {
            out.write(0);
            return;
        }
        writeCount(bytes.length + 1, out);
        out.write(bytes);
    }

    /** May be null. */
    public static byte[] readBytes(DataInputView in) throws IOException {
        int head = readCount(in);
        if (head == 0) {
            return null;
        }
        requireThere(head - 1, in);
        byte[] bytes = new byte[head - 1];
        in.readFully(bytes);
        return bytes;
    }

    /** No length is believed that the bytes at hand can't bear out, before room is made for it. */
    private static void requireThere(int length, DataInputView in) throws IOException {
        if (length < 0) {
            throw new IOException("a length of " + Integer.toUnsignedString(length));
        }
        if (in instanceof DataInputDeserializer bytes && length > bytes.available()) {
            throw new IOException(
                    "a length of " + length + " where " + bytes.available() + " bytes are left");
        }
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
