package io.nextclick.models.ranker;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A matrix of parameters that is learnt row by row: a step moves the rows that its batch touched
 * and costs what they cost, however many there are.
 *
 * <p>Two rules. AdaGrad (Duchi, Hazan and Singer 2011): n += g², w −= η g / √n. FTRL-proximal
 * (McMahan et al., KDD 2013), of which n and z are kept and w follows: z += g − (√(n + g²) − √n)/α
 * · w, n += g², w = 0 where |z| ≤ λ₁, else −(z − sign(z) λ₁) / ((β + √n)/α + λ₂); without
 * regularisation its steps are those of AdaGrad with √n + β, and λ₁ leaves features at zero that
 * haven't shown that they matter.
 *
 * <p>Shapes: R = rows, W = width; all arrays are [R, W].
 */
final class LearntRows {

    /** How a gradient moves a row. */
    enum Rule {
        ADAGRAD,
        FTRL
    }

    /** β of FTRL: how much a coordinate's first steps are held back. */
    private static final float BETA = 1;

    private static final float SMALLEST = 1e-8f;

    private final String name;
    private final Rule rule;
    private final int rows;
    private final int width;
    private final float[] values;

    /** n; null until something is learnt. */
    private float[] squares;

    /** FTRL's z; null until something is learnt, and for AdaGrad. */
    private float[] sums;

    /** By row: 1 + its place among those touched; 0 if it isn't. Null until something is learnt. */
    private int[] places;

    private int[] touched;
    private int touchedCount;
    private float[] gradients;

    /**
     * @param values [rows, width], not copied
     */
    LearntRows(String name, Rule rule, int rows, int width, float[] values) {
        this.name = name;
        this.rule = rule;
        this.rows = rows;
        this.width = width;
        this.values = values;
    }

    /** The same parameters, with which nothing has been learnt yet. */
    LearntRows copy() {
        return new LearntRows(name, rule, rows, width, values.clone());
    }

    /** What is served only needs none of this. */
    private void allocate() {
        if (squares == null) {
            squares = new float[values.length];
            sums = rule == Rule.FTRL ? new float[values.length] : null;
            places = new int[rows];
            touched = new int[16];
            gradients = new float[16 * width];
        }
    }

    /** Fills in evenly distributed numbers in [low, high), the same for the same seed and name. */
    void randomise(long seed, double low, double high) {
        SplittableRandom random = new SplittableRandom(FeatureSpace.mixed(seed ^ name.hashCode()));
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (low + (high - low) * random.nextDouble());
        }
    }

    String name() {
        return name;
    }

    Rule rule() {
        return rule;
    }

    int rows() {
        return rows;
    }

    int width() {
        return width;
    }

    /** The parameters, [R, W]; to be read. */
    float[] values() {
        return values;
    }

    /** Arrays that a step changes, the parameters first: all of the state. */
    float[][] state() {
        allocate();
        return rule == Rule.FTRL
                ? new float[][] {values, squares, sums}
                : new float[][] {values, squares};
    }

    /** Names of the {@link #state()} arrays, in its order. */
    String[] stateNames() {
        return rule == Rule.FTRL
                ? new String[] {name, name + ".squares", name + ".sums"}
                : new String[] {name, name + ".squares"};
    }

    /**
     * Where in {@link #gradients()} the gradient of a row begins in this batch; zero at first. Good
     * until another row is asked for, as that may move the array.
     */
    int gradient(int row) {
        allocate();
        int place = places[row];
        if (place == 0) {
            if (touchedCount == touched.length) {
                touched = Arrays.copyOf(touched, 2 * touchedCount);
                gradients = Arrays.copyOf(gradients, Math.multiplyExact(touched.length, width));
            }
            touched[touchedCount++] = row;
            place = touchedCount;
            places[row] = place;
        }
        return (place - 1) * width;
    }

    /** The gradients of the batch's rows. */
    float[] gradients() {
        return gradients;
    }

    /** Rows that the batch has touched so far, in that order. */
    int touchedCount() {
        return touchedCount;
    }

    /** The n-th row that the batch has touched. */
    int touched(int place) {
        return touched[place];
    }

    /**
     * Moves the rows that were touched and forgets their gradients.
     *
     * @param rate η or α
     * @param lasso λ₁, of FTRL alone
     * @param ridge λ₂: of FTRL as above; of AdaGrad added to the gradient as λ₂ w
     */
    void step(float rate, float lasso, float ridge) {
        if (touchedCount == 0) {
            return;
        }
        for (int place = 0; place < touchedCount; place++) {
            int row = touched[place];
            places[row] = 0;
            if (rule == Rule.FTRL) {
                stepByFtrl(row * width, place * width, rate, lasso, ridge);
            } else {
                stepByAdaGrad(row * width, place * width, rate, ridge);
            }
        }
        Arrays.fill(gradients, 0, touchedCount * width, 0);
        touchedCount = 0;
    }

    private void stepByAdaGrad(int at, int from, float rate, float ridge) {
        for (int i = 0; i < width; i++) {
            float gradient = gradients[from + i] + ridge * values[at + i];
            float square = squares[at + i] + gradient * gradient;
            squares[at + i] = square;
            values[at + i] -= rate * gradient / ((float) Math.sqrt(square) + SMALLEST);
        }
    }

    private void stepByFtrl(int at, int from, float rate, float lasso, float ridge) {
        for (int i = at; i < at + width; i++) {
            float gradient = gradients[from + i - at];
            float before = (float) Math.sqrt(squares[i]);
            squares[i] += gradient * gradient;
            float root = (float) Math.sqrt(squares[i]);
            sums[i] += gradient - (root - before) / rate * values[i];
            float beyond = Math.abs(sums[i]) - lasso;
            values[i] =
                    beyond <= 0
                            ? 0
                            : -Math.signum(sums[i]) * beyond / ((BETA + root) / rate + ridge);
        }
    }
}
