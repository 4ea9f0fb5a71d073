package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.junit.jupiter.api.Test;

/**
 * The streaming join against {@link BatchJoin} on random sessions: two streams out of order, each
 * with its own watermark, duplicates soon and long after, records later than allowed, and restarts
 * in between.
 */
class JoinEqualsBatchTest {

    /** {@code -Dnextclick.joins=100000} for the long run, {@code -Dnextclick.seed} for another. */
    private static final int ORDERS = Integer.getInteger("nextclick.joins", 1_200);

    private static final long SEED = Long.getLong("nextclick.seed", 20_261_122L);

    /** No session comes near it. */
    private static final int PLENTY = 1_000;

    private long labelled;
    private long clicked;
    private long late;
    private long duplicates;
    private long restarts;

    @Test
    void whatLeavesIsWhatABatchJoinMakesOfTheRecordsThatCount() throws Exception {
        for (int order = 0; order < ORDERS; order++) {
            Random random = new Random(SEED + order);
            compare(random, new Log(random), "seed " + (SEED + order), JoinRun::new);
        }
        System.out.printf(
                "%,d orders from seed %d on: %,d impressions left, %,d of their items clicked;"
                        + " %,d late records, %,d duplicates, %,d restarts%n",
                ORDERS, SEED, labelled, clicked, late, duplicates, restarts);
        // So that it was worth comparing.
        assertThat(List.of(labelled, clicked, late, duplicates, restarts))
                .allSatisfy(count -> assertThat(count).isGreaterThan(ORDERS / 4));
    }

    /** Two tables, and how their records arrive. */
    private static final class Log {

        final JoinSettings settings;
        final Map<String, Impression> impressions = new LinkedHashMap<>();
        final Map<String, ReceivedClick> clicks = new LinkedHashMap<>();

        /** Impressions and clicks, some several times. */
        final List<Object> arrivals = new ArrayList<>();

        Log(Random random) {
            settings =
                    new JoinSettings(
                            Duration.ofMillis(1 + random.nextInt(60)),
                            Duration.ofMillis(random.nextInt(30)),
                            Duration.ofMillis(random.nextInt(50)),
                            random.nextInt(5),
                            PLENTY);
            int sessions = 1 + random.nextInt(3);
            int items = 2 + random.nextInt(5);
            int length = 20 + random.nextInt(200);
            for (int i = random.nextInt(20); i >= 0; i--) {
                List<ShownItem> shown = new ArrayList<>();
                for (int position = random.nextInt(5); position > 0; position--) {
                    shown.add(new ShownItem(item(random, items), position, null, null));
                }
                // In the reverse order of time, so that ids aren't in its order.
                Impression impression =
                        new Impression(
                                "v" + i,
                                "s" + random.nextInt(sessions),
                                null,
                                random.nextInt(length),
                                null,
                                shown,
                                null,
                                null);
                impressions.put(impression.id(), impression);
            }
            for (int i = random.nextInt(25); i >= 0; i--) {
                ReceivedClick click =
                        new ReceivedClick(
                                random.nextInt(4) == 0 ? null : "e" + i,
                                "s" + random.nextInt(sessions),
                                null,
                                item(random, items),
                                random.nextInt(length),
                                "clicks",
                                0,
                                0,
                                0,
                                new TreeMap<>(Map.of("item", "attribute")));
                // Without an event id, a second click at the same moment would be the first.
                clicks.put(click.toString(), click);
            }
            arrivals.addAll(impressions.values());
            arrivals.addAll(clicks.values());
            arrange(random, random.nextInt(80));
        }

        private static String item(Random random, int items) {
            return "i" + random.nextInt(items);
        }

        /** By time but for a disorder in milliseconds; with repeats anywhere behind. */
        private void arrange(Random random, int disorder) {
            Map<Object, Integer> delays = new LinkedHashMap<>();
            Collections.shuffle(arrivals, random);
            for (Object record : arrivals) {
                delays.put(record, random.nextInt(disorder + 1));
            }
            arrivals.sort(Comparator.comparingLong(record -> timeOf(record) + delays.get(record)));
            for (int i = random.nextInt(6); i > 0; i--) {
                int from = random.nextInt(arrivals.size());
                int to = from + 1 + random.nextInt(arrivals.size() - from);
                arrivals.add(to, arrivals.get(from));
            }
        }

        static long timeOf(Object record) {
            return record instanceof Impression impression
                    ? impression.shownAtMillis()
                    : ((ReceivedClick) record).eventTimeMillis();
        }
    }

