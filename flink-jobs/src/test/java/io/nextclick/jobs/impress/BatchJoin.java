package io.nextclick.jobs.impress;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The join's definition over two whole tables, written down independently of the streaming join:
 * from clicks to impressions instead of the other way, without state, time or order.
 */
final class BatchJoin {

    private BatchJoin() {}

    /** An item of an impression. */
    private record Shown(Impression impression, String itemId) {}

    /**
     * @param impressions no two of one id and session
     * @param clicks no two of one event
     */
    static List<LabelledImpression> of(
            Collection<Impression> impressions,
            Collection<ReceivedClick> clicks,
            JoinSettings settings) {
        long windowMillis = settings.window().toMillis();
        long memoryMillis = settings.memory().toMillis();
        Map<Shown, Long> firstClicks = new HashMap<>();
        for (ReceivedClick click : clicks) {
            Optional<Impression> doing =
                    impressions.stream()
                            .filter(each -> each.sessionId().equals(click.sessionId()))
                            .filter(each -> each.shownAtMillis() < click.eventTimeMillis())
                            .filter(
                                    each ->
                                            each.items().stream()
                                                    .map(ShownItem::itemId)
                                                    .anyMatch(click.itemId()::equals))
                            .max(
                                    Comparator.comparingLong(Impression::shownAtMillis)
                                            .thenComparing(Impression::id));
            if (doing.isPresent()
                    && click.eventTimeMillis() - doing.get().shownAtMillis() <= windowMillis) {
                firstClicks.merge(
                        new Shown(doing.get(), click.itemId()), click.eventTimeMillis(), Math::min);
            }
        }
        List<LabelledImpression> labelled = new ArrayList<>();
        for (Impression impression : impressions) {
            List<Outcome> outcomes = new ArrayList<>();
            for (ShownItem item : impression.items()) {
                Long at = firstClicks.get(new Shown(impression, item.itemId()));
                if (at == null) {
                    outcomes.add(new Outcome(-1, -1));
                    continue;
                }
                OptionalLong next =
                        clicks.stream()
                                .filter(each -> each.sessionId().equals(impression.sessionId()))
                                .mapToLong(ReceivedClick::eventTimeMillis)
                                .filter(time -> time > at)
                                .filter(time -> time <= impression.shownAtMillis() + windowMillis)
                                .min();
                outcomes.add(
                        new Outcome(
                                at - impression.shownAtMillis(),
                                next.isPresent() ? next.getAsLong() - at : -1));
            }
            List<SessionClick> before = new ArrayList<>();
            for (ReceivedClick click : clicks) {
                long ago = impression.shownAtMillis() - click.eventTimeMillis();
                if (click.sessionId().equals(impression.sessionId())
                        && ago >= 0
                        && ago <= memoryMillis) {
                    before.add(SessionClick.of(click));
                }
            }
            before.sort(
                    Comparator.comparing(SessionClick::timeMillis)
                            .thenComparing(SessionClick::itemId)
                            .thenComparing(SessionClick::event)
                            .reversed());
            while (before.size() > settings.remembered()) {
                before.remove(before.size() - 1);
            }
            Collections.reverse(before);
            labelled.add(new LabelledImpression(impression, before, outcomes));
        }
        return labelled;
    }
}
