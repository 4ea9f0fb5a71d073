package io.nextclick.models.tuning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingListener;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Validation;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.tuning.Trial.Outcome;
import io.nextclick.models.tuning.Tuning.End;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search itself, on trainings whose figures and times are made up. */
class TuningTest {

    private static final Duration EPOCH = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofHours(10);
    private static final TrainingOptions GIVEN = TrainingOptions.DEFAULTS;
    private static final TuningListener SILENT = new TuningListener() {};

    @TempDir Path directory;

    private long nowNanos;

    /** A training whose MRR@20 is higher the closer the learning rate is to .002. */
    private final class MadeUp implements Tuning.Training {

        private int trials;
        private int failsAt = -1;

        @Override
        public void trial(TrainingOptions options, TrainingListener listener) {
            trials++;
            double distance = Math.abs(Math.log(options.learningRate() / 0.002));
            for (int epoch = 1; epoch <= options.epochs(); epoch++) {
                nowNanos += EPOCH.toNanos();
                if (listener.enough()) {
                    // As the trainer does: the part of an epoch is measured too.
                    listener.epochEnded(epoch(epoch, 0.9));
                    return;
                }
                if (trials == failsAt) {
                    diverge();
                }
                double share = (double) epoch / options.epochs();
                listener.epochEnded(epoch(epoch, (0.3 + 0.1 * share) / (1 + distance)));
                if (listener.enough()) {
                    return;
                }
            }
        }

        private Epoch epoch(int number, double mrr20) {
            return new Epoch(
                    number,
                    5.0 / number,
                    new Validation(1000, 1.5 * mrr20, mrr20),
                    true,
                    1234,
                    EPOCH.multipliedBy(number));
        }

        @Override
        public TrainedModel best(Trial best, TrainingListener listener) {
            throw new UnsupportedOperationException();
        }
    }

    private static void diverge() {
        Trainer.train(
                List.of(
                        new Session("a", 0, List.of("x", "y", "z")),
                        new Session("b", 1, List.of("y", "x", "z"))),
                GIVEN.toBuilder()
                        .embeddingSize(4)
                        .hiddenSize(4)
                        .itemOptimizer(TrainingOptions.ItemOptimizer.ADAM)
                        .learningRate(10)
                        .itemLearningRate(10)
                        .weightDecay(10)
                        .vectorNorm(0)
                        .epochs(200)
                        .validationFraction(0)
                        .build(),
                TrainingListener.SILENT);
    }

