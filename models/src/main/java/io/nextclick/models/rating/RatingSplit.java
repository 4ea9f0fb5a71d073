package io.nextclick.models.rating;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Ratings (or clicks) to learn from and others to measure on, no one of them in both. Each part
 * keeps the order it was given in, so that whoever splits the same log in the same way, once to
 * train and later to measure, gets the same parts.
 *
 * @param training what a model may learn from
 * @param test what it is measured on
 */
public record RatingSplit(List<LoggedClick> training, List<LoggedClick> test) {

    public RatingSplit {
        training = List.copyOf(training);
        test = List.copyOf(test);
    }

    /**
     * A share drawn by chance, whatever its user and time: the split behind most published figures
     * of rating prediction.
     *
     * @param testShare of the clicks, in (0, 1); exactly that many, rounded
     */
    public static RatingSplit random(List<LoggedClick> clicks, double testShare, long seed) {
        requireShare(testShare);
        int[] order = new int[clicks.size()];
        SplittableRandom random = new SplittableRandom(seed);
        // Fisher and Yates, inside out.
        for (int i = 0; i < order.length; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        boolean[] tested = new boolean[order.length];
        int testing = (int) Math.round(order.length * testShare);
        for (int i = 0; i < testing; i++) {
            tested[order[i]] = true;
        }
        return of(clicks, i -> tested[i]);
    }

    /**
     * The last click of each user by time, of several at one time the last in the order given.
     * Users of a single click only train.
     */
    public static RatingSplit leaveLastOut(List<LoggedClick> clicks) {
        Map<String, Integer> last = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < clicks.size(); i++) {
            int at = i;
            String user = user(clicks.get(i));
            counts.merge(user, 1, Integer::sum);
            last.merge(
                    user,
                    i,
                    (before, now) ->
                            clicks.get(before).eventTimeMillis() <= clicks.get(at).eventTimeMillis()
                                    ? now
                                    : before);
        }
        return of(
                clicks,
                i -> {
                    String user = user(clicks.get(i));
                    return counts.get(user) > 1 && last.get(user) == i;
                });
    }

    /**
     * The latest share of the clicks, of several at one time the later in the order given.
     *
     * @param testShare of the clicks, in (0, 1); exactly that many, rounded
     */
    public static RatingSplit latest(List<LoggedClick> clicks, double testShare) {
        requireShare(testShare);
        boolean[] tested = new boolean[clicks.size()];
        IntStream.range(0, tested.length)
                .boxed()
                .sorted(Comparator.comparingLong(i -> clicks.get(i).eventTimeMillis()))
                .skip(tested.length - Math.round(tested.length * testShare))
                .forEach(i -> tested[i] = true);
        return of(clicks, i -> tested[i]);
    }

    /** Whose click it is: the user, or the session where the log names none. */
    public static String user(LoggedClick click) {
        return click.userId() == null ? click.sessionId() : click.userId();
    }

    private static void requireShare(double testShare) {
        if (!(testShare > 0 && testShare < 1)) {
            throw new IllegalArgumentException(
                    "test share is " + testShare + ", it must be between 0 and 1");
        }
    }

    private static RatingSplit of(List<LoggedClick> clicks, IntPredicate isTested) {
        List<LoggedClick> training = new ArrayList<>();
        List<LoggedClick> test = new ArrayList<>();
        for (int i = 0; i < clicks.size(); i++) {
            (isTested.test(i) ? test : training).add(clicks.get(i));
        }
        return new RatingSplit(training, test);
    }
}
