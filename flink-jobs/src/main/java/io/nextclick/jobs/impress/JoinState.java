package io.nextclick.jobs.impress;

import java.util.ArrayList;
import java.util.List;

/** What one session waits with: impressions whose window has not closed, and clicks. */
final class JoinState {

    /** No timer is set. */
    static final long NO_TIMER = Long.MAX_VALUE;

    /** When the session's only timer fires. */
    long timerMillis = NO_TIMER;

    /** In the order of their arrival. */
    final List<OpenImpression> impressions = new ArrayList<>();

    /** In the order of their arrival. */
    final List<SessionClick> clicks = new ArrayList<>();

    boolean isEmpty() {
        return impressions.isEmpty() && clicks.isEmpty();
    }

    /** Whether an impression of this id waits. */
    boolean waitsWith(long impressionId) {
        for (OpenImpression open : impressions) {
            if (open.id() == impressionId) {
                return true;
            }
        }
        return false;
    }

    /** Whether this click is here already. */
    boolean waitsWith(SessionClick click) {
        for (SessionClick known : clicks) {
            if (known.repeats(click)) {
                return true;
            }
        }
        return false;
    }

    JoinState copy() {
        JoinState copy = new JoinState();
        copy.timerMillis = timerMillis;
        copy.impressions.addAll(impressions);
        copy.clicks.addAll(clicks);
        return copy;
    }
}
