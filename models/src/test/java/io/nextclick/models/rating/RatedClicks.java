package io.nextclick.models.rating;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Rated clicks for tests. */
final class RatedClicks {

    private RatedClicks() {}

    static LoggedClick rated(String user, String item, double rating, String... attributes) {
        Map<String, String> all = new HashMap<>();
        all.put("rating", Double.toString(rating));
        for (int i = 0; i < attributes.length; i += 2) {
            all.put(attributes[i], attributes[i + 1]);
        }
        return new LoggedClick(null, user, user, item, 0, all);
    }

    /**
     * Ratings from 1 to 5 that follow biases and a product of two tastes, a share of all pairs,
     * with errors of standard deviation .3.
     */
    static List<LoggedClick> simulated(int users, int items, double share, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] tastes = new double[users][];
        for (int user = 0; user < users; user++) {
            tastes[user] = gaussians(random);
        }
        double[][] kinds = new double[items][];
        for (int item = 0; item < items; item++) {
            kinds[item] = gaussians(random);
        }
        List<LoggedClick> clicks = new ArrayList<>();
        for (int user = 0; user < users; user++) {
            for (int item = 0; item < items; item++) {
                double error = 0.3 * random.nextGaussian();
                if (random.nextDouble() < share) {
                    double[] p = tastes[user];
                    double[] q = kinds[item];
                    double rating = 3 + 0.4 * p[0] + 0.4 * q[0] + 0.5 * (p[1] * q[1] + p[2] * q[2]);
                    clicks.add(
                            rated(
                                    "u" + user,
                                    "i" + item,
                                    Math.max(1, Math.min(5, rating + error))));
                }
            }
        }
        return clicks;
    }

    private static double[] gaussians(SplittableRandom random) {
        return new double[] {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
    }
}
