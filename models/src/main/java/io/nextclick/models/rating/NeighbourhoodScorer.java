package io.nextclick.models.rating;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.baseline.SparseRanking;
import io.nextclick.models.rating.SimilarRows.Neighbour;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;

/**
 * Answers sessions from neighbours: by the items similar to its own, or by what the users rated who
 * rated most of its items.
 */
final class NeighbourhoodScorer implements EncodingScorer {

    /** The users, most alike a session, whose ratings answer it. */
    private static final int LIKE_MINDED = 100;

    /** By item, those similar to it; null where users answer. */
    private final Ratings.Rows similarItems;

    private final Ratings.Rows byUser;
    private final Ratings.Rows byItem;
    private final RatingScale scale;
    private final int maximumLength;
    private final SparseRanking ranking;
    private final float[] sums;
    private final int[] touched;
    private int touchedCount;

    /** By user, how many items of the session they rated; 0 between sessions. */
    private final int[] common;

    /**
     * @param similarItems by item, those similar to it, by which sessions are answered; null: by
     *     the ratings of users
     * @param scale of the ratings; null only where items answer
     * @param maximumLength items of a session that are read
     */
    NeighbourhoodScorer(
            Ratings.Rows similarItems,
            Ratings.Rows byUser,
            Ratings.Rows byItem,
            Popularity popularity,
            RatingScale scale,
            int maximumLength) {
        this.similarItems = similarItems;
        this.byUser = byUser;
        this.byItem = byItem;
        this.scale = scale;
        this.maximumLength = maximumLength;
        ranking = new SparseRanking(popularity);
        sums = new float[byItem.size()];
        touched = new int[byItem.size()];
        common = similarItems == null ? new int[byUser.size()] : null;
    }

    @Override
    public int maximumLength() {
        return maximumLength;
    }

    @Override
    public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
        TopItems[] lists = new TopItems[count];
        for (int i = 0; i < count; i++) {
            score(sessions[i]);
            lists[i] = ranking.top(k, excluded == null ? null : excluded[i]);
        }
        return lists;
    }

    @Override
    public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
        int[] ranks = new int[count];
        for (int i = 0; i < count; i++) {
            score(sessions[i]);
            ranks[i] = ranking.rank(targets[i], excluded == null ? null : excluded[i]);
        }
        return ranks;
    }

    private void score(int[] session) {
        int[] different = Arrays.stream(session).distinct().toArray();
        if (similarItems != null) {
            for (int item : different) {
                addRow(similarItems, item, 1, 0);
            }
        } else {
            addLikeMinded(different);
        }
        ranking.clear();
        for (int i = 0; i < touchedCount; i++) {
            ranking.put(touched[i], sums[touched[i]]);
            sums[touched[i]] = 0;
        }
        touchedCount = 0;
    }

    /** Adds to the score of each of a row's items, always something above 0. */
    private void addRow(Ratings.Rows rows, int row, double weight, double offset) {
        for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
            int item = rows.columns()[at];
            if (sums[item] == 0) {
                touched[touchedCount++] = item;
            }
            sums[item] += (float) (weight * (rows.values()[at] + offset));
        }
    }

    /** Cosine of the sets of items; of users equally alike those in lower rows. */
    private void addLikeMinded(int[] session) {
        int[] met = new int[byUser.size()];
        int size = 0;
        for (int item : session) {
            for (int at = byItem.starts()[item]; at < byItem.starts()[item + 1]; at++) {
                int user = byItem.columns()[at];
                if (common[user]++ == 0) {
                    met[size++] = user;
                }
            }
        }
        Neighbour[] nearest = new Neighbour[size];
        for (int i = 0; i < size; i++) {
            double product = (double) session.length * byUser.length(met[i]);
            nearest[i] = new Neighbour(met[i], (float) (common[met[i]] / Math.sqrt(product)));
        }
        Arrays.sort(nearest, SimilarRows.MOST_SIMILAR_FIRST);
        for (int i = 0; i < size; i++) {
            common[met[i]] = 0;
        }
        // The lowest rating counts too, or somebody's only item would have no score.
        double least = scale.step() > 0 ? scale.step() : 1;
        for (int i = 0; i < Math.min(size, LIKE_MINDED); i++) {
            addRow(byUser, nearest[i].row(), nearest[i].similarity(), least - scale.lowest());
        }
    }

    @Override
    public void close() {
        // Nothing but arrays.
    }
}
