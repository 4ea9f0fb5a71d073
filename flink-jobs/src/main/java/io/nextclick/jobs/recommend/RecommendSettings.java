package io.nextclick.jobs.recommend;

import io.nextclick.models.session.SessionRules;
import java.io.Serializable;
import java.time.Duration;

/**
 * How clicks are answered.
 *
 * @param modelPath folder of the model; may be null
 * @param modelRequired whether to fail without a model
 * @param count items in a list
 * @param excludeSeen whether the session's own items are left out of its lists
 * @param inactivityGap overrides the model's; may be null
 * @param maximumLength overrides the model's; may be null
 * @param collapseRepeats overrides the model's; may be null
 * @param retention how long a silent session is kept where the gap is zero, in event time
 * @param rememberedEventIds event ids remembered per session
 * @param hotSessionBytes heap per subtask for sessions that clicked last; 0: none
 * @param bundleSize most clicks in a bundle
 * @param bundleTimeout longest a click waits for its bundle to fill; zero: as long as others are
 *     waiting to be read
 * @param overrunBudget age by the record's timestamp beyond which a click gets the fallback; zero:
 *     never
 * @param livePopularitySize items counted per subtask without a model
 * @param liveQualityWindow labelled lists that the quality gauges look back over
 * @param candidates what proposes items beside the model; null for nothing
 * @param releases whether released models take the place of the one at the path
 * @param experiments whether experiments are followed
 */
public record RecommendSettings(
        String modelPath,
        boolean modelRequired,
        int count,
        boolean excludeSeen,
        Duration inactivityGap,
        Integer maximumLength,
        Boolean collapseRepeats,
        Duration retention,
        int rememberedEventIds,
        long hotSessionBytes,
        int bundleSize,
        Duration bundleTimeout,
        Duration overrunBudget,
        int livePopularitySize,
        int liveQualityWindow,
        CandidateSettings candidates,
        boolean releases,
        boolean experiments)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Of what is popular, so many lists may not be available. */
    private static final int SPARE_LISTS = 10;

    /**
     * The session rules in force: the model's, where no option overrides them.
     *
     * @param trained the rules the model was trained under
     */
    public SessionRules sessionRules(SessionRules trained) {
        return new SessionRules(
                inactivityGap == null ? trained.inactivityGap() : inactivityGap,
                maximumLength == null ? trained.maximumLength() : maximumLength,
                collapseRepeats == null ? trained.collapseRepeats() : collapseRepeats);
    }

    /** Items that the model ranks for a click. */
    int ranked() {
        return candidates == null ? count : Math.max(count, candidates.quotas().model());
    }

    /** The longest list that is ever asked for, with what may have to be left out of it. */
    int longestList(SessionRules rules) {
        int dropped = candidates == null ? 0 : SPARE_LISTS * count;
        return count + dropped + (excludeSeen ? rules.maximumLength() : 0);
    }
}
