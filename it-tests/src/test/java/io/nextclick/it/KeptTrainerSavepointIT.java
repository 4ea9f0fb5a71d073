package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Savepoints that earlier versions of the trainer wrote are taken up by this one, which goes on to
 * learn what they went on to learn. Beside {@code clicks.jsonl} there are {@code savepoint.zip}
 * and, in {@code vectors.jsonl}, the items' vectors at the end.
 *
 * <p>Each release keeps one, written by {@code -Dnextclick.keep-savepoint=NAME}.
 */
@ExtendWith(LiveSystem.Extension.class)
class KeptTrainerSavepointIT {

    private static final String PREFIX = "trainer-";

    /** Clicks before the savepoint, which comes in the middle of a session. */
    private static final int BEFORE = 1_502;

    private static final int CLICKS = 2_000;
    private static final int BATCH = TrainerRestoreIT.BATCH;
    private static final int EXAMPLES_IN_FIVE_CLICKS = 4;

    /** What is learnt on another processor differs in its last bits, which learning carries on. */
    private static final float TOLERANCE = 2e-3f;

    static Stream<KeptSavepoint> all() throws IOException {
        try (Stream<Path> folders = Files.list(KeptSavepoint.ALL)) {
            return folders
                    .filter(each -> each.getFileName().toString().startsWith(PREFIX))
                    .sorted()
                    .map(KeptSavepoint::new)
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void goesOnToLearnTheSame(KeptSavepoint kept, LiveSystem system) throws Exception {
        Map<String, ItemEmbedding> expected = new TreeMap<>();
        for (ItemEmbedding vector : KeptSavepoint.readLines(file(kept), Topics.ITEM_EMBEDDINGS)) {
            expected.put(vector.itemId(), vector);
        }
        ClicksTopic topic = kept.topic(system, 1);
        topic.publish(kept.clicks(), Encoding.JSON);
        try (TrainerRun run = new TrainerRun(system, topic, BATCH)) {
            run.restore(unpacked(kept, system), 1);
            Map<String, ItemEmbedding> learnt = learntInTheEnd(system, run, expected.size());
            assertThat(learnt.keySet()).isEqualTo(expected.keySet());
            for (ItemEmbedding vector : expected.values()) {
                ItemEmbedding same = learnt.get(vector.itemId());
                assertThat(same.towerVersion()).isEqualTo(vector.towerVersion());
                assertThat(same.vector())
                        .as(vector.itemId())
                        .containsExactly(vector.vector(), within(TOLERANCE));
                assertThat(same.input())
                        .as("input of %s", vector.itemId())
                        .containsExactly(vector.input(), within(TOLERANCE));
            }
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "nextclick.keep-savepoint", matches = ".+")
    void keepOneOfThisVersion(LiveSystem system) throws Exception {
        String name = PREFIX + System.getProperty("nextclick.keep-savepoint");
        KeptSavepoint kept = new KeptSavepoint(KeptSavepoint.ALL.resolve(name));
        List<LoggedClick> clicks = TrainerRestoreIT.clicks().subList(0, CLICKS);
        kept.writeLines(
                kept.clicksFile(), Topics.CLICKS, clicks.stream().map(KeptSavepoint::click));
        ClicksTopic topic = kept.topic(system, 1);
        topic.publish(clicks.subList(0, BEFORE), Encoding.JSON);
        try (TrainerRun run = new TrainerRun(system, topic, BATCH)) {
            run.start(1).awaitStep(steps(BEFORE));
            int items = run.awaitPublished(1).published().size();
            String savepoint = run.stopWithSavepoint();
            pack(Path.of(URI.create(savepoint)), kept);
            topic.publish(clicks.subList(BEFORE, CLICKS), Encoding.JSON);
            run.restore(savepoint, 1);
            kept.writeLines(
                    file(kept),
                    Topics.ITEM_EMBEDDINGS,
                    learntInTheEnd(system, run, items).values().stream());
        }
    }

    /** Waits until all clicks have been learnt, and ends the trainer: it publishes all it knows. */
    private static Map<String, ItemEmbedding> learntInTheEnd(
            LiveSystem system, TrainerRun run, int items) throws Exception {
        run.awaitStep(steps(CLICKS)).awaitPublished(items);
        JobID job = run.job();
        system.dashboard().stopWithSavepoint(job, system.folder("savepoints"), true);
        Await.until("the trainer ends", () -> system.flink().status(job).isGloballyTerminalState());
        return run.published();
    }

    /** Whole batches of so many clicks, in sessions of five. */
    private static long steps(int clicks) {
        return clicks / 5L * EXAMPLES_IN_FIVE_CLICKS / BATCH;
    }

    /** Most of a young learner's tables are zeros. */
    private static void pack(Path savepoint, KeptSavepoint kept) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(packed(kept)));
                Stream<Path> files = Files.list(savepoint)) {
            for (Path file : files.sorted().toList()) {
                zip.putNextEntry(new ZipEntry(file.getFileName().toString()));
                Files.copy(file, zip);
                zip.closeEntry();
            }
        }
    }

    private static String unpacked(KeptSavepoint kept, LiveSystem system) throws IOException {
        Path folder = system.folder("kept");
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(packed(kept)))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Files.copy(zip, folder.resolve(entry.getName()));
            }
        }
        return folder.toUri().toString();
    }

    private static Path packed(KeptSavepoint kept) {
        return kept.folder().resolve("savepoint.zip");
    }

    private static Path file(KeptSavepoint kept) {
        return kept.folder().resolve("vectors.jsonl");
    }
}
