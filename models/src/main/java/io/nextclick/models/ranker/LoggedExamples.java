package io.nextclick.models.ranker;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Examples from a log of ratings, one a rating: what was rated, in the session of what its user had
 * rated before, is positive if it was liked. Each fact is as it was when the rating was given:
 * popularity is the ratings of the item so far, its age the time since the first of them.
 *
 * <p>A log has no sources of candidates, so that a space with fields of query and item can't be
 * filled from it.
 */
public final class LoggedExamples {

    private static final double MILLIS_OF_DAY = 86_400_000;

    /**
     * How a log's attributes are read.
     *
     * @param rating the attribute that holds the rating, a number
     * @param liked ratings from this one on are positive
     * @param category the attribute that holds the item's categories; {@code |} separates several
     * @param price the attribute that holds the item's price
     */
    public record Reading(String rating, double liked, String category, String price) {

        public Reading {
            Objects.requireNonNull(rating, "rating");
            Objects.requireNonNull(category, "category");
            Objects.requireNonNull(price, "price");
        }
    }

    private final Reading reading;
    private final SessionRules rules;
    private final List<String> itemAttributes = new ArrayList<>();
    private final Map<String, Visit> visits = new HashMap<>();
    private final Map<String, Known> items = new HashMap<>();

    /**
     * @param fields what the examples will be read by; attributes of items that none of them names
     *     aren't kept
     * @param rules by which clicks make sessions
     * @throws IllegalArgumentException if a field can't be filled from a log, or is the rating
     */
    public LoggedExamples(List<Field> fields, Reading reading, SessionRules rules) {
        this.reading = Objects.requireNonNull(reading, "reading");
        this.rules = Objects.requireNonNull(rules, "rules");
        for (Field field : fields) {
            if (field.fact().side() == Fact.Side.PAIR) {
                throw new IllegalArgumentException(
                        "field " + field.label() + " needs a source of candidates, a log has none");
            }
            if (field.name().equals(reading.rating())) {
                throw new IllegalArgumentException(
                        "field " + field.label() + " is what is to be learnt");
            }
            if (field.fact() == Fact.ATTRIBUTE) {
                itemAttributes.add(field.name());
            }
        }
    }

    /** A session so far. */
    private static final class Visit implements SessionRules.SoFar {
        final List<String> items = new ArrayList<>();
        final Set<String> eventIds = new HashSet<>();
        int length;
        long last;

        @Override
        public long lastEventTimeMillis() {
            return last;
        }

        @Override
        public String lastItem() {
            return items.isEmpty() ? null : items.get(items.size() - 1);
        }

        @Override
        public boolean remembers(String eventId) {
            return eventIds.contains(eventId);
        }
    }

    /** An item so far. */
    private static final class Known {
        final long first;
        ItemFacts facts;
        long clicks;

        Known(long first) {
            this.first = first;
        }
    }

    /**
     * Takes in the log's next rating; they come in order of time.
     *
     * @return its example; empty for a duplicate
     * @throws IllegalArgumentException if it has no rating
     */
    public Optional<RankingExample> next(LoggedClick click) {
        Visit visit = visits.get(click.sessionId());
        Verdict verdict =
                rules.judge(visit, click.eventId(), click.itemId(), click.eventTimeMillis());
        if (verdict == Verdict.DUPLICATE) {
            return Optional.empty();
        }
        if (verdict == Verdict.STARTS) {
            visit = new Visit();
            visits.put(click.sessionId(), visit);
        }
        QueryFacts query =
                QueryFacts.of(
                        click.userId(),
                        click.attributes(),
                        click.eventTimeMillis(),
                        visit.items,
                        visit.length,
                        visit.last,
                        id -> items.get(id).facts);
        Known item =
                items.computeIfAbsent(click.itemId(), id -> new Known(click.eventTimeMillis()));
        item.facts = facts(click, item);
        RankingExample example =
                new RankingExample(query, item.facts, new float[0], isLiked(click));
        item.clicks++;
        take(click, visit, verdict);
        return Optional.of(example);
    }

    private ItemFacts facts(LoggedClick click, Known item) {
        Map<String, String> attributes = new LinkedHashMap<>();
        for (String name : itemAttributes) {
            String value = click.attributes().get(name);
            if (value != null) {
                attributes.put(name, value);
            }
        }
        String category = click.attributes().get(reading.category());
        return new ItemFacts(
                click.itemId(),
                category == null || category.isEmpty() ? List.of() : List.of(category.split("\\|")),
                number(click, reading.price()).orElse(Double.NaN),
                true,
                item.clicks,
                (click.eventTimeMillis() - item.first) / MILLIS_OF_DAY,
                attributes);
    }

    private boolean isLiked(LoggedClick click) {
        double rating =
                number(click, reading.rating())
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "a click of session "
                                                        + click.sessionId()
                                                        + " on item "
                                                        + click.itemId()
                                                        + " has no number as its attribute "
                                                        + reading.rating()));
        return rating >= reading.liked();
    }

    private static Optional<Double> number(LoggedClick click, String attribute) {
        String text = click.attributes().get(attribute);
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Double.valueOf(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private void take(LoggedClick click, Visit visit, Verdict verdict) {
        visit.last = Math.max(visit.last, click.eventTimeMillis());
        if (click.eventId() != null) {
            visit.eventIds.add(click.eventId());
        }
        if (verdict != Verdict.REPEATS) {
            visit.length++;
            visit.items.add(click.itemId());
            if (visit.items.size() > rules.maximumLength()) {
                visit.items.remove(0);
            }
        }
    }
}
