package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.JobOptions;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is measured is what is served: after every click of 1,000 sessions the job recommends the
 * list that {@code evaluate} computes for the same prefix and model, however clicks are bundled and
 * spread over subtasks. Some sessions begin with items that the model doesn't know.
 */
@ExtendWith(LiveSystem.Extension.class)
class SameListAsEvaluateIT {

    private static final int SESSIONS = 1_000;
    private static final int LENGTH = 20;
    private static final double TOLERANCE = 1e-4;

    @Test
    void whateverTheBundlesAndSubtasks(LiveSystem system) throws Exception {
        Clicks clicks = publish(system);
        ModelFolder model = system.shop().model();
        Map<String, TopItems> expected = evaluate(model, clicks.sessions, false);
        for (int bundle : new int[] {1, 32, 256}) {
            for (int parallelism : new int[] {1, 2}) {
                try (JobRun run =
                        run(system, clicks, system.shop().folder())
                                .with(JobOptions.BUNDLE_SIZE, bundle)
                                .withParallelism(parallelism)
                                .start()
                                .awaitEnd()) {
                    assertSameLists(
                            model,
                            run,
                            expected,
                            "bundles of " + bundle + ", parallelism " + parallelism);
                }
            }
        }
    }

    @Test
    void withoutTheItemsSeen(LiveSystem system) throws Exception {
        Clicks clicks = publish(system);
        ModelFolder model = system.shop().model();
        Map<String, TopItems> expected = evaluate(model, clicks.sessions, true);
        try (JobRun run =
                run(system, clicks, system.shop().folder())
                        .with(JobOptions.RECOMMENDATIONS_EXCLUDE_SEEN, true)
                        .with(JobOptions.BUNDLE_SIZE, 32)
                        .withParallelism(2)
                        .start()
                        .awaitEnd()) {
            assertSameLists(model, run, expected, "seen items left out");
        }
    }

    static List<String> kinds() {
        List<String> kinds = new ArrayList<>(CountedModel.KINDS);
        for (NetworkKind network : NetworkKind.values()) {
            kinds.add(network.id());
        }
        return kinds;
    }

    /** Nothing but the model's folder changes. */
    @ParameterizedTest
    @MethodSource("kinds")
    void whateverTheModel(String kind, LiveSystem system) throws Exception {
        Clicks clicks = publish(system);
        Path folder = system.folder(kind);
        system.shop().train(kind).write(folder);
        ModelFolder model = ModelFolder.read(folder);
        for (boolean seenLeftOut : new boolean[] {false, true}) {
            try (JobRun run =
                    run(system, clicks, folder)
                            .with(JobOptions.RECOMMENDATIONS_EXCLUDE_SEEN, seenLeftOut)
                            .with(JobOptions.BUNDLE_SIZE, 32)
                            .withParallelism(2)
                            .start()
                            .awaitEnd()) {
                assertSameLists(
                        model,
                        run,
                        evaluate(model, clicks.sessions, seenLeftOut),
                        kind + (seenLeftOut ? ", seen items left out" : ""));
            }
        }
    }

    private record Clicks(ClicksTopic topic, List<Session> sessions) {}

    /** All clicks of the first sessions. */
    private static Clicks publish(LiveSystem system) throws Exception {
        List<Session> sessions = TrainedShop.sessions(system.shop().clicks()).subList(0, SESSIONS);
        Set<String> ids = new HashSet<>();
        sessions.forEach(session -> ids.add(session.id()));
        List<LoggedClick> clicks = new ArrayList<>();
        for (LoggedClick click : system.shop().clicks()) {
            if (ids.contains(click.sessionId())) {
                clicks.add(click);
            }
        }
        ClicksTopic topic = system.clicksTopic(3);
        topic.publish(clicks, Encoding.AVRO);
        return new Clicks(topic, sessions);
    }

    private static JobRun run(LiveSystem system, Clicks clicks, Path model) throws Exception {
        return new JobRun(system, clicks.topic)
                .withModel(model)
                .with(JobOptions.RECOMMENDATIONS_COUNT, LENGTH)
                .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO);
    }

    /** Lists by session and step. */
    private static Map<String, TopItems> evaluate(
            ModelFolder folder, List<Session> sessions, boolean maskSeen) throws Exception {
        Map<String, TopItems> lists = new HashMap<>();
        try (ServableModel model = ServableModels.load(folder);
                SessionScorer scorer = model.newScorer()) {
            List<List<TopItems>> each =
                    new Evaluation(model.vocabulary(), model.popularity())
                            .withSeenMasked(maskSeen)
                            .topItems(scorer, sessions, LENGTH);
            for (int i = 0; i < sessions.size(); i++) {
                for (int step = 1; step <= each.get(i).size(); step++) {
                    lists.put(sessions.get(i).id() + " " + step, each.get(i).get(step - 1));
                }
            }
        }
        return lists;
    }

    private static void assertSameLists(
            ModelFolder model, JobRun run, Map<String, TopItems> expected, String runName)
            throws Exception {
        Set<String> answered = new HashSet<>();
        int fallbacks = 0;
        double furthest = 0;
        for (Recommendation answer : run.answers()) {
            String prefix = answer.sessionId() + " " + answer.step();
            String what = runName + ", session and step " + prefix;
            assertThat(answered.add(prefix)).as(what).isTrue();
            TopItems list = expected.get(prefix);
            assertThat(list).as(what).isNotNull();
            List<String> items = new ArrayList<>();
            for (int row : list.rows()) {
                items.add(model.vocabulary().item(row));
            }
            assertThat(answer.items().stream().map(RecommendedItem::itemId).toList())
                    .as(what)
                    .isEqualTo(items);
            for (int place = 0; place < list.size(); place++) {
                float score = answer.items().get(place).score();
                assertThat((double) score)
                        .as(what)
                        .isCloseTo(list.scores()[place], within(TOLERANCE));
                furthest = Math.max(furthest, Math.abs(score - list.scores()[place]));
            }
            fallbacks += answer.fallback() == null ? 0 : 1;
        }
        assertThat(answered).as(runName).isEqualTo(expected.keySet());
        assertThat(fallbacks).as("answers to sessions without a known item").isPositive();
        System.out.printf(
                "%s: %,d lists of %d sessions, %d of them fallbacks; scores differ by %.1e%n",
                runName, answered.size(), SESSIONS, fallbacks, furthest);
    }
}
