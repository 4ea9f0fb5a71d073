package io.nextclick.models.embedding;

import tagbio.umap.Umap;

/**
 * Points laid out on a plane so that those whose vectors are near to each other lie near to each
 * other: UMAP (McInnes, Healy and Melville, "UMAP: Uniform Manifold Approximation and Projection
 * for Dimension Reduction", 2018). Neighbourhoods can be read off it, and with care which groups
 * there are; distances between groups, their sizes and the axes mean nothing. {@link
 * NeighbourPreservation} says how far a projection can be trusted.
 *
 * <p>Equal vectors, neighbours and seed give an equal projection, to the bit.
 *
 * <p>Shapes: N = points. Cost: up to 4,095 points N² distances and their storage (64 MiB), from
 * there on neighbours are searched for approximately; then some hundreds of passes over about N ·
 * neighbours pairs, all in the calling thread.
 */
public final class Projection implements Proximity {

    /** Neighbours whose places a point's own depends on, if nothing else is asked for. */
    public static final int DEFAULT_NEIGHBOURS = 15;

    /** Fewer points have no neighbourhoods that could be kept or lost. */
    public static final int FEWEST_POINTS = 5;

    /**
     * How close points may come. The paper's .1 packs groups so tightly that their points cover
     * each other; more room costs up to .02 of trustworthiness.
     */
    private static final float MINIMUM_DISTANCE = 0.5f;

    private final float[] x;
    private final float[] y;

    /**
     * Points that lie somewhere already.
     *
     * @param x N abscissas
     * @param y N ordinates
     * @throws IllegalArgumentException if there are more of the ones than of the others, or a value
     *     is not finite
     */
    public Projection(float[] x, float[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(
                    "there are " + x.length + " abscissas and " + y.length + " ordinates");
        }
        for (int i = 0; i < x.length; i++) {
            if (!Float.isFinite(x[i]) || !Float.isFinite(y[i])) {
                throw new IllegalArgumentException(
                        "point " + i + " lies at (" + x[i] + ", " + y[i] + ")");
            }
        }
        this.x = x.clone();
        this.y = y.clone();
    }

    /**
     * Lays out embeddings by the cosines between them.
     *
     * @param neighbours how many of its nearest a point's place depends on, at least 2: fewer show
     *     finer structure, more show the whole better
     * @param seed of the first layout and of the pairs that are pushed apart
     * @throws IllegalArgumentException if there are fewer than {@value #FEWEST_POINTS} points or
     *     than 2 neighbours
     */
    public static Projection of(Embeddings embeddings, int neighbours, long seed) {
        return of(embeddings, neighbours, seed, null);
    }

    /**
     * @param passes over the pairs; null for as many as the number of points asks for
     */
    static Projection of(Embeddings embeddings, int neighbours, long seed, Integer passes) {
        int size = embeddings.size();
        if (size < FEWEST_POINTS) {
            throw new IllegalArgumentException(
                    "a map of "
                            + size
                            + " points shows nothing, there must be at least "
                            + FEWEST_POINTS);
        }
        if (neighbours < 2) {
            throw new IllegalArgumentException(
                    "neighbours are " + neighbours + ", it must be >= 2");
        }
        Umap umap =
                new Umap()
                        .setNumberComponents(2)
                        .setNumberNearestNeighbours(Math.min(neighbours, size - 1))
                        .setMinDist(MINIMUM_DISTANCE)
                        .setNumberEpochs(passes)
                        .setSeed(seed)
                        // With more, the order of its updates would be up to the scheduler.
                        .setThreads(1);
        // Of vectors of length 1, those with the larger cosine have the smaller distance.
        float[][] places = umap.fitTransform(embeddings.directions());
        float[] x = new float[size];
        float[] y = new float[size];
        for (int i = 0; i < size; i++) {
            x[i] = places[i][0];
            y[i] = places[i][1];
        }
        return new Projection(x, y);
    }

    /** N. */
    @Override
    public int size() {
        return x.length;
    }

    public float x(int point) {
        return x[point];
    }

    public float y(int point) {
        return y[point];
    }

    /** Squared distances on the plane, negated. */
    @Override
    public void from(int point, float[] proximities) {
        for (int i = 0; i < proximities.length; i++) {
            float dx = x[i] - x[point];
            float dy = y[i] - y[point];
            proximities[i] = -(dx * dx + dy * dy);
        }
    }
}
