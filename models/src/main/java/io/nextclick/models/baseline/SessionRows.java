package io.nextclick.models.baseline;

import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.Collection;

/**
 * A log's clicks as rows in one array, session after session: what counting needs, at 4 bytes a
 * click.
 *
 * @param rows rows of all clicks, {@link ItemVocabulary#UNKNOWN} for items out of the vocabulary
 * @param starts where each session begins in {@code rows}, and the number of clicks at the end
 */
@SuppressWarnings("ArrayRecordComponent")
record SessionRows(int[] rows, int[] starts) {

    static SessionRows of(Collection<Session> sessions, ItemVocabulary vocabulary) {
        long clicks = 0;
        for (Session session : sessions) {
            clicks += session.items().size();
        }
        if (clicks > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(clicks + " clicks are too many to be counted");
        }
        int[] rows = new int[(int) clicks];
        int[] starts = new int[sessions.size() + 1];
        int position = 0;
        int session = 0;
        for (Session each : sessions) {
            for (String item : each.items()) {
                rows[position++] = vocabulary.row(item);
            }
            starts[++session] = position;
        }
        return new SessionRows(rows, starts);
    }

    /**
     * The clicks of each row.
     *
     * @param items rows of the vocabulary
     */
    Occurrences occurrences(int items) {
        int[] ends = new int[items + 1];
        for (int row : rows) {
            if (row != ItemVocabulary.UNKNOWN) {
                ends[row + 1]++;
            }
        }
        for (int row = 0; row < items; row++) {
            ends[row + 1] += ends[row];
        }
        int[] next = Arrays.copyOf(ends, items);
        int[] positions = new int[ends[items]];
        for (int position = 0; position < rows.length; position++) {
            if (rows[position] != ItemVocabulary.UNKNOWN) {
                positions[next[rows[position]]++] = position;
            }
        }
        return new Occurrences(positions, ends);
    }

    /** Per click the index of its session. */
    int[] sessionOfEachClick() {
        int[] sessionOf = new int[rows.length];
        for (int session = 0; session + 1 < starts.length; session++) {
            Arrays.fill(sessionOf, starts[session], starts[session + 1], session);
        }
        return sessionOf;
    }

    /**
     * @param positions positions of clicks, those of row 0 first
     * @param bounds row r's are those from {@code bounds[r]} to {@code bounds[r + 1]}
     */
    record Occurrences(int[] positions, int[] bounds) {}
}
