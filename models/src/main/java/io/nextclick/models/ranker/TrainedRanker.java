package io.nextclick.models.ranker;

import java.util.Arrays;
import java.util.Objects;

/** A ranker whose parameters don't change any more. */
final class TrainedRanker implements Ranker {

    private final FeatureSpace space;
    private final RankerOptions options;
    private final Parameters parameters;

    /**
     * @param parameters nobody changes them any more
     */
    TrainedRanker(FeatureSpace space, RankerOptions options, Parameters parameters) {
        this.space = space;
        this.options = options;
        this.parameters = parameters;
    }

    @Override
    public String kind() {
        return options.kind().label();
    }

    @Override
    public FeatureSpace space() {
        return space;
    }

    @Override
    public CandidateScorer newScorer() {
        return new Scorer();
    }

    /**
     * Sums up what was worked out beforehand; see {@link Term}.
     *
     * <p>Shapes: W = the vectors of all terms, R = features of all fields of pairs. An item has an
     * array of own(i), then v(i) [W], then, if a term has it, b(i, p) [R].
     */
    private final class Scorer implements CandidateScorer {

        private final RankerTerms terms = new RankerTerms(space, options, parameters);
        private final NetworkTerm network = terms.network();
        private final NetworkTerm.Block block = network == null ? null : network.new Block();
        private final CrossTerm crosses =
                terms.crosses() != null && terms.crosses().looksUp() ? terms.crosses() : null;
        private final PairFeatures pairFeatures = new PairFeatures(space);
        private final int fieldsOfPairs = space.pairFieldNumbers().length;
        private final float correction =
                (float) new NegativeSampling(options.negativeRate()).correction();
        private final ActiveFeatures features = new ActiveFeatures();

        private final ItemSlots slotOf = new ItemSlots();
        private float[][] items = new float[1024][];

        /** By slot: what the network's first layer makes of the item; empty without one. */
        private float[][] hidden = new float[network == null ? 0 : 1024][];

        /** By slot: its crossed features; empty where there is none. */
        private int[][] crossed = new int[crosses == null ? 0 : 1024][];

        private final int width;

        /** u(q), [W]. */
        private final float[] query;

        /** u(q) + Σ w(p) of a candidate, [W]. */
        private final float[] moved;

        /** By feature of pairs: w(p), [W]; null where no term has it. */
        private final float[][] pairVectors;

        /** Whether items have a table of b(i, p). */
        private final boolean hasItemTables;

        /** a(q, p), [R]. */
        private final float[] queryPairs = new float[pairFeatures.count()];

        /** c(p, p'), [R, R]; empty where there are fewer than two fields. */
        private final float[] pairPairs;

        /** The candidate's features of pairs. */
        private final int[] active = new int[fieldsOfPairs];

        private float own;
        private int[] asked;
        private boolean hasQuery;

        Scorer() {
            int sum = 0;
            for (Term term : terms.terms()) {
                sum += term.vectorWidth();
            }
            width = sum;
            query = new float[width];
            moved = new float[width];
            hasItemTables = terms.terms().stream().anyMatch(Term::hasItemTable);
            pairVectors = pairVectors();
            int count = fieldsOfPairs < 2 ? 0 : pairFeatures.count();
            pairPairs = new float[count * count];
            for (int p = 0; p < count; p++) {
                for (int other = 0; other < count; other++) {
                    if (pairFeatures.field(p) == pairFeatures.field(other)) {
                        continue;
                    }
                    for (Term term : terms.terms()) {
                        pairPairs[p * count + other] +=
                                term.pair(
                                        pairFeatures.field(p),
                                        pairFeatures.index(p),
                                        pairFeatures.field(other),
                                        pairFeatures.index(other));
                    }
                }
            }
        }

        private float[][] pairVectors() {
            if (terms.terms().stream().noneMatch(Term::hasPairVectors)) {
                return null;
            }
            float[][] vectors = new float[pairFeatures.count()][width];
            for (int p = 0; p < vectors.length; p++) {
                int at = 0;
                for (Term term : terms.terms()) {
                    term.pairVector(pairFeatures.index(p), vectors[p], at);
                    at += term.vectorWidth();
                }
            }
            return vectors;
        }

        @Override
        public int slot(String itemId) {
            return slotOf.find(itemId);
        }

        @Override
        public int prepared() {
            return slotOf.size();
        }

