package io.nextclick.jobs.report;

import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.Outcomes;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Some sessions of a test log, drawn by a seed, to look at with the lists that models made. */
public final class SampleSessions {

    private final List<Session> sessions;

    /** Place of each session's first prediction among all of the log. */
    private final List<Integer> firsts;

    private SampleSessions(List<Session> sessions, List<Integer> firsts) {
        this.sessions = sessions;
        this.firsts = firsts;
    }

    /**
     * What a model made of the sessions.
     *
     * @param lists per session and prediction the items recommended, best first
     * @param ranks per session and prediction the target's rank from 0, or {@link
     *     io.nextclick.models.evaluation.RankingMetric#MISS}
     */
    public record Answers(List<List<List<String>>> lists, List<List<Integer>> ranks) {}

    /**
     * Draws sessions that have something to predict, and keeps them in the order of the log.
     *
     * @param count how many, if there are as many
     */
    public static SampleSessions draw(List<Session> log, int count, long seed) {
        List<Integer> eligible = new ArrayList<>();
        int[] firsts = new int[log.size() + 1];
        for (int i = 0; i < log.size(); i++) {
            long predictions = Evaluation.predictions(log.subList(i, i + 1));
            firsts[i + 1] = Math.toIntExact(firsts[i] + predictions);
            if (predictions > 0) {
                eligible.add(i);
            }
        }
        Collections.shuffle(eligible, new Random(seed));
        List<Integer> drawn =
                eligible.subList(0, Math.min(count, eligible.size())).stream().sorted().toList();
        return new SampleSessions(
                drawn.stream().map(log::get).toList(), drawn.stream().map(i -> firsts[i]).toList());
    }

    List<Session> sessions() {
        return sessions;
    }

    /**
     * Asks a model.
     *
     * @param outcomes what it made of the whole log that the sessions were drawn from
     */
    public Answers answers(
            Evaluation evaluation,
            SessionScorer scorer,
            ItemVocabulary vocabulary,
            Outcomes outcomes) {
        List<List<List<String>>> named = new ArrayList<>();
        List<List<Integer>> ranks = new ArrayList<>();
        List<List<TopItems>> lists = evaluation.topItems(scorer, sessions, outcomes.longest());
        for (int i = 0; i < sessions.size(); i++) {
            int first = firsts.get(i);
            // The list after the last click has no target.
            int predictions = lists.get(i).size() - 1;
            named.add(
                    lists.get(i).subList(0, predictions).stream()
                            .map(list -> names(list, vocabulary))
                            .toList());
            ranks.add(
                    IntStream.range(first, first + predictions)
                            .mapToObj(outcomes.predictions()::rank)
                            .toList());
        }
        return new Answers(named, ranks);
    }

    private static List<String> names(TopItems list, ItemVocabulary vocabulary) {
        return IntStream.of(list.rows()).mapToObj(vocabulary::item).toList();
    }
}
