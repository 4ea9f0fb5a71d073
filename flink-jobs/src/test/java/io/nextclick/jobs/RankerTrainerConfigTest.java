package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.impress.JoinSettings;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RankerTrainerConfigTest {

    @Test
    void everyOptionIsListedUnderOurPrefixAndDescribed() throws IllegalAccessException {
        List<ConfigOption<?>> declared = new ArrayList<>();
        for (Field field : RankerTrainerOptions.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers())
                    && field.get(null) instanceof ConfigOption<?> option) {
                declared.add(option);
                assertThat(option.key()).startsWith(JobOptions.PREFIX);
                assertThat(new HtmlFormatter().format(option.description())).isNotBlank();
            }
        }
        assertThat(RankerTrainerOptions.ALL).containsExactlyElementsOf(declared);
        assertThat(RankerTrainerOptions.ALL)
                .doesNotContainAnyElementsOf(JobOptions.ALL)
                .doesNotContainAnyElementsOf(TrainerOptions.ALL);
    }

    @Test
    void hasDefaultsForAllButTheFolder() {
        RankerTrainerConfig config = of();
        assertThat(config.clicks().topic()).isEqualTo("clicks");
        assertThat(config.clicks().groupId()).isEqualTo("nextclick-ranker-trainer");
        assertThat(config.impressionsTopic()).isNull();
        assertThat(config.recommendationsTopic()).isEqualTo("recommendations");
        assertThat(config.catalogTopic()).isNull();
        assertThat(config.releasesTopic()).isEqualTo("model-releases");
        assertThat(config.rejectedTopic()).isEqualTo("clicks-rejected");
        assertThat(config.join()).isEqualTo(JoinSettings.DEFAULTS);
        assertThat(config.train().options()).isEqualTo(RankerOptions.of(RankerKind.FM));
        assertThat(config.train().fields())
                .contains("score.blend/offset:16", "popularity/bins:16")
                .hasSize(17);
        assertThat(config.train().binExamples()).isEqualTo(10_000);
        assertThat(config.train().interval()).isEqualTo(Duration.ofMinutes(1));
        assertThat(config.train().keptModels()).isEqualTo(10);
        assertThat(config.train().startModel()).isNull();
        assertThat(config.train().window()).isEqualTo(5_000);
        assertThat(config.train().leastLists()).isEqualTo(500);
        assertThat(config.train().maximumLength()).isEqualTo(50);
    }

    @Test
    void readsWhatIsSet() {
        RankerTrainerConfig config =
                of(
                        "nextclick.impressions.topic", "shown",
                        "nextclick.impressions.window", "5 min",
                        "nextclick.releases.topic", "shop-models",
                        "nextclick.session.inactivity-gap", "10 min",
                        "nextclick.ranker-trainer.ranker", "wide-and-deep",
                        "nextclick.ranker-trainer.fields", "category;last-categories;hour",
                        "nextclick.ranker-trainer.crosses", "last-categories*category",
                        "nextclick.ranker-trainer.hidden", "12;6",
                        "nextclick.ranker-trainer.negative-rate", "0.5");
        assertThat(config.impressionsTopic()).isEqualTo("shown");
        assertThat(config.join().window()).isEqualTo(Duration.ofMinutes(5));
        assertThat(config.releasesTopic()).isEqualTo("shop-models");
        assertThat(config.train().inactivityGap()).isEqualTo(Duration.ofMinutes(10));
        assertThat(config.train().fields()).containsExactly("category", "last-categories", "hour");
        RankerOptions options = config.train().options();
        assertThat(options.kind()).isEqualTo(RankerKind.WIDE_AND_DEEP);
        assertThat(options.hidden()).containsExactly(12, 6);
        assertThat(options.crosses()).containsExactly("last-categories*category");
        assertThat(options.negativeRate()).isEqualTo(0.5);
    }

    @Test
    void everyRankerCanBeChosen() {
        for (RankerKind kind : RankerKind.values()) {
            RankerOptions options =
                    of(
                                    "nextclick.ranker-trainer.ranker",
                                    kind.label(),
                                    "nextclick.ranker-trainer.fields",
                                    "user;item;score.blend")
                            .train()
                            .options();
            assertThat(options.kind()).isEqualTo(kind);
            assertThat(options.ridge()).isEqualTo(RankerOptions.of(kind).ridge());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nextclick.impressions.window, 0 ms, must be in [PT0.001S",
        "nextclick.impressions.per-session, 0, 'must be in [1, 1000000]'",
        "nextclick.ranker-trainer.kept-models, 1, 'must be in [2, 10000]'",
        "nextclick.ranker-trainer.interval, 99 ms, must be in [PT0.1S",
        "nextclick.ranker-trainer.negative-rate, 0, must be in",
        "nextclick.ranker-trainer.factors, 0, 'must be in [1, 256]'",
        "nextclick.ranker-trainer.fields, score, needs a name",
        "nextclick.ranker-trainer.fields, hour;hour, occurs twice",
        "nextclick.ranker-trainer.ranker, svm, can't be read",
        "nextclick.ranker-trainer.speed, 5, there is no option"
    })
    void namesOptionBoundAndValue(String key, String value, String bound) {
        assertThatThrownBy(() -> of(key, value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(bound);
    }

    @Test
    void needsAFolder() {
        Configuration configuration = new Configuration();
        configuration.setString("kafka.bootstrap.servers", "nowhere:9092");
        assertThatThrownBy(() -> RankerTrainerConfig.of(configuration))
                .hasMessageContaining("nextclick.ranker-trainer.models is not set");
    }

    private static RankerTrainerConfig of(String... options) {
        Configuration configuration = new Configuration();
        configuration.setString("kafka.bootstrap.servers", "nowhere:9092");
        configuration.setString("nextclick.ranker-trainer.models", "file:/models");
        for (int i = 0; i < options.length; i += 2) {
            configuration.setString(options[i], options[i + 1]);
        }
        return RankerTrainerConfig.of(configuration);
    }
}