        @Override
        public void forget() {
            slotOf.clear();
            Arrays.fill(items, null);
            Arrays.fill(hidden, null);
            Arrays.fill(crossed, null);
        }

        @Override
        public int prepare(ItemFacts item) {
            int slot = slotOf.findOrAdd(item.itemId());
            if (slot == items.length) {
                items = Arrays.copyOf(items, 2 * slot);
                hidden = network == null ? hidden : Arrays.copyOf(hidden, 2 * slot);
                crossed = crosses == null ? crossed : Arrays.copyOf(crossed, 2 * slot);
            }
            features.clear();
            space.item(item, features);
            float[] pairs = new float[pairFeatures.count()];
            float[] prepared = new float[1 + width + (hasItemTables ? pairs.length : 0)];
            int at = 1;
            for (Term term : terms.terms()) {
                prepared[0] += term.item(features, prepared, at, pairs);
                at += term.vectorWidth();
            }
            if (hasItemTables) {
                System.arraycopy(pairs, 0, prepared, at, pairs.length);
            }
            items[slot] = prepared;
            if (network != null) {
                hidden[slot] = new float[network.firstWidth()];
                network.first(features, hidden[slot]);
            }
            if (crosses != null) {
                crossed[slot] = crosses.offered(features);
            }
            return slot;
        }

        @Override
        public void ask(QueryFacts facts) {
            features.clear();
            space.query(facts, features);
            Arrays.fill(queryPairs, 0);
            own = terms.bias() + correction;
            int at = 0;
            for (Term term : terms.terms()) {
                own += term.query(features, query, at, queryPairs);
                at += term.vectorWidth();
            }
            if (network != null) {
                block.ask(features);
            }
            if (crosses != null) {
                asked = crosses.asked(features);
            }
            hasQuery = true;
        }

        @Override
        public void score(int[] slots, float[] pairs, int count, float[] logOdds) {
            if (!hasQuery) {
                throw new IllegalStateException("no query has been asked");
            }
            Objects.checkFromIndexSize(0, count, slots.length);
            Objects.checkFromIndexSize(0, count, logOdds.length);
            Objects.checkFromIndexSize(0, count * fieldsOfPairs, pairs.length);
            int from = 0;
            for (int c = 0; c < count; c++) {
                int slot = slots[c];
                for (int pair = 0; pair < active.length; pair++) {
                    active[pair] =
                            pairFeatures.start(pair)
                                    + space.bin(pair, pairs[c * active.length + pair]);
                }
                float sum = own + space.offset(pairs, c * active.length) + fromParts(items[slot]);
                if (crosses != null) {
                    sum += crosses.between(asked, crossed[slot]);
                }
                logOdds[c] = sum;
                if (network != null) {
                    block.put(c - from, hidden[slot], active);
                    if (c - from == NetworkTerm.BLOCK - 1) {
                        block.finish(NetworkTerm.BLOCK, logOdds, from);
                        from = c + 1;
                    }
                }
            }
            if (network != null && from < count) {
                block.finish(count - from, logOdds, from);
            }
        }

        private float fromParts(float[] item) {
            float sum = item[0];
            int pairsFrom = 1 + width;
            for (int i = 0; i < active.length; i++) {
                int p = active[i];
                sum += queryPairs[p];
                if (hasItemTables) {
                    sum += item[pairsFrom + p];
                }
                for (int other = i + 1; other < active.length; other++) {
                    sum += pairPairs[p * queryPairs.length + active[other]];
                }
            }
            return sum + product(pairVectors == null ? query : movedByPairs(), item);
        }

        private float[] movedByPairs() {
            float[] to = moved;
            System.arraycopy(query, 0, to, 0, to.length);
            for (int p : active) {
                float[] vector = pairVectors[p];
                for (int i = 0; i < to.length; i++) {
                    to[i] += vector[i];
                }
            }
            return to;
        }

        /** Four sums, as each addition has to wait for the one before it. */
        private float product(float[] u, float[] item) {
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            int i = 0;
            for (; i + 4 <= u.length; i += 4) {
                s0 += u[i] * item[i + 1];
                s1 += u[i + 1] * item[i + 2];
                s2 += u[i + 2] * item[i + 3];
                s3 += u[i + 3] * item[i + 4];
            }
            for (; i < u.length; i++) {
                s0 += u[i] * item[i + 1];
            }
            return s0 + s1 + (s2 + s3);
        }
    }
}
