package io.nextclick.models.neuralcf;

import java.util.Arrays;

/**
 * Vectors of items that add up to a user's: what a session without a user is answered by. A user's
 * vector is foretold as
 *
 * <pre>
 * p ≈ m + (1 / √n) · Σ y_i        over the n items that the user took
 * </pre>
 *
 * with m the mean of all users' vectors and the y_i fitted to the users of the training by least
 * squares, λ · |y|² added. A session of exactly a known user's items gets about that user's vector;
 * another one what users of such items have in common; an empty one the mean.
 *
 * <p>The normal equations are solved by conjugate gradients, all columns at once, at the cost of
 * two passes over the items taken an iteration.
 *
 * <p>Shapes: U = users, V = items, D = size of a user's vector.
 *
 * @param mean m [D]
 * @param items y [V, D]
 */
@SuppressWarnings("ArrayRecordComponent")
record SessionVectors(float[] mean, float[] items) {

    /** λ. Each user weighs 1, so this is how many users' worth of doubt an item's vector gets. */
    private static final double RIDGE = 0.3;

    private static final int ITERATIONS = 40;

    /** Of the first residual's norm. */
    private static final double PRECISION = 1e-4;

    /**
     * @param vectors p of each user [U, D]
     */
    static SessionVectors of(TakenItems taken, float[] vectors, int size) {
        int users = taken.users();
        float[] mean = new float[size];
        for (int d = 0; d < size; d++) {
            double sum = 0;
            for (int user = 0; user < users; user++) {
                sum += vectors[user * size + d];
            }
            mean[d] = (float) (sum / users);
        }
        int length = taken.items() * size;
        float[] solution = new float[length];
        float[] residual = new float[length];
        float[] wanted = new float[users * size];
        for (int i = 0; i < wanted.length; i++) {
            wanted[i] = vectors[i] - mean[i % size];
        }
        addToItems(taken, wanted, residual, size);
        float[] direction = residual.clone();
        float[] image = new float[length];
        float[] room = new float[users * size];
        double[] squares = squares(residual, size);
        double[] enough = new double[size];
        for (int d = 0; d < size; d++) {
            enough[d] = squares[d] * PRECISION * PRECISION;
        }
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            Arrays.fill(room, 0);
            addToUsers(taken, direction, room, size);
            for (int i = 0; i < length; i++) {
                image[i] = (float) (RIDGE * direction[i]);
            }
            addToItems(taken, room, image, size);
            double[] curvatures = products(direction, image, size);
            float[] steps = new float[size];
            boolean done = true;
            for (int d = 0; d < size; d++) {
                boolean going = squares[d] > enough[d] && curvatures[d] > 0;
                steps[d] = going ? (float) (squares[d] / curvatures[d]) : 0;
                done &= !going;
            }
            if (done) {
                break;
            }
            for (int i = 0; i < length; i++) {
                solution[i] += steps[i % size] * direction[i];
                residual[i] -= steps[i % size] * image[i];
            }
            double[] after = squares(residual, size);
            for (int i = 0; i < length; i++) {
                int d = i % size;
                direction[i] =
                        steps[d] == 0
                                ? direction[i]
                                : (float) (residual[i] + after[d] / squares[d] * direction[i]);
            }
            squares = after;
        }
        return new SessionVectors(mean, solution);
    }

    /** The sum over each user's items, divided by √n. */
    private static void addToUsers(TakenItems taken, float[] ofItems, float[] ofUsers, int size) {
        for (int user = 0; user < taken.users(); user++) {
            int[] rows = taken.of(user);
            float share = (float) (1 / Math.sqrt(rows.length));
            for (int row : rows) {
                addScaled(share, ofItems, row * size, ofUsers, user * size, size);
            }
        }
    }

    /** The sum over each item's users, each divided by the √n of that user. */
    private static void addToItems(TakenItems taken, float[] ofUsers, float[] ofItems, int size) {
        for (int user = 0; user < taken.users(); user++) {
            int[] rows = taken.of(user);
            float share = (float) (1 / Math.sqrt(rows.length));
            for (int row : rows) {
                addScaled(share, ofUsers, user * size, ofItems, row * size, size);
            }
        }
    }

    private static void addScaled(
            float factor, float[] values, int from, float[] sums, int to, int length) {
        for (int i = 0; i < length; i++) {
            sums[to + i] += factor * values[from + i];
        }
    }

    private static double[] squares(float[] values, int size) {
        return products(values, values, size);
    }

    private static double[] products(float[] one, float[] other, int size) {
        double[] sums = new double[size];
        for (int i = 0; i < one.length; i++) {
            sums[i % size] += (double) one[i] * other[i];
        }
        return sums;
    }
}
