package io.nextclick.models.evaluation;

import java.util.List;

/**
 * Ratings that a model foretold, beside those that users gave: root of the mean squared error
 * ({@code rmse}) and mean absolute error ({@code mae}), both in the unit of the ratings and over
 * all of them alike.
 *
 * <p>Immutable. Shapes: N = examples, G = users.
 */
public final class RatedExamples {

    private static final String[] NAMES = {"rmse", "mae"};

    private final GroupedExamples examples;

    /** Per user the sum of squared errors, of absolute errors, and their number. */
    private final double[] squares;

    private final double[] magnitudes;
    private final double[] sizes;

    /**
     * @param users N ids: whose rating it is
     * @param foretold N ratings
     * @param given N ratings
     * @throws IllegalArgumentException if the lengths differ or a number isn't finite
     */
    public RatedExamples(List<String> users, double[] foretold, double[] given) {
        examples = new GroupedExamples(users);
        examples.requireSize(foretold.length, "foretold ratings");
        examples.requireSize(given.length, "given ratings");
        squares = new double[examples.groups()];
        magnitudes = new double[examples.groups()];
        sizes = new double[examples.groups()];
        for (int i = 0; i < foretold.length; i++) {
            double error = foretold[i] - given[i];
            if (!Double.isFinite(error)) {
                throw new IllegalArgumentException(
                        "example " + i + ": " + foretold[i] + " foretold, " + given[i] + " given");
            }
            squares[examples.group(i)] += error * error;
            magnitudes[examples.group(i)] += Math.abs(error);
            sizes[examples.group(i)]++;
        }
    }

    /** The figures and where they lie, by drawing users. */
    public ExampleReport report(Resampling resampling) {
        return ExampleReport.of(examples, resampling, NAMES, this::figures);
    }

    private double[] figures(double[] drawn) {
        double squared = 0;
        double absolute = 0;
        double size = 0;
        for (int user = 0; user < drawn.length; user++) {
            squared += drawn[user] * squares[user];
            absolute += drawn[user] * magnitudes[user];
            size += drawn[user] * sizes[user];
        }
        return new double[] {Math.sqrt(squared / size), absolute / size};
    }
}
