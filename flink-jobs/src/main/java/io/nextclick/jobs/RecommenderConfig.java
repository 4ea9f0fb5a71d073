package io.nextclick.jobs;

import io.nextclick.jobs.experiment.ExperimentSettings;
import io.nextclick.jobs.kafka.KafkaSettings;
import io.nextclick.jobs.recommend.CandidateSettings;
import io.nextclick.jobs.recommend.CandidateSettings.Quotas;
import io.nextclick.jobs.recommend.RankingSettings;
import io.nextclick.jobs.recommend.RecommendSettings;
import io.nextclick.jobs.release.ReleaseSettings;
import io.nextclick.jobs.retrieve.CompactedTopics;
import io.nextclick.jobs.retrieve.FileSystemTowers;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.ranking.SourceWeights;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.RecordLimits;
import java.time.Duration;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/**
 * The job's options, read and checked as a whole: whoever holds one may rely on every bound that
 * {@link JobOptions} states.
 *
 * @param kafka reading and writing
 * @param recommend answering
 * @param releases which released models are followed; null: none
 * @param experiments which experiments are followed; null: none
 * @param device what models compute on
 * @param outOfOrderness how far event times may run backwards within a partition
 * @param idleness silence after which a partition no longer holds back event time; zero: never
 */
public record RecommenderConfig(
        KafkaSettings kafka,
        RecommendSettings recommend,
        ReleaseSettings releases,
        ExperimentSettings experiments,
        DeviceChoice device,
        Duration outOfOrderness,
        Duration idleness) {

    private static final MemorySize MOST_HOT_MEMORY = MemorySize.ofMebiBytes(16 << 10);

    /** That one source proposes. */
    private static final int MOST_CANDIDATES = 1_000;

    private static final Duration MINUTE = Duration.ofMinutes(1);

    /**
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together
     * @throws IllegalArgumentException naming the option, its bound and its value if one is out of
     *     bounds, can't be read or is unknown
     */
    public static RecommenderConfig of(Configuration configuration) {
        OptionReader options = new OptionReader(configuration);
        options.refuseUnknown();
        KafkaSettings kafka =
                new KafkaSettings(
                        options.clickTopic(options.text(JobOptions.CLICKS_GROUP_ID)),
                        options.text(JobOptions.RECOMMENDATIONS_TOPIC),
                        options.text(JobOptions.REJECTED_TOPIC),
                        options.get(JobOptions.RECOMMENDATIONS_FORMAT),
                        options.clients(
                                options.text(JobOptions.TRANSACTIONAL_ID_PREFIX),
                                SessionRecommenderJob.CHECKPOINT_INTERVAL));
        ReleaseSettings releases = releases(options);
        ExperimentSettings experiments = experiments(options);
        RecommendSettings recommend =
                new RecommendSettings(
                        options.get(JobOptions.MODEL_PATH),
                        options.get(JobOptions.MODEL_REQUIRED),
                        options.number(
                                JobOptions.RECOMMENDATIONS_COUNT,
                                1,
                                RecordLimits.DEFAULT.listElements()),
                        options.get(JobOptions.RECOMMENDATIONS_EXCLUDE_SEEN),
                        options.duration(
                                JobOptions.SESSION_INACTIVITY_GAP,
                                Duration.ZERO,
                                OptionReader.LONG),
                        options.number(
                                JobOptions.SESSION_MAXIMUM_LENGTH,
                                1,
                                SessionRules.LARGEST_MAXIMUM_LENGTH),
                        options.get(JobOptions.SESSION_COLLAPSE_REPEATS),
                        options.duration(
                                JobOptions.SESSION_RETENTION,
                                Duration.ofSeconds(1),
                                OptionReader.LONG),
                        options.number(JobOptions.SESSION_REMEMBERED_EVENT_IDS, 0, 10_000),
                        options.bytes(
                                JobOptions.SESSION_HOT_MEMORY, MemorySize.ZERO, MOST_HOT_MEMORY),
                        options.number(JobOptions.BUNDLE_SIZE, 1, 10_000),
                        options.duration(JobOptions.BUNDLE_TIMEOUT, Duration.ZERO, MINUTE),
                        options.duration(
                                JobOptions.OVERRUN_BUDGET, Duration.ZERO, OptionReader.LONG),
                        options.number(JobOptions.LIVE_POPULARITY_SIZE, 1_000, 1_000_000),
                        options.number(JobOptions.LIVE_QUALITY_WINDOW, 1, 1_000_000),
                        candidates(options, kafka),
                        releases != null,
                        experiments != null);
        if (recommend.modelRequired() && recommend.modelPath() == null && releases == null) {
            throw new IllegalArgumentException(
                    JobOptions.MODEL_PATH.key()
                            + " is not set: name a model's folder, or set "
                            + JobOptions.RELEASES_TOPIC.key()
                            + " to begin with what is released, or "
                            + JobOptions.MODEL_REQUIRED.key()
                            + " to false to recommend what is popular");
        }
        return new RecommenderConfig(
                kafka,
                recommend,
                releases,
                experiments,
                options.get(JobOptions.DEVICE),
                options.duration(
                        JobOptions.CLICKS_OUT_OF_ORDERNESS, Duration.ZERO, OptionReader.LONG),
                options.duration(JobOptions.CLICKS_IDLENESS, Duration.ZERO, OptionReader.LONG));
    }

    /** Null if released models aren't followed. */
    private static ReleaseSettings releases(OptionReader options) {
        ReleaseSettings settings =
                new ReleaseSettings(
                        options.get(JobOptions.RELEASES_TOPIC),
                        options.get(JobOptions.RELEASES_NAME),
                        options.real(JobOptions.RELEASES_SAMPLED_SESSIONS, 0, 1),
                        options.number(JobOptions.RELEASES_TRIAL_CLICKS, 1, 100_000),
                        options.duration(
                                JobOptions.RELEASES_TRIAL_TIMEOUT,
                                Duration.ZERO,
                                Duration.ofDays(1)),
                        options.real(JobOptions.RELEASES_KNOWN_ITEMS, 0, 1),
                        options.real(JobOptions.RELEASES_QUALITY_FLOOR, 0, 1));
        return settings.topic() == null ? null : settings;
    }

    /** Null if no experiments are followed. */
    private static ExperimentSettings experiments(OptionReader options) {
        String topic = options.get(JobOptions.EXPERIMENTS_TOPIC);
        String outcomes = options.text(JobOptions.EXPERIMENTS_OUTCOMES_TOPIC);
        return topic == null ? null : new ExperimentSettings(topic, outcomes);
    }

    /** What proposes items beside the model; null for nothing. */
    private static CandidateSettings candidates(OptionReader options, KafkaSettings kafka) {
        RankingSettings ranking = ranking(options);
        CandidateSettings.Live live = live(options, kafka);
        int each = options.number(JobOptions.BLEND_CANDIDATES, 1, MOST_CANDIDATES);
        Integer model = options.number(JobOptions.CANDIDATES_MODEL, 1, MOST_CANDIDATES);
        Integer tower = options.number(JobOptions.CANDIDATES_TWO_TOWER, 1, MOST_CANDIDATES);
        Quotas quotas =
                new Quotas(
                        model == null ? each : model,
                        tower == null ? each : tower,
                        options.number(JobOptions.CANDIDATES_CO_VISITATION, 0, MOST_CANDIDATES),
                        options.number(JobOptions.CANDIDATES_TRENDING, 0, MOST_CANDIDATES),
                        options.number(
                                JobOptions.CANDIDATES_TRENDING_CATEGORY, 0, MOST_CANDIDATES));
        TrendingSettings trending =
                new TrendingSettings(
                        options.duration(
                                JobOptions.TRENDING_HALF_LIFE,
                                Duration.ofSeconds(1),
                                OptionReader.LONG),
                        options.number(JobOptions.TRENDING_ITEMS, 100, 1_000_000));
        // Rankers read how often items are clicked now.
        boolean isAsked = quotas.trending() > 0 || quotas.trendingCategory() > 0 || ranking != null;
        CandidateSettings settings =
                new CandidateSettings(
                        live,
                        quotas,
                        isAsked ? trending : null,
                        options.real(JobOptions.BLEND_TOWER_WEIGHT, 0, 1),
                        options.get(JobOptions.BLEND_LEARN_WEIGHTS),
                        options.number(
                                JobOptions.BLEND_WINDOW, SourceWeights.PRIOR_LABELS, 1_000_000),
                        options.number(
                                JobOptions.RERANK_MOST_PER_CATEGORY,
                                0,
                                RecordLimits.DEFAULT.listElements()),
                        options.real(JobOptions.RERANK_RELEVANCE, 0.01, 1),
                        ranking);
        if (quotas.trendingCategory() > 0 && (live == null || !live.catalog())) {
            throw new IllegalArgumentException(
                    JobOptions.CANDIDATES_TRENDING_CATEGORY.key()
                            + " is "
                            + quotas.trendingCategory()
                            + " and "
                            + JobOptions.CATALOG_TOPIC.key()
                            + " is not set: without a catalogue no category is known");
        }
        return live == null && !isAsked && quotas.coVisitation() == 0 ? null : settings;
    }

    /** The live items that are read; null if no topic of them is named. */
    private static CandidateSettings.Live live(OptionReader options, KafkaSettings kafka) {
        String embeddings = options.get(JobOptions.EMBEDDINGS_TOPIC);
        String releases = options.get(JobOptions.RELEASES_TOPIC);
        String catalog = options.get(JobOptions.CATALOG_TOPIC);
        Duration startTimeout =
                options.duration(
                        JobOptions.LIVE_ITEMS_START_TIMEOUT, Duration.ZERO, Duration.ofHours(1));
        boolean ranks = options.get(JobOptions.RANKING_ENABLED);
        if (embeddings == null && catalog == null && !ranks) {
            return null;
        }
        if (embeddings != null && releases == null) {
            throw new IllegalArgumentException(
                    JobOptions.EMBEDDINGS_TOPIC.key()
                            + " is set and "
                            + JobOptions.RELEASES_TOPIC.key()
                            + " is not: item vectors are of no use without query towers");
        }
        return new CandidateSettings.Live(
                new CompactedTopics(
                        kafka.clients(),
                        embeddings,
                        embeddings == null && !ranks ? null : releases,
                        catalog,
                        ranks,
                        kafka.clicks().writers()),
                new FileSystemTowers(),
                embeddings != null,
                catalog != null,
                options.get(JobOptions.CATALOG_REQUIRED),
                startTimeout);
    }

    /** Null if no ranker takes part. */
    private static RankingSettings ranking(OptionReader options) {
        RankingSettings settings =
                new RankingSettings(
                        options.duration(JobOptions.RANKING_BUDGET, Duration.ofMillis(1), MINUTE),
                        options.duration(
                                JobOptions.RANKING_OVERRUN_BUDGET,
                                Duration.ZERO,
                                OptionReader.LONG),
                        options.get(JobOptions.RANKING_LOGS_FACTS));
        if (!options.get(JobOptions.RANKING_ENABLED)) {
            return null;
        }
        if (options.get(JobOptions.RELEASES_TOPIC) == null) {
            throw new IllegalArgumentException(
                    JobOptions.RANKING_ENABLED.key()
                            + " is true and "
                            + JobOptions.RELEASES_TOPIC.key()
                            + " is not set: that is where rankers are released");
        }
        return settings;
    }
}