    private Tuning open(Path folder, String data, TrainingOptions given, Tuning.Training training)
            throws IOException {
        SearchSpace space = SearchSpace.of(given, 100);
        return new Tuning(
                TrialFolder.open(folder, data, space, given),
                space,
                given,
                training,
                1 / 0.9,
                Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC),
                () -> nowNanos);
    }

    private Tuning open(Path folder) throws IOException {
        return open(folder, "data", GIVEN, new MadeUp());
    }

    @Test
    void theFirstTrialIsAsGivenAndTheBestCompletedOneWins() throws IOException {
        Path folder = directory.resolve("new/search");
        try (Tuning tuning = open(folder)) {
            assertThat(tuning.run(LONG, 25, SILENT)).isEqualTo(End.TRIALS);
            List<Trial> trials = tuning.trials();
            assertThat(trials).extracting(Trial::number).containsExactlyElementsOf(upTo(25));
            assertThat(trials.get(0).settings()).isEmpty();
            assertThat(trials.get(0).options()).isEqualTo(GIVEN);
            assertThat(trials).extracting(Trial::outcome).contains(Outcome.STOPPED);
            assertThat(tuning.best())
                    .hasValueSatisfying(
                            best ->
                                    assertThat(trials)
                                            .allSatisfy(
                                                    trial ->
                                                            assertThat(mrr20(trial))
                                                                    .isLessThanOrEqualTo(
                                                                            mrr20(best))));
        }
    }

    private static List<Integer> upTo(int trials) {
        return IntStream.rangeClosed(1, trials).boxed().toList();
    }

    private static double mrr20(Trial trial) {
        return trial.best().orElseThrow().validation().mrr20();
    }

    @Test
    void stoppedTrialsSaveTimeAndSayWhy() throws IOException {
        try (Tuning tuning = open(directory)) {
            tuning.run(LONG, 25, SILENT);
            assertThat(tuning.trials())
                    .filteredOn(trial -> trial.outcome() == Outcome.STOPPED)
                    .isNotEmpty()
                    .allSatisfy(
                            trial -> {
                                assertThat(trial.epochs().size())
                                        .isLessThan(trial.options().epochs());
                                assertThat(trial.reason()).contains("the median of");
                            });
        }
    }

    @Test
    void anInterruptedSearchEndsUpAsOneThatWasNot() throws IOException {
        Path whole = directory.resolve("whole");
        try (Tuning tuning = open(whole)) {
            tuning.run(LONG, 12, SILENT);
        }
        Path parts = directory.resolve("parts");
        // Interrupted at ever other steps, in mid-trial and between trials, and out of time.
        for (int run = 0; run < 40; run++) {
            int patience = 7 + run;
            try (Tuning tuning = open(parts)) {
                int before = tuning.trials().size();
                int[] asked = {0};
                End end =
                        tuning.run(
                                run % 5 == 4 ? Duration.ofMinutes(4) : LONG,
                                12,
                                new TuningListener() {
                                    @Override
                                    public boolean enough() {
                                        return asked[0]++ > patience;
                                    }
                                });
                assertThat(tuning.trials()).hasSizeGreaterThanOrEqualTo(before);
                if (end == End.TRIALS) {
                    break;
                }
            }
        }
        assertThat(contents(parts)).isEqualTo(contents(whole));
    }

    private static List<String> contents(Path folder) throws IOException {
        List<String> contents = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                contents.add(file.getFileName() + "\n" + Files.readString(file));
            }
        }
        return contents;
    }

    @Test
    void theBudgetLeavesTimeToTrainTheBest() throws IOException {
        try (Tuning tuning = open(directory)) {
            Duration budget = Duration.ofMinutes(10);
            long began = nowNanos;
            assertThat(tuning.run(budget, Integer.MAX_VALUE, SILENT)).isEqualTo(End.BUDGET);
            Trial best = tuning.best().orElseThrow();
            Duration used = Duration.ofNanos(nowNanos - began);
            Duration refit = EPOCH.multipliedBy(best.best().orElseThrow().epoch());
            assertThat(used.plus(refit)).isLessThanOrEqualTo(budget);
            assertThat(used).isGreaterThan(budget.dividedBy(2));

            // A budget is a run's, not the search's.
            int trials = tuning.trials().size();
            tuning.run(budget, Integer.MAX_VALUE, SILENT);
            assertThat(tuning.trials()).hasSizeGreaterThan(trials);
        }
    }

    @Test
    void withoutTimeForOneTrialThereIsNoBest() throws IOException {
        try (Tuning tuning = open(directory)) {
            assertThat(tuning.run(EPOCH, 5, SILENT)).isEqualTo(End.BUDGET);
            assertThat(tuning.trials()).isEmpty();
            assertThat(tuning.best()).isEmpty();
            assertThatThrownBy(() -> tuning.trainBest(SILENT))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aTrialThatDivergesIsKeptAndTheSearchGoesOn() throws IOException {
        MadeUp training = new MadeUp();
        training.failsAt = 2;
        try (Tuning tuning = open(directory, "data", GIVEN, training)) {
            tuning.run(LONG, 3, SILENT);
            assertThat(tuning.trials())
                    .extracting(Trial::outcome)
                    .startsWith(Outcome.COMPLETED, Outcome.FAILED)
                    .hasSize(3);
            assertThat(tuning.trials().get(1).reason())
                    .contains("a smaller learning rate usually helps");
        }
        try (Tuning again = open(directory)) {
            assertThat(again.trials().get(1).outcome()).isEqualTo(Outcome.FAILED);
        }
    }

    @Test
    void optionsThatDivergeToBeginWithEndTheSearch() throws IOException {
        MadeUp training = new MadeUp();
        training.failsAt = 1;
        try (Tuning tuning = open(directory, "data", GIVEN, training)) {
            assertThatThrownBy(() -> tuning.run(LONG, 3, SILENT))
                    .isInstanceOf(TuningException.class)
                    .hasMessageContaining("the options to begin with fail");
            assertThat(tuning.trials()).isEmpty();
        }
    }

    @Test
    void anotherSearchIsRefusedAndSaysWhatDiffers() throws IOException {
        open(directory).close();
        assertThatThrownBy(() -> open(directory, "other", GIVEN, new MadeUp()))
                .isInstanceOf(TuningException.class)
                .hasMessageContaining("on other sessions");
        TrainingOptions other = GIVEN.toBuilder().seed(7).embeddingDropout(0.35).build();
        assertThatThrownBy(() -> open(directory, "data", other, new MadeUp()))
                .hasMessageContaining("embedding_dropout is 0.4 there, 0.35; seed is 42 there, 7");
        SearchSpace less = SearchSpace.of(GIVEN, 100).without(Set.of("epochs"));
        assertThatThrownBy(() -> TrialFolder.open(directory, "data", less, GIVEN))
                .hasMessageContaining("epochs is one of 4, 6, 8, 12 there, left as it is");
        open(directory).close();
    }

    @Test
    void aFolderWithOtherThingsIsRefused() throws IOException {
        Files.writeString(directory.resolve("thesis.txt"), "mine");
        assertThatThrownBy(() -> open(directory))
                .isInstanceOf(TuningException.class)
                .hasMessageContaining("neither empty nor does it hold a search");
        assertThatThrownBy(() -> open(directory.resolve("thesis.txt")))
                .isInstanceOf(TuningException.class)
                .hasMessageContaining("is a file");
        assertThat(directory.toFile().list()).containsExactly("thesis.txt");
    }

    @Test
    void twoSearchesAtOnceAreRefused() throws IOException {
        try (Tuning first = open(directory)) {
            assertThatThrownBy(() -> open(directory))
                    .isInstanceOf(TuningException.class)
                    .hasMessageContaining("another search is running");
            assertThat(first.trials()).isEmpty();
        }
        open(directory).close();
    }

    @Test
    void aLostTrialIsRunAgainToTheSameEnd() throws IOException {
        try (Tuning tuning = open(directory)) {
            tuning.run(LONG, 8, SILENT);
        }
        List<String> before = contents(directory);
        Files.delete(directory.resolve("trial-0006.json"));
        MadeUp training = new MadeUp();
        try (Tuning tuning = open(directory, "data", GIVEN, training)) {
            tuning.run(LONG, 8, SILENT);
        }
        assertThat(training.trials).isEqualTo(1);
        assertThat(contents(directory)).isEqualTo(before);
    }

    @Test
    void damagedAndForeignTrialsAreRefused() throws IOException {
        try (Tuning tuning = open(directory)) {
            tuning.run(LONG, 3, SILENT);
        }
        Path third = directory.resolve("trial-0003.json");
        byte[] whole = Files.readAllBytes(third);
        Files.write(third, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(() -> open(directory))
                .isInstanceOf(TuningException.class)
                .hasMessageContaining("trial-0003.json is damaged");
        Files.write(
                third,
                new String(whole, StandardCharsets.UTF_8)
                        .replace("\"outcome\"", "\"income\"")
                        .getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> open(directory))
                .hasMessageContaining("it has no field outcome")
                .hasMessageContaining("run again");
        Files.copy(
                directory.resolve("trial-0002.json"),
                third,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> open(directory)).hasMessageContaining("its settings are others");
    }

    @Test
    void aTrialsFileHoldsAllThereIsToKnow() throws IOException {
        try (Tuning tuning = open(directory)) {
            tuning.run(LONG, 2, SILENT);
            Trial second = tuning.trials().get(1);
            JsonNode json =
                    new ObjectMapper().readTree(directory.resolve("trial-0002.json").toFile());
            assertThat(json.path("outcome").asText()).isEqualTo("completed");
            assertThat(json.path("settings").path("learning-rate").asDouble())
                    .isEqualTo(second.options().learningRate());
            assertThat(json.path("options").path("learning_rate").asDouble())
                    .isEqualTo(second.options().learningRate());
            assertThat(json.path("epochs")).hasSize(second.options().epochs());
            assertThat(json.path("mrr@20").asDouble()).isEqualTo(mrr20(second));
            assertThat(json.path("started_at").asText()).isEqualTo("2026-01-02T03:04:05Z");
            assertThat(json.path("seconds").asDouble())
                    .isEqualTo(1.0 * EPOCH.toSeconds() * second.options().epochs());
        }
        int columns = 7 + SearchSpace.of(GIVEN, 100).ranges().size();
        List<String> table = Files.readAllLines(directory.resolve("trials.csv"));
        assertThat(table).hasSize(3);
        assertThat(table.get(0)).startsWith("trial,outcome,").contains(",learning-rate,");
        assertThat(table).allSatisfy(row -> assertThat(row.split(",")).hasSize(columns));
    }

    @Test
    void theListenerHearsOfEveryTrial() throws IOException {
        List<String> heard = new ArrayList<>();
        try (Tuning tuning = open(directory)) {
            tuning.run(
                    LONG,
                    2,
                    new TuningListener() {
                        @Override
                        public void trialStarted(int number, Map<String, Object> settings) {
                            heard.add("started " + number);
                        }

                        @Override
                        public void trialEnded(Trial trial) {
                            assertThat(
                                            Files.exists(
                                                    directory.resolve(
                                                            "trial-000"
                                                                    + trial.number()
                                                                    + ".json")))
                                    .isTrue();
                            heard.add("ended " + trial.number());
                        }
                    });
        }
        assertThat(heard).containsExactly("started 1", "ended 1", "started 2", "ended 2");
    }

    /** Sessions that walk around a ring of items in steps of one. */
    private static List<Session> ring() {
        SplittableRandom random = new SplittableRandom(1);
        List<Session> ring = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int start = random.nextInt(30);
            ring.add(
                    new Session(
                            "s" + i,
                            i,
                            IntStream.range(start, start + 2 + random.nextInt(5))
                                    .mapToObj(item -> "item-" + item % 30)
                                    .toList()));
        }
        return ring;
    }

    @Test
    void aSearchOnASplitValidatesOnItAndTrainsTheBestInTheSameWay() throws IOException {
        List<Session> ring = ring();
        List<Session> lastButOne =
                ring.stream()
                        .filter(session -> session.items().size() > 2)
                        .map(
                                session ->
                                        new Session(
                                                session.id(),
                                                session.startMillis(),
                                                session.items(),
                                                session.items().size() - 1))
                        .toList();
        List<Session> learnt =
                ring.stream()
                        .map(
                                session ->
                                        new Session(
                                                session.id(),
                                                session.startMillis(),
                                                session.items()
                                                        .subList(
                                                                0,
                                                                Math.max(
                                                                        1,
                                                                        session.items().size()
                                                                                - 1))))
                        .toList();
        TrainingOptions sasRec =
                TrainingOptions.defaults(NetworkKind.SASREC).toBuilder()
                        .embeddingSize(16)
                        .hiddenSize(16)
                        .innerSize(16)
                        .layers(1)
                        .epochs(2)
                        .batchPredictions(64)
                        .build();
        Set<String> fixed = Set.of("embedding-size", "inner-size", "layers", "epochs", "batch");
        SessionSplit split = new SessionSplit(learnt, lastButOne);
        try (Tuning tuning = Tuning.open(directory, split, sasRec, fixed)) {
            assertThat(tuning.space().ranges()).containsKeys("heads", "training-length");
            assertThat(tuning.run(LONG, 3, SILENT)).isEqualTo(End.TRIALS);
            Epoch best = tuning.best().orElseThrow().best().orElseThrow();
            assertThat(best.validation().predictions()).isEqualTo(lastButOne.size());
            TrainedModel trained = tuning.trainBest(SILENT);
            assertThat(trained.kind()).isEqualTo("sasrec");
            assertThat(trained.validation()).isEqualTo(best.validation());
            assertThat(trained.epochs()).isEqualTo(best.epoch());
        }
    }

    @Test
    void aSearchOnSessionsFindsABetterModelThanABadBeginning() throws IOException {
        List<Session> ring = ring();
        TrainingOptions bad =
                GIVEN.toBuilder()
                        .embeddingSize(16)
                        .hiddenSize(16)
                        .epochs(3)
                        .batchPredictions(64)
                        .learningRate(0.0001)
                        .itemLearningRate(0.0001)
                        .build();
        Set<String> fixed = Set.of("embedding-size", "epochs", "batch");
        try (Tuning tuning = Tuning.open(directory, ring, bad, fixed)) {
            assertThat(tuning.space().ranges()).doesNotContainKeys("epochs", "negatives");
            assertThat(tuning.run(LONG, 4, SILENT)).isEqualTo(End.TRIALS);
            Trial best = tuning.best().orElseThrow();
            assertThat(mrr20(best)).isGreaterThan(mrr20(tuning.trials().get(0)) + 0.05);
            TrainedModel trained = tuning.trainBest(SILENT);
            assertThat(trained.sessions()).isEqualTo(300);
            assertThat(trained.epochs()).isEqualTo(best.best().orElseThrow().epoch());
            assertThat(trained.options()).isEqualTo(best.options());
            assertThat(trained.validation()).isEqualTo(best.best().orElseThrow().validation());
        }
        Files.writeString(directory.resolve("notes.txt"), "kept", StandardOpenOption.CREATE_NEW);
        ring.remove(0);
        assertThatThrownBy(() -> Tuning.open(directory, ring, bad, fixed))
                .hasMessageContaining("on other sessions");
    }
}
