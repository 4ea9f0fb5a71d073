package io.nextclick.models.prequential;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.prequential.Visits.Taken;
import io.nextclick.models.prequential.Visits.Visit;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranking.Blend;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.ranking.SourceWeights;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.simulation.Oracle;
import io.nextclick.models.tower.TowerExample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;

/**
 * Recommenders of one and of two stages on a stream, click by click: each click is first to be
 * foreseen and then learnt from. On the same clicks are asked
 *
 * <ul>
 *   <li>each source of candidates alone, by its label;
 *   <li>{@value #BLEND}: the mixture of them, by weights that are learnt: one stage;
 *   <li>each {@link LearningRanker}: the candidates of all sources in its order, learnt from the
 *       lists that it showed itself and from what was clicked behind them: two stages;
 *   <li>{@value #ORACLE}, if there is one.
 * </ul>
 *
 * <p>The order of things is production's, see {@link TestThenTrain}. A click labels the list that
 * was made after the click before it; a list behind which nothing came, once its visit has ended,
 * is learnt from as one without a click. What was clicked doesn't depend on what was shown, as the
 * stream isn't made by the recommender: nothing is gained or lost by where on a page an item stood.
 *
 * <p>Weights and rankers know nothing when the test begins. For one thread.
 */
public final class RankingTrial implements AutoCloseable {

    public static final String BLEND = "blend";
    public static final String ORACLE = "oracle";

    /** Lists that are made in one go. */
    private static final int LARGEST_BUNDLE = 512;

    private static final int SWEEP_EVERY = 1_000;

    /** The sequence model knows the last item of the session, or it doesn't. */
    private static final int SITUATIONS = 2;

    /** As the job learns weights by default. */
    private static final int WEIGHT_WINDOW = 2_000;

    private static final double START_OF_OTHERS = 0.1;
    private static final double START = 0.5;

    /**
     * How the systems are asked.
     *
     * @param rules what a session is
     * @param cutoff k, the length of their lists
     * @param quotas how many candidates each source proposes; one that isn't named, none
     * @param halfLife of the counts of what is clicked now
     * @param syncClicks clicks between two times at which what has been learnt is published
     * @param sampledShare share of the sessions that are asked about, in (0, 1]; sources learn from
     *     all, rankers from the lists that were made
     */
    public record Settings(
            SessionRules rules,
            int cutoff,
            Map<CandidateSource, Integer> quotas,
            Duration halfLife,
            int syncClicks,
            double sampledShare) {

        public Settings {
            quotas = Map.copyOf(quotas);
            if (cutoff < 1) {
                throw new IllegalArgumentException("cutoff is " + cutoff + ", less than 1");
            }
            if (quotas.values().stream().noneMatch(quota -> quota > 0)
                    || quotas.getOrDefault(CandidateSource.POPULARITY, 0) > 0) {
                throw new IllegalArgumentException(
                        "quotas are " + quotas + ", a source other than popularity is needed");
            }
            quotas.forEach(
                    (source, quota) -> {
                        if (quota != 0 && (quota < cutoff || quota > 10_000)) {
                            throw new IllegalArgumentException(
                                    "quota of "
                                            + source.label()
                                            + " is "
                                            + quota
                                            + ", it must be 0 or in ["
                                            + cutoff
                                            + ", 10000]");
                        }
                    });
            if (syncClicks < 1) {
                throw new IllegalArgumentException(
                        "clicks between sync points are " + syncClicks + ", at least 1 is needed");
            }
            if (!(sampledShare > 0 && sampledShare <= 1)) {
                throw new IllegalArgumentException(
                        "sampled share is " + sampledShare + ", it must be in (0, 1]");
            }
        }

        /** The sources that propose anything, in their order. */
        public List<CandidateSource> sources() {
            return Arrays.stream(CandidateSource.values())
                    .filter(source -> quotas.getOrDefault(source, 0) > 0)
                    .toList();
        }
    }

    private final Settings settings;
    private final CandidateSources sources;
    private final LearningSystem towers;
    private final List<LearningRanker> rankers;
    private final Oracle oracle;
    private final Visits<Answer> visits;
    private final List<Ask> asks = new ArrayList<>();
    private final List<Visit<Answer>> ended = new ArrayList<>();

    /** Those of the sources that propose anything, in their order. */
    private final List<CandidateSource> mixed;

    /** Their numbers among all sources. */
    private final int[] numbers;

    private final SourceWeights weights;
    private final Blend blend = new Blend(CandidateSource.values().length);
    private Course course;
    private long clicks;

    /** A click whose lists are to be made, and that labels the lists before it. */
    private record Ask(
            Visit<Answer> visit,
            List<String> items,
            int length,
            boolean continues,
            int oracleRank,
            LoggedClick click) {}

