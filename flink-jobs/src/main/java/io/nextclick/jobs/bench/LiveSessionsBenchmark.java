package io.nextclick.jobs.bench;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;

/**
 * What a state of many live sessions costs: its size, the time of a checkpoint, the job's speed
 * while it fills and its heap.
 *
 * @param items size of the catalogue
 * @param sessions live sessions, whose clicks come in turn
 * @param clicksPerSession clicks of each
 */
public record LiveSessionsBenchmark(int items, int sessions, int clicksPerSession)
        implements Benchmark {

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(512);
    }

    @Override
    public void run(Testbed bed) throws Exception {
        long clicks = (long) sessions * clicksPerSession;
        Path model = bed.path("live-sessions-model");
        RandomModel.write(model, items, RandomModel.DIMENSION, Testbed.SEED);
        String from = bed.filledTopic(new ClickLoad(sessions, items, Testbed.SEED), clicks);
        bed.say("published %,d clicks of %,d sessions", clicks, sessions);
        String to = bed.emptyTopic();
        Testbed.Job job = bed.submit("live sessions", bed.recommender(from, to, model, Map.of()));
        long[] peakHeap = {0};
        double rate;
        try (TopicEnd end = bed.end(to)) {
            rate =
                    job.clicksPerSecond(
                            () -> {
                                peakHeap[0] = Math.max(peakHeap[0], usedHeap());
                                return end.getAsLong();
                            },
                            clicks);
        }
        // One more, so that it holds all sessions.
        CompletedCheckpointStats last = job.nextCheckpoint();
        job.cancel();
        bed.say("%,d live sessions of %d clicks, %,d items", sessions, clicksPerSession, items);
        bed.say("  throughput          %,.0f clicks/s", rate);
        bed.say(
                "  state               %,d MB (%,d bytes a session)",
                last.getStateSize() >> 20, last.getStateSize() / sessions);
        bed.say(
                "  last checkpoint     %,d ms, %,d MB of it new",
                last.getEndToEndDuration(), last.getCheckpointedSize() >> 20);
        bed.say(
                "  heap                %,d MB at most used of %,d MB allowed",
                peakHeap[0] >> 20, Runtime.getRuntime().maxMemory() >> 20);
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
