package io.nextclick.models.rating;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.Predictions;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.session.ItemVocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Ranks the items that a split holds out, each for its user, in two ways at once:
 *
 * <ul>
 *   <li>in full, among all items that the user has not clicked in training;
 *   <li>among a sample, as in "Neural Collaborative Filtering" (He et al., WWW 2017): among a
 *       number of items drawn evenly from those that the user has clicked in neither part. Figures
 *       of samples are much higher, depend on the size of the sample and may order models otherwise
 *       (Krichene and Rendle 2020): they compare with each other only.
 * </ul>
 *
 * Ties count against the model; a target that it does not know is a miss, an item of the sample
 * that it does not know comes last. A model of users is asked for its user, a model of sessions
 * about the user's training clicks in order of time. Samples follow the seed and the split alone,
 * so that every model gets the same.
 *
 * <p>Immutable. Shapes: Q = held-out clicks, V = items.
 */
public final class HeldOutItems {

    private static final int CHUNK = 64;

    /**
     * A held-out click.
     *
     * @param known what the user clicked in training, oldest first
     */
    private record Question(
            int visit, String user, List<String> known, String target, List<String> sample) {}

    private final List<Question> questions = new ArrayList<>();

    /**
     * The questions of a split, such as {@link RatingSplit#leaveLastOut}.
     *
     * @param split its parts in order of time
     * @param sample how many items are drawn for each held-out click; all there are if these are
     *     fewer
     */
    public HeldOutItems(RatingSplit split, int sample, long seed) {
        if (sample < 1) {
            throw new IllegalArgumentException("sample is " + sample + ", it must be 1 or more");
        }
        Set<String> different = new LinkedHashSet<>();
        Map<String, List<String>> training = new HashMap<>();
        Map<String, Set<String>> clicked = new HashMap<>();
        for (LoggedClick click : split.training()) {
            String user = RatingSplit.user(click);
            different.add(click.itemId());
            training.computeIfAbsent(user, any -> new ArrayList<>()).add(click.itemId());
            clicked.computeIfAbsent(user, any -> new HashSet<>()).add(click.itemId());
        }
        for (LoggedClick click : split.test()) {
            different.add(click.itemId());
            clicked.computeIfAbsent(RatingSplit.user(click), any -> new HashSet<>())
                    .add(click.itemId());
        }
        List<String> all = List.copyOf(different);
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Integer> visits = new HashMap<>();
        for (LoggedClick click : split.test()) {
            String user = RatingSplit.user(click);
            questions.add(
                    new Question(
                            visits.computeIfAbsent(user, any -> visits.size()),
                            user,
                            training.getOrDefault(user, List.of()),
                            click.itemId(),
                            drawn(all, clicked.get(user), sample, random.split())));
        }
    }

    /** Different items, none of them clicked. */
    private static List<String> drawn(
            List<String> all, Set<String> clicked, int sample, SplittableRandom random) {
        if (all.size() - clicked.size() <= sample) {
            return all.stream().filter(item -> !clicked.contains(item)).toList();
        }
        Set<String> drawn = new LinkedHashSet<>();
        while (drawn.size() < sample) {
            String item = all.get(random.nextInt(all.size()));
            if (!clicked.contains(item)) {
                drawn.add(item);
            }
        }
        return List.copyOf(drawn);
    }

    /** Q. */
    public int size() {
        return questions.size();
    }

    /**
     * The ranks of the held-out items, grouped by user.
     *
     * @param full among all items not clicked in training
     * @param sampled among the sample
     */
    public record Ranks(Predictions full, Predictions sampled) {}

    /** Asks a model of users; in parallel. */
    public Ranks ranks(UserScorer scorer, ItemVocabulary vocabulary) {
        int[][] ranks = new int[2][questions.size()];
        IntStream.range(0, (questions.size() + CHUNK - 1) / CHUNK)
                .parallel()
                .forEach(
                        chunk -> {
                            float[] scores = new float[vocabulary.size()];
                            int end = Math.min(questions.size(), (chunk + 1) * CHUNK);
                            for (int q = chunk * CHUNK; q < end; q++) {
                                scorer.scores(scorer.user(questions.get(q).user), scores);
                                rank(q, scores, vocabulary, ranks);
                            }
                        });
        return ranks(ranks);
    }

    /** Asks a model of sessions. A user without training clicks that it knows is a miss. */
    public Ranks ranks(SessionScorer scorer, ItemVocabulary vocabulary) {
        int[][] ranks = new int[2][questions.size()];
        float[] scores = new float[vocabulary.size()];
        for (int q = 0; q < questions.size(); q++) {
            int[] session =
                    questions.get(q).known.stream()
                            .mapToInt(vocabulary::row)
                            .filter(row -> row != ItemVocabulary.UNKNOWN)
                            .toArray();
            Arrays.fill(scores, Float.NEGATIVE_INFINITY);
            if (session.length > 0) {
                TopItems list = list(scorer, session, vocabulary.size());
                for (int i = 0; i < list.size(); i++) {
                    scores[list.rows()[i]] = list.scores()[i];
                }
            }
            rank(q, scores, vocabulary, ranks);
        }
        return ranks(ranks);
    }

    private static TopItems list(SessionScorer scorer, int[] session, int length) {
        if (scorer instanceof EncodingScorer encoding) {
            int from = Math.max(0, session.length - encoding.maximumLength());
            int[][] last = {Arrays.copyOfRange(session, from, session.length)};
            return encoding.rank(last, 1, length, null)[0];
        }
        RecurrentScorer recurrent = (RecurrentScorer) scorer;
        float[][] state = {new float[recurrent.stateSize()]};
        for (int row : session) {
            recurrent.advance(new int[] {row}, state, 1);
        }
        return recurrent.rank(state, 1, length, null)[0];
    }

    private Ranks ranks(int[][] ranks) {
        int[] visits = questions.stream().mapToInt(Question::visit).toArray();
        return new Ranks(
                Predictions.interleaved(ranks[0], visits),
                Predictions.interleaved(ranks[1], visits));
    }

    private void rank(int place, float[] scores, ItemVocabulary vocabulary, int[][] ranks) {
        Question question = questions.get(place);
        int target = vocabulary.row(question.target);
        ranks[0][place] = RankingMetric.MISS;
        ranks[1][place] = RankingMetric.MISS;
        if (target == ItemVocabulary.UNKNOWN || scores[target] == Float.NEGATIVE_INFINITY) {
            return;
        }
        float wanted = scores[target];
        int atLeast = 0;
        for (int row = 0; row < scores.length; row++) {
            atLeast += row != target && scores[row] >= wanted ? 1 : 0;
        }
        for (String item : new HashSet<>(question.known)) {
            int row = vocabulary.row(item);
            boolean counted = row != ItemVocabulary.UNKNOWN && row != target;
            atLeast -= counted && scores[row] >= wanted ? 1 : 0;
        }
        ranks[0][place] = atLeast;
        int inSample = 0;
        for (String item : question.sample) {
            int row = vocabulary.row(item);
            inSample += row != ItemVocabulary.UNKNOWN && scores[row] >= wanted ? 1 : 0;
        }
        ranks[1][place] = inSample;
    }
}
