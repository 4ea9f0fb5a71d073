package io.nextclick.models.prequential;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.prequential.Visits.Taken;
import io.nextclick.models.prequential.Visits.Visit;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.simulation.Oracle;
import io.nextclick.models.tower.TowerExample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Recommenders on a stream, click by click: each click is first to be foreseen and then learnt from
 * (Dawid's prequential principle, 1984). On the same clicks are asked
 *
 * <ul>
 *   <li>{@value #SEQUENCE}: a model that was trained before and doesn't learn;
 *   <li>each {@link LearningSystem}: the sequence model's proposals blended with those of towers
 *       that learn, and {@value #TOWER_OF} before its name, the towers' proposals alone;
 *   <li>{@value #FROZEN}: a copy of the first of them whose towers stopped learning where the test
 *       begins. How its sources are weighed it goes on learning from the clicks, as that is the
 *       serving job's own, so that what it lacks is the towers' learning alone;
 *   <li>{@value #ORACLE}, if there is one.
 * </ul>
 *
 * <p>The order of things is production's: a list is made when a session's latest click arrives, by
 * what has been published by then, and is compared with the session's next click, whenever that
 * comes. What is learnt is published at sync points only, every so many clicks. So within a stretch
 * between two sync points the order of testing and training makes no difference, and lists are made
 * stretch by stretch, in batches.
 *
 * <p>A session's first click during the test labels nothing. For one thread.
 */
public final class TestThenTrain implements AutoCloseable {

    public static final String SEQUENCE = "frozen sequence model";
    public static final String FROZEN = "frozen at the start";
    public static final String TOWER_OF = "tower of ";
    public static final String ORACLE = "oracle";

    /** Lists that are made in one go. */
    private static final int LARGEST_BUNDLE = 512;

    private static final int SWEEP_EVERY = 10_000;

    /**
     * How the systems are asked.
     *
     * @param rules what a session is
     * @param cutoff k, the length of their lists
     * @param candidates how many items each source proposes to a blend, at least k
     * @param syncClicks clicks between two sync points
     * @param sampledShare share of the sessions that are asked about, in (0, 1]; all are learnt
     *     from
     */
    public record Settings(
            SessionRules rules, int cutoff, int candidates, int syncClicks, double sampledShare) {

        public Settings {
            if (cutoff < 1 || cutoff > candidates) {
                throw new IllegalArgumentException(
                        "cutoff is " + cutoff + ", it must be in [1, " + candidates + "]");
            }
            if (syncClicks < 1) {
                throw new IllegalArgumentException(
                        "clicks between sync points are " + syncClicks + ", at least 1 is needed");
            }
            if (!(sampledShare > 0 && sampledShare <= 1)) {
                throw new IllegalArgumentException(
                        "sampled share is " + sampledShare + ", it must be in (0, 1]");
            }
        }
    }

    /**
     * An item that the sequence model doesn't know and that came up during the test.
     *
     * @param appearedMillis its first click or its entry in the catalogue, whichever came first
     * @param recommendedMillis when a list of the first learning system first held it; -1 if none
     *     did
     */
    public record Arrival(String itemId, long appearedMillis, long recommendedMillis) {}

    private final Settings settings;
    private final SequenceAnswers sequence;
    private final List<LearningSystem> learning;
    private final Oracle oracle;

    /** The learning systems, behind them the frozen one once there is one. */
    private final List<LearningSystem> systems;

    private final Visits<Listed[]> visits;
    private final List<Ask> asks = new ArrayList<>();
    private final Map<String, Long> appeared = new LinkedHashMap<>();
    private final Map<String, Long> recommended = new HashMap<>();
    private final Set<String> before = new LinkedHashSet<>();
    private Course course;
    private long clicks;

    /** A click whose list is to be made, and that labels the list before it. */
    private record Ask(
            Visit<Listed[]> visit,
            List<String> items,
            boolean continues,
            int oracleRank,
            long timeMillis) {

        String item() {
            return items.get(items.size() - 1);
        }
    }

    /**
     * A list.
     *
     * @param proposals what its sources proposed; null if it was not blended
     */
    private record Listed(List<String> items, Proposals proposals) {

        Listed(List<String> items) {
            this(items, null);
        }
    }

    /**
     * The first items of both sources of a list, whether or not they came into it, with the
     * probabilities that the sources gave them.
     *
     * @param knowsLast whether the sequence model knew the session's last item
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Proposals(
            boolean knowsLast, List<String> items, float[] bySequence, float[] byTower) {}

    /**
     * @param sequence the model that was trained before; stays the caller's
     * @param learning systems that learn, at least one; stay the caller's
     * @param oracle of the shop that the clicks will be of; may be null
     */
    public TestThenTrain(
            Settings settings,
            ServableModel sequence,
            List<LearningSystem> learning,
            Oracle oracle) {
        if (learning.isEmpty()) {
            throw new IllegalArgumentException("there is no system that learns");
        }
        this.settings = settings;
        this.sequence = new SequenceAnswers(sequence);
        this.learning = List.copyOf(learning);
        this.systems = new ArrayList<>(learning);
        this.oracle = oracle;
        visits = new Visits<>(settings.rules(), settings.sampledShare(), ended -> {});
    }

    /**
     * Learns without being asked, and synchronises at the end.
     *
     * @param events what happens; one by one until {@code clicksToLearn} clicks have been taken
     * @param progress hears how many clicks have been taken
     */
    public void warmUp(Iterator<StreamEvent> events, long clicksToLearn, LongConsumer progress) {
        long taken = 0;
        long now = 0;
        while (taken < clicksToLearn && events.hasNext()) {
            StreamEvent event = events.next();
            now = event.timeMillis();
            if (take(event)) {
                progress.accept(++taken);
            }
        }
        synchronise(now);
    }

    /**
     * Is asked, and learns; once.
     *
     * @param events what happens; one by one until {@code clicksToTest} clicks have been taken
     */
    public Course test(Iterator<StreamEvent> events, long clicksToTest, LongConsumer progress) {
        if (course != null) {
            throw new IllegalStateException("a test cannot be repeated: systems have learnt");
        }
        systems.add(learning.get(0).frozen(FROZEN));
        List<String> names = new ArrayList<>(List.of(SEQUENCE));
        for (LearningSystem system : systems) {
            names.add(system.name());
        }
        for (LearningSystem system : learning) {
            names.add(TOWER_OF + system.name());
        }
        if (oracle != null) {
            names.add(ORACLE);
        }
        course = new Course(names, settings.cutoff());
        long taken = 0;
        while (taken < clicksToTest && events.hasNext()) {
            StreamEvent event = events.next();
            if (take(event)) {
                progress.accept(++taken);
            }
        }
        answer();
        return course;
    }

    /** Items that came up during the test, in that order. */
    public List<Arrival> arrivals() {
        return appeared.entrySet().stream()
                .map(
                        entry ->
                                new Arrival(
                                        entry.getKey(),
                                        entry.getValue(),
                                        recommended.getOrDefault(entry.getKey(), -1L)))
                .toList();
    }

    /** Whether it was a click. */
    private boolean take(StreamEvent event) {
        if (event instanceof StreamEvent.Described described) {
            appear(described.itemId(), described.timeMillis());
            for (LearningSystem system : learning) {
                system.describe(described.itemId(), described.attributes());
            }
            return false;
        }
        click(((StreamEvent.Clicked) event).click());
        return true;
    }

    private void appear(String item, long timeMillis) {
        if (course == null) {
            before.add(item);
        } else if (!before.contains(item) && !sequence.knows(item)) {
            appeared.putIfAbsent(item, timeMillis);
        }
    }

    private void click(LoggedClick click) {
        long time = click.eventTimeMillis();
        appear(click.itemId(), time);
        Taken<Listed[]> taken = visits.take(click);
        int oracleRank = RankingMetric.MISS;
        if (oracle != null && taken.visit().isSampled()) {
            oracleRank =
                    oracle.observe(click)
                            .map(Oracle.Outcome::rank)
                            .filter(rank -> rank >= 0)
                            .orElse(RankingMetric.MISS);
        }
        if (taken.adds()) {
            take(click, taken.visit(), taken.continues(), oracleRank);
        }
        clicks++;
        if (course != null && asks.size() >= LARGEST_BUNDLE) {
            answer();
        }
        if (clicks % settings.syncClicks() == 0) {
            synchronise(time);
        }
        if (clicks % SWEEP_EVERY == 0) {
            visits.forgetEnded(time);
        }
    }

    private void take(LoggedClick click, Visit<Listed[]> visit, boolean continues, int oracleRank) {
        if (continues) {
            TowerExample example =
                    new TowerExample(
                            visit.items(),
                            click.userId(),
                            Map.of(),
                            click.itemId(),
                            click.eventTimeMillis());
            for (LearningSystem system : learning) {
                system.learn(example, visit.number());
            }
        }
        visits.add(visit, click.itemId());
        if (!visit.isSampled()) {
            return;
        }
        if (course == null) {
            sequence.pass(visit.carried(), click.itemId());
        } else {
            asks.add(
                    new Ask(
                            visit,
                            List.copyOf(visit.items()),
                            continues,
                            oracleRank,
                            click.eventTimeMillis()));
        }
    }

    private void synchronise(long timeMillis) {
        answer();
        for (LearningSystem system : learning) {
            system.synchronise(timeMillis);
        }
    }

    // ---------------------------------------------------------------- answering

    /** Makes the lists that are due, and labels those before them. */
    private void answer() {
        if (asks.isEmpty()) {
            return;
        }
        List<List<String>> sessions = asks.stream().map(Ask::items).toList();
        CandidateList[] bySequence =
                sequence.propose(
                        asks.stream().map(ask -> ask.visit.carried()).toList(),
                        sessions,
                        settings.candidates());
        List<CandidateList[]> byTower = new ArrayList<>();
        for (LearningSystem system : systems) {
            byTower.add(system.propose(sessions, settings.candidates()));
        }
        for (int i = 0; i < asks.size(); i++) {
            Ask ask = asks.get(i);
            if (ask.continues && ask.visit.answer != null) {
                label(ask);
            }
            ask.visit.answer = lists(ask, bySequence[i], byTower, i);
        }
        asks.clear();
    }

    private void label(Ask ask) {
        Listed[] lists = ask.visit.answer;
        int[] ranks = new int[course.systems().size()];
        for (int list = 0; list < lists.length; list++) {
            int place = lists[list].items.indexOf(ask.item());
            ranks[list] = place < 0 ? RankingMetric.MISS : place;
            if (lists[list].proposals != null) {
                believe(systems.get(list - 1), lists[list].proposals, ask.item());
            }
        }
        if (oracle != null) {
            ranks[ranks.length - 1] = ask.oracleRank;
        }
        course.add(ask.timeMillis, ask.visit.number(), !sequence.knows(ask.item()), ranks);
    }

    private static void believe(LearningSystem system, Proposals proposals, String clicked) {
        int place = proposals.items.indexOf(clicked);
        if (place >= 0) {
            system.believe(
                    proposals.knowsLast, proposals.bySequence[place], proposals.byTower[place]);
        }
    }

    /** The lists after a click: the sequence model's, each system's, each learning tower's. */
    private Listed[] lists(
            Ask ask, CandidateList bySequence, List<CandidateList[]> byTower, int place) {
        Listed[] lists = new Listed[1 + systems.size() + learning.size()];
        lists[0] = new Listed(orPopular(first(bySequence)));
        for (int system = 0; system < systems.size(); system++) {
            boolean knowsLast = sequence.knows(ask.item());
            CandidateList proposed = byTower.get(system)[place];
            lists[1 + system] =
                    blended(
                            systems.get(system).blend(bySequence, proposed, knowsLast),
                            knowsLast,
                            bySequence.size() > 0 && proposed.size() > 0);
        }
        for (int system = 0; system < learning.size(); system++) {
            lists[1 + systems.size() + system] =
                    new Listed(orPopular(first(byTower.get(system)[place])));
        }
        for (String item : lists[1].items) {
            Long since = appeared.get(item);
            if (since != null) {
                recommended.putIfAbsent(item, ask.timeMillis);
            }
        }
        return lists;
    }

    /**
     * @param both whether both sources spoke, so that there is something to weigh
     */
    private Listed blended(Candidates candidates, boolean knowsLast, boolean both) {
        if (candidates.size() == 0) {
            return new Listed(orPopular(List.of()));
        }
        List<String> items = new ArrayList<>(settings.cutoff());
        for (int place = 0; place < Math.min(settings.cutoff(), candidates.size()); place++) {
            items.add(candidates.item(place));
        }
        return new Listed(items, both ? proposals(candidates, knowsLast) : null);
    }

    private Proposals proposals(Candidates candidates, boolean knowsLast) {
        List<String> items = new ArrayList<>(2 * settings.cutoff());
        float[] bySequence = new float[2 * settings.cutoff()];
        float[] byTower = new float[2 * settings.cutoff()];
        for (int place = 0; place < candidates.size(); place++) {
            int sequenceRank = candidates.rank(place, LearningSystem.SEQUENCE);
            int towerRank = candidates.rank(place, LearningSystem.TOWER);
            if ((sequenceRank >= 0 && sequenceRank < settings.cutoff())
                    || (towerRank >= 0 && towerRank < settings.cutoff())) {
                bySequence[items.size()] = candidates.probability(place, LearningSystem.SEQUENCE);
                byTower[items.size()] = candidates.probability(place, LearningSystem.TOWER);
                items.add(candidates.item(place));
            }
        }
        return new Proposals(knowsLast, items, bySequence, byTower);
    }

    private List<String> first(CandidateList proposal) {
        int size = Math.min(settings.cutoff(), proposal.size());
        List<String> items = new ArrayList<>(size);
        for (int place = 0; place < size; place++) {
            items.add(proposal.item(place));
        }
        return items;
    }

    private List<String> orPopular(List<String> items) {
        return items.isEmpty() ? sequence.popular(settings.cutoff()) : items;
    }

    /** Closes what it made itself: the frozen copy and the sequence model's scorer. */
    @Override
    public void close() {
        systems.subList(learning.size(), systems.size()).forEach(LearningSystem::close);
        sequence.close();
    }
}
