package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.JobOptions.StartOffsets;
import io.nextclick.jobs.recommend.CandidateSettings;
import io.nextclick.jobs.recommend.CandidateSettings.Quotas;
import io.nextclick.jobs.recommend.RankingSettings;
import io.nextclick.jobs.recommend.RecommendSettings;
import io.nextclick.jobs.retrieve.CompactedTopics;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.WriterSchemas;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecommenderConfigTest {

    @Test
    void everyOptionIsListedUnderOurPrefixAndDescribed() throws IllegalAccessException {
        List<ConfigOption<?>> declared = new ArrayList<>();
        for (Field field : JobOptions.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers())
                    && field.get(null) instanceof ConfigOption<?> option) {
                declared.add(option);
                assertThat(option.key()).startsWith(JobOptions.PREFIX);
                assertThat(new HtmlFormatter().format(option.description())).isNotBlank();
            }
        }
        assertThat(JobOptions.ALL).containsExactlyElementsOf(declared);
    }

    @Test
    void hasDefaultsForAllButTheModel() {
        RecommenderConfig config = of("nextclick.model.path", "/models/shop");
        assertThat(config.outOfOrderness()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.idleness()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.kafka().clicks().topic()).isEqualTo("clicks");
        assertThat(config.kafka().recommendationsTopic()).isEqualTo("recommendations");
        assertThat(config.kafka().rejectedTopic()).isEqualTo("clicks-rejected");
        assertThat(config.kafka().clicks().groupId()).isEqualTo("nextclick");
        assertThat(config.kafka().clicks().start()).isEqualTo(StartOffsets.COMMITTED);
        assertThat(config.kafka().clicks().bounded()).isFalse();
        assertThat(config.kafka().clicks().maxRecordBytes()).isEqualTo(1 << 20);
        assertThat(config.kafka().clicks().mapping()).isNull();
        assertThat(config.kafka().clicks().futureTolerance()).isEqualTo(Duration.ofDays(1));
        assertThat(config.kafka().clicks().contextAttributes()).isEmpty();
        assertThat(config.kafka().clicks().writers()).isEqualTo(WriterSchemas.NONE);
        assertThat(config.kafka().encoding()).isEqualTo(Encoding.JSON);
        assertThat(config.kafka().clients().guarantee()).isEqualTo(Guarantee.AT_LEAST_ONCE);
        assertThat(config.kafka().clients().transactionalIdPrefix()).isEqualTo("nextclick");
        assertThat(config.recommend().modelPath()).isEqualTo("/models/shop");
        assertThat(config.recommend().modelRequired()).isTrue();
        assertThat(config.recommend().count()).isEqualTo(20);
        assertThat(config.recommend().excludeSeen()).isFalse();
        assertThat(config.recommend().retention()).isEqualTo(Duration.ofDays(7));
        assertThat(config.recommend().rememberedEventIds()).isEqualTo(32);
        assertThat(config.recommend().bundleSize()).isEqualTo(256);
        assertThat(config.recommend().bundleTimeout()).isEqualTo(Duration.ofMillis(4));
        assertThat(config.recommend().overrunBudget()).isZero();
        assertThat(config.recommend().livePopularitySize()).isEqualTo(10_000);
        assertThat(config.recommend().liveQualityWindow()).isEqualTo(10_000);
        assertThat(config.recommend().candidates()).isNull();
        assertThat(config.recommend().sessionRules(SessionRules.AS_LOGGED))
                .as("the model's rules")
                .isEqualTo(SessionRules.AS_LOGGED);
    }

    @Test
    void readsWhatIsSet() {
        RecommenderConfig config =
                of(
                        "nextclick.model.required", "false",
                        "nextclick.session.inactivity-gap", "10 min",
                        "nextclick.session.maximum-length", "7",
                        "nextclick.session.collapse-repeats", "false",
                        "nextclick.recommendations.format", "avro",
                        "nextclick.clicks.start", "latest",
                        "nextclick.context.attributes", "device;country",
                        "nextclick.clicks.mapping", "session_id=/s,item_id=/i,event_time=/t");
        assertThat(config.recommend().sessionRules(SessionRules.DEFAULT))
                .isEqualTo(new SessionRules(Duration.ofMinutes(10), 7, false));
        assertThat(config.kafka().encoding()).isEqualTo(Encoding.AVRO);
        assertThat(config.kafka().clicks().start()).isEqualTo(StartOffsets.LATEST);
        assertThat(config.kafka().clicks().contextAttributes())
                .containsExactly("device", "country");
        assertThat(config.kafka().clicks().mapping().entries()).containsEntry("item_id", "/i");
    }

    @Test
    void topicsOfLiveItemsAreSwitches() {
        assertThat(of("nextclick.model.path", "m", "nextclick.releases.topic", "r").recommend())
                .extracting(RecommendSettings::candidates)
                .isNull();
        RecommenderConfig catalog =
                of("nextclick.model.path", "m", "nextclick.catalog.topic", "shop");
        assertThat(catalog.recommend().candidates())
                .isEqualTo(
                        new CandidateSettings(
                                new CandidateSettings.Live(
                                        new CompactedTopics(
                                                catalog.kafka().clients(), null, null, "shop"),
                                        catalog.recommend().candidates().live().loader(),
                                        false,
                                        true,
                                        false,
                                        Duration.ofSeconds(30)),
                                new Quotas(50),
                                null,
                                .5,
                                true,
                                2_000,
                                0,
                                1,
                                null));
        RecommenderConfig all =
                of(
                        "nextclick.model.required", "false",
                        "nextclick.embeddings.topic", "v",
                        "nextclick.releases.topic", "r",
                        "nextclick.catalog.topic", "c",
                        "nextclick.catalog.required", "true",
                        "nextclick.live-items.start-timeout", "0 s",
                        "nextclick.blend.candidates", "80",
                        "nextclick.blend.tower-weight", "0.25",
                        "nextclick.blend.learn-weights", "false",
                        "nextclick.blend.window", "500",
                        "nextclick.rerank.most-per-category", "4",
                        "nextclick.rerank.relevance", "0.7");
        CandidateSettings candidates = all.recommend().candidates();
        assertThat(candidates)
                .isEqualTo(
                        new CandidateSettings(
                                new CandidateSettings.Live(
                                        new CompactedTopics(all.kafka().clients(), "v", "r", "c"),
                                        candidates.live().loader(),
                                        true,
                                        true,
                                        true,
                                        Duration.ZERO),
                                new Quotas(80),
                                null,
                                .25,
                                false,
                                500,
                                4,
                                .7,
                                null));
        assertThatThrownBy(() -> of("nextclick.model.path", "m", "nextclick.embeddings.topic", "v"))
                .hasMessageContaining("nextclick.releases.topic is not");
        assertThatThrownBy(
                        () ->
                                of(
                                        "nextclick.model.path", "m",
                                        "nextclick.embeddings.topic", "v",
                                        "nextclick.releases.topic", "v"))
                .hasMessageContaining("topic v is named twice");
    }

    @Test
    void quotasOfSourcesAreSwitches() {
        CandidateSettings alone =
                of("nextclick.model.path", "m", "nextclick.candidates.co-visitation", "30")
                        .recommend()
                        .candidates();
        assertThat(alone.live()).isNull();
        assertThat(alone.trending()).isNull();
        assertThat(alone.quotas()).isEqualTo(new Quotas(50, 50, 30, 0, 0));
        CandidateSettings all =
                of(
                                "nextclick.model.path", "m",
                                "nextclick.catalog.topic", "c",
                                "nextclick.candidates.model", "100",
                                "nextclick.candidates.two-tower", "90",
                                "nextclick.candidates.trending", "20",
                                "nextclick.candidates.trending-category", "10",
                                "nextclick.trending.half-life", "10 min",
                                "nextclick.trending.items", "500")
                        .recommend()
                        .candidates();
        assertThat(all.quotas()).isEqualTo(new Quotas(100, 90, 0, 20, 10));
        assertThat(all.trending()).isEqualTo(new TrendingSettings(Duration.ofMinutes(10), 500));
        assertThat(of("nextclick.model.path", "m", "nextclick.candidates.model", "100").recommend())
                .extracting(RecommendSettings::candidates)
                .isNull();
        assertThatThrownBy(
                        () ->
                                of(
                                        "nextclick.model.path", "m",
                                        "nextclick.candidates.trending-category", "10"))
                .hasMessageContaining("nextclick.catalog.topic is not set");
    }

    @Test
    void rankingNeedsReleasesAndNothingElse() {
        CandidateSettings ranked =
                of(
                                "nextclick.model.path", "m",
                                "nextclick.releases.topic", "r",
                                "nextclick.ranking.enabled", "true",
                                "nextclick.ranking.budget", "5 ms",
                                "nextclick.ranking.overrun-budget", "40 ms",
                                "nextclick.ranking.logs-facts", "true")
                        .recommend()
                        .candidates();
        assertThat(ranked.ranking())
                .isEqualTo(new RankingSettings(Duration.ofMillis(5), Duration.ofMillis(40), true));
        assertThat(ranked.live().towers()).isFalse();
        assertThat(ranked.live().source().rankers()).isTrue();
        assertThat(ranked.trending()).as("its counts are popularity").isNotNull();
        assertThatThrownBy(
                        () -> of("nextclick.model.path", "m", "nextclick.ranking.enabled", "true"))
                .hasMessageContaining("nextclick.releases.topic is not set");
    }

    @ParameterizedTest
    @CsvSource({
        "nextclick.candidates.model, 0, 'must be in [1, 1000]'",
        "nextclick.candidates.two-tower, 1001, 'must be in [1, 1000]'",
        "nextclick.candidates.co-visitation, 1001, 'must be in [0, 1000]'",
        "nextclick.candidates.trending, -1, 'must be in [0, 1000]'",
        "nextclick.candidates.trending-category, 1001, 'must be in [0, 1000]'",
        "nextclick.trending.half-life, 10 ms, 'must be in [PT1S'",
        "nextclick.trending.items, 99, 'must be in [100, 1000000]'",
        "nextclick.ranking.budget, 0 ms, 'must be in [PT0.001S, PT1M]'",
        "nextclick.blend.candidates, 0, 'must be in [1, 1000]'",
        "nextclick.blend.tower-weight, 1.5, 'must be in [0'",
        "nextclick.blend.window, 49, 'must be in [50, 1000000]'",
        "nextclick.live-items.start-timeout, 2 h, 'must be in [PT0S, PT1H]'",
        "nextclick.rerank.most-per-category, 257, 'must be in [0, 256]'",
        "nextclick.rerank.relevance, 0, 'must be in [0.01, 1'",
        "nextclick.recommendations.count, 0, 'must be in [1, 256]'",
        "nextclick.recommendations.count, 257, 'must be in [1, 256]'",
        "nextclick.recommendations.count, many, be read",
        "nextclick.session.maximum-length, 0, 'must be in [1, 10000]'",
        "nextclick.session.inactivity-gap, -1 s, be read",
        "nextclick.session.retention, 10 ms, must be in [PT1S",
        "nextclick.session.remembered-event-ids, -1, 'must be in [0, 10000]'",
        "nextclick.bundle.size, 0, 'must be in [1, 10000]'",
        "nextclick.bundle.timeout, 2 min, 'must be in [PT0S, PT1M]'",
        "nextclick.clicks.max-record-size, 63 b, must be in [64 bytes",
        "nextclick.clicks.topic, ' ', is empty",
        "nextclick.clicks.start, sometime, be read",
        "nextclick.clicks.mapping, session_id=/s, needs item_id",
        "nextclick.live-popularity.size, 10, 'must be in [1000, 1000000]'",
        "nextclick.live-quality.window, 0, 'must be in [1, 1000000]'",
        "nextclick.bundle.sise, 5, there is no option"
    })
    void namesOptionBoundAndValue(String key, String value, String bound) {
        assertThatThrownBy(() -> of("nextclick.model.required", "false", key, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(bound);
    }

    @Test
    void readsTheSchemasOfFurtherWriters(@TempDir Path folder) throws IOException {
        String[] options = {
            "nextclick.model.path", "/m", "nextclick.schemas.path", folder.toUri().toString()
        };
        assertThatThrownBy(() -> of(options))
                .hasMessageContaining("where no file ends in .avsc")
                .hasMessageContaining(folder.toString());
        Path schema = folder.resolve("click.avsc");
        Files.writeString(
                schema,
                """
                {"type": "record", "name": "Click", "namespace": "io.nextclick.schemas",
                 "fields": [{"name": "session_id", "type": "string"},
                            {"name": "item_id", "type": "string"},
                            {"name": "event_time", "type": "long"}]}
                """);
        Files.writeString(folder.resolve("README.md"), "not a schema");
        WriterSchemas writers = of(options).kafka().clicks().writers();
        assertThat(writers.schemas()).containsExactly(Files.readString(schema));

        Files.writeString(folder.resolve("z.avsc"), "{");
        assertThatThrownBy(() -> of(options))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nextclick.schemas.path can't be read")
                .hasMessageContaining("z.avsc");
        assertThatThrownBy(() -> of(options[0], options[1], options[2], options[3] + "/absent"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nextclick.schemas.path can't be read")
                .hasMessageContaining("absent");
    }

    @Test
    void wantsAModelUnlessToldOtherwise() {
        assertThatThrownBy(() -> of())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nextclick.model.path is not set");
    }

    @Test
    void passesKafkasPropertiesOnAndNeverShowsThem() {
        RecommenderConfig config =
                of(
                        "nextclick.model.required", "false",
                        "kafka.bootstrap.servers", "broker:9092",
                        "kafka.sasl.jaas.config", "secret",
                        "kafka.producer.linger.ms", "7");
        assertThat(config.kafka().clients().properties())
                .isEqualTo(
                        Map.of(
                                "bootstrap.servers", "broker:9092",
                                "sasl.jaas.config", "secret",
                                "producer.linger.ms", "7"));
        assertThat(config.toString()).contains("sasl.jaas.config").doesNotContain("secret");
    }

    @Test
    void givesTransactionsTheTimeThatARestartTakes() {
        String[] exactlyOnce = {
            "nextclick.model.required", "false", "nextclick.delivery.guarantee", "exactly-once"
        };
        RecommenderConfig config =
                of(with(exactlyOnce, "execution.checkpointing.timeout", "2 min"));
        assertThat(config.kafka().clients().transactionTimeout()).isEqualTo(Duration.ofMinutes(15));
        assertThatThrownBy(() -> of(with(exactlyOnce, "execution.checkpointing.timeout", "15 min")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nextclick.delivery.restart-allowance");
        assertThatThrownBy(() -> of(with(exactlyOnce, "kafka.transaction.timeout.ms", "60000")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("kafka.transaction.timeout.ms is 60000");
    }

    private static String[] with(String[] entries, String key, String value) {
        String[] more = java.util.Arrays.copyOf(entries, entries.length + 2);
        more[entries.length] = key;
        more[entries.length + 1] = value;
        return more;
    }

    private static RecommenderConfig of(String... entries) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < entries.length; i += 2) {
            configuration.setString(entries[i], entries[i + 1]);
        }
        return RecommenderConfig.of(configuration);
    }
}
