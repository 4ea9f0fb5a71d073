package io.nextclick.models.experiment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Team-draft interleaving (F. Radlinski, M. Kurup and T. Joachims, "How does clickthrough data
 * reflect retrieval quality?", CIKM 2008; for more than two rankings A. Schuth et al., CIKM 2014):
 * one list made of several rankings, in rounds. In each round the teams, one a ranking, choose in
 * random order the best item of their ranking that nobody has chosen yet. A click on an item is
 * credited to the team that chose it. Every session compares the rankings on the same visitor,
 * which is why interleaving needs far fewer sessions than a split.
 *
 * <p>Teams are even: equally good rankings get equal credit on average, because each place of a
 * round is any team's with the same chance. So that this holds where a ranking ends, the round in
 * which it does, and what the others add after it, belong to nobody.
 */
public final class TeamDraft {

    /** The team of an item that nobody is credited with. */
    public static final int NOBODY = -1;

    private TeamDraft() {}

    /**
     * A place of the list.
     *
     * @param item what stands there
     * @param team the ranking that chose it, or {@link #NOBODY}
     */
    public record Place<T>(T item, int team) {}

    /**
     * Draws a list.
     *
     * @param rankings best first, two or more; items are the same by {@link Object#equals}
     * @param length of the list, 1 or more; it is shorter if the rankings don't hold as many items
     * @param seed of the order within rounds, see {@link Assignment#seed}
     */
    public static <T> List<Place<T>> draft(List<List<T>> rankings, int length, long seed) {
        if (rankings.size() < 2) {
            throw new IllegalArgumentException(
                    rankings.size() + " rankings, two or more can be interleaved");
        }
        if (length < 1) {
            throw new IllegalArgumentException("length is " + length + ", it must be 1 or more");
        }
        Drafting<T> drafting = new Drafting<>(rankings, length);
        SplittableRandom random = new SplittableRandom(seed);
        int[] order = new int[rankings.size()];
        while (drafting.places.size() < length) {
            shuffle(order, random);
            if (!drafting.round(order)) {
                drafting.fill();
                break;
            }
        }
        return drafting.places;
    }

    private static void shuffle(int[] order, SplittableRandom random) {
        for (int i = 0; i < order.length; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
    }

    private static final class Drafting<T> {
        final List<List<T>> rankings;
        final int length;
        final List<Place<T>> places;
        final Set<T> chosen;

        /** How far each ranking has been gone through. */
        final int[] next;

        Drafting(List<List<T>> rankings, int length) {
            this.rankings = rankings;
            this.length = length;
            places = new ArrayList<>(length);
            chosen = new HashSet<>(2 * length);
            next = new int[rankings.size()];
        }

        /**
         * One choice of each team, unless the list is full.
         *
         * @return false if a ranking has no more; then the round is nobody's
         */
        boolean round(int[] order) {
            int start = places.size();
            for (int team : order) {
                if (places.size() == length) {
                    return true;
                }
                if (!choose(team, team)) {
                    for (int place = start; place < places.size(); place++) {
                        places.set(place, new Place<>(places.get(place).item(), NOBODY));
                    }
                    return false;
                }
            }
            return true;
        }

        /** What is left, in turn. */
        void fill() {
            boolean any = true;
            while (any) {
                any = false;
                for (int ranking = 0; ranking < rankings.size(); ranking++) {
                    if (places.size() == length) {
                        return;
                    }
                    any |= choose(ranking, NOBODY);
                }
            }
        }

        private boolean choose(int ranking, int team) {
            List<T> items = rankings.get(ranking);
            while (next[ranking] < items.size()) {
                T item = items.get(next[ranking]++);
                if (chosen.add(item)) {
                    places.add(new Place<>(item, team));
                    return true;
                }
            }
            return false;
        }
    }
}
