package io.nextclick.models.rating;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is known of users or of items, as vectors of indicators. An attribute may hold several
 * values separated by {@code |}; they share a length, so that a film of four genres has no more
 * weight than one of a single genre. An attribute of numbers with more different values than
 * {@value #FEW_VALUES} is cut into {@value #BINS} bins of about equally many rows. What a row
 * doesn't say stays 0. Immutable.
 *
 * <p>Shapes: R = rows, F = features.
 */
final class Features {

    /**
     * The length of an attribute, about that of a learnt factor. Short vectors need large weights,
     * which the penalty holds down: at length 1, with the penalty that is right for factors, known
     * features are learnt by heart.
     */
    private static final double LENGTH = Math.sqrt(0.1);

    private static final int FEW_VALUES = 20;
    private static final int BINS = 10;

    private final int size;
    private final float[] values;

    private Features(int size, float[] values) {
        this.size = size;
        this.values = values;
    }

    /** No features of any number of rows. */
    static Features none() {
        return new Features(0, new float[0]);
    }

    /**
     * @param rows R attributes by name
     * @param names attributes that become features
     * @throws IllegalArgumentException if no row has an attribute that was named
     */
    static Features of(List<Map<String, String>> rows, List<String> names) {
        List<float[]> columns = new ArrayList<>();
        for (String name : names) {
            List<String[]> cells = new ArrayList<>();
            TreeSet<String> different = new TreeSet<>();
            for (Map<String, String> row : rows) {
                String text = row.get(name);
                String[] cell = text == null ? new String[0] : text.split("\\|");
                cells.add(cell);
                different.addAll(Arrays.asList(cell));
            }
            if (different.isEmpty()) {
                throw new IllegalArgumentException("nothing has an attribute '" + name + "'");
            }
            List<String[]> words =
                    different.size() > FEW_VALUES && areNumbers(different) ? binned(cells) : cells;
            columns.addAll(indicators(words));
        }
        float[] values = new float[rows.size() * columns.size()];
        for (int column = 0; column < columns.size(); column++) {
            for (int row = 0; row < rows.size(); row++) {
                values[row * columns.size() + column] = columns.get(column)[row];
            }
        }
        return new Features(columns.size(), values);
    }

    private static boolean areNumbers(Iterable<String> texts) {
        for (String text : texts) {
            try {
                if (!Double.isFinite(Double.parseDouble(text))) {
                    return false;
                }
            } catch (NumberFormatException e) {
                return false;
            }
        }
        return true;
    }

    private static List<String[]> binned(List<String[]> cells) {
        double[] sorted =
                cells.stream()
                        .flatMap(Arrays::stream)
                        .mapToDouble(Double::parseDouble)
                        .sorted()
                        .toArray();
        double[] bounds = new double[BINS - 1];
        for (int bin = 0; bin < bounds.length; bin++) {
            bounds[bin] = sorted[(bin + 1) * sorted.length / BINS];
        }
        return cells.stream()
                .map(
                        cell ->
                                Arrays.stream(cell)
                                        .map(text -> bin(Double.parseDouble(text), bounds))
                                        .distinct()
                                        .toArray(String[]::new))
                .toList();
    }

    private static String bin(double number, double[] bounds) {
        int bin = 0;
        while (bin < bounds.length && number >= bounds[bin]) {
            bin++;
        }
        return Integer.toString(bin);
    }

    private static List<float[]> indicators(List<String[]> cells) {
        Map<String, float[]> columns = new TreeMap<>();
        for (int row = 0; row < cells.size(); row++) {
            String[] cell = cells.get(row);
            for (String word : cell) {
                columns.computeIfAbsent(word, any -> new float[cells.size()])[row] =
                        (float) (LENGTH / Math.sqrt(cell.length));
            }
        }
        return List.copyOf(columns.values());
    }

    /** F. */
    int size() {
        return size;
    }

    /** Copies a row's F values. */
    void copy(int row, float[] target, int offset) {
        System.arraycopy(values, row * size, target, offset, size);
    }
}
