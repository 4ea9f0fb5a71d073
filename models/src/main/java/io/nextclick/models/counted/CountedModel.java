package io.nextclick.models.counted;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.ItemKnn;
import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.baseline.VmisKnn;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A model that is counted from a log in one pass, without an engine or a seed: the baselines, as
 * model folders. They are trained, stored, measured and served like any network.
 *
 * <p>Tensors beside the fallbacks that every folder holds, with V = items; a table of rows of
 * different lengths has a tensor of V + 1 starts, the last of which is the end:
 *
 * <ul>
 *   <li>{@value #POPULARITY}: {@code recent.counts} [V] F32, only if recency counts.
 *   <li>{@value #MARKOV}: {@code markov.starts} [V + 1] I32, {@code markov.successors} [N] I32,
 *       {@code markov.counts} [N] I32.
 *   <li>{@value #ITEM_KNN}: {@code neighbours.starts} [V + 1] I32, {@code neighbours.items} [N]
 *       I32, {@code neighbours.similarities} [N] F32.
 *   <li>{@value #VMIS_KNN}: {@code sessions.starts} [S + 1] I32 for S sessions, oldest first;
 *       {@code sessions.items} [N] I32, a row or, if the session clicked it more than once, its
 *       complement; {@code sessions.frequencies} [V] I32, sessions that hold each item.
 * </ul>
 *
 * <p>Immutable.
 */
public final class CountedModel {

    public static final String POPULARITY = "popularity";
    public static final String MARKOV = "markov";
    public static final String ITEM_KNN = "item-knn";
    public static final String VMIS_KNN = "vmis-knn";

    /** Every kind, from the simplest on. */
    public static final List<String> KINDS = List.of(POPULARITY, MARKOV, ITEM_KNN, VMIS_KNN);

    private static final String RECENT_COUNTS = "recent.counts";
    private static final String SUCCESSOR_STARTS = "markov.starts";
    private static final String SUCCESSORS = "markov.successors";
    private static final String SUCCESSOR_COUNTS = "markov.counts";
    private static final String NEIGHBOUR_STARTS = "neighbours.starts";
    private static final String NEIGHBOURS = "neighbours.items";
    private static final String SIMILARITIES = "neighbours.similarities";
    private static final String SESSION_STARTS = "sessions.starts";
    private static final String SESSION_ITEMS = "sessions.items";
    private static final String SESSION_FREQUENCIES = "sessions.frequencies";

    private final String kind;
    private final ItemVocabulary vocabulary;
    private final Popularity popularity;
    private final Supplier<EncodingScorer> scorers;
    private final Map<String, Object> parameters;
    private final Supplier<Map<String, Tensor>> tensors;

    private CountedModel(
            String kind,
            ItemVocabulary vocabulary,
            Popularity popularity,
            Supplier<EncodingScorer> scorers,
            Map<String, Object> parameters,
            Supplier<Map<String, Tensor>> tensors) {
        this.kind = kind;
        this.vocabulary = vocabulary;
        this.popularity = popularity;
        this.scorers = scorers;
        this.parameters = parameters;
        this.tensors = tensors;
    }

    /**
     * The model of a kind with its usual options.
     *
     * @throws IllegalArgumentException if there is no such kind
     */
    public static CountedModel of(String kind, List<Session> log) {
        return switch (kind) {
            case POPULARITY -> popularity(log, Duration.ZERO, Duration.ZERO);
            case MARKOV -> markov(log);
            case ITEM_KNN -> itemKnn(log, ItemKnn.Options.DEFAULTS);
            case VMIS_KNN -> vmisKnn(log, VmisKnn.Options.DEFAULTS);
            default ->
                    throw new IllegalArgumentException(
                            "no kind '" + kind + "' is counted, there are " + KINDS);
        };
    }

    /**
     * What is clicked most, lately if wished; see {@link Popularity#recent}.
     *
     * @param window zero for any age
     * @param halfLife zero for none
     */
    public static CountedModel popularity(List<Session> log, Duration window, Duration halfLife) {
        ItemVocabulary vocabulary = vocabulary(log);
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("window_ms", window.toMillis());
        parameters.put("half_life_ms", halfLife.toMillis());
        Popularity all = Popularity.of(log, vocabulary);
        if (window.isZero() && halfLife.isZero()) {
            return popularity(vocabulary, all, all, parameters, Map.of());
        }
        Popularity recent = Popularity.recent(log, vocabulary, window, halfLife);
        return popularity(
                vocabulary,
                all,
                recent,
                parameters,
                Map.of(RECENT_COUNTS, new Tensor.Floats(recent.counts(), recent.size())));
    }

    private static CountedModel popularity(
            ItemVocabulary vocabulary,
            Popularity all,
            Popularity ranking,
            Map<String, Object> parameters,
            Map<String, Tensor> tensors) {
        return new CountedModel(
                POPULARITY, vocabulary, all, ranking::scorer, parameters, () -> tensors);
    }

    /** What was clicked right after the last item. */
    public static CountedModel markov(List<Session> log) {
        ItemVocabulary vocabulary = vocabulary(log);
        return markov(vocabulary, MarkovChain.of(log, vocabulary));
    }

    private static CountedModel markov(ItemVocabulary vocabulary, MarkovChain chain) {
        return new CountedModel(
                MARKOV,
                vocabulary,
                chain.popularity(),
                chain::scorer,
                Map.of(),
                () ->
                        Map.of(
                                SUCCESSOR_STARTS,
                                ints(chain.starts()),
                                SUCCESSORS,
                                ints(chain.successors()),
                                SUCCESSOR_COUNTS,
                                ints(chain.counts())));
    }

    /** What is clicked in the same sessions. */
    public static CountedModel itemKnn(List<Session> log, ItemKnn.Options options) {
        ItemVocabulary vocabulary = vocabulary(log);
        return itemKnn(vocabulary, ItemKnn.of(log, vocabulary, options));
    }

    private static CountedModel itemKnn(ItemVocabulary vocabulary, ItemKnn table) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("neighbours", table.options().neighbours());
        parameters.put("shrinkage", table.options().shrinkage());
        parameters.put("session_items", table.options().sessionItems());
        return new CountedModel(
                ITEM_KNN,
                vocabulary,
                table.popularity(),
                table::scorer,
                parameters,
                () -> {
                    float[] similarities = table.similarities();
                    return Map.of(
                            NEIGHBOUR_STARTS,
                            ints(table.starts()),
                            NEIGHBOURS,
                            ints(table.neighbours()),
                            SIMILARITIES,
                            new Tensor.Floats(similarities, similarities.length));
                });
    }

    /** What the most similar sessions clicked. */
    public static CountedModel vmisKnn(List<Session> log, VmisKnn.Options options) {
        ItemVocabulary vocabulary = vocabulary(log);
        return vmisKnn(vocabulary, VmisKnn.of(log, vocabulary, options));
    }

    private static CountedModel vmisKnn(ItemVocabulary vocabulary, VmisKnn index) {
        VmisKnn.Options options = index.options();
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("recent_sessions", options.recentSessions());
        parameters.put("neighbours", options.neighbours());
        parameters.put("session_items", options.sessionItems());
        parameters.put("idf", options.idf());
        parameters.put("repeats", options.repeats());
        parameters.put("nearness", options.nearness());
        parameters.put("training_sessions", index.trainingSessions());
        return new CountedModel(
                VMIS_KNN,
                vocabulary,
                index.popularity(),
                index::scorer,
                parameters,
                () ->
                        Map.of(
                                SESSION_STARTS,
                                ints(index.sessionStarts()),
                                SESSION_ITEMS,
                                ints(index.sessionItems()),
                                SESSION_FREQUENCIES,
                                ints(index.frequencies())));
    }

    /**
     * A model from its folder.
     *
     * @throws ModelFileException if its kind is not counted, or a parameter or a tensor is missing
     *     or doesn't fit
     */
    public static CountedModel read(ModelFolder folder) throws ModelFileException {
        try {
            return read(folder, folder.manifest(), folder.vocabulary(), folder.popularity());
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    private static CountedModel read(
            ModelFolder folder,
            ModelManifest manifest,
            ItemVocabulary vocabulary,
            Popularity popularity)
            throws ModelFileException {
        return switch (manifest.kind()) {
            case POPULARITY -> readPopularity(folder, vocabulary, popularity);
            case MARKOV ->
                    markov(
                            vocabulary,
                            new MarkovChain(
                                    popularity,
                                    folder.ints(SUCCESSOR_STARTS, -1),
                                    folder.ints(SUCCESSORS, -1),
                                    folder.ints(SUCCESSOR_COUNTS, -1)));
            case ITEM_KNN ->
                    itemKnn(
                            vocabulary,
                            new ItemKnn(
                                    new ItemKnn.Options(
                                            manifest.integer("neighbours"),
                                            manifest.number("shrinkage"),
                                            manifest.integer("session_items")),
                                    popularity,
                                    folder.ints(NEIGHBOUR_STARTS, -1),
                                    folder.ints(NEIGHBOURS, -1),
                                    folder.floats(SIMILARITIES, -1)));
            case VMIS_KNN ->
                    vmisKnn(
                            vocabulary,
                            new VmisKnn(
                                    new VmisKnn.Options(
                                            manifest.integer("recent_sessions"),
                                            manifest.integer("neighbours"),
                                            manifest.integer("session_items"),
                                            manifest.number("idf"),
                                            manifest.flag("repeats"),
                                            manifest.number("nearness")),
                                    popularity,
                                    folder.ints(SESSION_STARTS, -1),
                                    folder.ints(SESSION_ITEMS, -1),
                                    folder.ints(SESSION_FREQUENCIES, -1),
                                    manifest.integer("training_sessions")));
            default ->
                    throw new ModelFileException(
                            ModelFolder.MANIFEST,
                            "kind is '" + manifest.kind() + "', counted are " + KINDS);
        };
    }

    private static CountedModel readPopularity(
            ModelFolder folder, ItemVocabulary vocabulary, Popularity popularity)
            throws ModelFileException {
        Map<String, Object> parameters = folder.manifest().parameters();
        if (!folder.has(RECENT_COUNTS)) {
            return popularity(vocabulary, popularity, popularity, parameters, Map.of());
        }
        float[] counts = folder.floats(RECENT_COUNTS, vocabulary.size());
        Tensor tensor = new Tensor.Floats(counts, counts.length);
        return popularity(
                vocabulary,
                popularity,
                new Popularity(counts),
                parameters,
                Map.of(RECENT_COUNTS, tensor));
    }

    public String kind() {
        return kind;
    }

    /** The items of the log, in the order in which it clicked them first. */
    public ItemVocabulary vocabulary() {
        return vocabulary;
    }

    /** All clicks of the log, whatever the kind: what ranks where the model can't. */
    public Popularity popularity() {
        return popularity;
    }

    /** A scorer for the calling thread. */
    public EncodingScorer newScorer() {
        return scorers.get();
    }

    /**
     * The model as a folder, ready to be written.
     *
     * @param version its version
     * @param rules the session rules that {@code log} was cut by, under which it is to be served
     * @param log the sessions it was counted from, for the fallbacks and the fingerprint
     * @param createdAt when it was counted
     */
    public ModelFolder folder(
            String version, SessionRules rules, List<Session> log, Instant createdAt) {
        Map<String, Tensor> all =
                new LinkedHashMap<>(
                        ModelFolder.fallbackTensors(popularity, CoVisitation.of(log, vocabulary)));
        // In a fixed order, so that the same log gives the same file.
        all.putAll(new TreeMap<>(tensors.get()));
        ModelManifest manifest =
                new ModelManifest(
                        kind,
                        kind,
                        version,
                        parameters,
                        rules,
                        SessionSplit.fingerprint(log),
                        Map.of(),
                        createdAt);
        return new ModelFolder(manifest, vocabulary, all);
    }

    private static ItemVocabulary vocabulary(List<Session> log) {
        ItemVocabulary vocabulary = new ItemVocabulary();
        log.forEach(session -> session.items().forEach(vocabulary::rowOrAdd));
        return vocabulary;
    }

    private static Tensor ints(int[] values) {
        return new Tensor.Ints(values, values.length);
    }
}