    /** On the heap a value is a serializer's business at restarts only. */
    @Test
    void onRocksDbItIsTheSame() throws Exception {
        for (int order = 0; order < ORDERS / 40; order++) {
            Random random = new Random(SEED + order);
            compare(random, new Log(random), "seed " + (SEED + order), JoinRun::onRocksDb);
        }
    }

    /** Makes the join that is compared. */
    private interface Maker {
        JoinRun make(JoinSettings settings) throws Exception;
    }

    private void compare(Random random, Log log, String what, Maker maker) throws Exception {
        long window = log.settings.window().toMillis();
        long lateness = log.settings.lateness().toMillis();
        // How eagerly each input's watermark follows its records; late records come of eagerness.
        int[] slack = {random.nextInt(40), random.nextInt(40)};
        long[] seen = {-1_000, -1_000};
        long[] sent = {-1_000, -1_000};
        long before = Long.MIN_VALUE;
        Set<Impression> shown = new HashSet<>();
        Set<ReceivedClick> clicks = new HashSet<>();
        List<LabelledImpression> left = new ArrayList<>();
        JoinRun run = maker.make(log.settings).open();
        try {
            for (Object record : log.arrivals) {
                long watermark = Math.max(before, Math.min(sent[0], sent[1]));
                boolean counts = Log.timeOf(record) + lateness > watermark;
                int input = record instanceof Impression ? 0 : 1;
                if (record instanceof Impression impression) {
                    run.show(impression);
                    duplicates += counts && !shown.add(impression) ? 1 : 0;
                } else {
                    ReceivedClick click = (ReceivedClick) record;
                    run.click(click);
                    duplicates += counts && !clicks.add(click) ? 1 : 0;
                }
                late += counts ? 0 : 1;
                if (random.nextInt(60) == 0) {
                    restarts++;
                    left.addAll(run.labelled());
                    var state = run.snapshot();
                    run.close();
                    run = maker.make(log.settings).restore(state);
                    before = watermark;
                    sent = new long[] {-1_000, -1_000};
                }
                seen[input] = Math.max(seen[input], Log.timeOf(record));
                if (random.nextInt(3) == 0) {
                    sent[input] =
                            Math.max(sent[input], seen[input] - random.nextInt(slack[input] + 1));
                    send(run, input, sent[input]);
                    long now = Math.max(before, Math.min(sent[0], sent[1]));
                    long complete =
                            shown.stream()
                                    .filter(each -> each.shownAtMillis() + window + lateness <= now)
                                    .count();
                    assertThat(left.size() + run.labelled().size())
                            .as("%s: left by %d", what, now)
                            .isEqualTo((int) complete);
                }
            }
            run.watermark(Long.MAX_VALUE);
            left.addAll(run.labelled());
            assertThat(run.isEmpty()).as("%s: forgotten in the end", what).isTrue();
            assertThat(left)
                    .as(what)
                    .containsExactlyInAnyOrderElementsOf(BatchJoin.of(shown, clicks, log.settings));
        } finally {
            run.close();
        }
        labelled += left.size();
        clicked +=
                left.stream()
                        .flatMap(each -> each.outcomes().stream())
                        .filter(LabelledImpression.Outcome::clicked)
                        .count();
    }

    private static void send(JoinRun run, int input, long time) throws Exception {
        if (input == 0) {
            run.harness.processWatermark1(new Watermark(time));
        } else {
            run.harness.processWatermark2(new Watermark(time));
        }
    }

    /** Whatever the order of arrival, as long as nothing is late, the examples are those of all. */
    @Test
    void withoutLateRecordsItIsTheBatchJoinOfAll() throws Exception {
        for (int order = 0; order < ORDERS / 5; order++) {
            Random random = new Random(SEED + order);
            Log log = new Log(random);
            Collections.shuffle(log.arrivals, random);
            Collection<LabelledImpression> expected =
                    BatchJoin.of(log.impressions.values(), log.clicks.values(), log.settings);
            try (JoinRun run = new JoinRun(log.settings).open()) {
                for (Object record : log.arrivals) {
                    if (record instanceof Impression impression) {
                        run.show(impression);
                    } else {
                        run.click((ReceivedClick) record);
                    }
                }
                run.watermark(Long.MAX_VALUE);
                assertThat(run.labelled())
                        .as("seed %d", SEED + order)
                        .containsExactlyInAnyOrderElementsOf(expected);
            }
        }
    }
}
