package io.nextclick.jobs.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.learn.ModelStore;
import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.Ranker;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.ModelRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankerTrainOperatorTest {

    private static final long SEED = 20_261_122;
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    @TempDir private Path models;

    @Test
    void learnsWhatRetrievalDoesNotKnowAndReleasesIt() throws Exception {
        System.out.println("lists: seed " + SEED);
        try (RankerRun run = new RankerRun(settings()).open()) {
            run.give(ShownLists.catalogue()).give(ShownLists.random(3_000, SEED));
            assertThat(run.releases()).as("before the interval is over").isEmpty();
            run.pass(INTERVAL);
            assertThat((Double) run.gauge("auc")).isGreaterThan(0.75);
            assertThat((Double) run.gauge("retrievalAuc")).isBetween(0.45, 0.55);
            assertThat((Double) run.gauge("logLoss")).isLessThan(0.48);
            assertThat(run.gauge("ready")).isEqualTo(1);
            assertThat(run.counter("describedItems")).isEqualTo(ShownLists.ITEMS);

            ModelRelease release = run.releases().get(0);
            assertThat(release.name()).isEqualTo("ranker");
            assertThat(release.kind()).isEqualTo(RankerFolder.KIND);
            assertThat(release.version())
                    .isEqualTo("run-0-" + run.counter("trainedExamples"))
                    .startsWith((String) run.gauge("lineage"));
            assertThat(release.metrics()).containsOnlyKeys("auc", "retrieval-auc", "log-loss");
            ModelFolder folder = ModelStore.read(release.uri());
            assertThat(folder.manifest().version()).isEqualTo(release.version());
            Ranker ranker = RankerFolder.ranker(folder);
            assertThat(ranker.kind()).isEqualTo("fm");
            assertThat(ranker.space().fields()).hasSize(ShownLists.fields().length);

            run.pass(INTERVAL.multipliedBy(3));
            assertThat(run.releases()).as("nothing was learnt").hasSize(1);
        }
    }

    @Test
    void whatOrdersWorseThanRetrievalIsNotReleased() throws Exception {
        RankerTrainSettings settings =
                ShownLists.settings(models, "category/hash:16", "popularity");
        try (RankerRun run = new RankerRun(settings).open()) {
            run.give(ShownLists.catalogue()).give(ShownLists.perfectlyRetrieved(500, SEED));
            run.pass(INTERVAL);
            assertThat(run.gauge("retrievalAuc")).isEqualTo(1.0);
            assertThat((Double) run.gauge("auc")).isLessThan(0.9);
            assertThat(run.counter("heldReleases")).isEqualTo(1);
            assertThat(run.releases()).isEmpty();
        }
        assertThat(folders()).isEmpty();
    }

    @Test
    void tooFewListsAreNoReasonToRelease() throws Exception {
        try (RankerRun run = new RankerRun(settings()).open()) {
            run.give(ShownLists.catalogue()).give(ShownLists.random(90, SEED)).pass(INTERVAL);
            assertThat(run.counter("trainedExamples")).isPositive();
            assertThat(run.releases()).isEmpty();
        }
    }

    /** Bits of the released parameters, which a checkpoint must not change wherever it falls. */
    @Test
    void oneThatIsRestoredLearnsAsIfItHadNeverStopped() throws Exception {
        List<RankerInput> inputs = new ArrayList<>(ShownLists.catalogue());
        inputs.addAll(ShownLists.random(600, SEED));
        byte[] uninterrupted;
        double auc;
        try (RankerRun run = new RankerRun(settings()).open()) {
            // Releases between must not matter either.
            run.give(inputs.subList(0, 333)).pass(INTERVAL);
            run.give(inputs.subList(333, inputs.size())).endInput();
            uninterrupted = learnt(run);
            auc = (Double) run.gauge("auc");
        }
        // While lists wait for learning to begin, and in the middle of a step.
        for (int stop : new int[] {5, 90, 257, 500}) {
            OperatorSubtaskState state;
            try (RankerRun run = new RankerRun(settings()).open()) {
                state = run.give(inputs.subList(0, stop)).snapshot();
            }
            try (RankerRun run = new RankerRun(settings()).restore(state)) {
                run.give(inputs.subList(stop, inputs.size())).endInput();
                assertThat(learnt(run)).as("stopped after %d", stop).isEqualTo(uninterrupted);
                assertThat(run.gauge("auc")).isEqualTo(auc);
            }
        }
    }

    private static byte[] learnt(RankerRun run) throws IOException {
        List<ModelRelease> releases = run.releases();
        ModelRelease last = releases.get(releases.size() - 1);
        return RankerLearner.read(ModelStore.read(last.uri())).toBytes();
    }

    @Test
    void itemsWithoutTheFactsThatFieldsReadAreLeftOut() throws Exception {
        List<ShownItem> items =
                List.of(new ShownItem("i1", 1, null, null), new ShownItem("i2", 2, null, null));
        LabelledImpression bare =
                new LabelledImpression(
                        new Impression("v", "s", null, 5, null, items, null, null),
                        List.of(),
                        List.of(new Outcome(1, Outcome.NONE), Outcome.NOT_CLICKED));
        List<RankerInput> lists = List.of(new RankerInput.Labelled(bare));
        try (RankerRun run = new RankerRun(settings()).open()) {
            run.give(ShownLists.catalogue()).give(ShownLists.random(100, SEED));
            long before = run.counter("trainedExamples");
            run.give(lists);
            assertThat(run.counter("trainedExamples")).isEqualTo(before);
            assertThat(run.counter("itemsWithoutFacts")).isPositive();
        }
        RankerTrainSettings needsNone =
                ShownLists.settings(models, "category/hash:16", "session-length");
        try (RankerRun run = new RankerRun(needsNone).open()) {
            run.give(lists).endInput();
            assertThat(run.counter("itemsWithoutFacts")).isZero();
            assertThat(run.counter("trainedExamples")).isPositive();
            assertThat(run.gauge("retrievalAuc")).as("as it was shown").isEqualTo(1.0);
        }
    }

    @Test
    void keepsTheLastRankersOnlyAndGoesOnFromAFolder() throws Exception {
        try (RankerRun run = new RankerRun(settings()).open()) {
            run.give(ShownLists.catalogue());
            for (int i = 0; i < 5; i++) {
                run.give(ShownLists.random(400, SEED + i)).pass(INTERVAL);
            }
            assertThat(run.releases()).hasSize(5);
            assertThat(folders()).hasSize(2);
        }
        String start = models.resolve(folders().get(1)).toUri().toString();
        long examples = RankerLearner.read(ModelStore.read(start)).examples();
        try (RankerRun run = new RankerRun(from(start)).open()) {
            run.give(ShownLists.catalogue()).give(ShownLists.random(400, SEED + 9)).pass(INTERVAL);
            ModelRelease release = run.releases().get(0);
            assertThat(RankerLearner.read(ModelStore.read(release.uri())).examples())
                    .isEqualTo(examples + run.counter("trainedExamples"));
            // It knows what the one before has learnt.
            assertThat(release.metrics().get("auc")).isGreaterThan(0.75);
        }
    }

    @Test
    void aStartModelThatIsNotThereEndsTheJobForGood() throws Exception {
        String nowhere = models.resolve("nowhere").toUri().toString();
        try (RankerRun run = new RankerRun(from(nowhere))) {
            assertThatThrownBy(run::open)
                    .isInstanceOf(CannotStartException.class)
                    .hasMessageContaining("nowhere");
        }
    }

    private RankerTrainSettings settings() {
        return ShownLists.settings(models, ShownLists.fields());
    }

    private RankerTrainSettings from(String startModel) {
        RankerTrainSettings usual = settings();
        return new RankerTrainSettings(
                usual.options(),
                usual.fields(),
                usual.binExamples(),
                usual.models(),
                usual.keptModels(),
                startModel,
                usual.interval(),
                usual.window(),
                usual.leastLists(),
                usual.inactivityGap(),
                usual.maximumLength(),
                usual.collapseRepeats());
    }

    private List<String> folders() throws IOException {
        try (Stream<Path> folders = Files.list(models)) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
        }
    }
}
