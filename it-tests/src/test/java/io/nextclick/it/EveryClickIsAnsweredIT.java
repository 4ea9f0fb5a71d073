package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.cli.Nextclick;
import io.nextclick.jobs.recommend.LiveQuality;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.EvaluationReport;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Clicks of a simulated shop go through Kafka, the job and Kafka again. Every click is answered
 * exactly once, in whatever form it arrives, and the quality that the job reports is what {@code
 * evaluate} finds on the same clicks.
 */
@ExtendWith(LiveSystem.Extension.class)
class EveryClickIsAnsweredIT {

    private static final int CLICKS = 6_000;

    @Test
    void clicksInJson(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = system.shop().clicks().subList(0, CLICKS);
        ClicksTopic topic = system.clicksTopic(2);
        replay(system, topic, clicks);

        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(system.shop().folder())
                        .withParallelism(2)
                        .start()
                        .awaitEnd()) {
            assertEachAnsweredOnce(topic, run);
            assertLiveQuality(system, clicks, run);
            assertThat(run.rejects()).isEmpty();
        }
    }

    @Test
    void clicksAndRecommendationsInAvro(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = system.shop().clicks().subList(0, CLICKS);
        ClicksTopic topic = system.clicksTopic(2);
        topic.publish(clicks, Encoding.AVRO);

        try (JobRun run =
                        new JobRun(system, topic)
                                .withModel(system.shop().folder())
                                .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO)
                                .start()
                                .awaitEnd();
                JobRun again =
                        new JobRun(system, topic)
                                .withModel(system.shop().folder())
                                .withParallelism(2)
                                .start()
                                .awaitEnd()) {
            assertEachAnsweredOnce(topic, run);
            // Ids, and all else but the time, depend on the clicks alone.
            assertThat(Answers.withoutTimes(again.answersById()))
                    .isEqualTo(Answers.withoutTimes(run.answersById()));
        }
    }

    @Test
    void clicksInsideForeignEvents(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = system.shop().clicks().subList(0, CLICKS);
        ClicksTopic ours = system.clicksTopic(1);
        ours.publish(clicks, Encoding.JSON);
        ClicksTopic foreign = system.clicksTopic(1);
        List<ProducerRecord<byte[], byte[]>> events = new ArrayList<>();
        for (LoggedClick click : clicks) {
            // As some shop might write it: no key, nested, numbers for times, other things around.
            String event =
                    "{\"schema\":7,\"visit\":{\"id\":\"%s\",\"agent\":\"x\"},\"products\":[{\"sku\":\"%s\"}],\"uuid\":\"%s\",\"ts\":%s}"
                            .formatted(
                                    click.sessionId(),
                                    click.itemId(),
                                    click.eventId(),
                                    BigDecimal.valueOf(click.eventTimeMillis(), 3));
            events.add(
                    new ProducerRecord<>(foreign.name(), event.getBytes(StandardCharsets.UTF_8)));
        }
        foreign.publish(events);

        try (JobRun expected =
                        new JobRun(system, ours)
                                .withModel(system.shop().folder())
                                .start()
                                .awaitEnd();
                JobRun run =
                        new JobRun(system, foreign)
                                .withModel(system.shop().folder())
                                .with(
                                        JobOptions.CLICKS_MAPPING,
                                        "session_id=/visit/id,item_id=/products/0/sku,"
                                                + "event_id=/uuid,event_time=/ts,"
                                                + "time_format=epoch-seconds")
                                .start()
                                .awaitEnd()) {
            assertThat(run.answers()).hasSize(CLICKS);
            assertThat(Answers.byOffset(run.answers()))
                    .isEqualTo(Answers.byOffset(expected.answers()));
            assertThat(run.rejects()).isEmpty();
        }
    }

    /** By the command, from a file. */
    private static void replay(LiveSystem system, ClicksTopic topic, List<LoggedClick> clicks)
            throws Exception {
        Codec<Click> codec = Topics.CLICKS.codec(Encoding.JSON);
        Path file = system.folder("log").resolve("clicks.jsonl");
        Files.writeString(
                file,
                clicks.stream()
                        .map(
                                click ->
                                        new Click(
                                                click.eventId(),
                                                click.sessionId(),
                                                click.userId(),
                                                click.itemId(),
                                                click.eventType(),
                                                click.eventTimeMillis(),
                                                click.attributes()))
                        .map(click -> new String(codec.encode(click), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("\n", "", "\n")));
        int exitCode =
                Nextclick.commandLine()
                        .execute(
                                "replay",
                                "--clicks",
                                file.toString(),
                                "--format",
                                "jsonl",
                                "--bootstrap-servers",
                                system.kafka().bootstrapServers(),
                                "--topic",
                                topic.name(),
                                "--speed",
                                "0");
        assertThat(exitCode).isEqualTo(Nextclick.DONE);
    }

    private static void assertEachAnsweredOnce(ClicksTopic topic, JobRun run) throws Exception {
        Codec<Click> codec = Topics.CLICKS.codec(Encoding.JSON);
        Map<String, Click> published = new HashMap<>();
        for (var record : topic.records()) {
            published.put(
                    record.topic() + "-" + record.partition() + "-" + record.offset(),
                    codec.decode(record.value()));
        }
        assertThat(published).hasSize(CLICKS);
        assertThat(run.answers()).hasSize(CLICKS);
        assertThat(run.answersById().keySet()).isEqualTo(published.keySet());
        Map<String, Integer> steps = new HashMap<>();
        for (Recommendation answer : run.answers()) {
            Click click = published.get(answer.id());
            assertThat(answer.sessionId()).isEqualTo(click.sessionId());
            assertThat(answer.trigger().eventId()).isEqualTo(click.eventId());
            assertThat(answer.trigger().eventTimeMillis()).isEqualTo(click.eventTimeMillis());
            assertThat(answer.items()).hasSize(20);
            assertThat(answer.model().version()).isEqualTo("it-1");
            // In order, for whoever reads the topic.
            assertThat(answer.step()).isEqualTo(steps.merge(answer.sessionId(), 1, Integer::sum));
        }
        assertThat(new TreeSet<>(steps.keySet()))
                .isEqualTo(
                        published.values().stream()
                                .map(Click::sessionId)
                                .collect(Collectors.toCollection(TreeSet::new)));
    }

    private static void assertLiveQuality(LiveSystem system, List<LoggedClick> clicks, JobRun run)
            throws Exception {
        LiveQuality.Report live = LiveQuality.Report.of(system.dashboard().accumulators(run.job()));
        List<Session> sessions = TrainedShop.sessions(clicks);
        try (ServableModel model = ServableModels.load(system.shop().model());
                SessionScorer scorer = model.newScorer()) {
            Evaluation evaluation = new Evaluation(model.vocabulary(), model.popularity());
            EvaluationReport evaluated = evaluation.run(scorer, sessions);
            System.out.printf("live %s%nevaluated %s%n", live, evaluated);
            assertThat(live.labels()).isEqualTo(evaluated.predictions());
            // Measured on the lists that sessions got. The evaluation's own figures count ties
            // against the model, which a list can't show: they may be a trifle lower.
            List<List<TopItems>> lists = evaluation.topItems(scorer, sessions, LiveQuality.CUTOFF);
            double hits = 0;
            double reciprocalRanks = 0;
            for (int session = 0; session < sessions.size(); session++) {
                List<String> items = sessions.get(session).items();
                for (int target = 1; target < items.size(); target++) {
                    int row = model.vocabulary().row(items.get(target));
                    int[] listed = lists.get(session).get(target - 1).rows();
                    for (int place = 0; place < listed.length; place++) {
                        if (listed[place] == row) {
                            hits++;
                            reciprocalRanks += 1.0 / (place + 1);
                        }
                    }
                }
            }
            assertThat(live.recall().orElseThrow())
                    .isCloseTo(hits / live.labels(), within(1e-9))
                    .isCloseTo(evaluated.metric("recall@20"), within(0.002));
            assertThat(live.meanReciprocalRank().orElseThrow())
                    .isCloseTo(reciprocalRanks / live.labels(), within(1e-9))
                    .isCloseTo(evaluated.metric("mrr@20"), within(0.002));
            assertThat(live.recall().orElseThrow())
                    .isGreaterThan(live.popularityRecall().orElseThrow());
        }
    }
}
