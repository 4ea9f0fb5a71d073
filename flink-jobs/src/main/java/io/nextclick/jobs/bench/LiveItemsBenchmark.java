package io.nextclick.jobs.bench;

import io.nextclick.models.files.ModelFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.MemorySize;

/**
 * What live items cost: the whole job without them and with them, by turns. With them there are
 * item vectors of which a hundredth changes every second, and a query tower that proposes items for
 * every click.
 *
 * @param catalogues numbers of items
 * @param sessions live sessions, whose clicks come in turn
 * @param scale of the number of clicks
 */
public record LiveItemsBenchmark(List<Integer> catalogues, int sessions, Scale scale)
        implements Benchmark {

    private static final int VECTOR_DIMENSION = 64;
    private static final double CLICKS = 400_000;
    private static final int TURNS = 3;
    private static final Map<String, String> COMPACTED = Map.of("cleanup.policy", "compact");

    public LiveItemsBenchmark {
        catalogues = List.copyOf(catalogues);
    }

    @Override
    public MemorySize rocksDbMemory() {
        return MemorySize.ofMebiBytes(512);
    }

    @Override
    public void run(Testbed bed) throws Exception {
        for (int items : catalogues) {
            compare(bed, items);
        }
    }

    private void compare(Testbed bed, int items) throws Exception {
        Path model = bed.path("model-" + items);
        RandomModel.write(model, items, RandomModel.DIMENSION, Testbed.SEED);
        long clicks = scale.clicks(CLICKS);
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        String embeddings = bed.topic(COMPACTED);
        String releases = bed.topic(COMPACTED);
        String from = bed.filledTopic(new ClickLoad(sessions, items, Testbed.SEED), clicks);
        try (ChangingVectors vectors =
                new ChangingVectors(
                        bed.bootstrapServers(),
                        embeddings,
                        releases,
                        ModelFolder.read(model).vocabulary().items(),
                        VECTOR_DIMENSION,
                        bed.path("tower-" + items),
                        Testbed.SEED)) {
            for (int turn = 0; turn < TURNS; turn++) {
                without.add(turn(bed, "without live items", from, model, clicks, Map.of()));
                with.add(turn(bed, "with live items", from, model, clicks, vectors.options()));
            }
        }
        double before = middle(without);
        double after = middle(with);
        bed.say(
                "%,d items: %,.0f clicks/s without live items, %,.0f with them: %.0f %%,"
                        + " %.0f microseconds a click more",
                items,
                before,
                after,
                100 * after / before,
                bed.parallelism() * 1e6 * (1 / after - 1 / before));
    }

    private static double turn(
            Testbed bed,
            String what,
            String from,
            Path model,
            long clicks,
            Map<String, String> live)
            throws Exception {
        String to = bed.emptyTopic();
        return bed.clicksPerSecond(what, bed.recommender(from, to, model, live), to, clicks);
    }

    private static double middle(List<Double> rates) {
        return rates.stream().sorted().toList().get(rates.size() / 2);
    }
}
