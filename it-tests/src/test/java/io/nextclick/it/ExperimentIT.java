package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.cli.Nextclick;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.experiment.Assignment;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Experiments on a job that runs, from the command that starts one to the guard that ends it. */
@ExtendWith(LiveSystem.Extension.class)
class ExperimentIT {

    private static final String NAME = "one-of-a-kind";
    private static final int CHUNK = 200;

    /**
     * A variant whose lists hold one item of a category, where all are of one, is as bad as can be.
     * Half way the job is stopped and restored on fewer subtasks.
     */
    @Test
    void aSpoiltVariantIsFoundReportedAndStopped(LiveSystem system) throws Exception {
        TrainedShop shop = system.shop();
        List<LoggedClick> clicks = shop.clicks();
        ClicksTopic topic = system.clicksTopic(2);
        String experiments = system.unique("experiments");
        system.kafka().createTopic(experiments, 1, Map.of("cleanup.policy", "compact"));
        String outcomesTopic = system.topic("experiment-outcomes", 2);
        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(shop.folder())
                        .withParallelism(2)
                        // The shop is as busy as others in a day, and ended sessions are told of.
                        .with(JobOptions.SESSION_INACTIVITY_GAP, Duration.ofMinutes(5))
                        .with(JobOptions.CATALOG_TOPIC, catalog(system))
                        .with(JobOptions.EXPERIMENTS_TOPIC, experiments)
                        .with(JobOptions.EXPERIMENTS_OUTCOMES_TOPIC, outcomesTopic)
                        .unending(Duration.ofSeconds(1))
                        .start()) {
            int[] published = new int[1];
            publish(topic, clicks, published);
            run.awaitAnswers(published[0]);
            assertThat(run.answers()).allMatch(answer -> answer.experiment() == null);

            command(
                    system,
                    experiments,
                    "start",
                    NAME,
                    "--variant=control=0.5",
                    "--variant=spoilt=0.5",
                    "--rule=spoilt=most-per-category:1",
                    "--guard=0");
            Await.until(
                    "answers name the experiment",
                    () -> {
                        publish(topic, clicks, published);
                        return run.answers().stream().anyMatch(ExperimentIT::isPart);
                    });
            run.awaitAnswers(published[0]);
            run.restore(run.stopWithSavepoint(), 1);
            Await.until(
                    "the guard has stopped it",
                    Duration.ofMinutes(5),
                    () -> {
                        publish(topic, clicks, published);
                        run.awaitAnswers(published[0]);
                        return latest(system, experiments).state() == State.STOPPED;
                    });
            Experiment stopped = latest(system, experiments);
            assertThat(stopped.reason()).contains("spoilt worse than the control");
            Await.until(
                    "new sessions take no part",
                    () -> {
                        publish(topic, clicks, published);
                        run.awaitAnswers(published[0]);
                        List<Recommendation> answers = run.answers();
                        return answers.subList(answers.size() - CHUNK, answers.size()).stream()
                                .noneMatch(ExperimentIT::isPart);
                    });

            assertSticky(stopped, run.answers());
            List<ExperimentOutcome> outcomes = outcomes(system, outcomesTopic);
            assertThat(outcomes).extracting(ExperimentOutcome::id).doesNotHaveDuplicates();
            assertToldAsAnswered(outcomes, run.answers());
            assertReported(system, experiments, outcomesTopic, outcomes);
        }
    }

    /** Each session has the variant that is assigned to it, before and after the restore. */
    private static void assertSticky(Experiment experiment, List<Recommendation> answers) {
        Assignment assignment = new Assignment(experiment.salt(), 0.5, 0.5);
        Map<String, Integer> sessions = new HashMap<>();
        for (Recommendation answer : answers) {
            if (isPart(answer)) {
                int variant = assignment.variantOf(answer.sessionId());
                assertThat(answer.experiment().name()).isEqualTo(NAME);
                assertThat(answer.experiment().variant())
                        .isEqualTo(variant == 0 ? "control" : "spoilt");
                if (answer.fallback() == null) {
                    assertThat(answer.items()).hasSize(variant == 0 ? 20 : 1);
                }
                sessions.merge(answer.sessionId(), 1, Integer::sum);
            }
        }
        assertThat(sessions).hasSizeGreaterThan(200);
    }

    /** No click is counted twice, and none that another variant answered. */
    private static void assertToldAsAnswered(
            List<ExperimentOutcome> outcomes, List<Recommendation> answers) {
        Map<String, Integer> answered = new HashMap<>();
        for (Recommendation answer : answers) {
            if (isPart(answer)) {
                answered.merge(
                        answer.sessionId() + ' ' + answer.experiment().variant(), 1, Integer::sum);
            }
        }
        Map<String, Integer> told = new HashMap<>();
        for (ExperimentOutcome outcome : outcomes) {
            told.merge(
                    outcome.sessionId() + ' ' + outcome.variant(), outcome.clicks(), Integer::sum);
        }
        assertThat(told).hasSizeGreaterThan(200);
        told.forEach((session, count) -> assertThat(count).isEqualTo(answered.get(session)));
    }

    private static void assertReported(
            LiveSystem system,
            String experiments,
            String outcomesTopic,
            List<ExperimentOutcome> outcomes)
            throws Exception {
        Path json = system.folder("report").resolve("report.json");
        command(
                system,
                experiments,
                "report",
                NAME,
                "--outcomes-topic=" + outcomesTopic,
                "--json=" + json);
        JsonNode report = new ObjectMapper().readTree(json.toFile());
        System.out.println(report.path("comparisons"));
        assertThat(report.path("variants").path(0).path("units").asInt())
                .isEqualTo(
                        outcomes.stream()
                                .filter(outcome -> "control".equals(outcome.variant()))
                                .map(ExperimentOutcome::unitId)
                                .distinct()
                                .count());
        JsonNode spoilt = report.path("comparisons").path(0);
        assertThat(spoilt.path("guard_ends").asBoolean()).isTrue();
        assertThat(spoilt.path("difference").asDouble()).isNegative();
        assertThat(report.path("sample_ratio").path("alarm").asBoolean()).isFalse();
    }

    private static boolean isPart(Recommendation answer) {
        return answer.experiment() != null;
    }

    private static void publish(ClicksTopic topic, List<LoggedClick> clicks, int[] published)
            throws Exception {
        int to = Math.min(clicks.size(), published[0] + CHUNK);
        assertThat(to).as("clicks are left to publish").isGreaterThan(published[0]);
        topic.publish(clicks.subList(published[0], to), Encoding.AVRO);
        published[0] = to;
    }

    /** Where every item of the model is of one kind. */
    private static String catalog(LiveSystem system) throws Exception {
        String topic = system.topic("item-catalog", 2);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (String item : system.shop().model().vocabulary().items()) {
            CatalogItem entry = new CatalogItem(item, item, List.of("all"), null, true, Map.of());
            records.add(
                    new ProducerRecord<>(
                            topic,
                            item.getBytes(StandardCharsets.UTF_8),
                            Topics.ITEM_CATALOG.codec(Encoding.AVRO).encode(entry)));
        }
        new ClicksTopic(system, topic).publish(records);
        return topic;
    }

    private static Experiment latest(LiveSystem system, String topic)
            throws MalformedRecordException {
        Codec<Experiment> codec = Topics.EXPERIMENTS.codec(Encoding.JSON);
        List<ConsumerRecord<byte[], byte[]>> records = ClicksTopic.records(system, topic);
        return codec.decode(records.get(records.size() - 1).value());
    }

    private static List<ExperimentOutcome> outcomes(LiveSystem system, String topic)
            throws MalformedRecordException {
        Codec<ExperimentOutcome> codec = Topics.EXPERIMENT_OUTCOMES.codec(Encoding.JSON);
        List<ExperimentOutcome> outcomes = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : ClicksTopic.records(system, topic)) {
            ExperimentOutcome outcome = codec.decode(record.value());
            assertThat(new String(record.key(), StandardCharsets.UTF_8))
                    .isEqualTo(outcome.sessionId());
            outcomes.add(outcome);
        }
        return outcomes;
    }

    private static void command(
            LiveSystem system, String topic, String command, String name, String... arguments) {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "experiment",
                                command,
                                name,
                                "--bootstrap-servers",
                                system.kafka().bootstrapServers(),
                                "--topic",
                                topic));
        all.addAll(List.of(arguments));
        assertThat(Nextclick.commandLine().execute(all.toArray(String[]::new)))
                .as("%s", all)
                .isEqualTo(Nextclick.DONE);
    }
}
