package io.nextclick.models.ranker;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a {@link RankerLearner}, big-endian. Version 1: {@value #MAGIC}, the version, the
 * options, the fields with their bounds, how many examples were learnt from and how many of them
 * wait for a step; then of each matrix its name, the arrays of its state, and the rows that the
 * waiting examples touched with their gradients.
 */
final class RankerState {

    private static final int MAGIC = 0x4e58_524b;
    private static final int VERSION = 1;

    private RankerState() {}

    static byte[] write(RankerLearner learner) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeInt(VERSION);
            writeOptions(learner.options(), out);
            FeatureSpace space = learner.space();
            out.writeInt(space.fields().size());
            for (int field = 0; field < space.fields().size(); field++) {
                writeText(space.fields().get(field).toString(), out);
                writeFloats(space.bounds(field), space.bounds(field).length, out);
            }
            out.writeLong(learner.examples());
            out.writeInt(learner.pending());
            for (LearntRows rows : learner.terms().parameters().all()) {
                writeText(rows.name(), out);
                for (float[] array : rows.state()) {
                    writeFloats(array, array.length, out);
                }
                out.writeInt(rows.touchedCount());
                for (int place = 0; place < rows.touchedCount(); place++) {
                    out.writeInt(rows.touched(place));
                }
                writeFloats(rows.gradients(), rows.touchedCount() * rows.width(), out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("an array of bytes could not be written", e);
        }
        return bytes.toByteArray();
    }

    private static void writeOptions(RankerOptions options, DataOutputStream out)
            throws IOException {
        writeText(options.kind().label(), out);
        out.writeInt(options.factors());
        out.writeInt(options.hidden().size());
        for (int width : options.hidden()) {
            out.writeInt(width);
        }
        out.writeInt(options.crosses().size());
        for (String cross : options.crosses()) {
            writeText(cross, out);
        }
        out.writeInt(options.crossBuckets());
        out.writeDouble(options.linearRate());
        out.writeDouble(options.rate());
        out.writeDouble(options.lasso());
        out.writeDouble(options.ridge());
        out.writeInt(options.batch());
        out.writeDouble(options.negativeRate());
        out.writeLong(options.seed());
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static void writeFloats(float[] values, int count, DataOutputStream out)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(count, Float.BYTES));
        buffer.asFloatBuffer().put(values, 0, count);
        out.writeInt(count);
        out.write(buffer.array());
    }

    static RankerLearner read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            if (in.getInt() != MAGIC) {
                throw new IllegalArgumentException("not the state of a ranker");
            }
            int version = in.getInt();
            if (version != VERSION) {
                throw new IllegalArgumentException(
                        "Unknown version " + version + " of a ranker's state, known is " + VERSION);
            }
            RankerLearner learner = readLearner(in);
            if (in.hasRemaining()) {
                throw new IllegalArgumentException(
                        in.remaining() + " bytes behind the state of a ranker");
            }
            return learner;
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("the state of a ranker ends too early", e);
        }
    }

    private static RankerLearner readLearner(ByteBuffer in) {
        RankerOptions options = readOptions(in);
        int count = readCount(in, 2 * Integer.BYTES);
        List<Field> fields = new ArrayList<>(count);
        float[][] bounds = new float[count][];
        for (int field = 0; field < count; field++) {
            fields.add(Field.parse(readText(in)));
            bounds[field] = readFloats(in);
        }
        long examples = in.getLong();
        RankerLearner learner =
                new RankerLearner(new FeatureSpace(fields, bounds), options, examples, in.getInt());
        for (LearntRows rows : learner.terms().parameters().all()) {
            String name = readText(in);
            if (!name.equals(rows.name())) {
                throw new IllegalArgumentException(
                        "matrix " + name + " stands where " + rows.name() + " is expected");
            }
            for (float[] array : rows.state()) {
                float[] values = readFloats(in);
                if (values.length != array.length) {
                    throw new IllegalArgumentException(
                            values.length
                                    + " numbers of matrix "
                                    + name
                                    + ", "
                                    + array.length
                                    + " are expected");
                }
                System.arraycopy(values, 0, array, 0, values.length);
            }
            readGradients(rows, in);
        }
        return learner;
    }

    private static void readGradients(LearntRows rows, ByteBuffer in) {
        int count = readCount(in, Integer.BYTES);
        for (int place = 0; place < count; place++) {
            int row = in.getInt();
            if (row < 0 || row >= rows.rows() || rows.gradient(row) != place * rows.width()) {
                throw new IllegalArgumentException(
                        "row " + row + " of matrix " + rows.name() + " twice or out of bounds");
            }
        }
        float[] values = readFloats(in);
        if (values.length != count * rows.width()) {
            throw new IllegalArgumentException(
                    values.length + " gradients of " + count + " rows of matrix " + rows.name());
        }
        System.arraycopy(values, 0, rows.gradients(), 0, values.length);
    }

    private static RankerOptions readOptions(ByteBuffer in) {
        RankerKind kind = RankerKind.labelled(readText(in));
        int factors = in.getInt();
        int layers = readCount(in, Integer.BYTES);
        List<Integer> hidden = new ArrayList<>(layers);
        for (int layer = 0; layer < layers; layer++) {
            hidden.add(in.getInt());
        }
        int crossed = readCount(in, Integer.BYTES);
        List<String> crosses = new ArrayList<>(crossed);
        for (int cross = 0; cross < crossed; cross++) {
            crosses.add(readText(in));
        }
        return new RankerOptions(
                kind,
                factors,
                hidden,
                crosses,
                in.getInt(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                in.getDouble(),
                in.getInt(),
                in.getDouble(),
                in.getLong());
    }

    /** A count of things that take at least so many bytes each. */
    private static int readCount(ByteBuffer in, int bytes) {
        int count = in.getInt();
        if (count < 0 || (long) count * bytes > in.remaining()) {
            throw new IllegalArgumentException(
                    "the state of a ranker names "
                            + count
                            + " where "
                            + in.remaining()
                            + " bytes are left");
        }
        return count;
    }

    private static String readText(ByteBuffer in) {
        byte[] bytes = new byte[readCount(in, 1)];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static float[] readFloats(ByteBuffer in) {
        float[] values = new float[readCount(in, Float.BYTES)];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.getFloat();
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException(
                        "a number in the state of a ranker is " + values[i]);
            }
        }
        return values;
    }
}
