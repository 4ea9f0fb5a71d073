package io.nextclick.models.prequential;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.SessionRules;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * The visits under way on a stream of clicks, told apart as the job tells them apart. For one
 * thread.
 *
 * @param <A> what a visit was last answered
 */
final class Visits<A> {

    private final SessionRules rules;
    private final double sampledShare;
    private final Consumer<Visit<A>> ended;

    /** The one idle longest comes first. */
    private final Map<String, Visit<A>> visits = new LinkedHashMap<>(1 << 10, 0.75f, true);

    private int numbers;

    /** A session under way. */
    static final class Visit<A> implements SessionRules.SoFar {
        private final int number;
        private final boolean isSampled;
        private final List<String> items = new ArrayList<>(4);
        private final Set<String> eventIds = new LinkedHashSet<>(2);
        private final SequenceAnswers.Carried carried = new SequenceAnswers.Carried();
        private long lastMillis = Long.MIN_VALUE;
        private int length;

        /** Answered after the last click that was answered; null before the first. */
        A answer;

        private Visit(int number, boolean isSampled) {
            this.number = number;
            this.isSampled = isSampled;
        }

        /** Counted from 0 in the order in which visits begin. */
        int number() {
            return number;
        }

        /** Whether it is asked about. */
        boolean isSampled() {
            return isSampled;
        }

        /** What is remembered of it, oldest first; the list itself. */
        List<String> items() {
            return items;
        }

        /** Its clicks so far, those no longer remembered among them. */
        int length() {
            return length;
        }

        /** What a sequence model carries along for it. */
        SequenceAnswers.Carried carried() {
            return carried;
        }

        @Override
        public long lastEventTimeMillis() {
            return lastMillis;
        }

        @Override
        public String lastItem() {
            return items.get(items.size() - 1);
        }

        @Override
        public boolean remembers(String eventId) {
            return eventIds.contains(eventId);
        }
    }

    /**
     * A click and what it means.
     *
     * @param visit the visit it belongs to; its items are as they were before the click
     */
    record Taken<A>(Visit<A> visit, SessionRules.Verdict verdict) {

        /** Whether the click adds an item to its visit. */
        boolean adds() {
            return verdict == SessionRules.Verdict.STARTS
                    || verdict == SessionRules.Verdict.CONTINUES;
        }

        /** Whether it adds an item behind others. */
        boolean continues() {
            return verdict == SessionRules.Verdict.CONTINUES;
        }
    }

    /**
     * @param sampledShare share of the sessions that are asked about, in (0, 1], chosen by their id
     * @param ended hears of each visit that will have no more clicks, sooner or later
     */
    Visits(SessionRules rules, double sampledShare, Consumer<Visit<A>> ended) {
        this.rules = rules;
        this.sampledShare = sampledShare;
        this.ended = ended;
    }

    /** Judges a click; where it adds an item, {@link #add} is to follow. */
    Taken<A> take(LoggedClick click) {
        long time = click.eventTimeMillis();
        Visit<A> visit = visits.get(click.sessionId());
        SessionRules.Verdict verdict = rules.judge(visit, click.eventId(), click.itemId(), time);
        if (verdict == SessionRules.Verdict.STARTS) {
            if (visit != null) {
                ended.accept(visit);
            }
            visit = new Visit<>(numbers++, isSampled(click.sessionId()));
            visits.put(click.sessionId(), visit);
        }
        if (verdict != SessionRules.Verdict.DUPLICATE) {
            visit.lastMillis = Math.max(visit.lastMillis, time);
            if (click.eventId() != null) {
                visit.eventIds.add(click.eventId());
                if (visit.eventIds.size() > rules.maximumLength()) {
                    visit.eventIds.remove(visit.eventIds.iterator().next());
                }
            }
        }
        return new Taken<>(visit, verdict);
    }

    /** Adds a click's item to its visit. */
    void add(Visit<A> visit, String itemId) {
        visit.items.add(itemId);
        visit.length++;
        if (visit.items.size() > rules.maximumLength()) {
            visit.items.remove(0);
        }
    }

    private boolean isSampled(String sessionId) {
        return sampledShare == 1
                || new SplittableRandom(sessionId.hashCode()).nextDouble() < sampledShare;
    }

    /** Forgets visits that would start anew. */
    void forgetEnded(long timeMillis) {
        Iterator<Visit<A>> eldest = visits.values().iterator();
        while (eldest.hasNext()) {
            Visit<A> visit = eldest.next();
            if (!rules.hasEnded(visit.lastMillis, timeMillis)) {
                return;
            }
            eldest.remove();
            ended.accept(visit);
        }
    }
}
