package io.nextclick.jobs.cli;

import io.nextclick.models.baseline.ItemKnn;
import io.nextclick.models.baseline.VmisKnn;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.session.Session;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a model is counted; what is not given is as in the options of the model itself. */
final class CountingArguments {

    private static final String WINDOW = "--window";
    private static final String HALF_LIFE = "--half-life";
    private static final String NEIGHBOURS = "--neighbours";
    private static final String SHRINKAGE = "--shrinkage";
    private static final String SESSION_ITEMS = "--session-items";
    private static final String RECENT_SESSIONS = "--recent-sessions";
    private static final String IDF = "--idf";
    private static final String REPEATS = "--repeats";
    private static final String NEARNESS = "--nearness";

    private static final Map<String, Set<String>> OPTIONS =
            Map.of(
                    CountedModel.POPULARITY,
                    Set.of(WINDOW, HALF_LIFE),
                    CountedModel.MARKOV,
                    Set.of(),
                    CountedModel.ITEM_KNN,
                    Set.of(NEIGHBOURS, SHRINKAGE, SESSION_ITEMS),
                    CountedModel.VMIS_KNN,
                    Set.of(RECENT_SESSIONS, NEIGHBOURS, SESSION_ITEMS, IDF, REPEATS, NEARNESS));

    @Option(
            names = WINDOW,
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "popularity: count only sessions that began so long before the latest one, such"
                            + " as 7d. Default: all.")
    private Duration window;

    @Option(
            names = HALF_LIFE,
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "popularity: after so long a session counts half, such as 3d. Default: never.")
    private Duration halfLife;

    @Option(
            names = NEIGHBOURS,
            paramLabel = "N",
            description =
                    "item-knn, user-neighbours, item-neighbours: similar items, or users, kept of"
                            + " each. vmis-knn: similar sessions that count. Default: 100, 1000,"
                            + " 1000, 200.")
    private Integer neighbours;

    @Option(
            names = SHRINKAGE,
            paramLabel = "N",
            description =
                    "item-knn: sessions added to those of each item. user-neighbours,"
                            + " item-neighbours: common ratings added to those that two have."
                            + " Default: 20.")
    private Double shrinkage;

    @Option(
            names = SESSION_ITEMS,
            paramLabel = "N",
            description = "item-knn, vmis-knn: last items of a session that are read. Default: 3.")
    private Integer sessionItems;

    @Option(
            names = RECENT_SESSIONS,
            paramLabel = "N",
            description = "vmis-knn: most recent sessions that are compared. Default: 1000.")
    private Integer recentSessions;

    @Option(
            names = IDF,
            paramLabel = "EXPONENT",
            description = "vmis-knn: preference for rare items; 0: none. Default: 1, the paper's.")
    private Double idf;

    @Option(
            names = REPEATS,
            negatable = true,
            fallbackValue = "true",
            description =
                    "vmis-knn: whether the item just clicked may be recommended. Default: yes.")
    private Boolean repeats;

    @Option(
            names = NEARNESS,
            paramLabel = "PLACES",
            description =
                    "vmis-knn: how quickly items of a similar session count less, the further they"
                            + " are from the item it shares; 0: all alike, as in the paper. Default: 2.")
    private Double nearness;

    /**
     * Counts a model of the kind.
     *
     * @throws ParameterException if an option is out of bounds, or not one of this kind
     */
    CountedModel count(
            CommandSpec spec, String kind, ClickLogFormat format, List<Session> sessions) {
        try {
            return switch (kind) {
                case CountedModel.POPULARITY -> popularity(format, sessions);
                case CountedModel.ITEM_KNN -> CountedModel.itemKnn(sessions, itemKnn());
                case CountedModel.VMIS_KNN -> CountedModel.vmisKnn(sessions, vmisKnn());
                default -> CountedModel.of(kind, sessions);
            };
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Null if not given. */
    Integer neighbours() {
        return neighbours;
    }

    /** Null if not given. */
    Double shrinkage() {
        return shrinkage;
    }

    /** Whether this is an option of the kind. */
    static boolean has(String kind, String option) {
        return OPTIONS.getOrDefault(kind, Set.of()).contains(option);
    }

    private CountedModel popularity(ClickLogFormat format, List<Session> sessions) {
        if ((window != null || halfLife != null) && !format.isTimed()) {
            throw new IllegalArgumentException(
                    WINDOW + " and " + HALF_LIFE + " need times, a log of " + format + " has none");
        }
        return CountedModel.popularity(
                sessions,
                Objects.requireNonNullElse(window, Duration.ZERO),
                Objects.requireNonNullElse(halfLife, Duration.ZERO));
    }

    private ItemKnn.Options itemKnn() {
        ItemKnn.Options usual = ItemKnn.Options.DEFAULTS;
        return new ItemKnn.Options(
                Objects.requireNonNullElse(neighbours, usual.neighbours()),
                Objects.requireNonNullElse(shrinkage, usual.shrinkage()),
                Objects.requireNonNullElse(sessionItems, usual.sessionItems()));
    }

    private VmisKnn.Options vmisKnn() {
        VmisKnn.Options usual = VmisKnn.Options.DEFAULTS;
        return new VmisKnn.Options(
                Objects.requireNonNullElse(recentSessions, usual.recentSessions()),
                Objects.requireNonNullElse(neighbours, usual.neighbours()),
                Objects.requireNonNullElse(sessionItems, usual.sessionItems()),
                Objects.requireNonNullElse(idf, usual.idf()),
                Objects.requireNonNullElse(repeats, usual.repeats()),
                Objects.requireNonNullElse(nearness, usual.nearness()));
    }
}
