package io.nextclick.it;

import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The models of a file system, whose scorers fail once when told to: after a number of further
 * bundles, with the sessions' states advanced and nothing ranked, so in the middle of a bundle.
 */
final class FaultyModels implements ModelLoader {

    private static final long serialVersionUID = 1L;

    private static final int DISARMED = -1;

    /** Bundles until the fault, by the loader's name: a job gets a copy of the loader. */
    private static final Map<String, AtomicInteger> BUNDLES_LEFT = new ConcurrentHashMap<>();

    private final ModelLoader models = new FileSystemModels();
    private final String name;

    FaultyModels(String name) {
        this.name = name;
        BUNDLES_LEFT.put(name, new AtomicInteger(DISARMED));
    }

    /** Fails once, after so many more bundles. */
    void failAfter(int bundles) {
        BUNDLES_LEFT.get(name).set(bundles);
    }

    /** Whether the fault has come about. */
    boolean hasFailed() {
        return BUNDLES_LEFT.get(name).get() < DISARMED;
    }

    @Override
    public String fingerprint(String path) throws IOException {
        return models.fingerprint(path);
    }

    @Override
    public ServableModel load(String path, String fingerprint, ComputeDevice device)
            throws IOException {
        return new FaultyModel(models.load(path, fingerprint, device), BUNDLES_LEFT.get(name));
    }

    @Override
    public boolean serves(String kind) {
        return models.serves(kind);
    }

    private static void failIfDue(AtomicInteger bundlesLeft) {
        int left = bundlesLeft.getAndUpdate(now -> now == DISARMED || now < 0 ? now : now - 1);
        if (left == 0) {
            bundlesLeft.set(DISARMED - 1);
            throw new IllegalStateException("a fault, as ordered by the test");
        }
    }

    private record FaultyModel(ServableModel model, AtomicInteger bundlesLeft)
            implements ServableModel {

        @Override
        public String name() {
            return model.name();
        }

        @Override
        public String version() {
            return model.version();
        }

        @Override
        public ItemVocabulary vocabulary() {
            return model.vocabulary();
        }

        @Override
        public SessionRules sessionRules() {
            return model.sessionRules();
        }

        @Override
        public Popularity popularity() {
            return model.popularity();
        }

        @Override
        public CoVisitation coVisitation() {
            return model.coVisitation();
        }

        @Override
        public SessionScorer newScorer() {
            return new FaultyScorer((RecurrentScorer) model.newScorer(), bundlesLeft);
        }

        @Override
        public void close() {
            model.close();
        }
    }

    private record FaultyScorer(RecurrentScorer scorer, AtomicInteger bundlesLeft)
            implements RecurrentScorer {

        @Override
        public int stateSize() {
            return scorer.stateSize();
        }

        @Override
        public void advance(int[] itemRows, float[][] states, int count) {
            scorer.advance(itemRows, states, count);
        }

        @Override
        public TopItems[] rank(float[][] states, int count, int k, int[][] excluded) {
            failIfDue(bundlesLeft);
            return scorer.rank(states, count, k, excluded);
        }

        @Override
        public int[] ranksOf(float[][] states, int count, int[] targets, int[][] excluded) {
            return scorer.ranksOf(states, count, targets, excluded);
        }

        @Override
        public void close() {
            scorer.close();
        }
    }
}
