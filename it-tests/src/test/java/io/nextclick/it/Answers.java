package io.nextclick.it;

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
}
