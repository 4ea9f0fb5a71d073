package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.bench.OfferedLoad.Answered;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation.ModelReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.MemorySize;

/**
 * What a release costs the clicks that come meanwhile. Clicks are offered at a fixed rate;
 * stretches in which a model is released and stretches without take turns, so that both see the
 * same machine. Of each stretch: the longest time from a click's append to its log to its
 * recommendation's, and the longest time in which no recommendation was appended at all.
 *
 * @param items size of the catalogue
 * @param sessions live sessions, whose clicks come in turn
 * @param clicksPerSecond the rate offered
 * @param releases how many stretches with a release, and without
 * @param warmUp before the first stretch
 * @param stretch how long each is
 */
public record ReleaseBenchmark(
        int items,
        int sessions,
        double clicksPerSecond,
        int releases,
        Duration warmUp,
        Duration stretch)
        implements Benchmark {

    private static final String NAME = "bench";

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(256);
    }

    @Override
    public void run(Testbed bed) throws Exception {
        // Two of a kind and one of another: hidden states are made anew, dropped, made anew.
        List<Path> models = new ArrayList<>();
        for (int seed = 0; seed < 2; seed++) {
            models.add(bed.path("gru4rec-" + seed));
            RandomModel.write(models.get(seed), items, RandomModel.DIMENSION, Testbed.SEED + seed);
        }
        models.add(bed.path("vmis-knn"));
        RandomModel.writeVmisKnn(models.get(2), items, Testbed.SEED);

        ClickLoad load = new ClickLoad(sessions, items, Testbed.SEED);
        try (OfferedLoad offered = new OfferedLoad(bed, load, clicksPerSecond)) {
            String topic = bed.topic(1, Map.of("cleanup.policy", "compact"));
            Testbed.Job job =
                    bed.submit(
                            "release",
                            bed.recommender(
                                    offered.clicks(),
                                    offered.recommendations(),
                                    models.get(0),
                                    following(topic)));
            job.awaitRunning();
            releaseMeanwhile(bed, offered, topic, models);
            job.cancel();
        }
    }

    private static Map<String, String> following(String topic) {
        return Map.of(
                JobOptions.RELEASES_TOPIC.key(),
                topic,
                JobOptions.RELEASES_NAME.key(),
                NAME,
                // Random models foresee nothing; the examination takes its time all the same.
                JobOptions.RELEASES_QUALITY_FLOOR.key(),
                "0.0");
    }

    private void releaseMeanwhile(Testbed bed, OfferedLoad offered, String topic, List<Path> models)
            throws Exception {
        long[] releasedMillis = new long[releases];
        ModelRelease[] released = new ModelRelease[releases];
        ScheduledExecutorService releasing = Executors.newSingleThreadScheduledExecutor();
        OfferedLoad.Stretch counted;
        try {
            List<ScheduledFuture<?>> scheduled = new ArrayList<>();
            for (int release = 0; release < releases; release++) {
                int number = release;
                Duration due = warmUp.plus(stretch.multipliedBy(2L * release + 1));
                Path model = models.get((release + 1) % models.size());
                scheduled.add(
                        releasing.schedule(
                                () -> {
                                    releasedMillis[number] = System.currentTimeMillis();
                                    released[number] = bed.release(topic, NAME, model);
                                    return null;
                                },
                                due.toMillis(),
                                TimeUnit.MILLISECONDS));
            }
            offered.offer(clicksPerSecond, warmUp);
            counted = offered.offer(clicksPerSecond, stretch.multipliedBy(2L * releases));
            offered.awaitAnswers();
            for (ScheduledFuture<?> each : scheduled) {
                each.get();
            }
        } finally {
            releasing.shutdownNow();
        }
        report(bed, counted.answers(), releasedMillis, released);
    }

    // ------------------------------------------------------------------ report

    private void report(
            Testbed bed, List<Answered> answers, long[] releasedMillis, ModelRelease[] released) {
        bed.say(
                "%,.0f clicks/s offered, %,d items, parallelism %d: %,d clicks, all answered once",
                clicksPerSecond, items, bed.parallelism(), answers.size());
        bed.say(
                "%-34s %9s %9s %9s %12s  %s",
                "stretch", "p99", "p99.9", "longest", "longest gap", "changed after");
        long length = stretch.toMillis();
        long quietDelay = 0;
        long quietGap = 0;
        long switchDelay = 0;
        long switchGap = 0;
        for (int release = 0; release < released.length; release++) {
            long at = releasedMillis[release];
            Stretch before = new Stretch(answers, at - length, at);
            Stretch with = new Stretch(answers, at, at + length);
            quietDelay = Math.max(quietDelay, before.longestDelay());
            quietGap = Math.max(quietGap, before.longestGap());
            switchDelay = Math.max(switchDelay, with.longestDelay());
            switchGap = Math.max(switchGap, with.longestGap());
            print(bed, "no release", before, "");
            print(
                    bed,
                    "release of " + released[release].kind() + ' ' + released[release].version(),
                    with,
                    with.changed(at, released[release]));
        }
        bed.say(
                "longest time to a recommendation %d ms with a release, %d ms without;"
                        + " longest gap %d ms with, %d ms without",
                switchDelay, quietDelay, switchGap, quietGap);
    }

    private static void print(Testbed bed, String what, Stretch stretch, String changed) {
        bed.say(
                "%-34s %6d ms %6d ms %6d ms %9d ms  %s",
                what,
                stretch.delay(0.99),
                stretch.delay(0.999),
                stretch.longestDelay(),
                stretch.longestGap(),
                changed.isEmpty() ? "" : changed + "; longest at " + stretch.longestAt());
    }

    /** The clicks of a time. */
    private static final class Stretch {

        private final long from;
        private final List<Answered> clicks;
        private final long[] delays;
        private final long[] answered;

        Stretch(List<Answered> answers, long from, long to) {
            this.from = from;
            clicks =
                    answers.stream()
                            .filter(each -> each.clickMillis() >= from && each.clickMillis() < to)
                            .toList();
            if (clicks.isEmpty()) {
                throw new IllegalStateException("no clicks between " + from + " and " + to);
            }
            delays = clicks.stream().mapToLong(Answered::delayMillis).sorted().toArray();
            answered = clicks.stream().mapToLong(Answered::answerMillis).sorted().toArray();
        }

        long delay(double share) {
            return delays[(int) (share * (delays.length - 1))];
        }

        long longestDelay() {
            return delays[delays.length - 1];
        }

        /** When the click came that waited longest, since the beginning. */
        String longestAt() {
            long at =
                    clicks.stream()
                            .max(Comparator.comparingLong(Answered::delayMillis))
                            .orElseThrow()
                            .clickMillis();
            return String.format(Locale.ROOT, "%.1f s", (at - from) / 1e3);
        }

        long longestGap() {
            long longest = 0;
            for (int i = 1; i < answered.length; i++) {
                longest = Math.max(longest, answered[i] - answered[i - 1]);
            }
            return longest;
        }

        /** When the first subtask answered with the new model, and when the last one did. */
        String changed(long released, ModelRelease release) {
            long[] byOld =
                    clicks.stream()
                            .filter(each -> !isOf(each.model(), release))
                            .mapToLong(Answered::answerMillis)
                            .toArray();
            long[] byNew =
                    clicks.stream()
                            .filter(each -> isOf(each.model(), release))
                            .mapToLong(Answered::answerMillis)
                            .toArray();
            if (byNew.length == 0) {
                return "not within the stretch";
            }
            long first = Arrays.stream(byNew).min().getAsLong();
            long last = Arrays.stream(byOld).max().orElse(first);
            return String.format(
                    Locale.ROOT,
                    "%.1f s, everywhere after %.1f s",
                    (first - released) / 1e3,
                    (last - released) / 1e3);
        }

        private static boolean isOf(ModelReference model, ModelRelease release) {
            return model != null
                    && model.name().equals(release.kind())
                    && model.version().equals(release.version());
        }
    }
}
