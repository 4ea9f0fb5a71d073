package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The recommending operator when models are released while it runs. */
@Timeout(60)
class ModelExchangeTest {

    private static final int BUNDLE = 4;

    private final FakeReleases models =
            new FakeReleases("exchange")
                    .with("one", FakeModels.recurrent("v1"))
                    .with("two", FakeModels.recurrent("v2"))
                    .with("three", FakeModels.encoding("v3"));

    /** After every test: whatever was loaded has been freed. */
    @AfterEach
    void freesItsModels() {
        assertThat(FakeModels.OPEN).hasValue(0);
        assertThat(LoadedModel.count()).isZero();
    }

    private static RecommendSettings settings(String modelPath, boolean required) {
        return settings(modelPath, required, true);
    }

    private static RecommendSettings settings(
            String modelPath, boolean required, boolean releases) {
        return new RecommendSettings(
                modelPath,
                required,
                5,
                false,
                null,
                null,
                null,
                Duration.ofDays(7),
                32,
                1 << 20,
                BUNDLE,
                Duration.ofMillis(5),
                Duration.ZERO,
                1_000,
                1_000,
                null,
                releases,
                false);
    }

    /**
     * Flink goes on writing a state that nobody asks for, and a union state comes back to every
     * subtask whole: it would be multiplied by the number of subtasks at each restore.
     */
    @Test
    void forgetsReleasesWhereTheyAreNoLongerFollowed() throws Exception {
        OperatorSubtaskState followed;
        try (OperatorRun run = run("one").open()) {
            run.release(approved(1, "two")).awaitModel("v2");
            followed = run.snapshot();
            run.endOfTime();
        }
        OperatorSubtaskState notFollowed;
        try (OperatorRun run =
                new OperatorRun(settings("one", true, false), models).restore(followed)) {
            assertThat(run.gauge("modelVersion")).isEqualTo("v1");
            notFollowed = run.snapshot();
            run.endOfTime();
        }
        assertThat(entries(followed, "releases-in-force")).isEqualTo(1);
        assertThat(entries(notFollowed, "releases-in-force")).isZero();
        try (OperatorRun run = run("one").restore(notFollowed)) {
            assertThat(run.gauge("modelVersion")).isEqualTo("v1");
            run.endOfTime();
        }
    }

    private static int entries(OperatorSubtaskState state, String name) {
        int entries = 0;
        for (OperatorStateHandle handle : state.getManagedOperatorState()) {
            OperatorStateHandle.StateMetaInfo written =
                    handle.getStateNameToPartitionOffsets().get(name);
            entries += written == null ? 0 : written.getOffsets().length;
        }
        return entries;
    }

    private OperatorRun run(String modelPath) throws Exception {
        return new OperatorRun(settings(modelPath, true), models);
    }

    private ApprovedRelease approved(long number, String path) {
        ModelRelease release = models.release("shop", path);
        return new ApprovedRelease(
                number, "shop", release.version(), release.uri(), release.sha256());
    }

    @Test
    void answersWithTheOldModelUntilTheNewOneIsReady() throws Exception {
        try (OperatorRun run = run("one").open()) {
            run.click("a", "i1", 1).click("a", "i2", 2).click("a", "i3", 3).click("b", "i4", 4);
            models.hold();
            run.release(approved(1, "two"));
            run.click("a", "i5", 5).click("b", "i6", 6).watermark(6);
            assertThat(run.answers())
                    .extracting(answer -> answer.model().version())
                    .containsOnly("v1");

            models.letGo(1);
            run.awaitModel("v2");
            run.click("a", "i7", 7).click("c", "i8", 8).watermark(8);
            List<Recommendation> after = run.answers().subList(6, 8);
            assertThat(after).extracting(answer -> answer.model().version()).containsOnly("v2");
            assertThat(items(after.get(0)))
                    .as("the state is made anew from the items")
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2", "i3", "i5", "i7"), "v2", 5));
            assertThat(items(after.get(1))).isEqualTo(FakeModels.expected(List.of("i8"), "v2", 5));
            assertThat(run.steps("a")).containsExactly(1, 2, 3, 4, 5);
            assertThat(run.counter("modelSwitches")).isEqualTo(1);
            assertThat(run.counter("sessionsRebuilt")).isEqualTo(1);
            run.endOfTime();
        }
    }

    @Test
    void changesBetweenTwoBundles() throws Exception {
        try (OperatorRun run = run("one").open()) {
            run.release(approved(1, "two"));
            run.click("a", "i1", 1).click("b", "i2", 2);
            assertThat(run.answers()).isEmpty();
            run.awaitModel("v2");
            assertThat(run.answers())
                    .as("what waited is answered by the model it was bundled under")
                    .extracting(answer -> answer.model().version())
                    .containsExactly("v1", "v1");
            run.endOfTime();
        }
    }

