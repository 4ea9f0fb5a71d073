package io.nextclick.jobs.trending;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import io.nextclick.models.ranking.TrendingItems;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class TrendingOperatorsTest {

    private static final TrendingSettings SETTINGS = new TrendingSettings(Duration.ofHours(1), 3);
    private static final long HOUR = 3_600_000;

    /** An operator and its surroundings. */
    private static final class Run<T> implements AutoCloseable {

        final OneInputStreamOperatorTestHarness<T, TrendingCounts> harness;

        Run(OneInputStreamOperator<T, TrendingCounts> operator) throws Exception {
            harness = new OneInputStreamOperatorTestHarness<>(operator, 1, 1, 0);
            harness.setup(TrendingCountsSerializer.TYPE.createSerializer(null));
        }

        void process(T value) throws Exception {
            harness.processElement(new StreamRecord<>(value));
        }

        void time(long millis) throws Exception {
            harness.setProcessingTime(millis);
        }

        List<TrendingCounts> output() {
            return harness.extractOutputValues();
        }

        @Override
        public void close() throws IOException {
            try {
                harness.close();
            } catch (Exception e) {
                throw new IOException("the operator can't be closed", e);
            }
        }
    }

    private static ReceivedClick click(String item, long eventTimeMillis, long timestampMillis) {
        return new ReceivedClick(
                null, "s", null, item, eventTimeMillis, "clicks", 0, 0, timestampMillis);
    }

    private static void count(Run<TrendingCounts> run, Object... itemsAndCounts) throws Exception {
        List<ItemCount> counts =
                IntStream.range(0, itemsAndCounts.length / 2)
                        .mapToObj(
                                i ->
                                        new ItemCount(
                                                (String) itemsAndCounts[2 * i],
                                                (int) itemsAndCounts[2 * i + 1]))
                        .toList();
        run.process(new TrendingCounts(0, counts));
    }

    private static ItemCount item(String itemId, double count) {
        return new ItemCount(itemId, count);
    }

    @Test
    void clicksOfASecondAreOneRecord() throws Exception {
        try (Run<ReceivedClick> run = new Run<>(new CountClicksOperator(SETTINGS))) {
            run.harness.open();
            run.process(click("a", HOUR, -1));
            run.process(click("b", HOUR, HOUR));
            run.process(click("b", 0, HOUR));
            // From a clock that is a day ahead.
            run.process(click("a", 24 * HOUR, HOUR));
            assertThat(run.output()).isEmpty();
            run.time(1_000);
            assertThat(run.output())
                    .containsExactly(
                            new TrendingCounts(HOUR, List.of(item("a", 2), item("b", 1.5))));
            run.time(3_000);
            assertThat(run.output()).hasSize(1);
        }
    }

    @Test
    void nothingIsLeftBehindABarrierOrAtTheEnd() throws Exception {
        try (Run<ReceivedClick> run = new Run<>(new CountClicksOperator(SETTINGS))) {
            run.harness.open();
            run.process(click("a", 0, 0));
            run.harness.prepareSnapshotPreBarrier(1);
            assertThat(run.output()).hasSize(1);
            for (String item : List.of("a", "b", "c", "a", "d")) {
                run.process(click(item, 0, 0));
            }
            assertThat(run.output()).as("no room for d").hasSize(2);
            assertThat(run.output().get(1).counts())
                    .containsExactly(item("a", 2), item("b", 1), item("c", 1));
            run.harness.endInput();
            assertThat(run.output().get(2).counts()).containsExactly(item("d", 1));
        }
    }

    @Test
    void tellsWhatHasChangedAndAfterARestoreAll() throws Exception {
        OperatorSubtaskState state;
        try (Run<TrendingCounts> run = new Run<>(new TrendingItemsOperator(SETTINGS))) {
            run.harness.open();
            run.time(0);
            assertThat(run.output()).isEmpty();
            count(run, "a", 4, "b", 1, "c", 2);
            count(run, "b", 2, "a", 0);
            run.time(1_000);
            assertThat(run.output())
                    .containsExactly(
                            new TrendingCounts(
                                    0, List.of(item("a", 4), item("b", 3), item("c", 2))));
            count(run, "b", 5, "d", 1);
            state = run.harness.snapshot(1, 1);
            run.time(2_000);
            assertThat(run.output().get(1).counts())
                    .as("c is forgotten for d")
                    .containsExactly(item("b", 8), item("d", 1), item("c", 0));
            run.time(9_000);
            assertThat(run.output()).hasSize(2);
        }
        try (Run<TrendingCounts> run = new Run<>(new TrendingItemsOperator(SETTINGS))) {
            run.harness.initializeState(state);
            run.harness.open();
            run.time(0);
            assertThat(run.output())
                    .containsExactly(
                            new TrendingCounts(
                                    0, List.of(item("b", 8), item("a", 4), item("d", 1))));
            count(run, "a", 1);
            run.harness.endInput();
            assertThat(run.output().get(1).counts()).containsExactly(item("a", 5));
        }
    }

    /** Whoever listens holds what the operator holds, also if that was restored on the way. */
    @Test
    void listenersHoldTheSameToTheLastBit() throws Exception {
        TrendingSettings settings = new TrendingSettings(Duration.ofSeconds(77), 2_500);
        SplittableRandom random = new SplittableRandom(3);
        TrendingItems expected = settings.newItems();
        TrendingItems listener = settings.newItems();
        OperatorSubtaskState state = null;
        for (int round = 0; round < 3; round++) {
            try (Run<TrendingCounts> run = new Run<>(new TrendingItemsOperator(settings))) {
                if (state != null) {
                    run.harness.initializeState(state);
                }
                run.harness.open();
                for (int second = 1; second <= 5; second++) {
                    TrendingItems counted = settings.newItems();
                    for (int click = 0; click < 2_000; click++) {
                        counted.add(
                                "i" + random.nextInt(4_000),
                                1,
                                random.nextLong(1_000) + 100_000L * (5 * round + second));
                    }
                    TrendingCounts counts = counted.counts();
                    run.process(counts);
                    counts.counts()
                            .forEach(
                                    each ->
                                            expected.add(
                                                    each.itemId(),
                                                    each.count(),
                                                    counts.asOfMillis()));
                    run.time(1_000L * second);
                }
                state = run.harness.snapshot(round, round);
                List<TrendingCounts> told = run.output();
                assertThat(told)
                        .allSatisfy(
                                part ->
                                        assertThat(part.counts())
                                                .hasSizeBetween(1, TrendingItemsOperator.PART));
                TrendingItems afresh = settings.newItems();
                told.forEach(afresh::take);
                told.forEach(listener::take);
                assertThat(afresh.counts()).isEqualTo(expected.counts());
                assertThat(listener.counts()).isEqualTo(expected.counts());
            }
        }
    }
}
