package io.nextclick.jobs.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.apache.flink.configuration.MemorySize;

/**
 * What one session that clicks far more than others costs the others. Stretches take turns, so that
 * all see the same machine: usual traffic; a hot session that has half of it; a bot whose 100,000
 * clicks come on top of it. Of each: the time from a click's append to its log to its
 * recommendation's, of the other sessions alone.
 *
 * @param items size of the catalogue
 * @param sessions other sessions, whose clicks come in turn
 * @param clicksPerSecond the usual rate
 * @param botClicksPerSecond what a bot adds to it
 * @param turns how often each stretch comes
 * @param warmUp before the first stretch
 * @param stretch how long each is; a bot's is as long as its clicks take
 */
public record SessionsBenchmark(
        int items,
        int sessions,
        double clicksPerSecond,
        double botClicksPerSecond,
        int turns,
        Duration warmUp,
        Duration stretch)
        implements Benchmark {

    private static final int BOT_CLICKS = 100_000;

    /** What is different in a stretch. */
    private enum Traffic {
        USUAL("usual traffic"),
        HOT("a hot session has half of it"),
        BOT("a bot's 100,000 clicks on top");

        private final String title;

        Traffic(String title) {
            this.title = title;
        }
    }

    /**
     * A stretch of one kind of traffic.
     *
     * @param offered the clicks of the other sessions
     * @param heapBytes used when all were sent
     */
    private record Stretch(Traffic traffic, OfferedLoad.Stretch offered, long heapBytes) {}

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(256);
    }

    @Override
    public void run(Testbed bed) throws Exception {
        Path model = bed.path("gru4rec");
        RandomModel.write(model, items, RandomModel.DIMENSION, Testbed.SEED);
        ClickLoad load = new ClickLoad(sessions, items, Testbed.SEED);
        List<Stretch> stretches = new ArrayList<>();
        try (OfferedLoad offered = new OfferedLoad(bed, load, clicksPerSecond)) {
            Testbed.Job job =
                    bed.submit(
                            "sessions",
                            bed.recommender(
                                    offered.clicks(), offered.recommendations(), model, Map.of()));
            job.awaitRunning();
            offered.offer(clicksPerSecond, warmUp);
            double botSeconds = BOT_CLICKS / botClicksPerSecond;
            Duration bot = Duration.ofMillis((long) (botSeconds * 1e3));
            for (int turn = 0; turn < turns; turn++) {
                stretches.add(offer(offered, Traffic.USUAL, stretch));
                stretches.add(offer(offered, Traffic.HOT, stretch));
                stretches.add(offer(offered, Traffic.USUAL, stretch));
                stretches.add(offer(offered, Traffic.BOT, bot));
            }
            offered.awaitAnswers();
            job.cancel();
            report(bed, stretches, offered.sent());
        }
    }

    private Stretch offer(OfferedLoad offered, Traffic traffic, Duration duration)
            throws InterruptedException {
        double rate = clicksPerSecond + (traffic == Traffic.BOT ? botClicksPerSecond : 0);
        double ofSpecial =
                switch (traffic) {
                    case USUAL -> 0;
                    case HOT -> 0.5;
                    case BOT -> botClicksPerSecond / rate;
                };
        String special = traffic.name().toLowerCase(Locale.ROOT) + "-" + offered.sent();
        OfferedLoad.Stretch stretch =
                offered.offer(
                        rate,
                        duration,
                        click ->
                                (long) ((click + 1) * ofSpecial) > (long) (click * ofSpecial)
                                        ? special
                                        : null);
        return new Stretch(
                traffic,
                stretch,
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }

    private void report(Testbed bed, List<Stretch> stretches, long sent) {
        bed.say(
                "%,.0f clicks/s offered, %,.0f more by a bot; %,d items, %,d other sessions,"
                        + " parallelism %d: %,d clicks, all answered",
                clicksPerSecond, botClicksPerSecond, items, sessions, bed.parallelism(), sent);
        bed.say("Latency of the other sessions:");
        bed.say(
                "%-32s %10s %8s %8s %8s %10s",
                "stretch", "clicks/s", "p50", "p99", "longest", "heap");
        Map<Traffic, Histogram> all = new EnumMap<>(Traffic.class);
        Map<Traffic, Long> heap = new EnumMap<>(Traffic.class);
        for (Stretch stretch : stretches) {
            Histogram delays = stretch.offered().delays();
            bed.say(
                    "%-32s %,10.0f %5d ms %5d ms %5d ms %,7d MB",
                    stretch.traffic().title,
                    stretch.offered().clicksPerSecond(),
                    delays.getValueAtPercentile(50),
                    delays.getValueAtPercentile(99),
                    delays.getMaxValue(),
                    stretch.heapBytes() >> 20);
            Histogram before = all.putIfAbsent(stretch.traffic(), delays);
            if (before != null) {
                before.add(delays);
            }
            heap.merge(stretch.traffic(), stretch.heapBytes(), Math::max);
        }
        long usual = Math.max(1, all.get(Traffic.USUAL).getValueAtPercentile(99));
        bed.say("All turns together:");
        for (Traffic traffic : Traffic.values()) {
            Histogram of = all.get(traffic);
            bed.say(
                    "%-32s p50 %d ms, p99 %d ms: %.2f times the usual p99; most heap %,d MB",
                    traffic.title,
                    of.getValueAtPercentile(50),
                    of.getValueAtPercentile(99),
                    (double) of.getValueAtPercentile(99) / usual,
                    heap.get(traffic) >> 20);
        }
    }
}
