package io.nextclick.models.files;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named tensors in the safetensors format (huggingface.co/docs/safetensors), written and read here
 * as its specification says, for the element types F32, I32 and I64:
 *
 * <pre>
 * 8 bytes    N, the header's length, unsigned little-endian
 * N bytes    JSON in UTF-8, beginning with '{', padded with blanks:
 *            {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *             "__metadata__": {"key": "text"}}
 * the rest   the tensors' elements, little-endian, row-major; offsets count from here,
 *            ranges lie end to end and cover it whole
 * </pre>
 *
 * <p>Streams both ways through a buffer of a few kilobytes, so that nothing but the arrays
 * themselves is on the heap. A file may be larger than 2 GiB, one tensor has at most {@value
 * #LARGEST_TENSOR} elements.
 */
public final class Safetensors {

    /**
     * The largest header, in bytes: room for ten thousand tensors, and what it describes takes some
     * tens of times as much memory while it is read.
     */
    public static final int LARGEST_HEADER_BYTES = 1 << 20;

    /** The most elements of one tensor. */
    public static final int LARGEST_TENSOR = Integer.MAX_VALUE - 8;

    private static final String METADATA = "__metadata__";
    private static final int ALIGNMENT = 8;
    private static final int LARGEST_RANK = 8;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private Safetensors() {}

    @SuppressWarnings("ArrayRecordComponent")
    private record Range(String name, String type, int[] shape, int size, long begin, long end) {}

    /**
     * Writes tensors in the order of the map. Neither flushes nor closes the stream.
     *
     * @throws IllegalArgumentException if the names make the header too large or clash with the
     *     format
     */
    public static void write(OutputStream out, Map<String, Tensor> tensors) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            if (entry.getKey().equals(METADATA)) {
                throw new IllegalArgumentException("no tensor may be named " + METADATA);
            }
            Tensor tensor = entry.getValue();
            ObjectNode description = header.putObject(entry.getKey());
            description.put("dtype", tensor.type());
            ArrayNode shape = description.putArray("shape");
            for (int dimension : tensor.shape()) {
                shape.add(dimension);
            }
            long end = offset + (long) tensor.size() * tensor.elementBytes();
            description.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        int length = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (length > LARGEST_HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "the header takes "
                            + length
                            + " bytes, it must not take more than "
                            + LARGEST_HEADER_BYTES);
        }
        byte[] padded = Arrays.copyOf(json, length);
        Arrays.fill(padded, json.length, length, (byte) ' ');
        out.write(longBytes(length));
        out.write(padded);
        byte[] buffer = new byte[BUFFER_BYTES];
        for (Tensor tensor : tensors.values()) {
            write(out, tensor, buffer);
        }
    }

    private static void write(OutputStream out, Tensor tensor, byte[] buffer) throws IOException {
        int atOnce = buffer.length / tensor.elementBytes();
        for (int done = 0; done < tensor.size(); ) {
            int count = Math.min(atOnce, tensor.size() - done);
            if (tensor instanceof Tensor.Floats floats) {
                littleEndian(buffer).asFloatBuffer().put(floats.values(), done, count);
            } else if (tensor instanceof Tensor.Ints ints) {
                littleEndian(buffer).asIntBuffer().put(ints.values(), done, count);
            } else if (tensor instanceof Tensor.Longs longs) {
                littleEndian(buffer).asLongBuffer().put(longs.values(), done, count);
            }
            out.write(buffer, 0, count * tensor.elementBytes());
            done += count;
        }
    }

    /**
     * Reads all tensors.
     *
     * @param file the name to give in errors
     * @param in read to the last byte the header speaks of; not closed
     * @param bytes length of the file
     * @return tensors by name in the order of the file, unmodifiable
     * @throws ModelFileException if the bytes are not the format above, or not {@code bytes} many
     * @throws IOException if the stream fails
     */
    public static Map<String, Tensor> read(String file, InputStream in, long bytes)
            throws IOException {
        DataInputStream data = new DataInputStream(in);
        try {
            List<Range> ranges = header(file, data, bytes);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (Range range : ranges) {
                tensors.put(range.name, tensor(file, data, range, buffer));
            }
            if (data.read() >= 0) {
                throw new ModelFileException(file, "goes on after its last tensor");
            }
            return Collections.unmodifiableMap(tensors);
        } catch (EOFException e) {
            throw new ModelFileException(file, "ends too early", e);
        }
    }

    private static List<Range> header(String file, DataInputStream data, long bytes)
            throws IOException {
        byte[] prefix = new byte[Long.BYTES];
        data.readFully(prefix);
        long length = littleEndian(prefix).getLong();
        long largest = Math.min(LARGEST_HEADER_BYTES, bytes - Long.BYTES);
        if (length < 2 || length > largest) {
            throw new ModelFileException(
                    file,
                    "a header of "
                            + Long.toUnsignedString(length)
                            + " bytes, it must be in [2, "
                            + largest
                            + "]");
        }
        byte[] json = new byte[(int) length];
        data.readFully(json);
        if (json[0] != '{') {
            throw new ModelFileException(file, "the header does not begin with '{'");
        }
        JsonNode header;
        try {
            // Decoded first: the format wants UTF-8, the JSON parser would guess and repair.
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json));
            header = JSON.readTree(text.toString());
        } catch (CharacterCodingException e) {
            throw new ModelFileException(file, "the header is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new ModelFileException(
                    file, "the header is not JSON: " + e.getOriginalMessage(), e);
        }
        List<Range> ranges = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (!entry.getKey().equals(METADATA)) {
                ranges.add(range(file, entry.getKey(), entry.getValue()));
            }
        }
        requireEndToEnd(file, ranges, bytes - Long.BYTES - length);
        return ranges;
    }

    private static Range range(String file, String name, JsonNode description)
            throws ModelFileException {
        String type = description.path("dtype").asText();
        int elementBytes =
                switch (type) {
                    case "F32", "I32" -> 4;
                    case "I64" -> 8;
                    default ->
                            throw new ModelFileException(
                                    file,
                                    "tensor "
                                            + name
                                            + " has dtype '"
                                            + type
                                            + "', F32, I32 and I64 are read");
                };
        JsonNode dimensions = description.path("shape");
        if (!dimensions.isArray() || dimensions.size() > LARGEST_RANK) {
            throw new ModelFileException(
                    file,
                    "tensor " + name + " has no shape of at most " + LARGEST_RANK + " dimensions");
        }
        int[] shape = new int[dimensions.size()];
        long size = 1;
        for (int i = 0; i < shape.length; i++) {
            JsonNode dimension = dimensions.get(i);
            if (!dimension.isIntegralNumber()
                    || !dimension.canConvertToInt()
                    || dimension.intValue() < 0) {
                throw new ModelFileException(
                        file, "tensor " + name + " has a dimension of " + dimension);
            }
            shape[i] = dimension.intValue();
            size *= shape[i];
            if (size > LARGEST_TENSOR) {
                throw new ModelFileException(
                        file, "tensor " + name + " has more than " + LARGEST_TENSOR + " elements");
            }
        }
        JsonNode offsets = description.path("data_offsets");
        if (!offsets.isArray()
                || offsets.size() != 2
                || !offsets.get(0).isIntegralNumber()
                || !offsets.get(1).isIntegralNumber()
                || !offsets.get(0).canConvertToLong()
                || !offsets.get(1).canConvertToLong()) {
            throw new ModelFileException(file, "tensor " + name + " has no two data_offsets");
        }
        long begin = offsets.get(0).longValue();
        long end = offsets.get(1).longValue();
        if (begin < 0 || end < begin || end - begin != size * elementBytes) {
            throw new ModelFileException(
                    file,
                    "tensor "
                            + name
                            + " lies in ["
                            + begin
                            + ", "
                            + end
                            + ") but takes "
                            + size * elementBytes
                            + " bytes");
        }
        return new Range(name, type, shape, (int) size, begin, end);
    }

    private static void requireEndToEnd(String file, List<Range> ranges, long dataBytes)
            throws ModelFileException {
        ranges.sort(Comparator.comparingLong(Range::begin).thenComparingLong(Range::end));
        long end = 0;
        for (Range range : ranges) {
            if (range.begin != end) {
                throw new ModelFileException(
                        file,
                        "tensor "
                                + range.name
                                + " begins at "
                                + range.begin
                                + (range.begin < end ? ", inside another" : ", behind a hole")
                                + ": "
                                + end
                                + " is expected");
            }
            end = range.end;
        }
        if (end != dataBytes) {
            throw new ModelFileException(
                    file, "tensors take " + end + " bytes, the file holds " + dataBytes);
        }
    }

    private static Tensor tensor(String file, DataInputStream data, Range range, byte[] buffer)
            throws IOException {
        try {
            return tensor(data, range, buffer);
        } catch (OutOfMemoryError e) {
            // The array itself could not be had, and nothing else was begun: the process goes on.
            throw new ModelFileException(
                    file,
                    "tensor "
                            + range.name
                            + " takes "
                            + (range.end - range.begin)
                            + " bytes, which the heap of "
                            + Runtime.getRuntime().maxMemory()
                            + " bytes has no room for",
                    e);
        }
    }

    private static Tensor tensor(DataInputStream data, Range range, byte[] buffer)
            throws IOException {
        switch (range.type) {
            case "F32" -> {
                float[] values = new float[range.size];
                int atOnce = buffer.length / Float.BYTES;
                for (int done = 0; done < range.size; done += atOnce) {
                    int count = Math.min(atOnce, range.size - done);
                    data.readFully(buffer, 0, count * Float.BYTES);
                    littleEndian(buffer).asFloatBuffer().get(values, done, count);
                }
                return new Tensor.Floats(values, range.shape);
            }
            case "I32" -> {
                int[] values = new int[range.size];
                int atOnce = buffer.length / Integer.BYTES;
                for (int done = 0; done < range.size; done += atOnce) {
                    int count = Math.min(atOnce, range.size - done);
                    data.readFully(buffer, 0, count * Integer.BYTES);
                    littleEndian(buffer).asIntBuffer().get(values, done, count);
                }
                return new Tensor.Ints(values, range.shape);
            }
            case "I64" -> {
                long[] values = new long[range.size];
                int atOnce = buffer.length / Long.BYTES;
                for (int done = 0; done < range.size; done += atOnce) {
                    int count = Math.min(atOnce, range.size - done);
                    data.readFully(buffer, 0, count * Long.BYTES);
                    littleEndian(buffer).asLongBuffer().get(values, done, count);
                }
                return new Tensor.Longs(values, range.shape);
            }
            default -> throw new IllegalStateException("dtype " + range.type);
        }
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] longBytes(long value) {
        byte[] bytes = new byte[Long.BYTES];
        littleEndian(bytes).putLong(value);
        return bytes;
    }
}