    /**
     * What was answered to a click.
     *
     * @param lists of every system but the oracle, in the order of the course
     * @param shown of every ranker
     * @param proposals what weights are learnt from
     */
    private record Answer(
            List<List<String>> lists, List<LearningRanker.Shown> shown, Proposals proposals) {}

    /**
     * The items that stand among the first of any source.
     *
     * @param probabilities by item the probability that each mixed source gave it; NaN for a source
     *     that had nothing to say
     */
    private record Proposals(int situation, List<String> items, List<float[]> probabilities) {}

    /**
     * @param model the model that was trained before; stays the caller's
     * @param towers propose candidates and learn; stay the caller's
     * @param oracle of the shop that the clicks will be of; may be null
     */
    public RankingTrial(
            Settings settings,
            ServableModel model,
            LearningSystem towers,
            List<LearningRanker> rankers,
            Oracle oracle) {
        this.settings = settings;
        this.towers = towers;
        this.rankers = List.copyOf(rankers);
        this.oracle = oracle;
        mixed = settings.sources();
        numbers =
                mixed.stream()
                        .mapToInt(source -> CandidateSource.labels().indexOf(source.label()))
                        .toArray();
        sources = new CandidateSources(settings.quotas(), model, towers, settings.halfLife());
        visits = new Visits<>(settings.rules(), settings.sampledShare(), ended::add);
        weights =
                SourceWeights.learnt(
                        SITUATIONS,
                        WEIGHT_WINDOW,
                        mixed.stream().mapToDouble(RankingTrial::start).toArray());
    }

    /** As the job's weights begin. */
    private static double start(CandidateSource source) {
        return source == CandidateSource.MODEL || source == CandidateSource.TWO_TOWER
                ? START
                : START_OF_OTHERS;
    }

    /**
     * Lets the sources learn without being asked, and publishes what they have learnt.
     *
     * @param events what happens; one by one until {@code clicksToLearn} clicks have been taken
     * @param progress hears how many clicks have been taken
     */
    public void warmUp(Iterator<StreamEvent> events, long clicksToLearn, LongConsumer progress) {
        synchronise(run(events, clicksToLearn, progress));
    }

    /**
     * Asks, and learns; once.
     *
     * @param events what happens; one by one until {@code clicksToTest} clicks have been taken
     * @return the places of what was clicked in the lists of the sources, of the blend, of the
     *     rankers in the order given, and of the oracle
     */
    public Course test(Iterator<StreamEvent> events, long clicksToTest, LongConsumer progress) {
        if (course != null) {
            throw new IllegalStateException("a test cannot be repeated: systems have learnt");
        }
        List<String> names = new ArrayList<>();
        mixed.forEach(source -> names.add(source.label()));
        names.add(BLEND);
        rankers.forEach(ranker -> names.add(ranker.name()));
        if (oracle != null) {
            names.add(ORACLE);
        }
        course = new Course(names, settings.cutoff());
        run(events, clicksToTest, progress);
        answer();
        return course;
    }

    /** How far each source is believed where the sequence model knows the last item. */
    public Map<CandidateSource, Double> weights() {
        Map<CandidateSource, Double> believed = new EnumMap<>(CandidateSource.class);
        for (int i = 0; i < mixed.size(); i++) {
            believed.put(mixed.get(i), weights.of(situation(true))[i]);
        }
        return believed;
    }

    // ---------------------------------------------------------------- clicks

    /** Returns the time of the last event. */
    private long run(Iterator<StreamEvent> events, long most, LongConsumer progress) {
        long taken = 0;
        long now = 0;
        while (taken < most && events.hasNext()) {
            StreamEvent event = events.next();
            now = event.timeMillis();
            if (event instanceof StreamEvent.Described described) {
                sources.describe(described);
            } else {
                click(((StreamEvent.Clicked) event).click());
                progress.accept(++taken);
            }
        }
        return now;
    }

