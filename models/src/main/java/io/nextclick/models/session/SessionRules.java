package io.nextclick.models.session;

import java.time.Duration;
import java.util.Objects;

/**
 * The only definition of a session. Training, evaluation and the streaming job all ask this class,
 * so that what is trained on is what is served.
 *
 * @param inactivityGap a click later than this after the session's last one starts a new session;
 *     {@link Duration#ZERO} means that the session id alone decides
 * @param maximumLength how many of a session's last items are remembered, at least 1. A recurrent
 *     state goes on beyond it; a model that reads the session whole, or a state that is rebuilt
 *     after a model change, sees only these
 * @param collapseRepeats whether a click on the item just clicked leaves the session as it is
 */
public record SessionRules(Duration inactivityGap, int maximumLength, boolean collapseRepeats) {

    /** 30 minutes, 50 items, repeats collapsed. */
    public static final SessionRules DEFAULT = new SessionRules(Duration.ofMinutes(30), 50, true);

    /** Sessions exactly as a published log delimits them: no gap, repeats kept. */
    public static final SessionRules AS_LOGGED = new SessionRules(Duration.ZERO, 50, false);

    /** The longest session that may be remembered. */
    public static final int LARGEST_MAXIMUM_LENGTH = 10_000;

    public SessionRules {
        Objects.requireNonNull(inactivityGap, "inactivityGap");
        if (inactivityGap.isNegative()) {
            throw new IllegalArgumentException(
                    "inactivity gap is " + inactivityGap + ", it must not be negative");
        }
        if (maximumLength < 1 || maximumLength > LARGEST_MAXIMUM_LENGTH) {
            throw new IllegalArgumentException(
                    "maximum length is "
                            + maximumLength
                            + ", it must be in [1, "
                            + LARGEST_MAXIMUM_LENGTH
                            + "]");
        }
    }

    /** What a click means for the session it arrives in. */
    public enum Verdict {
        /** There is no session yet, or the last one has ended: the click begins a new one. */
        STARTS,
        /** The click is the session's next item. */
        CONTINUES,
        /**
         * The click repeats the last item and repeats are collapsed: nothing is added, time goes
         * on.
         */
        REPEATS,
        /** The click's event id has been seen in this session: it is ignored altogether. */
        DUPLICATE
    }

    /** What the rules need to know of the session so far. */
    public interface SoFar {

        /** Latest event time of the session, milliseconds since the epoch. */
        long lastEventTimeMillis();

        /** The item last added. */
        String lastItem();

        /**
         * Whether one of the remembered clicks had this event id; {@code eventId} is never null.
         */
        boolean remembers(String eventId);
    }

    /**
     * Judges one click. Clicks that arrive out of order are judged in the order they arrive; they
     * never end a session.
     *
     * @param soFar the session so far; null if there is none
     * @param eventId the click's event id; may be null
     */
    public Verdict judge(SoFar soFar, String eventId, String itemId, long eventTimeMillis) {
        if (soFar == null) {
            return Verdict.STARTS;
        }
        if (eventId != null && soFar.remembers(eventId)) {
            return Verdict.DUPLICATE;
        }
        if (hasEnded(soFar.lastEventTimeMillis(), eventTimeMillis)) {
            return Verdict.STARTS;
        }
        if (collapseRepeats && itemId.equals(soFar.lastItem())) {
            return Verdict.REPEATS;
        }
        return Verdict.CONTINUES;
    }

    /**
     * Whether a session whose latest click was at {@code lastEventTimeMillis} is over at {@code
     * timeMillis}.
     */
    public boolean hasEnded(long lastEventTimeMillis, long timeMillis) {
        return !inactivityGap.isZero()
                && timeMillis - lastEventTimeMillis > inactivityGap.toMillis();
    }
}
