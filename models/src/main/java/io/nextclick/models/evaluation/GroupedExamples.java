package io.nextclick.models.evaluation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which examples belong together. A user's judgements resemble each other, so that whole users are
 * drawn in a bootstrap, never single examples.
 *
 * <p>Shapes: N = examples, G = groups.
 */
final class GroupedExamples {

    /** N numbers in [0, G). */
    private final int[] groups;

    private final int count;

    /**
     * @param users N users, or whatever examples have in common; G is the number of different ones
     */
    GroupedExamples(List<String> users) {
        groups = new int[users.size()];
        Map<String, Integer> numbers = new HashMap<>();
        for (int i = 0; i < groups.length; i++) {
            groups[i] = numbers.computeIfAbsent(users.get(i), user -> numbers.size());
        }
        count = numbers.size();
    }

    void requireSize(int length, String what) {
        if (length != groups.length) {
            throw new IllegalArgumentException(
                    groups.length + " examples with " + length + " " + what);
        }
    }

    /** N. */
    int size() {
        return groups.length;
    }

    /** G. */
    int groups() {
        return count;
    }

    int group(int example) {
        return groups[example];
    }
}