    private void click(LoggedClick click) {
        long time = click.eventTimeMillis();
        Taken<Answer> taken = visits.take(click);
        int oracleRank = RankingMetric.MISS;
        if (oracle != null && taken.visit().isSampled()) {
            oracleRank =
                    oracle.observe(click)
                            .map(Oracle.Outcome::rank)
                            .filter(rank -> rank >= 0)
                            .orElse(RankingMetric.MISS);
        }
        if (taken.adds()) {
            take(click, taken, oracleRank);
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

    private void take(LoggedClick click, Taken<Answer> taken, int oracleRank) {
        Visit<Answer> visit = taken.visit();
        sources.count(click.itemId(), click.eventTimeMillis());
        if (taken.continues()) {
            towers.learn(
                    new TowerExample(
                            visit.items(),
                            click.userId(),
                            Map.of(),
                            click.itemId(),
                            click.eventTimeMillis()),
                    visit.number());
        }
        visits.add(visit, click.itemId());
        if (!visit.isSampled()) {
            return;
        }
        if (course == null) {
            sources.pass(visit.carried(), click.itemId());
        } else {
            asks.add(
                    new Ask(
                            visit,
                            List.copyOf(visit.items()),
                            visit.length(),
                            taken.continues(),
                            oracleRank,
                            click));
        }
    }

    private void synchronise(long timeMillis) {
        answer();
        sources.synchronise(timeMillis);
        rankers.forEach(LearningRanker::publish);
    }

    // ---------------------------------------------------------------- answering

    /** Makes the lists that are due, and labels those before them. */
    private void answer() {
        if (!asks.isEmpty()) {
            CandidateList[][] proposed =
                    sources.propose(
                            asks.stream().map(ask -> ask.visit.carried()).toList(),
                            asks.stream().map(Ask::items).toList());
            for (int i = 0; i < proposed.length; i++) {
                Ask ask = asks.get(i);
                if (ask.continues && ask.visit.answer != null) {
                    label(ask);
                }
                ask.visit.answer = answer(ask, proposed[i]);
            }
            asks.clear();
        }
        for (Visit<Answer> visit : ended) {
            if (visit.answer != null) {
                learn(visit.answer, null);
            }
        }
        ended.clear();
    }

    private void label(Ask ask) {
        Answer answer = ask.visit.answer;
        String clicked = ask.click.itemId();
        int[] ranks = new int[course.systems().size()];
        for (int list = 0; list < answer.lists.size(); list++) {
            int place = answer.lists.get(list).indexOf(clicked);
            ranks[list] = place < 0 ? RankingMetric.MISS : place;
        }
        if (oracle != null) {
            ranks[ranks.length - 1] = ask.oracleRank;
        }
        course.add(ask.click.eventTimeMillis(), ask.visit.number(), !sources.knows(clicked), ranks);
        int proposed = answer.proposals.items.indexOf(clicked);
        if (proposed >= 0) {
            weights.learn(answer.proposals.situation, answer.proposals.probabilities.get(proposed));
        }
        learn(answer, clicked);
    }

    private void learn(Answer answer, String clicked) {
        for (int ranker = 0; ranker < rankers.size(); ranker++) {
            rankers.get(ranker).learn(answer.shown.get(ranker), clicked);
        }
    }

    private Answer answer(Ask ask, CandidateList[] proposed) {
        List<List<String>> lists = new ArrayList<>();
        for (int number : numbers) {
            CandidateList list = proposed[number];
            lists.add(first(list.size(), list::item));
        }
        int situation = situation(sources.knows(ask.click.itemId()));
        Candidates blended = blended(proposed, situation);
        lists.add(first(blended.size(), blended::item));
        long time = ask.click.eventTimeMillis();
        QueryFacts query =
                QueryFacts.of(
                        ask.click.userId(),
                        ask.click.attributes(),
                        time,
                        ask.items,
                        ask.length,
                        time,
                        sources::facts);
        List<LearningRanker.Shown> shown = new ArrayList<>();
        for (LearningRanker ranker : rankers) {
            LearningRanker.Shown each =
                    ranker.list(
                            query, blended(proposed, situation), sources::facts, settings.cutoff());
            shown.add(each);
            lists.add(first(each.items().size(), each.items()::get));
        }
        return new Answer(lists, shown, proposals(blended, proposed, situation));
    }

    private List<String> first(int size, IntFunction<String> item) {
        if (size == 0) {
            return sources.popular(settings.cutoff());
        }
        List<String> items = new ArrayList<>(settings.cutoff());
        for (int place = 0; place < Math.min(settings.cutoff(), size); place++) {
            items.add(item.apply(place));
        }
        return items;
    }

    private Candidates blended(CandidateList[] proposed, int situation) {
        double[] bySource = new double[proposed.length];
        double[] believed = weights.of(situation);
        for (int i = 0; i < believed.length; i++) {
            bySource[numbers[i]] = believed[i];
        }
        return blend.of(proposed, bySource);
    }

    private Proposals proposals(Candidates blended, CandidateList[] proposed, int situation) {
        List<String> items = new ArrayList<>();
        List<float[]> probabilities = new ArrayList<>();
        for (int place = 0; place < blended.size(); place++) {
            boolean isFirst = false;
            float[] each = new float[mixed.size()];
            for (int i = 0; i < each.length; i++) {
                int source = numbers[i];
                int rank = blended.rank(place, source);
                isFirst |= rank >= 0 && rank < settings.cutoff();
                each[i] =
                        proposed[source].size() == 0
                                ? Float.NaN
                                : blended.probability(place, source);
            }
            if (isFirst) {
                items.add(blended.item(place));
                probabilities.add(each);
            }
        }
        return new Proposals(situation, items, probabilities);
    }

    private static int situation(boolean knowsLast) {
        return knowsLast ? 0 : 1;
    }

    /** Closes what it made itself: the sequence model's scorer. */
    @Override
    public void close() {
        sources.close();
    }
}
