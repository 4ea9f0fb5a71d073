package io.nextclick.models.serving.simd;

import io.nextclick.models.serving.DenseKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernel in vector instructions, as wide as the machine prefers.
 *
 * <p>A product of a panel with some vectors is held in registers until it is complete: three
 * registers of items by eight vectors where there are 32 registers (AVX-512, NEON), by four where
 * there are 16 (AVX2). Such a tile does 24 multiply-adds for 11 loads, so that the arithmetic units
 * are what limits it. The sums are local variables, not arrays: only so the JIT compiler keeps them
 * in registers.
 *
 * <p>No method here hands a vector to another of ours: where the JIT compiler decides against
 * inlining such a call, which depends on what else has been compiled before, every vector becomes
 * an object. A store moved out of the tile cost a factor of six.
 *
 * <p>Constructed by reflection, where the module {@code jdk.incubator.vector} is present.
 */
public final class VectorKernel implements DenseKernel {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int WIDTH = 3 * LANES;

    /** AVX2 has 16 registers, of which a tile of eight vectors would need 28. */
    private static final boolean EIGHT_VECTORS = SPECIES.vectorBitSize() != 256;

    /** Up to so many values the largest are found by counting, beyond it by sorting. */
    private static final int LARGEST_COUNTED = 128;

    @Override
    public String describe() {
        return SPECIES.vectorBitSize() + "-bit vector instructions";
    }

    @Override
    public int panelWidth() {
        return WIDTH;
    }

    /** Vectors of the tile that begins with this vector. */
    private static int tileSize(int remaining) {
        return remaining == 1 ? 1 : EIGHT_VECTORS && remaining > 4 ? 8 : 4;
    }

    @Override
    public void pack(float[][] vectors, int from, int count, int dimension, float[] packed) {
        for (int i = 0; i < count; ) {
            int tile = tileSize(count - i);
            for (int j = 0; j < tile; j++) {
                // A vector to spare repeats the last one, which costs nothing and traps nothing.
                float[] vector = vectors[from + Math.min(i + j, count - 1)];
                int at = i * dimension + j;
                for (int d = 0; d < dimension; d++) {
                    packed[at + d * tile] = vector[d];
                }
            }
            i += tile;
        }
    }

    @Override
    public void multiply(
            float[] panels,
            int offset,
            int panelCount,
            int dimension,
            float[] packed,
            int count,
            float[] products,
            int stride) {
        int panelSize = (1 + dimension) * WIDTH;
        if (count == 1) {
            multiplyOne(panels, offset, panelCount, dimension, packed, products);
            return;
        }
        // A panel stays in the first-level cache while all vectors pass over it.
        for (int panel = 0; panel < panelCount; panel++) {
            int start = offset + panel * panelSize;
            for (int i = 0; i < count; ) {
                int tile = tileSize(count - i);
                int vectors = i * dimension;
                int at = i * stride + panel * WIDTH;
                if (tile == 8) {
                    tile8(panels, start, dimension, packed, vectors, products, at, stride);
                } else if (tile == 4) {
                    tile4(panels, start, dimension, packed, vectors, products, at, stride);
                } else {
                    tile1(panels, start, dimension, packed, vectors, products, at);
                }
                i += tile;
            }
        }
    }

    /** One vector: two panels at a time, to have enough independent sums under way. */
    private static void multiplyOne(
            float[] panels,
            int offset,
            int panelCount,
            int dimension,
            float[] packed,
            float[] products) {
        int panelSize = (1 + dimension) * WIDTH;
        int panel = 0;
        for (; panel + 2 <= panelCount; panel += 2) {
            int start = offset + panel * panelSize;
            pair(panels, start, start + panelSize, dimension, packed, products, panel * WIDTH);
        }
        if (panel < panelCount) {
            int start = offset + panel * panelSize;
            tile1(panels, start, dimension, packed, 0, products, panel * WIDTH);
        }
    }

