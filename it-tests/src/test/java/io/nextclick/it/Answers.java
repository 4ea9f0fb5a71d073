package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Answers in forms that can be compared between runs. */
final class Answers {

    private Answers() {}

    /** What an answer says, whatever the topic its click stood in. */
    record Content(
            String sessionId,
            int step,
            Trigger trigger,
            List<RecommendedItem> items,
            String fallback) {

        static Content of(Recommendation answer) {
            return new Content(
                    answer.sessionId(),
                    answer.step(),
                    answer.trigger(),
                    answer.items(),
                    answer.fallback());
        }
    }

    /** The same answers with the one thing taken out that differs from run to run. */
    static Map<String, Recommendation> withoutTimes(Map<String, Recommendation> answers) {
        Map<String, Recommendation> result = new HashMap<>();
        answers.forEach((id, answer) -> result.put(id, withoutTime(answer)));
        return result;
    }

    static Recommendation withoutTime(Recommendation answer) {
        return new Recommendation(
                answer.id(),
                answer.sessionId(),
                answer.userId(),
                answer.step(),
                answer.trigger(),
                answer.items(),
                answer.model(),
                answer.fallback(),
                0);
    }

    /** What is answered, by partition and offset of the click. */
    static Map<String, Content> byOffset(Collection<Recommendation> answers) {
        Map<String, Content> result = new HashMap<>();
        for (Recommendation answer : answers) {
            result.put(
                    answer.trigger().partition() + "-" + answer.trigger().offset(),
                    Content.of(answer));
        }
        return result;
    }

    /**
     * Holds an answer to one that was computed elsewhere: all is equal but the scores, which may
     * differ by the tolerance, and the order of items whose scores do.
     */
    static void assertAlike(Recommendation actual, Recommendation expected, double tolerance) {
        assertThat(withItems(actual, List.of())).isEqualTo(withItems(expected, List.of()));
        assertThat(actual.items()).as(actual.id()).hasSameSizeAs(expected.items());
        Map<String, Float> scores = new HashMap<>();
        for (RecommendedItem item : expected.items()) {
            scores.put(item.itemId(), item.score());
        }
        for (int place = 0; place < expected.items().size(); place++) {
            RecommendedItem item = actual.items().get(place);
            float score = expected.items().get(place).score();
            assertThat(item.score())
                    .as("%s of %s", item, expected)
                    .isCloseTo(score, within((float) tolerance));
            // An item that isn't in the other list may only be as good as the last that is.
            float last = expected.items().get(expected.items().size() - 1).score();
            assertThat(scores.getOrDefault(item.itemId(), last))
                    .as("%s of %s", item, expected)
                    .isCloseTo(item.score(), within((float) tolerance));
        }
    }

    private static Recommendation withItems(Recommendation answer, List<RecommendedItem> items) {
        return new Recommendation(
                answer.id(),
                answer.sessionId(),
                answer.userId(),
                answer.step(),
                answer.trigger(),
                items,
                answer.model(),
                answer.fallback(),
                0);
    }
}
