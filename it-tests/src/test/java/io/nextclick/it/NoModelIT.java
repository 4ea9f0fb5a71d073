package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.recommend.RecommendOperator;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Without a model the job recommends what is popular and says so, unless one is required. */
@ExtendWith(LiveSystem.Extension.class)
class NoModelIT {

    private static final int CLICKS = 2_000;

    @Test
    void recommendsWhatIsPopular(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = system.shop().clicks().subList(0, CLICKS);
        ClicksTopic topic = topic(system, clicks);
        Set<String> clicked = new HashSet<>();
        clicks.forEach(click -> clicked.add(click.itemId()));
        try (JobRun without =
                        new JobRun(system, topic)
                                .with(JobOptions.MODEL_REQUIRED, false)
                                .start()
                                .awaitEnd();
                JobRun absent =
                        new JobRun(system, topic)
                                .with(JobOptions.MODEL_REQUIRED, false)
                                .withModel(system.folder("empty").resolve("absent"))
                                .start()
                                .awaitEnd()) {
            for (JobRun run : List.of(without, absent)) {
                assertThat(run.answers()).hasSize(CLICKS);
                for (Recommendation answer : run.answers()) {
                    assertThat(answer.fallback()).isEqualTo(RecommendOperator.NO_MODEL);
                    assertThat(answer.model()).isNull();
                    assertThat(answer.items()).isNotEmpty();
                    assertThat(answer.items())
                            .extracting(RecommendedItem::source)
                            .containsOnly("popularity");
                    assertThat(clicked)
                            .containsAll(
                                    answer.items().stream().map(RecommendedItem::itemId).toList());
                }
                // By the last click the counts are those of the whole log.
                Recommendation last = run.answersById().get(topic.name() + "-0-" + (CLICKS - 1));
                RecommendedItem first = last.items().get(0);
                assertThat((long) first.score())
                        .isEqualTo(
                                clicks.stream()
                                        .filter(click -> click.itemId().equals(first.itemId()))
                                        .count());
            }
        }
    }

    @Test
    void failsWhenARequiredModelIsAbsent(LiveSystem system) throws Exception {
        ClicksTopic topic = topic(system, system.shop().clicks().subList(0, 1));
        Path absent = system.folder("empty").resolve("absent");
        try (JobRun run = new JobRun(system, topic).withModel(absent).start()) {
            assertThat(run.awaitFailure())
                    .hasRootCauseInstanceOf(java.io.IOException.class)
                    .hasStackTraceContaining("there is no model at")
                    .hasStackTraceContaining(absent.toString());
            assertThat(run.answers()).isEmpty();
        }
    }

    @Test
    void failsWhenAModelIsDamaged(LiveSystem system) throws Exception {
        ClicksTopic topic = topic(system, system.shop().clicks().subList(0, 1));
        Path damaged = system.folder("damaged");
        for (String name : List.of(ModelFolder.MANIFEST, ModelFolder.WEIGHTS, ModelFolder.ITEMS)) {
            Files.copy(system.shop().folder().resolve(name), damaged.resolve(name));
        }
        byte[] weights = Files.readAllBytes(damaged.resolve(ModelFolder.WEIGHTS));
        weights[weights.length / 2] ^= 1;
        Files.write(damaged.resolve(ModelFolder.WEIGHTS), weights);
        // A model that is there and broken is an error even where none is required.
        try (JobRun run =
                new JobRun(system, topic)
                        .with(JobOptions.MODEL_REQUIRED, false)
                        .withModel(damaged)
                        .start()) {
            assertThat(run.awaitFailure())
                    .hasStackTraceContaining(ModelFolder.WEIGHTS)
                    .hasStackTraceContaining("SHA-256");
            assertThat(run.answers()).isEmpty();
        }
    }

    @Test
    void refusesToStartWhenNoModelIsNamed(LiveSystem system) throws Exception {
        ClicksTopic topic = topic(system, system.shop().clicks().subList(0, 1));
        try (JobRun run = new JobRun(system, topic)) {
            assertThatThrownBy(run::start)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(JobOptions.MODEL_PATH.key())
                    .hasMessageContaining(JobOptions.MODEL_REQUIRED.key());
        }
    }

    private static ClicksTopic topic(LiveSystem system, List<LoggedClick> clicks) throws Exception {
        ClicksTopic topic = system.clicksTopic(1);
        topic.publish(clicks, Encoding.JSON);
        return topic;
    }
}
