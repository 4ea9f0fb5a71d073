package io.nextclick.models.evaluation;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Some of a log's predictions that have something in common. It goes by the log and the training
 * counts alone, so that it is the same for every model that is measured beside another.
 *
 * @param label what they have in common, such as {@code 5–9 clicks}
 * @param members their places in the {@link Predictions} of the whole log
 */
public record Slice(String label, BitSet members) {

    /** Fewest clicks before the target of each slice by position. */
    private static final int[] POSITIONS = {1, 2, 3, 4, 5, 10, 20};

    /** Slices by popularity. */
    private static final int POPULARITIES = 5;

    public Slice {
        members = (BitSet) members.clone();
    }

    /** These of a model's predictions. */
    public Predictions of(Predictions predictions) {
        return predictions.where(members::get);
    }

    /**
     * By how many clicks of the session came before the target; slices without any are left out.
     */
    static List<Slice> byPosition(List<Session> sessions) {
        List<BitSet> members = sets(POSITIONS.length);
        int at = 0;
        for (Session session : sessions) {
            for (int clicks = session.firstTarget(); clicks < session.items().size(); clicks++) {
                int bin = POSITIONS.length - 1;
                while (POSITIONS[bin] > clicks) {
                    bin--;
                }
                members.get(bin).set(at++);
            }
        }
        List<Slice> slices = new ArrayList<>();
        for (int bin = 0; bin < POSITIONS.length; bin++) {
            int least = POSITIONS[bin];
            int most = bin + 1 == POSITIONS.length ? -1 : POSITIONS[bin + 1] - 1;
            add(
                    slices,
                    most < 0 ? least + "+" : least == most ? "" + least : least + "–" + most,
                    members.get(bin));
        }
        return slices;
    }

    /**
     * By how often the target was clicked in training. The bounds are quantiles of the training
     * clicks: the items of each slice gathered about a fifth of them, items of one count stay
     * together. The most popular come first, targets that training never saw last; slices without
     * any are left out.
     */
    static List<Slice> byPopularity(
            List<Session> sessions, ItemVocabulary vocabulary, Popularity popularity) {
        float[] counts = popularity.counts();
        int[] rows =
                IntStream.range(0, counts.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(row -> -counts[row]))
                        .mapToInt(Integer::intValue)
                        .toArray();
        double total = 0;
        for (float count : counts) {
            total += count;
        }
        int[] binOf = new int[counts.length];
        float[] most = new float[POPULARITIES];
        float[] least = new float[POPULARITIES];
        int[] items = new int[POPULARITIES];
        double before = 0;
        for (int i = 0, to; i < rows.length; i = to) {
            float count = counts[rows[i]];
            int share = total == 0 ? 0 : (int) (POPULARITIES * before / total);
            int bin = Math.min(share, POPULARITIES - 1);
            for (to = i; to < rows.length && counts[rows[to]] == count; to++) {
                binOf[rows[to]] = bin;
                before += count;
            }
            most[bin] = items[bin] == 0 ? count : most[bin];
            least[bin] = count;
            items[bin] += to - i;
        }
        List<BitSet> members = sets(POPULARITIES + 1);
        int at = 0;
        for (Session session : sessions) {
            for (int clicks = session.firstTarget(); clicks < session.items().size(); clicks++) {
                int row = vocabulary.row(session.items().get(clicks));
                members.get(row == ItemVocabulary.UNKNOWN ? POPULARITIES : binOf[row]).set(at++);
            }
        }
        List<Slice> slices = new ArrayList<>();
        for (int bin = 0; bin < POPULARITIES; bin++) {
            String range =
                    least[bin] == most[bin]
                            ? number(most[bin])
                            : number(least[bin]) + "–" + number(most[bin]);
            String label = String.format(Locale.ROOT, "%s clicks (%,d items)", range, items[bin]);
            add(slices, label, members.get(bin));
        }
        add(slices, "not in training", members.get(POPULARITIES));
        return slices;
    }

    private static List<BitSet> sets(int count) {
        return IntStream.range(0, count).mapToObj(i -> new BitSet()).toList();
    }

    private static void add(List<Slice> slices, String label, BitSet members) {
        if (!members.isEmpty()) {
            slices.add(new Slice(label, members));
        }
    }

    /** Counts are whole unless a popularity weighs its clicks. */
    private static String number(float count) {
        return String.format(Locale.ROOT, count == Math.rint(count) ? "%,.0f" : "%,.1f", count);
    }
}