    /** Products of a panel with eight vectors. */
    private static void tile8(
            float[] panels,
            int offset,
            int dimension,
            float[] packed,
            int vectors,
            float[] products,
            int at,
            int stride) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, panels, offset);
        FloatVector b0 = FloatVector.fromArray(SPECIES, panels, offset + LANES);
        FloatVector c0 = FloatVector.fromArray(SPECIES, panels, offset + 2 * LANES);
        FloatVector a1 = a0;
        FloatVector b1 = b0;
        FloatVector c1 = c0;
        FloatVector a2 = a0;
        FloatVector b2 = b0;
        FloatVector c2 = c0;
        FloatVector a3 = a0;
        FloatVector b3 = b0;
        FloatVector c3 = c0;
        FloatVector a4 = a0;
        FloatVector b4 = b0;
        FloatVector c4 = c0;
        FloatVector a5 = a0;
        FloatVector b5 = b0;
        FloatVector c5 = c0;
        FloatVector a6 = a0;
        FloatVector b6 = b0;
        FloatVector c6 = c0;
        FloatVector a7 = a0;
        FloatVector b7 = b0;
        FloatVector c7 = c0;
        int weights = offset + WIDTH;
        for (int d = 0; d < dimension; d++) {
            FloatVector a = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH);
            FloatVector b = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH + LANES);
            FloatVector c = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH + 2 * LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8]);
            a0 = a.fma(x, a0);
            b0 = b.fma(x, b0);
            c0 = c.fma(x, c0);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 1]);
            a1 = a.fma(x, a1);
            b1 = b.fma(x, b1);
            c1 = c.fma(x, c1);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 2]);
            a2 = a.fma(x, a2);
            b2 = b.fma(x, b2);
            c2 = c.fma(x, c2);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 3]);
            a3 = a.fma(x, a3);
            b3 = b.fma(x, b3);
            c3 = c.fma(x, c3);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 4]);
            a4 = a.fma(x, a4);
            b4 = b.fma(x, b4);
            c4 = c.fma(x, c4);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 5]);
            a5 = a.fma(x, a5);
            b5 = b.fma(x, b5);
            c5 = c.fma(x, c5);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 6]);
            a6 = a.fma(x, a6);
            b6 = b.fma(x, b6);
            c6 = c.fma(x, c6);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 8 + 7]);
            a7 = a.fma(x, a7);
            b7 = b.fma(x, b7);
            c7 = c.fma(x, c7);
        }
        a0.intoArray(products, at);
        b0.intoArray(products, at + LANES);
        c0.intoArray(products, at + 2 * LANES);
        a1.intoArray(products, at + stride);
        b1.intoArray(products, at + stride + LANES);
        c1.intoArray(products, at + stride + 2 * LANES);
        a2.intoArray(products, at + 2 * stride);
        b2.intoArray(products, at + 2 * stride + LANES);
        c2.intoArray(products, at + 2 * stride + 2 * LANES);
        a3.intoArray(products, at + 3 * stride);
        b3.intoArray(products, at + 3 * stride + LANES);
        c3.intoArray(products, at + 3 * stride + 2 * LANES);
        a4.intoArray(products, at + 4 * stride);
        b4.intoArray(products, at + 4 * stride + LANES);
        c4.intoArray(products, at + 4 * stride + 2 * LANES);
        a5.intoArray(products, at + 5 * stride);
        b5.intoArray(products, at + 5 * stride + LANES);
        c5.intoArray(products, at + 5 * stride + 2 * LANES);
        a6.intoArray(products, at + 6 * stride);
        b6.intoArray(products, at + 6 * stride + LANES);
        c6.intoArray(products, at + 6 * stride + 2 * LANES);
        a7.intoArray(products, at + 7 * stride);
        b7.intoArray(products, at + 7 * stride + LANES);
        c7.intoArray(products, at + 7 * stride + 2 * LANES);
    }

    /** Products of a panel with four vectors. */
    private static void tile4(
            float[] panels,
            int offset,
            int dimension,
            float[] packed,
            int vectors,
            float[] products,
            int at,
            int stride) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, panels, offset);
        FloatVector b0 = FloatVector.fromArray(SPECIES, panels, offset + LANES);
        FloatVector c0 = FloatVector.fromArray(SPECIES, panels, offset + 2 * LANES);
        FloatVector a1 = a0;
        FloatVector b1 = b0;
        FloatVector c1 = c0;
        FloatVector a2 = a0;
        FloatVector b2 = b0;
        FloatVector c2 = c0;
        FloatVector a3 = a0;
        FloatVector b3 = b0;
        FloatVector c3 = c0;
        int weights = offset + WIDTH;
        for (int d = 0; d < dimension; d++) {
            FloatVector a = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH);
            FloatVector b = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH + LANES);
            FloatVector c = FloatVector.fromArray(SPECIES, panels, weights + d * WIDTH + 2 * LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, packed[vectors + d * 4]);
            a0 = a.fma(x, a0);
            b0 = b.fma(x, b0);
            c0 = c.fma(x, c0);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 4 + 1]);
            a1 = a.fma(x, a1);
            b1 = b.fma(x, b1);
            c1 = c.fma(x, c1);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 4 + 2]);
            a2 = a.fma(x, a2);
            b2 = b.fma(x, b2);
            c2 = c.fma(x, c2);
            x = FloatVector.broadcast(SPECIES, packed[vectors + d * 4 + 3]);
            a3 = a.fma(x, a3);
            b3 = b.fma(x, b3);
            c3 = c.fma(x, c3);
        }
        a0.intoArray(products, at);
        b0.intoArray(products, at + LANES);
        c0.intoArray(products, at + 2 * LANES);
        a1.intoArray(products, at + stride);
        b1.intoArray(products, at + stride + LANES);
        c1.intoArray(products, at + stride + 2 * LANES);
        a2.intoArray(products, at + 2 * stride);
        b2.intoArray(products, at + 2 * stride + LANES);
        c2.intoArray(products, at + 2 * stride + 2 * LANES);
        a3.intoArray(products, at + 3 * stride);
        b3.intoArray(products, at + 3 * stride + LANES);
        c3.intoArray(products, at + 3 * stride + 2 * LANES);
    }

    /** Products of a panel with one vector. */
    private static void tile1(
            float[] panels,
            int offset,
            int dimension,
            float[] packed,
            int vector,
            float[] products,
            int at) {
        FloatVector a = FloatVector.fromArray(SPECIES, panels, offset);
        FloatVector b = FloatVector.fromArray(SPECIES, panels, offset + LANES);
        FloatVector c = FloatVector.fromArray(SPECIES, panels, offset + 2 * LANES);
        int weights = offset + WIDTH;
        for (int d = 0; d < dimension; d++) {
            FloatVector x = FloatVector.broadcast(SPECIES, packed[vector + d]);
            int w = weights + d * WIDTH;
            a = FloatVector.fromArray(SPECIES, panels, w).fma(x, a);
            b = FloatVector.fromArray(SPECIES, panels, w + LANES).fma(x, b);
            c = FloatVector.fromArray(SPECIES, panels, w + 2 * LANES).fma(x, c);
        }
        a.intoArray(products, at);
        b.intoArray(products, at + LANES);
        c.intoArray(products, at + 2 * LANES);
    }

    /** Products of two panels with one vector. */
    private static void pair(
            float[] panels,
            int first,
            int second,
            int dimension,
            float[] packed,
            float[] products,
            int at) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, panels, first);
        FloatVector b0 = FloatVector.fromArray(SPECIES, panels, first + LANES);
        FloatVector c0 = FloatVector.fromArray(SPECIES, panels, first + 2 * LANES);
        FloatVector a1 = FloatVector.fromArray(SPECIES, panels, second);
        FloatVector b1 = FloatVector.fromArray(SPECIES, panels, second + LANES);
        FloatVector c1 = FloatVector.fromArray(SPECIES, panels, second + 2 * LANES);
        int weights0 = first + WIDTH;
        int weights1 = second + WIDTH;
        for (int d = 0; d < dimension; d++) {
            FloatVector x = FloatVector.broadcast(SPECIES, packed[d]);
            int w0 = weights0 + d * WIDTH;
            int w1 = weights1 + d * WIDTH;
            a0 = FloatVector.fromArray(SPECIES, panels, w0).fma(x, a0);
            b0 = FloatVector.fromArray(SPECIES, panels, w0 + LANES).fma(x, b0);
            c0 = FloatVector.fromArray(SPECIES, panels, w0 + 2 * LANES).fma(x, c0);
            a1 = FloatVector.fromArray(SPECIES, panels, w1).fma(x, a1);
            b1 = FloatVector.fromArray(SPECIES, panels, w1 + LANES).fma(x, b1);
            c1 = FloatVector.fromArray(SPECIES, panels, w1 + 2 * LANES).fma(x, c1);
        }
        a0.intoArray(products, at);
        b0.intoArray(products, at + LANES);
        c0.intoArray(products, at + 2 * LANES);
        a1.intoArray(products, at + WIDTH);
        b1.intoArray(products, at + WIDTH + LANES);
        c1.intoArray(products, at + WIDTH + 2 * LANES);
    }

    @Override
    public void raise(float[] maxima, int groups, float[] values, int from, int length) {
        // Vector by vector of the maxima, so that these stay in registers; three at a time, since
        // each waits for the one before. Not max(): a NaN must not take over.
        int group = 0;
        for (; group + WIDTH <= groups; group += WIDTH) {
            FloatVector a = FloatVector.fromArray(SPECIES, maxima, group);
            FloatVector b = FloatVector.fromArray(SPECIES, maxima, group + LANES);
            FloatVector c = FloatVector.fromArray(SPECIES, maxima, group + 2 * LANES);
            int i = group;
            for (; i + WIDTH <= length; i += groups) {
                FloatVector x = FloatVector.fromArray(SPECIES, values, from + i);
                FloatVector y = FloatVector.fromArray(SPECIES, values, from + i + LANES);
                FloatVector z = FloatVector.fromArray(SPECIES, values, from + i + 2 * LANES);
                a = a.blend(x, x.compare(VectorOperators.GT, a));
                b = b.blend(y, y.compare(VectorOperators.GT, b));
                c = c.blend(z, z.compare(VectorOperators.GT, c));
            }
            if (i < length) {
                FloatVector x = FloatVector.fromArray(SPECIES, values, from + i);
                a = a.blend(x, x.compare(VectorOperators.GT, a));
            }
            if (i + LANES < length) {
                FloatVector y = FloatVector.fromArray(SPECIES, values, from + i + LANES);
                b = b.blend(y, y.compare(VectorOperators.GT, b));
            }
            a.intoArray(maxima, group);
            b.intoArray(maxima, group + LANES);
            c.intoArray(maxima, group + 2 * LANES);
        }
        for (; group < groups; group += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, maxima, group);
            for (int i = group; i < length; i += groups) {
                FloatVector x = FloatVector.fromArray(SPECIES, values, from + i);
                a = a.blend(x, x.compare(VectorOperators.GT, a));
            }
            a.intoArray(maxima, group);
        }
    }

    @Override
    public float kthLargest(float[] values, int size, int k) {
        if (size > LARGEST_COUNTED) {
            return DenseKernel.plain().kthLargest(values, size, k);
        }
        // Counts for each value how many are at least as large: no branch depends on the data.
        float kth = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < size; i += LANES) {
            FloatVector candidates = FloatVector.fromArray(SPECIES, values, i);
            FloatVector counts = FloatVector.zero(SPECIES);
            for (int j = 0; j < size; j++) {
                FloatVector value = FloatVector.broadcast(SPECIES, values[j]);
                counts = counts.add(1, value.compare(VectorOperators.GE, candidates));
            }
            kth =
                    Math.max(
                            kth,
                            candidates.reduceLanes(
                                    VectorOperators.MAX,
                                    counts.compare(VectorOperators.GE, (float) k)));
        }
        return kth;
    }

    @Override
    public int collect(float[] values, int from, int length, float threshold, int[] positions) {
        FloatVector bound = FloatVector.broadcast(SPECIES, threshold);
        int size = 0;
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, values, from + i);
            VectorMask<Float> found = value.compare(VectorOperators.GE, bound);
            if (found.anyTrue()) {
                // Nearly always there is just one. Not toLong(): JDK 17 builds its bits in memory.
                int first = i + found.firstTrue();
                int last = i + found.lastTrue();
                positions[size++] = first;
                for (int position = first + 1; position <= last; position++) {
                    if (values[from + position] >= threshold) {
                        positions[size++] = position;
                    }
                }
            }
        }
        return size;
    }

    @Override
    public int countAtLeast(float[] values, int from, int length, float threshold) {
        FloatVector bound = FloatVector.broadcast(SPECIES, threshold);
        int size = 0;
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, values, from + i);
            size += value.compare(VectorOperators.GE, bound).trueCount();
        }
        return size;
    }

    @Override
    public long exercise(int rounds) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.5f);
        FloatVector y = FloatVector.broadcast(SPECIES, 1);
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        FloatVector i = y;
        FloatVector j = y;
        FloatVector k = y;
        FloatVector l = y;
        for (int round = 0; round < rounds; round++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
            i = i.fma(x, y);
            j = j.fma(x, y);
            k = k.fma(x, y);
            l = l.fma(x, y);
        }
        // All converge to 2; the sum is used so that none is optimised away.
        FloatVector sum =
                a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l);
        boolean sane = sum.reduceLanes(VectorOperators.ADD) >= 0;
        return sane ? 12L * LANES * rounds : 0;
    }

    @Override
    public void gate(
            float[] input,
            int inputFrom,
            float[] hidden,
            int hiddenFrom,
            float[] state,
            int first) {
        int size = state.length;
        int whole = first + SPECIES.loopBound(size - first);
        int inputN = inputFrom + 2 * size;
        int hiddenZ = hiddenFrom + size;
        int hiddenN = hiddenFrom + 2 * size;
        for (int i = first; i < whole; i += LANES) {
            FloatVector.fromArray(SPECIES, input, inputFrom + i)
                    .add(FloatVector.fromArray(SPECIES, hidden, hiddenFrom + i))
                    .intoArray(hidden, hiddenFrom + i);
            FloatVector.fromArray(SPECIES, input, inputFrom + size + i)
                    .add(FloatVector.fromArray(SPECIES, hidden, hiddenZ + i))
                    .intoArray(hidden, hiddenZ + i);
        }
        // sigmoid(x) = 0 + 1 / (1 + exp(-x)), tanh(x) = 1 - 2 / (1 + exp(2 x))
        activate(hidden, hiddenFrom + first, hiddenFrom + whole, -1, 0, 1);
        activate(hidden, hiddenZ + first, hiddenZ + whole, -1, 0, 1);
        for (int i = first; i < whole; i += LANES) {
            FloatVector.fromArray(SPECIES, hidden, hiddenFrom + i)
                    .fma(
                            FloatVector.fromArray(SPECIES, hidden, hiddenN + i),
                            FloatVector.fromArray(SPECIES, input, inputN + i))
                    .intoArray(hidden, hiddenN + i);
        }
        activate(hidden, hiddenN + first, hiddenN + whole, 2, 1, -2);
        for (int i = first; i < whole; i += LANES) {
            FloatVector n = FloatVector.fromArray(SPECIES, hidden, hiddenN + i);
            FloatVector.fromArray(SPECIES, hidden, hiddenZ + i)
                    .fma(FloatVector.fromArray(SPECIES, state, i).sub(n), n)
                    .intoArray(state, i);
        }
        if (whole < size) {
            DenseKernel.plain().gate(input, inputFrom, hidden, hiddenFrom, state, whole);
        }
    }

    /** Replaces each x in [from, to) by {@code offset + factor / (1 + exp(scale · x))}. */
    private static void activate(
            float[] values, int from, int to, float scale, float offset, float factor) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        FloatVector rounder = FloatVector.broadcast(SPECIES, Exponential.ROUNDER);
        for (int i = from; i < to; i += LANES) {
            FloatVector x =
                    FloatVector.fromArray(SPECIES, values, i)
                            .mul(scale)
                            .min(Exponential.BOUND)
                            .max(-Exponential.BOUND);
            FloatVector rounded =
                    x.fma(FloatVector.broadcast(SPECIES, Exponential.LOG2_E), rounder);
            FloatVector n = rounded.sub(rounder);
            FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -Exponential.LN2_HIGH), x);
            r = n.fma(FloatVector.broadcast(SPECIES, -Exponential.LN2_LOW), r);
            FloatVector p = FloatVector.broadcast(SPECIES, Exponential.C7);
            p = p.fma(r, FloatVector.broadcast(SPECIES, Exponential.C6));
            p = p.fma(r, FloatVector.broadcast(SPECIES, Exponential.C5));
            p = p.fma(r, FloatVector.broadcast(SPECIES, Exponential.C4));
            p = p.fma(r, FloatVector.broadcast(SPECIES, Exponential.C3));
            p = p.fma(r, FloatVector.broadcast(SPECIES, Exponential.C2));
            p = p.fma(r, one);
            p = p.fma(r, one);
            IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector exponential = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
            FloatVector.broadcast(SPECIES, factor)
                    .div(exponential.add(one))
                    .add(offset)
                    .intoArray(values, i);
        }
    }
}
