package io.nextclick.models.serving;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * Encodes sessions by a module and searches the index with what comes out.
 *
 * <p>Sessions are batched with others of about their length, so that the short ones, which are the
 * most, don't pay for the long ones: a batch is 1, 2, 4, 8, … columns wide, and less than half of
 * it is padding.
 */
final class TorchScriptScorer implements EncodingScorer {

    /** Bounds what the module takes of native memory; larger batches are no faster. */
    static final int LARGEST_BATCH = 64;

    private final TorchScriptModule module;
    private final ItemIndex index;
    private final int maximumLength;

    /**
     * Native memory that carries batches to the module, used again by each: fresh buffers would
     * pile up until the garbage collector happens to run.
     */
    private ByteBuffer items = room(0);

    private final ByteBuffer lengths = room(LARGEST_BATCH);

    /** Borrows the module and the index. */
    TorchScriptScorer(TorchScriptModule module, ItemIndex index, int maximumLength) {
        this.module = module;
        this.index = index;
        this.maximumLength = maximumLength;
    }

    private static ByteBuffer room(int longs) {
        return ByteBuffer.allocateDirect(longs * Long.BYTES).order(ByteOrder.nativeOrder());
    }

    @Override
    public int maximumLength() {
        return maximumLength;
    }

    @Override
    public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
        return index.search(encode(sessions, count), count, k, excluded);
    }

    @Override
    public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
        return index.ranks(encode(sessions, count), count, targets, excluded);
    }

    /** A vector of d floats for each session. */
    float[][] encode(int[][] sessions, int count) {
        for (int i = 0; i < count; i++) {
            check(i, sessions[i]);
        }
        float[][] vectors = new float[count][];
        int[] batch = new int[LARGEST_BATCH];
        int columns = 1;
        for (int shorter = 0; shorter < maximumLength; shorter = columns) {
            columns = Math.min(Math.max(1, 2 * shorter), maximumLength);
            int size = 0;
            for (int i = 0; i < count; i++) {
                if (sessions[i].length > shorter && sessions[i].length <= columns) {
                    batch[size++] = i;
                    if (size == LARGEST_BATCH) {
                        encode(sessions, batch, size, columns, vectors);
                        size = 0;
                    }
                }
            }
            if (size > 0) {
                encode(sessions, batch, size, columns, vectors);
            }
        }
        return vectors;
    }

    private void encode(int[][] sessions, int[] batch, int size, int columns, float[][] vectors) {
        int cells = size * columns;
        if (items.capacity() < cells * Long.BYTES) {
            items = room(cells);
        }
        LongBuffer itemLongs = items.clear().limit(cells * Long.BYTES).asLongBuffer(); // [B, T]
        LongBuffer lengthLongs = lengths.clear().limit(size * Long.BYTES).asLongBuffer(); // [B]
        for (int i = 0; i < size; i++) {
            int[] session = sessions[batch[i]];
            lengthLongs.put(session.length);
            for (int column = 0; column < columns; column++) {
                itemLongs.put(column < session.length ? session[column] + 1L : 0L);
            }
        }
        int dimension = index.dimension();
        float[] hidden = module.encode(items, lengths, size, columns, dimension); // [B, d]
        for (int i = 0; i < size; i++) {
            vectors[batch[i]] = Arrays.copyOfRange(hidden, i * dimension, (i + 1) * dimension);
        }
    }

    private void check(int number, int[] session) {
        if (session.length < 1 || session.length > maximumLength) {
            throw new IllegalArgumentException(
                    "session "
                            + number
                            + " has "
                            + session.length
                            + " items, the model reads 1 to "
                            + maximumLength);
        }
        for (int row : session) {
            if (row < 0 || row >= index.size()) {
                throw new IllegalArgumentException(
                        "session "
                                + number
                                + " holds row "
                                + row
                                + " of "
                                + index.size()
                                + " items");
            }
        }
    }

    @Override
    public void close() {
        // The model owns the module; the buffers go with this object.
    }
}
