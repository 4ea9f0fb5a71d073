package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * A model that answers one subtask's clicks, with all that belongs to it: scorer, session rules,
 * most popular items, room for a bundle. Nothing outside knows rows or scores of a model, so that
 * one can take another's place between two bundles.
 *
 * <p>A bundle goes through {@link #takeUp}, then per click {@link #take} and {@link #prepare}, then
 * {@link #advance} and {@link #rank}, then per click {@link #list} and per session {@link #keep}.
 * Of a bundle that several models share each sees to those visits and clicks that name it.
 *
 * <p>May be made and warmed up by one thread and then used by another, but by one at a time. Owns
 * its scorer and its share of the loaded model.
 */
final class ActiveModel implements AutoCloseable {

    private static final String FROM_MODEL = CandidateSource.MODEL.label();
    private static final String FROM_CO_VISITATION = CandidateSource.CO_VISITATION.label();
    static final String FROM_POPULARITY = CandidateSource.POPULARITY.label();

    private static final int WARM_UP_BUNDLES = 200;
    private static final int MOST_WARM_UP_CLICKS = 32;
    private static final int MOST_WARM_UP_ITEMS = 20;
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(3);

    private final RecommendSettings settings;
    private final LoadedModel model;
    private final SessionScorer scorer;

    /** The scorer if it is of this kind, else null. */
    private final RecurrentScorer recurrent;

    /** The scorer if it is of this kind, else null. */
    private final EncodingScorer encoding;

    private final SessionRules rules;

    /** The most popular rows, enough for any list. */
    private final TopItems popular;

    /** Per click of the bundle room for one recurrent state. */
    private final float[][] hiddenRoom;

    private final int[] batchRows;

    /** Whether a score of the warm-up was no finite number. */
    private boolean hasScoredOddly;

    /**
     * @param model becomes this object's, even if this fails
     */
    ActiveModel(LoadedModel model, RecommendSettings settings) {
        this.settings = settings;
        this.model = model;
        try {
            rules = settings.sessionRules(model.model().sessionRules());
            popular = model.popularity().top(settings.longestList(rules), null);
            scorer = model.model().newScorer();
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
        if (scorer instanceof RecurrentScorer stepping) {
            recurrent = stepping;
            encoding = null;
            hiddenRoom = new float[settings.bundleSize()][stepping.stateSize()];
        } else {
            recurrent = null;
            encoding = (EncodingScorer) scorer;
            hiddenRoom = null;
        }
        batchRows = new int[settings.bundleSize()];
    }

    /**
     * A model that has been warmed up, see {@link #warmUp}.
     *
     * @param model becomes the result's, even if this fails
     */
    static ActiveModel warmedUp(
            LoadedModel model, RecommendSettings settings, boolean isBesideClicks) {
        ActiveModel active = new ActiveModel(model, settings);
        try {
            active.warmUp(isBesideClicks);
            return active;
        } catch (RuntimeException | Error e) {
            active.close();
            throw e;
        }
    }

    /** The session rules in force. */
    SessionRules rules() {
        return rules;
    }

    /** As recommendations name it. */
    ModelReference reference() {
        return model.reference();
    }

    /** Marks what it made; never {@link SessionState#NO_MODEL}. */
    long stamp() {
        return model.stamp();
    }

    /** What the model's loader, and a release, call it by. */
    String fingerprint() {
        return model.fingerprint();
    }

    /** Whether every score of the warm-up was a finite number. */
    boolean hasScoredWithNumbers() {
        return !hasScoredOddly;
    }

    /** One line for a person. */
    String describe() {
        return model.model().describe();
    }

    /**
     * Answers made-up clicks of popular items, so that what the first clicks would have waited for
     * is done: code compiled for this kind of model, weights brought into memory.
     *
     * @param isBesideClicks whether real clicks are being answered on the same cores meanwhile:
     *     then this rests as long as it works
     */
    private void warmUp(boolean isBesideClicks) {
        if (popular.size() == 0) {
            return;
        }
        int most = Math.min(settings.bundleSize(), MOST_WARM_UP_CLICKS);
        long end = System.nanoTime() + LONGEST_WARM_UP.toNanos();
        SplittableRandom random = new SplittableRandom(model.stamp());
        for (int round = 0; round < WARM_UP_BUNDLES && System.nanoTime() < end; round++) {
            long begun = System.nanoTime();
            BundledClick[] bundle = new BundledClick[1 + random.nextInt(most)];
            for (int i = 0; i < bundle.length; i++) {
                bundle[i] = madeUpClick(random);
            }
            answer(bundle);
            if (isBesideClicks) {
                LockSupport.parkNanos(System.nanoTime() - begun);
            }
        }
    }

    /** A click in a session that another model has seen. */
    private BundledClick madeUpClick(SplittableRandom random) {
        SessionState state = new SessionState();
        state.start();
        int before = random.nextInt(Math.min(rules.maximumLength(), MOST_WARM_UP_ITEMS));
        for (int i = 0; i < before; i++) {
            state.addItem(popularItem(random), rules.maximumLength());
        }
        BundledClick pending =
                new BundledClick(
                        new ReceivedClick(null, "", null, popularItem(random), 0, "", 0, 0, 0));
        pending.verdict = before == 0 ? Verdict.STARTS : Verdict.CONTINUES;
        pending.visit = new BundledVisit(state);
        pending.visit.model = this;
        pending.model = this;
        return pending;
    }

    private String popularItem(SplittableRandom random) {
        return model.vocabulary().item(popular.rows()[random.nextInt(popular.size())]);
    }

    /** As the operator does, but for what it does with sessions. */
    private void answer(BundledClick[] bundle) {
        takeUp(Arrays.stream(bundle).map(pending -> pending.visit).toList());
        for (int i = 0; i < bundle.length; i++) {
            SessionState state = bundle[i].visit.state;
            take(bundle[i], state);
            state.addItem(bundle[i].click.itemId(), rules.maximumLength());
            prepare(bundle[i], state, false, i);
        }
        advance(bundle, bundle.length);
        rank(bundle, bundle.length);
        for (BundledClick pending : bundle) {
            hasScoredOddly |= pending.top != null && !isFinite(pending.top.scores());
            list(
                    pending,
                    new ArrayList<>(settings.count()),
                    pending.visit.state.roomForList(settings.count()),
                    null);
            keep(pending.visit);
        }
    }

    private static boolean isFinite(float[] scores) {
        for (float score : scores) {
            if (!Float.isFinite(score)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        try {
            scorer.close();
        } finally {
            model.close();
        }
    }

    // ------------------------------------------------------------------ before the ranking

    /**
     * Makes the stored states usable of those sessions that this model answers, by replay of their
     * items where another model made them.
     *
     * @return how many states were made anew
     */
    int takeUp(Collection<BundledVisit> visits) {
        if (recurrent == null) {
            return 0;
        }
        List<BundledVisit> rebuilding = null;
        for (BundledVisit visit : visits) {
            SessionState state = visit.state;
            if (state == null || visit.model != this) {
                continue;
            }
            if (state.hidden != null
                    && state.hiddenModel == model.stamp()
                    && state.hidden.length == recurrent.stateSize()) {
                visit.hidden = state.hidden;
            } else if (state.hiddenModel != model.stamp()) {
                visit.replay = knownRows(state, Integer.MAX_VALUE);
                if (visit.replay.length > 0) {
                    rebuilding = rebuilding == null ? new ArrayList<>() : rebuilding;
                    rebuilding.add(visit);
                    visit.hidden = new float[recurrent.stateSize()];
                }
            }
        }
        if (rebuilding == null) {
            return 0;
        }
        float[][] states = new float[rebuilding.size()][];
        boolean more = true;
        for (int position = 0; more; position++) {
            int count = 0;
            for (BundledVisit visit : rebuilding) {
                if (position < visit.replay.length) {
                    batchRows[count] = visit.replay[position];
                    states[count++] = visit.hidden;
                }
            }
            more = count > 0;
            if (more) {
                recurrent.advance(batchRows, states, count);
            }
        }
        return rebuilding.size();
    }

    /** Looks up the click's item, which is about to be added to its session. */
    void take(BundledClick pending, SessionState before) {
        pending.row = model.vocabulary().row(pending.click.itemId());
        if (pending.verdict == Verdict.CONTINUES) {
            pending.popularityRank = popularityRank(pending.row, before);
        }
    }

    /**
     * Gathers what the click's answer depends on, as later clicks will change its session.
     *
     * @param overrun whether the click is too old to be ranked
     * @param index the click's place in the bundle
     */
    void prepare(BundledClick pending, SessionState state, boolean overrun, int index) {
        if (settings.excludeSeen()) {
            pending.excluded = knownRows(state, Integer.MAX_VALUE);
        }
        if (recurrent != null) {
            BundledVisit visit = pending.visit;
            if (pending.row != ItemVocabulary.UNKNOWN) {
                pending.before = visit.hidden;
                pending.round = visit.round++;
                visit.hidden = hiddenRoom[index];
            }
            pending.hidden = visit.hidden;
            pending.fallback = pending.hidden == null ? RecommendOperator.UNKNOWN_ITEMS : null;
        } else {
            pending.rows = knownRows(state, encoding.maximumLength());
            pending.fallback = pending.rows.length == 0 ? RecommendOperator.UNKNOWN_ITEMS : null;
        }
        if (overrun && pending.fallback == null) {
            pending.fallback = RecommendOperator.OVERRUN;
            int[] rows = knownRows(state, 1);
            pending.lastKnownRow = rows.length == 0 ? ItemVocabulary.UNKNOWN : rows[0];
        }
    }

    /** The rows of the session's last known items, oldest first, at most {@code most}. */
    private int[] knownRows(SessionState state, int most) {
        List<String> items = state.items();
        int[] rows = new int[Math.min(most, items.size())];
        int from = rows.length;
        for (int i = items.size() - 1; i >= 0 && from > 0; i--) {
            int row = model.vocabulary().row(items.get(i));
            if (row != ItemVocabulary.UNKNOWN) {
                rows[--from] = row;
            }
        }
        return from == 0 ? rows : Arrays.copyOfRange(rows, from, rows.length);
    }

    /** The item's place in the popularity baseline's list for the session before the click. */
    private int popularityRank(int row, SessionState before) {
        if (row == ItemVocabulary.UNKNOWN) {
            return -1;
        }
        if (!settings.excludeSeen()) {
            return model.popularity().rank(row, null);
        }
        int[] seen = knownRows(before, Integer.MAX_VALUE);
        return contains(seen, row) ? -1 : model.popularity().rank(row, seen);
    }

    // ------------------------------------------------------------------ the ranking

    /** Advances recurrent states by this model's clicks. Returns whether there was any. */
    boolean advance(BundledClick[] bundle, int bundled) {
        if (recurrent == null) {
            return false;
        }
        float[][] states = new float[bundled][];
        int advanced = 0;
        boolean more = true;
        for (int round = 0; more; round++) {
            int count = 0;
            for (int i = 0; i < bundled; i++) {
                BundledClick pending = bundle[i];
                if (pending.round != round || pending.model != this) {
                    continue;
                }
                if (pending.before == null) {
                    Arrays.fill(pending.hidden, 0);
                } else {
                    System.arraycopy(pending.before, 0, pending.hidden, 0, pending.hidden.length);
                }
                batchRows[count] = pending.row;
                states[count++] = pending.hidden;
            }
            more = count > 0;
            if (more) {
                recurrent.advance(batchRows, states, count);
                advanced += count;
            }
        }
        return advanced > 0;
    }

    /**
     * Ranks the catalogue for all clicks of this model that it can answer, in one batch. Returns
     * whether there was any.
     */
    boolean rank(BundledClick[] bundle, int bundled) {
        // Made anew for each bundle: to point from old objects to new ones at every click costs the
        // garbage collector more than these.
        BundledClick[] batch = new BundledClick[bundled];
        int[][] excluded = settings.excludeSeen() ? new int[bundled][] : null;
        int count = 0;
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            if (pending.model == this
                    && pending.verdict != Verdict.DUPLICATE
                    && pending.fallback == null) {
                if (excluded != null) {
                    excluded[count] = pending.excluded;
                }
                batch[count++] = pending;
            }
        }
        if (count == 0) {
            return false;
        }
        TopItems[] lists;
        if (recurrent != null) {
            float[][] states = new float[count][];
            for (int i = 0; i < count; i++) {
                states[i] = batch[i].hidden;
            }
            lists = recurrent.rank(states, count, settings.ranked(), excluded);
        } else {
            int[][] sequences = new int[count][];
            for (int i = 0; i < count; i++) {
                sequences[i] = batch[i].rows;
            }
            lists = encoding.rank(sequences, count, settings.ranked(), excluded);
        }
        for (int i = 0; i < count; i++) {
            batch[i].top = lists[i];
        }
        return true;
    }

    // ------------------------------------------------------------------ after the ranking

    /** What the model proposes for a click that it has ranked. */
    CandidateList candidates(BundledClick pending) {
        return CandidateList.of(pending.top, model.vocabulary()::item, model.model().scoreScale());
    }

    /**
     * The items that are visited together with the session's last ones.
     *
     * @param most items in the list
     */
    CandidateList coVisited(BundledClick pending, SessionState state, int most) {
        int[] rows = knownRows(state, CoVisitation.SESSION_ITEMS);
        return CandidateList.of(
                model.coVisitation().near(rows, most, pending.excluded),
                model.vocabulary()::item,
                ScoreScale.PROPORTION);
    }

    /** What is popular, without what the click's list must leave out. */
    CandidateList popular(BundledClick pending) {
        return CandidateList.of(
                popular,
                row -> contains(pending.excluded, row) ? null : model.vocabulary().item(row),
                ScoreScale.PROPORTION);
    }

    /** Whether the model knows an item. */
    boolean knows(String item) {
        return model.vocabulary().row(item) != ItemVocabulary.UNKNOWN;
    }

    /**
     * The click's list where nothing is blended with it: the model's, or the neighbours of the
     * session's last known item if that is all there is time for, filled up with what is popular.
     *
     * @param fingerprints takes those of the list's first items
     * @param dropped items that may not be recommended; null: none, as where the model ranked
     * @return how many it took
     */
    int list(
            BundledClick pending,
            List<RecommendedItem> items,
            long[] fingerprints,
            Predicate<String> dropped) {
        if (pending.top != null) {
            addAll(items, pending.top, FROM_MODEL, null, null, null);
            int listed = Math.min(fingerprints.length, items.size());
            long[] known = model.fingerprints();
            for (int i = 0; i < listed; i++) {
                fingerprints[i] = known[pending.top.rows()[i]];
            }
            return listed;
        }
        int[] first = null;
        if (pending.lastKnownRow != ItemVocabulary.UNKNOWN) {
            TopItems neighbours =
                    model.coVisitation()
                            .neighbours(pending.lastKnownRow, settings.count(), pending.excluded);
            addAll(items, neighbours, FROM_CO_VISITATION, null, null, dropped);
            first = neighbours.rows();
        }
        addAll(items, popular, FROM_POPULARITY, pending.excluded, first, dropped);
        return fingerprints(items, fingerprints);
    }

    /** Takes the fingerprints of a list's first items. Returns how many. */
    static int fingerprints(List<RecommendedItem> items, long[] fingerprints) {
        int listed = Math.min(fingerprints.length, items.size());
        for (int i = 0; i < listed; i++) {
            fingerprints[i] = Fingerprint.of(items.get(i).itemId());
        }
        return listed;
    }

    /** Leaves a recurrent state in its session, or takes away that of another model. */
    void keep(BundledVisit visit) {
        SessionState state = visit.state;
        if (recurrent == null) {
            // It would fall behind the items, and be taken for good when its model returns.
            state.hidden = null;
            state.hiddenModel = SessionState.NO_MODEL;
            return;
        }
        if (visit.hidden != null) {
            state.keepHidden(visit.hidden, model.stamp());
        } else {
            state.hidden = null;
        }
        state.hiddenModel = model.stamp();
    }

    private void addAll(
            List<RecommendedItem> items,
            TopItems top,
            String source,
            int[] excluded,
            int[] also,
            Predicate<String> dropped) {
        for (int i = 0; i < top.size() && items.size() < settings.count(); i++) {
            int row = top.rows()[i];
            if (!contains(excluded, row) && !contains(also, row)) {
                String item = model.vocabulary().item(row);
                if (dropped == null || !dropped.test(item)) {
                    items.add(new RecommendedItem(item, top.scores()[i], source));
                }
            }
        }
    }

    private static boolean contains(int[] rows, int row) {
        if (rows != null) {
            for (int other : rows) {
                if (other == row) {
                    return true;
                }
            }
        }
        return false;
    }
}
