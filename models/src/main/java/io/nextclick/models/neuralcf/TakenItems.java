package io.nextclick.models.neuralcf;

import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Which users took which items, each once.
 *
 * <p>Shapes: U = users, V = items, N = items taken by all users.
 */
final class TakenItems {

    private final int items;

    /** Item rows of each user, in the order in which they took them first. */
    private final int[][] ordered;

    /** The same in ascending order. */
    private final int[][] sorted;

    private TakenItems(int items, int[][] ordered) {
        this.items = items;
        this.ordered = ordered;
        sorted = new int[ordered.length][];
        for (int user = 0; user < ordered.length; user++) {
            sorted[user] = ordered[user].clone();
            Arrays.sort(sorted[user]);
        }
    }

    /**
     * Those of a log, whose sessions are users; sessions of one id are one user's.
     *
     * @param users receives each user's row
     * @param vocabulary receives the items
     */
    static TakenItems of(List<Session> log, Map<String, Integer> users, ItemVocabulary vocabulary) {
        Map<String, Set<Integer>> taken = new LinkedHashMap<>();
        for (Session session : log) {
            Set<Integer> rows = taken.computeIfAbsent(session.id(), id -> new LinkedHashSet<>());
            session.items().forEach(item -> rows.add(vocabulary.rowOrAdd(item)));
        }
        List<int[]> ordered = new ArrayList<>(taken.size());
        taken.forEach(
                (user, rows) -> {
                    users.put(user, ordered.size());
                    ordered.add(rows.stream().mapToInt(Integer::intValue).toArray());
                });
        return new TakenItems(vocabulary.size(), ordered.toArray(int[][]::new));
    }

    /** U. */
    int users() {
        return ordered.length;
    }

    /** V. */
    int items() {
        return items;
    }

    /** N. */
    int size() {
        int size = 0;
        for (int[] rows : ordered) {
            size += rows.length;
        }
        return size;
    }

    /** The items of a user, in the order in which they took them first. */
    int[] of(int user) {
        return ordered[user];
    }

    private boolean took(int user, int item) {
        return Arrays.binarySearch(sorted[user], item) >= 0;
    }

    /** An item that the user didn't take, each as likely; any if they took almost all. */
    int other(int user, SplittableRandom random) {
        int item = random.nextInt(items);
        for (int trial = 0; trial < 1_000 && took(user, item); trial++) {
            item = random.nextInt(items);
        }
        return item;
    }

    /** Without the last item of each user who took three or more. */
    TakenItems withoutLast() {
        int[][] shorter = new int[ordered.length][];
        for (int user = 0; user < ordered.length; user++) {
            int length = ordered[user].length;
            shorter[user] = Arrays.copyOf(ordered[user], length < 3 ? length : length - 1);
        }
        return new TakenItems(items, shorter);
    }

    /**
     * The last item of each user who took three or more, among items that they didn't take.
     *
     * @param others how many of these; fewer if the user took almost all
     */
    List<LastItem> lastAmong(int others, SplittableRandom random) {
        List<LastItem> last = new ArrayList<>();
        for (int user = 0; user < ordered.length; user++) {
            int length = ordered[user].length;
            if (length < 3) {
                continue;
            }
            Map<Integer, Boolean> drawn = new HashMap<>();
            int[] rows = new int[Math.min(others, items - length)];
            for (int i = 0; i < rows.length; ) {
                int item = random.nextInt(items);
                if (!took(user, item) && drawn.put(item, true) == null) {
                    rows[i++] = item;
                }
            }
            last.add(new LastItem(user, ordered[user][length - 1], rows));
        }
        return last;
    }

    /**
     * An item to be found among others.
     *
     * @param others rows of items that the user didn't take, each once
     */
    @SuppressWarnings("ArrayRecordComponent")
    record LastItem(int user, int item, int[] others) {}
}
