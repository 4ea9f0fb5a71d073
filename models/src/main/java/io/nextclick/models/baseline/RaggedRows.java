package io.nextclick.models.baseline;

/** Rows of different lengths in one array: row r lies between {@code starts[r]} and the next. */
final class RaggedRows {

    private RaggedRows() {}

    /**
     * @param name what the rows are, for the message
     * @param length of the array
     * @throws IllegalArgumentException if the starts don't begin at 0, fall, or end elsewhere
     */
    static void check(String name, int[] starts, int length) {
        boolean fits = starts.length > 0 && starts[0] == 0 && starts[starts.length - 1] == length;
        for (int row = 0; fits && row + 1 < starts.length; row++) {
            fits = starts[row] <= starts[row + 1];
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "the starts of the " + name + " don't divide " + length + " elements");
        }
    }

    static int[] starts(int[][] rows) {
        int[] starts = new int[rows.length + 1];
        for (int row = 0; row < rows.length; row++) {
            starts[row + 1] = Math.addExact(starts[row], rows[row].length);
        }
        return starts;
    }

    static int[] flat(int[][] rows) {
        int[] flat = new int[starts(rows)[rows.length]];
        int at = 0;
        for (int[] row : rows) {
            System.arraycopy(row, 0, flat, at, row.length);
            at += row.length;
        }
        return flat;
    }
}
