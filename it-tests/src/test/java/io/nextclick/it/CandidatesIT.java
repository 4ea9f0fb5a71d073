package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.TrendingItems;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sources of candidates beside the model, in the running job. */
@ExtendWith(LiveSystem.Extension.class)
class CandidatesIT {

    private static final int CLICKS = 4_000;
    private static final int FIRST = 2_000;
    private static final int LISTED = 5;
    private static final String UNHEARD_OF = "unheard-of";

    /**
     * Each click counts once for what is clicked now, whether it came before the savepoint or after
     * it, to one subtask or to another.
     */
    @Test
    void whatIsClickedNowIsKnownAgainAfterARestoreWithOtherSubtasks(LiveSystem system)
            throws Exception {
        List<LoggedClick> clicks = new ArrayList<>(system.shop().clicks().subList(0, CLICKS));
        ClicksTopic topic = system.clicksTopic(2);
        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(system.shop().folder())
                        .with(JobOptions.CANDIDATES_CO_VISITATION, 20)
                        .with(JobOptions.CANDIDATES_TRENDING, 20)
                        .withParallelism(2)
                        .unending(Duration.ofMillis(250))) {
            topic.publish(clicks.subList(0, FIRST), Encoding.AVRO);
            run.start().awaitAnswers(FIRST);
            topic.publish(clicks.subList(FIRST, FIRST + 500), Encoding.AVRO);
            String savepoint = run.stopWithSavepoint();
            topic.publish(clicks.subList(FIRST + 500, CLICKS), Encoding.AVRO);
            run.restore(savepoint, 1).awaitAnswers(CLICKS);

            LoggedClick last = clicks.get(CLICKS - 1);
            Await.until(
                    "all that is clicked now has been told",
                    () -> {
                        LoggedClick probe =
                                new LoggedClick(
                                        null,
                                        "probe-" + clicks.size(),
                                        null,
                                        UNHEARD_OF,
                                        last.eventTimeMillis(),
                                        Map.of());
                        clicks.add(probe);
                        topic.publish(List.of(probe), Encoding.AVRO);
                        run.awaitAnswers(clicks.size());
                        Recommendation answer =
                                run.answers().stream()
                                        .filter(each -> each.sessionId().equals(probe.sessionId()))
                                        .findFirst()
                                        .orElseThrow();
                        assertThat(answer.fallback()).isEqualTo("unknown-items");
                        return trending(answer).equals(mostClicked(clicks));
                    });
            assertThat(run.answers())
                    .flatExtracting(Recommendation::items)
                    .extracting(RecommendedItem::source)
                    .contains("model", "co-visitation", "trending");
        }
    }

    private static List<String> trending(Recommendation answer) {
        return answer.items().stream()
                .filter(item -> item.source().equals("trending"))
                .map(RecommendedItem::itemId)
                .filter(item -> !item.equals(UNHEARD_OF))
                .limit(LISTED)
                .toList();
    }

    private static List<String> mostClicked(List<LoggedClick> clicks) {
        TrendingItems items =
                new TrendingItems(
                        JobOptions.TRENDING_HALF_LIFE.defaultValue(),
                        JobOptions.TRENDING_ITEMS.defaultValue());
        for (LoggedClick click : clicks) {
            items.add(click.itemId(), 1, click.eventTimeMillis());
        }
        CandidateList top = items.top(LISTED, UNHEARD_OF::equals);
        return IntStream.range(0, LISTED).mapToObj(top::item).toList();
    }
}
