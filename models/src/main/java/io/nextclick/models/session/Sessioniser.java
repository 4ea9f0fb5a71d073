package io.nextclick.models.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Cuts a stream of clicks into sessions by {@link SessionRules}: the same judgement, click by
 * click, that the streaming job passes. Feed the clicks of each session id in time order.
 *
 * <p>A session keeps all of its items: {@link SessionRules#maximumLength()} bounds what a model
 * remembers, not what it is trained or measured on. All sessions are held until {@link #sessions}
 * is asked for. Not safe for use by several threads.
 */
public final class Sessioniser {

    private final SessionRules rules;
    private final Map<String, Open> open = new HashMap<>();
    private final List<Open> all = new ArrayList<>();
    private long duplicates;
    private long repeats;

    public Sessioniser(SessionRules rules) {
        this.rules = Objects.requireNonNull(rules, "rules");
    }

    /**
     * Takes one click.
     *
     * @param eventId may be null
     * @return what the rules made of it
     */
    public SessionRules.Verdict add(
            String sessionId, String eventId, String itemId, long eventTimeMillis) {
        Open session = open.get(sessionId);
        SessionRules.Verdict verdict = rules.judge(session, eventId, itemId, eventTimeMillis);
        switch (verdict) {
            case STARTS -> {
                session = new Open(sessionId, eventTimeMillis);
                open.put(sessionId, session);
                all.add(session);
                session.items.add(itemId);
            }
            case CONTINUES -> session.items.add(itemId);
            case REPEATS -> repeats++;
            case DUPLICATE -> {
                duplicates++;
                return verdict;
            }
        }
        session.lastMillis = Math.max(session.lastMillis, eventTimeMillis);
        if (eventId != null) {
            session.remember(eventId, rules.maximumLength());
        }
        return verdict;
    }

    /** The sessions so far, in the order in which they came to be. */
    public List<Session> sessions() {
        List<Session> sessions = new ArrayList<>(all.size());
        for (Open session : all) {
            sessions.add(new Session(session.id, session.startMillis, session.items));
        }
        return sessions;
    }

    /** Clicks ignored because their event id had been seen in the session. */
    public long duplicates() {
        return duplicates;
    }

    /** Clicks collapsed into the one before. */
    public long repeats() {
        return repeats;
    }

    private static final class Open implements SessionRules.SoFar {

        private final String id;
        private final long startMillis;
        private final List<String> items = new ArrayList<>(4);
        private Set<String> eventIds = Set.of();
        private long lastMillis;

        Open(String id, long startMillis) {
            this.id = id;
            this.startMillis = startMillis;
            this.lastMillis = startMillis;
        }

        void remember(String eventId, int atMost) {
            if (eventIds.isEmpty()) {
                eventIds = new LinkedHashSet<>();
            }
            eventIds.add(eventId);
            if (eventIds.size() > atMost) {
                eventIds.remove(eventIds.iterator().next());
            }
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
}
