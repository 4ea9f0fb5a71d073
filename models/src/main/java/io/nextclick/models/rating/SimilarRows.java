package io.nextclick.models.rating;

import io.nextclick.models.rating.Neighbourhood.Options;
import io.nextclick.models.rating.Neighbourhood.Similarity;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which rows of a sparse matrix are most alike. */
final class SimilarRows {

    private static final int CHUNK = 16;

    /** Sums over the common columns of one row and all others. */
    private static final class Common {

        private final int[] counts;
        private final double[] products;
        private final double[] ownSums;
        private final double[] otherSums;
        private final double[] ownSquares;
        private final double[] otherSquares;
        private final int[] touched;
        private int size;

        Common(int rows) {
            counts = new int[rows];
            products = new double[rows];
            ownSums = new double[rows];
            otherSums = new double[rows];
            ownSquares = new double[rows];
            otherSquares = new double[rows];
            touched = new int[rows];
        }

        void add(int other, double own, double theirs) {
            if (counts[other]++ == 0) {
                touched[size++] = other;
            }
            products[other] += own * theirs;
            ownSums[other] += own;
            otherSums[other] += theirs;
            ownSquares[other] += own * own;
            otherSquares[other] += theirs * theirs;
        }

        double correlation(int other) {
            double n = counts[other];
            double covariance = products[other] - ownSums[other] * otherSums[other] / n;
            double own = ownSquares[other] - ownSums[other] * ownSums[other] / n;
            double theirs = otherSquares[other] - otherSums[other] * otherSums[other] / n;
            // Equal numbers don't vary, but their sums are rounded.
            double least = 1e-9;
            return own > least && theirs > least ? covariance / Math.sqrt(own * theirs) : 0;
        }

        void clear() {
            for (int i = 0; i < size; i++) {
                int other = touched[i];
                counts[other] = 0;
                products[other] = 0;
                ownSums[other] = 0;
                otherSums[other] = 0;
                ownSquares[other] = 0;
                otherSquares[other] = 0;
            }
            size = 0;
        }
    }

    /**
     * A row beside another.
     *
     * @param row its number
     * @param similarity to the other
     */
    record Neighbour(int row, float similarity) {}

    static final Comparator<Neighbour> MOST_SIMILAR_FIRST =
            Comparator.comparingDouble(Neighbour::similarity)
                    .reversed()
                    .thenComparingInt(Neighbour::row);

    /**
     * Of each row the others most similar to it, the most similar first, with similarities above 0.
     * Rows are gone through in parallel; the result doesn't depend on it.
     *
     * @param rows what is compared
     * @param columns the same values by column
     */
    static Ratings.Rows mostSimilar(Ratings.Rows rows, Ratings.Rows columns, Options options) {
        double[] lengths = new double[rows.size()];
        for (int row = 0; row < lengths.length; row++) {
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                lengths[row] += (double) rows.values()[at] * rows.values()[at];
            }
            lengths[row] = Math.sqrt(lengths[row]);
        }
        List<Neighbour[]> found =
                IntStream.range(0, (rows.size() + CHUNK - 1) / CHUNK)
                        .parallel()
                        .mapToObj(
                                chunk -> {
                                    Common common = new Common(rows.size());
                                    int begin = chunk * CHUNK;
                                    int end = Math.min(rows.size(), begin + CHUNK);
                                    return IntStream.range(begin, end)
                                            .mapToObj(
                                                    row ->
                                                            neighbours(
                                                                    row, rows, columns, lengths,
                                                                    common, options))
                                            .toList();
                                })
                        .flatMap(List::stream)
                        .toList();
        int[] starts = new int[rows.size() + 1];
        for (int row = 0; row < found.size(); row++) {
            starts[row + 1] = Math.addExact(starts[row], found.get(row).length);
        }
        int[] others = new int[starts[rows.size()]];
        float[] similarities = new float[others.length];
        int at = 0;
        for (Neighbour[] of : found) {
            for (Neighbour neighbour : of) {
                others[at] = neighbour.row;
                similarities[at++] = neighbour.similarity;
            }
        }
        return new Ratings.Rows(starts, others, similarities);
    }

    private static Neighbour[] neighbours(
            int row,
            Ratings.Rows rows,
            Ratings.Rows columns,
            double[] lengths,
            Common common,
            Options options) {
        common.clear();
        for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
            int column = rows.columns()[at];
            for (int to = columns.starts()[column]; to < columns.starts()[column + 1]; to++) {
                common.add(columns.columns()[to], rows.values()[at], columns.values()[to]);
            }
        }
        return IntStream.range(0, common.size)
                .map(i -> common.touched[i])
                .filter(other -> other != row)
                .mapToObj(
                        other -> {
                            int count = common.counts[other];
                            double similarity =
                                    options.similarity() == Similarity.PEARSON
                                            ? common.correlation(other)
                                            : common.products[other]
                                                    / (lengths[row] * lengths[other]);
                            double shrunk = similarity * count / (count + options.shrinkage());
                            return new Neighbour(other, (float) shrunk);
                        })
                // A row of zeros has no angle.
                .filter(neighbour -> neighbour.similarity > 0)
                .sorted(MOST_SIMILAR_FIRST)
                .limit(options.kept())
                .toArray(Neighbour[]::new);
    }

    private SimilarRows() {}
}
