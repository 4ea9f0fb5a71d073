package io.nextclick.it.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What campaigns of one target under one guarantee found.
 *
 * @param target {@link FaultTarget#name}
 * @param guarantee as it stands in the configuration
 * @param rows one for each fault, in their order
 * @param problems what may not be, in words: each is a defect
 */
public record FaultReport(String target, String guarantee, List<Row> rows, List<String> problems) {

    /**
     * A fault, and what became of the records that were sent from it to the next one.
     *
     * @param kind what was broken
     * @param sent records sent, those that hold no click among them
     * @param answered clicks with an answer
     * @param missing records that are without what was to become of them
     * @param duplicates answers beyond a click's first that readers saw, all under the same id; in
     *     exactly-once those who read only what is committed
     * @param rewritten answers beyond a click's first, committed or not
     * @param differing further answers that differ from the first one in more than their time
     * @param longestGapMillis longest time without any answer; -1 while the job began
     * @param brokenMillis from the fault to its repair
     * @param recoveryMillis from the repair to the first answer of a click sent after it; -1 if
     *     there was none
     * @param drainMillis from the repair until all that was sent before it was answered; -1 while
     *     the job began
     */
    public record Row(
            FaultKind kind,
            int sent,
            int answered,
            int missing,
            int duplicates,
            int rewritten,
            int differing,
            long longestGapMillis,
            long brokenMillis,
            long recoveryMillis,
            long drainMillis) {}

    public FaultReport {
        rows = List.copyOf(rows);
        problems = List.copyOf(problems);
    }

    /** Both together; of the same target and guarantee. */
    public FaultReport plus(FaultReport other) {
        List<Row> all = new ArrayList<>(rows);
        all.addAll(other.rows);
        List<String> found = new ArrayList<>(problems);
        found.addAll(other.problems);
        return new FaultReport(target, guarantee, all, found);
    }

    /** How many things were broken. */
    public int faults() {
        return (int) rows.stream().filter(row -> row.kind() != FaultKind.NOTHING).count();
    }

    /** A sum over all rows. */
    public long total(ToLongFunction<Row> figure) {
        return rows.stream().mapToLong(figure).sum();
    }

    /** A table by kind, in Markdown. Times in seconds: the median and the longest. */
    public String markdown() {
        Map<FaultKind, List<Row>> byKind = new EnumMap<>(FaultKind.class);
        rows.forEach(row -> byKind.computeIfAbsent(row.kind(), key -> new ArrayList<>()).add(row));
        StringBuilder table = new StringBuilder();
        table.append(
                "| fault | times | clicks sent | missing | duplicates | differing | longest gap, s"
                        + " | to first new answer, s | backlog answered, s |\n"
                        + "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        byKind.forEach((kind, of) -> table.append(line(kind.title(), of)));
        List<Row> broken = rows.stream().filter(row -> row.kind() != FaultKind.NOTHING).toList();
        table.append(line("**all faults**", broken));
        return table.toString();
    }

    private static String line(String title, List<Row> rows) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %,d | %d | %,d | %d | %s | %s | %s |%n",
                title,
                rows.stream().filter(row -> row.longestGapMillis() >= 0).count(),
                rows.stream().mapToLong(Row::sent).sum(),
                rows.stream().mapToLong(Row::missing).sum(),
                rows.stream().mapToLong(Row::duplicates).sum(),
                rows.stream().mapToLong(Row::differing).sum(),
                medianAndLongest(rows, Row::longestGapMillis),
                medianAndLongest(rows, Row::recoveryMillis),
                medianAndLongest(rows, Row::drainMillis));
    }

    private static String medianAndLongest(List<Row> rows, ToLongFunction<Row> millis) {
        long[] sorted = rows.stream().mapToLong(millis).filter(each -> each >= 0).toArray();
        if (sorted.length == 0) {
            return "–";
        }
        Arrays.sort(sorted);
        return String.format(
                Locale.ROOT,
                "%.1f / %.1f",
                sorted[sorted.length / 2] / 1e3,
                sorted[sorted.length - 1] / 1e3);
    }

    /** Writes {@code TARGET-GUARANTEE.md} and the rows one by one as {@code .json}. */
    public void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        String name = target + "-" + guarantee;
        Files.writeString(
                folder.resolve(name + ".md"),
                "Faults on " + target + ", " + guarantee + "\n\n" + markdown());
        StringBuilder json = new StringBuilder();
        for (Row row : rows) {
            json.append(json.isEmpty() ? "[\n  " : ",\n  ")
                    .append(
                            String.format(
                                    Locale.ROOT,
                                    "{\"kind\": \"%s\", \"sent\": %d, \"answered\": %d,"
                                            + " \"missing\": %d, \"duplicates\": %d, \"rewritten\":"
                                            + " %d, \"differing\": %d, \"longest_gap_ms\": %d,"
                                            + " \"broken_ms\": %d, \"recovery_ms\": %d,"
                                            + " \"drain_ms\": %d}",
                                    row.kind(),
                                    row.sent(),
                                    row.answered(),
                                    row.missing(),
                                    row.duplicates(),
                                    row.rewritten(),
                                    row.differing(),
                                    row.longestGapMillis(),
                                    row.brokenMillis(),
                                    row.recoveryMillis(),
                                    row.drainMillis()));
        }
        Files.writeString(folder.resolve(name + ".json"), json.append("\n]\n").toString());
    }
}
