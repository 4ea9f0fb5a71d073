package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.Ranker;
import io.nextclick.models.ranker.RankerFolder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Model folders of somebody who means harm: each is refused by name, soon, and without filling the
 * memory. Two kinds of attacker: one who can change files but not what the manifest says of them,
 * and one who writes manifest and files alike ("sealed").
 */
class MaliciousModelFilesTest {

    /** Generous: none takes a second on a machine with nothing else to do. */
    private static final Duration LONGEST = Duration.ofSeconds(20);

    /** All that is allocated on the way, garbage included, beside the files' own size. */
    private static final long MOST_BYTES = 64L << 20;

    private static final int LONGEST_MESSAGE = 4_200;

    @TempDir Path root;

    private final List<String> table = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    @Test
    void everyOneIsRefused() throws Exception {
        Map<String, ModelFolder> models = WellMeantModels.all();
        for (Map.Entry<String, ModelFolder> model : models.entrySet()) {
            Path folder = root.resolve("good-" + model.getKey());
            model.getValue().write(folder);
            // What is refused below is refused for what was forged.
            assertThatCode(() -> describe(ModelFolder.read(folder)))
                    .as(model.getKey())
                    .doesNotThrowAnyException();
        }
        List<Attack> attacks =
                Stream.of(
                                FolderAttacks.attacks(),
                                ManifestAttacks.attacks(),
                                ItemsAttacks.attacks(),
                                WeightsAttacks.attacks(),
                                RankingAttacks.attacks(),
                                ModuleAttacks.attacks())
                        .flatMap(family -> family)
                        .toList();
        for (Attack attack : attacks) {
            refuse(attack, models.get(attack.model()));
        }
        System.out.println("| attack | refused with | time | allocated |");
        System.out.println("|---|---|---|---|");
        table.forEach(System.out::println);
        System.out.printf(Locale.ROOT, "%d attacks, seed %d%n", table.size(), WellMeantModels.SEED);
        assertThat(failures).isEmpty();
    }

    private void refuse(Attack attack, ModelFolder model) throws Exception {
        Path folder = root.resolve("model-" + table.size());
        model.write(folder);
        attack.forgery().on(folder);
        long size = 0;
        for (String name : List.of(ModelFolder.WEIGHTS, ModelFolder.ITEMS, ModelFolder.MODULE)) {
            Path file = folder.resolve(name);
            size += Files.isRegularFile(file) ? Files.size(file) : 0;
        }
        Outcome outcome = inTime(() -> load(folder));
        String row =
                String.format(
                        Locale.ROOT,
                        "| %s | %s | %d ms | %,d KiB |",
                        attack.words(),
                        outcome.message,
                        outcome.millis,
                        outcome.allocated >> 10);
        table.add(row);
        boolean refused =
                outcome.message.contains(attack.refusal())
                        && outcome.message.length() < LONGEST_MESSAGE
                        && outcome.message.chars().noneMatch(c -> Character.isISOControl((char) c));
        if (!refused || outcome.allocated > MOST_BYTES + 2 * Math.min(size, MOST_BYTES)) {
            failures.add(row);
        }
    }

    private record Outcome(String message, long millis, long allocated) {}

    private static Outcome load(Path folder) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        String message;
        try {
            message = "LOADED " + describe(ModelFolder.read(folder));
        } catch (ModelFileException e) {
            message = e.getMessage();
        } catch (IOException | RuntimeException | Error e) {
            message = "THROWN " + e;
        }
        return new Outcome(
                message,
                (System.nanoTime() - start) / 1_000_000,
                threads.getCurrentThreadAllocatedBytes() - allocated);
    }

    /** Loads what is served, and makes ready what ranks. */
    private static String describe(ModelFolder folder) throws ModelFileException {
        if (folder.manifest().kind().equals(RankerFolder.KIND)) {
            Ranker ranker = RankerFolder.ranker(folder);
            ranker.newScorer();
            return ranker.kind() + ": " + ranker.space();
        }
        try (ServableModel model = ServableModels.load(folder)) {
            return model.describe();
        }
    }

    private static Outcome inTime(Callable<Outcome> work) throws Exception {
        FutureTask<Outcome> task = new FutureTask<>(work);
        Thread thread = new Thread(task, "loading");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return new Outcome("NOT WITHIN " + LONGEST, LONGEST.toMillis(), 0);
        } catch (ExecutionException e) {
            return new Outcome("THROWN " + e.getCause(), 0, 0);
        }
    }
}
