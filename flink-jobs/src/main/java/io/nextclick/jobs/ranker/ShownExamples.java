package io.nextclick.jobs.ranker;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.SessionClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.retrieve.LiveCatalog;
import io.nextclick.models.ranker.Fact;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.ranker.RankingStage;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes examples of lists that were shown, as serving would have read them:
 *
 * <ul>
 *   <li>the session from the clicks before, by the session rules, at the moment of showing;
 *   <li>sources, blend, popularity and age of an item from the facts that travel with it. An item
 *       without is left out where a field reads these: learning that they are missing would be
 *       learning what serving never sees;
 *   <li>categories, prices and attributes from the catalogue as it is now, which is the join's
 *       window later.
 * </ul>
 *
 * <p>Not for several threads.
 */
final class ShownExamples {

    private final SessionRules rules;
    private final List<Field> pairFields;

    /** Attributes of items that something reads. */
    private final Set<String> attributes = new HashSet<>(Set.of(LiveCatalog.OFFERED_SINCE));

    private final boolean needsFacts;
    private final Map<String, TopicEntry<CatalogItem>> described = new LinkedHashMap<>();
    private final LiveCatalog catalog = new LiveCatalog(true);

    /**
     * A list as examples.
     *
     * @param examples of its items
     * @param places their places in the order of retrieval, or those they were shown at where the
     *     former aren't known
     * @param rate the share of the items that weren't clicked that is there
     * @param leftOut items without the facts that fields read
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record ShownList(List<RankingExample> examples, int[] places, double rate, int leftOut) {

        boolean[] clicked() {
            boolean[] clicked = new boolean[examples.size()];
            for (int i = 0; i < clicked.length; i++) {
                clicked[i] = examples.get(i).positive();
            }
            return clicked;
        }
    }

    /**
     * @param fields of the feature space
     * @param rules what sessions are served by
     */
    ShownExamples(List<Field> fields, SessionRules rules) {
        this.rules = rules;
        pairFields =
                fields.stream().filter(field -> field.fact().side() == Fact.Side.PAIR).toList();
        needsFacts =
                fields.stream()
                        .map(Field::fact)
                        .anyMatch(
                                fact ->
                                        fact.side() == Fact.Side.PAIR
                                                || fact == Fact.POPULARITY
                                                || fact == Fact.AGE);
        for (Field field : fields) {
            if (field.fact() == Fact.ATTRIBUTE) {
                attributes.add(field.name());
            }
        }
    }

    // ------------------------------------------------------------------ the catalogue

    /** Takes what the catalogue says of an item from now on. */
    void describe(TopicEntry<CatalogItem> entry) {
        if (entry.isWithdrawal()) {
            described.remove(entry.key());
            catalog.withdraw(entry.key());
            return;
        }
        CatalogItem item = entry.value();
        Map<String, String> read = new LinkedHashMap<>(item.attributes());
        read.keySet().retainAll(attributes);
        CatalogItem kept =
                new CatalogItem(item.itemId(), null, item.categories(), item.price(), true, read);
        described.put(entry.key(), new TopicEntry<>(entry.key(), kept));
        // Without the record's time: compaction would change it.
        catalog.put(kept, -1);
    }

    /** What {@link #describe} has to be given to know the catalogue as this does. */
    Collection<TopicEntry<CatalogItem>> described() {
        return described.values();
    }

    // ------------------------------------------------------------------ examples

    /** The examples of a list. */
    ShownList of(LabelledImpression labelled) {
        Impression impression = labelled.impression();
        QueryFacts query = query(labelled);
        List<ShownItem> items = impression.items();
        List<RankingExample> examples = new ArrayList<>(items.size());
        int[] places = new int[items.size()];
        boolean isRetrieved = items.stream().allMatch(item -> item.facts() != null);
        for (int i = 0; i < items.size(); i++) {
            ShownItem item = items.get(i);
            if (item.facts() != null || !needsFacts) {
                places[examples.size()] =
                        isRetrieved || needsFacts ? item.facts().blendRank() : item.position();
                examples.add(
                        new RankingExample(
                                query,
                                facts(item, impression.shownAtMillis()),
                                pairs(item.facts()),
                                labelled.outcomes().get(i).clicked()));
            }
        }
        return new ShownList(
                examples,
                Arrays.copyOf(places, examples.size()),
                labelled.sampling().rate(),
                items.size() - examples.size());
    }

    /** The items that {@link #of} makes examples of. */
    int size(LabelledImpression labelled) {
        int size = 0;
        for (ShownItem item : labelled.impression().items()) {
            size += item.facts() != null || !needsFacts ? 1 : 0;
        }
        return size;
    }

    private QueryFacts query(LabelledImpression labelled) {
        Impression impression = labelled.impression();
        long now = impression.shownAtMillis();
        Visit visit = null;
        for (SessionClick click : labelled.before()) {
            // Repeats of events have been left out by the join.
            Verdict verdict = rules.judge(visit, null, click.itemId(), click.timeMillis());
            if (verdict == Verdict.STARTS) {
                visit = new Visit();
            }
            if (verdict != Verdict.REPEATS) {
                visit.items.add(click.itemId());
            }
            visit.last = click;
        }
        // What a click at this moment would begin, this list was shown in.
        if (visit != null && rules.judge(visit, null, "", now) == Verdict.STARTS) {
            visit = null;
        }
        String user = impression.userId();
        if (user == null && visit != null) {
            user = visit.last.userId();
        }
        List<String> items = visit == null ? List.of() : visit.items;
        int length = items.size();
        // The time on the last item is none, as where a list is made at its click.
        return QueryFacts.of(
                user,
                visit == null ? Map.of() : visit.last.context(),
                now,
                items.subList(Math.max(0, length - rules.maximumLength()), length),
                length,
                now,
                item -> catalog.facts(item, Double.NaN, now));
    }

    private ItemFacts facts(ShownItem item, long shownAtMillis) {
        RankingFacts facts = item.facts();
        ItemFacts known = catalog.facts(item.itemId(), Double.NaN, shownAtMillis);
        return new ItemFacts(
                item.itemId(),
                known.categories(),
                known.price(),
                // Nothing else is shown.
                true,
                facts == null ? Double.NaN : number(facts.popularity()),
                facts == null ? known.ageDays() : number(facts.ageDays()),
                known.attributes());
    }

    private static double number(Double value) {
        return value == null ? Double.NaN : value;
    }

    private float[] pairs(RankingFacts facts) {
        float[] pairs = new float[pairFields.size()];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = facts == null ? Float.NaN : pair(pairFields.get(i), facts);
        }
        return pairs;
    }

    private static float pair(Field field, RankingFacts facts) {
        boolean isScore = field.fact() == Fact.SOURCE_SCORE;
        for (SourceFacts source : facts.sources()) {
            if (source.source().equals(field.name())) {
                return isScore ? RankingStage.score(source.probability()) : source.rank();
            }
        }
        if (field.name().equals(RankingStage.BLEND)) {
            return isScore ? RankingStage.score(facts.blendScore()) : facts.blendRank();
        }
        return Float.NaN;
    }

    /** A session as far as it has been followed. */
    private static final class Visit implements SessionRules.SoFar {

        private final List<String> items = new ArrayList<>();
        private SessionClick last;

        @Override
        public long lastEventTimeMillis() {
            return last.timeMillis();
        }

        @Override
        public String lastItem() {
            return items.get(items.size() - 1);
        }

        @Override
        public boolean remembers(String eventId) {
            return false;
        }
    }
}
