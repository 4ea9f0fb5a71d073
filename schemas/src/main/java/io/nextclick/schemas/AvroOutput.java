package io.nextclick.schemas;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.avro.io.BinaryData;

/**
 * Writes Avro binary into one growing array. Avro's own encoders make an array of each text and
 * copy it; here ASCII text, which ids are, goes straight into place.
 */
final class AvroOutput extends RecordOutput {

    /** A buffer that has grown beyond this is not kept for the next record. */
    private static final int KEPT_BYTES = 1 << 16;

    private static final int LONG_BYTES_MAX = 10;

    private byte[] buffer = new byte[2_048];
    private int size;

    void start(byte[] header) {
        if (buffer.length > KEPT_BYTES) {
            buffer = new byte[2_048];
        }
        System.arraycopy(header, 0, buffer, 0, header.length);
        size = header.length;
    }

    byte[] finish() {
        return Arrays.copyOf(buffer, size);
    }

    @Override
    void beginRecord() {}

    @Override
    void endRecord() {}

    @Override
    void text(String name, String value) {
        writeText(value);
    }

    @Override
    void optionalText(String name, String value) {
        if (value == null) {
            writeLong(0);
        } else {
            writeLong(1);
            writeText(value);
        }
    }

    @Override
    void flag(String name, boolean value) {
        reserve(1);
        buffer[size++] = (byte) (value ? 1 : 0);
    }

    @Override
    void integer(String name, int value) {
        writeLong(value);
    }

    @Override
    void longInteger(String name, long value) {
        writeLong(value);
    }

    @Override
    void time(String name, long millis) {
        writeLong(millis);
    }

    @Override
    void number(String name, float value) {
        reserve(Float.BYTES);
        size += BinaryData.encodeFloat(value, buffer, size);
    }

    @Override
    void doubleNumber(String name, double value) {
        writeDouble(value);
    }

    @Override
    void optionalNumber(String name, Double value) {
        if (value == null) {
            writeLong(0);
        } else {
            writeLong(1);
            writeDouble(value);
        }
    }

    @Override
    void textMap(String name, Map<String, String> value) {
        if (!value.isEmpty()) {
            writeLong(value.size());
            value.forEach(
                    (key, text) -> {
                        writeText(key);
                        writeText(text);
                    });
        }
        writeLong(0);
    }

    @Override
    void numberMap(String name, Map<String, Double> value) {
        if (!value.isEmpty()) {
            writeLong(value.size());
            value.forEach(
                    (key, number) -> {
                        writeText(key);
                        writeDouble(number);
                    });
        }
        writeLong(0);
    }

    @Override
    void textList(String name, List<String> value) {
        if (!value.isEmpty()) {
            writeLong(value.size());
            value.forEach(this::writeText);
        }
        writeLong(0);
    }

    @Override
    void vector(String name, float[] value) {
        if (value.length > 0) {
            writeLong(value.length);
            reserve(value.length * Float.BYTES);
            for (float number : value) {
                size += BinaryData.encodeFloat(number, buffer, size);
            }
        }
        writeLong(0);
    }

    @Override
    <E> void record(String name, E value, BiConsumer<E, RecordOutput> writer) {
        writer.accept(value, this);
    }

    @Override
    <E> void optionalRecord(String name, E value, BiConsumer<E, RecordOutput> writer) {
        if (value == null) {
            writeLong(0);
        } else {
            writeLong(1);
            writer.accept(value, this);
        }
    }

    @Override
    <E> void list(String name, List<E> values, BiConsumer<E, RecordOutput> writer) {
        int count = values.size();
        if (count > 0) {
            writeLong(count);
            for (int i = 0; i < count; i++) {
                writer.accept(values.get(i), this);
            }
        }
        writeLong(0);
    }

    private void writeText(String value) {
        int length = value.length();
        reserve(LONG_BYTES_MAX + length);
        int start = size;
        int at = start + BinaryData.encodeLong(length, buffer, start);
        byte[] target = buffer;
        for (int i = 0; i < length; i++) {
            char unit = value.charAt(i);
            if (unit >= 0x80) {
                writeWideText(value);
                return;
            }
            target[at++] = (byte) unit;
        }
        size = at;
    }

    private void writeWideText(String value) {
        requireWellFormed(value);
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        reserve(LONG_BYTES_MAX + bytes.length);
        size += BinaryData.encodeLong(bytes.length, buffer, size);
        System.arraycopy(bytes, 0, buffer, size, bytes.length);
        size += bytes.length;
    }

    private void writeLong(long value) {
        reserve(LONG_BYTES_MAX);
        size += BinaryData.encodeLong(value, buffer, size);
    }

    private void writeDouble(double value) {
        reserve(Double.BYTES);
        size += BinaryData.encodeDouble(value, buffer, size);
    }

    private void reserve(int bytes) {
        int needed = Math.addExact(size, bytes);
        if (needed > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(needed, buffer.length * 2));
        }
    }
}
