package io.nextclick.models.rating;

import java.util.Arrays;

/**
 * A system of symmetric, positive definite equations A x = b that is added up term by term and
 * solved by Cholesky's method: what a weighted ridge regression comes to. Room for one system at a
 * time, used again and again; belongs to one thread.
 *
 * <p>Shapes: K = unknowns. Cost: K² / 2 multiply-adds a term, K³ / 6 a solution.
 */
final class NormalEquations {

    private final int unknowns;

    /** K × K; only what is on or below the diagonal counts. */
    private final double[] matrix;

    private final double[] right;

    NormalEquations(int unknowns) {
        this.unknowns = unknowns;
        matrix = new double[unknowns * unknowns];
        right = new double[unknowns];
    }

    /** Begins with A = 0, b = 0. */
    void clear() {
        Arrays.fill(matrix, 0);
        Arrays.fill(right, 0);
    }

    /**
     * Begins with a given A and b = 0.
     *
     * @param start K × K, its lower triangle is read
     */
    void clear(double[] start) {
        System.arraycopy(start, 0, matrix, 0, matrix.length);
        Arrays.fill(right, 0);
    }

    /** A += weight · x xᵀ, b += target · x. */
    void add(double[] x, double weight, double target) {
        for (int row = 0; row < unknowns; row++) {
            double scaled = weight * x[row];
            int from = row * unknowns;
            for (int column = 0; column <= row; column++) {
                matrix[from + column] += scaled * x[column];
            }
            right[row] += target * x[row];
        }
    }

    /** Sets an element of the lower triangle, and none of b. */
    void set(int row, int column, double value) {
        matrix[row * unknowns + column] = value;
    }

    /** b_row += value. */
    void addRight(int row, double value) {
        right[row] += value;
    }

    /** A_ii += value. */
    void addDiagonal(int row, double value) {
        matrix[row * unknowns + row] += value;
    }

    /**
     * The solution; A and b are lost.
     *
     * @return K values, valid until the next call
     * @throws IllegalStateException if A is not positive definite
     */
    double[] solve() {
        return solve(unknowns);
    }

    /**
     * The solution of the first equations alone.
     *
     * @param size in [0, K]
     */
    double[] solve(int size) {
        for (int row = 0; row < size; row++) {
            int from = row * unknowns;
            for (int column = 0; column <= row; column++) {
                int other = column * unknowns;
                double sum = matrix[from + column];
                for (int i = 0; i < column; i++) {
                    sum -= matrix[from + i] * matrix[other + i];
                }
                if (column < row) {
                    matrix[from + column] = sum / matrix[other + column];
                } else if (sum > 0) {
                    matrix[from + row] = Math.sqrt(sum);
                } else {
                    throw new IllegalStateException(
                            "pivot " + row + " of " + size + " equations is " + sum);
                }
            }
        }
        for (int row = 0; row < size; row++) {
            double sum = right[row];
            for (int i = 0; i < row; i++) {
                sum -= matrix[row * unknowns + i] * right[i];
            }
            right[row] = sum / matrix[row * unknowns + row];
        }
        for (int row = size - 1; row >= 0; row--) {
            double sum = right[row];
            for (int i = row + 1; i < size; i++) {
                sum -= matrix[i * unknowns + row] * right[i];
            }
            right[row] = sum / matrix[row * unknowns + row];
        }
        return right;
    }

    /** After {@link #solve}: x := L⁻¹ x for the Cholesky factor L of A, in place. */
    void whiten(double[] x) {
        for (int row = 0; row < unknowns; row++) {
            double sum = x[row];
            for (int i = 0; i < row; i++) {
                sum -= matrix[row * unknowns + i] * x[i];
            }
            x[row] = sum / matrix[row * unknowns + row];
        }
    }
}