    /** Recurrent, encoding and recurrent again: nothing of one is taken for the other's. */
    @Test
    void goesToAnotherKindOfModelAndBack() throws Exception {
        Random random = new Random(11);
        try (OperatorRun run = run("one").open()) {
            List<List<String>> sessions = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                sessions.add(new ArrayList<>());
            }
            String[] paths = {"one", "three", "one", "two", "three"};
            String[] versions = {"v1", "v3", "v1", "v2", "v3"};
            long time = 0;
            int answered = 0;
            for (int part = 0; part < paths.length; part++) {
                if (part > 0) {
                    run.release(approved(part, paths[part]));
                    run.awaitModel(versions[part]);
                }
                for (int click = 0; click < 40; click++) {
                    int session = random.nextInt(sessions.size());
                    List<String> items = sessions.get(session);
                    String item = "i" + random.nextInt(FakeModels.ITEMS);
                    if (items.isEmpty() || !items.get(items.size() - 1).equals(item)) {
                        items.add(item);
                    }
                    run.click("s" + session, item, ++time).watermark(time);
                    List<String> read =
                            versions[part].equals("v3")
                                    ? items.subList(Math.max(0, items.size() - 3), items.size())
                                    : items;
                    assertThat(items(run.answers().get(answered++)))
                            .as("click %d", time)
                            .isEqualTo(FakeModels.expected(read, versions[part], 5));
                }
            }
            assertThat(run.counter("modelSwitches")).isEqualTo(4);
            run.endOfTime();
        }
    }

    @Test
    void theLastReleaseCounts() throws Exception {
        try (OperatorRun run = run("one").open()) {
            models.hold();
            run.release(approved(1, "two")).release(approved(2, "three"));
            run.release(approved(1, "two"));
            models.letGo(2);
            run.awaitModel("v3");
            assertThat(run.counter("modelSwitches")).isEqualTo(1);
        }
    }

    @Test
    void keepsTheOldModelWhenTheNewOneCannotBeLoaded() throws Exception {
        try (OperatorRun run = run("one").open()) {
            ApprovedRelease two = approved(1, "two");
            models.remove("two");
            run.release(two);
            run.awaitMetric("modelLoadFailures", 1);
            run.click("a", "i1", 1).watermark(1);
            assertThat(run.answers().get(0).model().version()).isEqualTo("v1");
            models.with("two", FakeModels.recurrent("v2"));
            run.awaitModel("v2");
        }
    }

    @Test
    void takesItsFirstModelFromAReleaseWhereThereIsNone() throws Exception {
        try (OperatorRun run = run(null).open()) {
            run.click("a", "i1", 1).watermark(1);
            assertThat(run.answers().get(0).fallback()).isEqualTo("no-model");
            run.release(approved(1, "two"));
            run.awaitModel("v2");
            run.click("a", "i2", 2).watermark(2);
            assertThat(items(run.answers().get(1)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2"), "v2", 5));
            run.endOfTime();
        }
    }

    @Test
    void restoresTheReleasedVersion() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = run("one").open()) {
            run.click("a", "i1", 1).release(approved(1, "two"));
            run.awaitModel("v2");
            state = run.snapshot();
        }
        try (OperatorRun run = run("one").restore(state)) {
            assertThat(run.gauge("modelVersion")).isEqualTo("v2");
            run.click("a", "i2", 2).watermark(2);
            assertThat(items(run.answers().get(0)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2"), "v2", 5));
            run.release(approved(1, "two"));
            assertThat(run.counter("modelSwitches")).isZero();
            run.endOfTime();
        }
    }

    @Test
    void restoresAReleaseThatWasStillBeingLoaded() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = run("one").open()) {
            models.hold();
            run.release(approved(1, "two"));
            state = run.snapshot();
            models.letGo(1_000);
        }
        try (OperatorRun run = run("one").restore(state)) {
            assertThat(run.gauge("modelVersion")).isEqualTo("v2");
        }
    }

    @Test
    void restoresTheReleaseBeforeWhereTheFilesAreGoneOrChanged() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = run("one").open()) {
            run.release(approved(1, "two"));
            run.awaitModel("v2");
            run.release(approved(2, "three"));
            run.awaitModel("v3");
            state = run.snapshot();
        }
        models.with("three", FakeModels.encoding("another"));
        try (OperatorRun run = run("one").restore(state)) {
            assertThat(run.gauge("modelVersion")).isEqualTo("v2");
            models.with("three", FakeModels.encoding("v3"));
            run.awaitModel("v3");
        }
        models.remove("three");
        models.remove("two");
        try (OperatorRun run = run("one").restore(state)) {
            assertThat(run.gauge("modelVersion")).as("as if nothing was released").isEqualTo("v1");
        }
    }

    @Test
    void everySubtaskRestoresTheReleaseWhenRescaled() throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        for (int subtask = 0; subtask < 2; subtask++) {
            try (OperatorRun run =
                    new OperatorRun(settings("one", true), models, 2, subtask).open()) {
                run.release(approved(1, "two"));
                run.awaitModel("v2");
                states.add(run.snapshot());
            }
        }
        OperatorSubtaskState whole =
                AbstractStreamOperatorTestHarness.repackageState(
                        states.toArray(OperatorSubtaskState[]::new));
        for (int subtask = 0; subtask < 3; subtask++) {
            OperatorSubtaskState part =
                    AbstractStreamOperatorTestHarness.repartitionOperatorState(
                            whole, 128, 2, 3, subtask);
            try (OperatorRun run =
                    new OperatorRun(settings("one", true), models, 3, subtask).restore(part)) {
                assertThat(run.gauge("modelVersion")).isEqualTo("v2");
            }
        }
    }

    @Test
    void releasesHaveNoPartInEventTime() throws Exception {
        try (OperatorRun run = run("one").open()) {
            run.click("a", "i1", 1).watermarkOfReleases(Long.MAX_VALUE);
            assertThat(run.answers()).isEmpty();
            run.watermark(5);
            assertThat(run.answers()).hasSize(1);
            assertThat(run.harness().getOutput()).hasSize(2);
        }
    }
}
