package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.ExampleReport;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.evaluation.LabelledExamples;
import io.nextclick.models.evaluation.Predictions;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.evaluation.RatedExamples;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.rating.HeldOutItems;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.rating.Ratings;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.ItemVocabulary;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a model makes of the users of a test part: how near the ratings it foretells are, how well
 * it tells liked items from others, and where it ranks the items held out.
 */
final class UserEvaluation {

    private static final String[] METRICS = {"hr", "ndcg", "mrr"};

    private final Resampling resampling;
    private final int[] cutoffs;

    /** The lowest rating that means a liking. */
    private final double liked;

    private final Map<String, ExampleReport> judged = new LinkedHashMap<>();
    private final Map<String, Predictions> ranked = new LinkedHashMap<>();

    UserEvaluation(Resampling resampling, int[] cutoffs, double liked) {
        this.resampling = resampling;
        this.cutoffs = cutoffs.clone();
        this.liked = liked;
    }

    /** Whether a click carries a rating. */
    static boolean isRated(LoggedClick click) {
        return click.attributes().containsKey(Ratings.RATING);
    }

    /**
     * Judges rated clicks, one by one.
     *
     * @throws IllegalArgumentException if one has no rating
     */
    void judge(UserScorer scorer, ItemVocabulary vocabulary, List<LoggedClick> rated) {
        int size = rated.size();
        double[] scores = new double[size];
        double[] foretold = new double[size];
        double[] logOdds = new double[size];
        double[] given = new double[size];
        boolean[] labels = new boolean[size];
        Optional<RatingScale> scale = scorer.scale();
        List<String> users = rated.stream().map(RatingSplit::user).toList();
        for (int i = 0; i < size; i++) {
            given[i] = Ratings.rating(rated.get(i));
            labels[i] = given[i] >= liked;
            double score =
                    scorer.score(scorer.user(users.get(i)), vocabulary.row(rated.get(i).itemId()));
            scores[i] = score;
            foretold[i] = scale.map(on -> on.clip(score)).orElse(score);
            logOdds[i] = scale.map(on -> on.logOdds(score, liked)).orElse(score);
        }
        if (scale.isPresent()) {
            judged.put("ratings", new RatedExamples(users, foretold, given).report(resampling));
            judged.put(
                    "liked", LabelledExamples.ofLogOdds(users, logOdds, labels).report(resampling));
        } else {
            judged.put(
                    "liked", LabelledExamples.ofScores(users, scores, labels).report(resampling));
        }
    }

    /** Ranks the items that a split holds out. */
    void rank(ServableModel model, HeldOutItems heldOut, int sample) {
        HeldOutItems.Ranks ranks;
        if (model.userScorer().isPresent()) {
            ranks = heldOut.ranks(model.userScorer().get(), model.vocabulary());
        } else {
            try (SessionScorer scorer = model.newScorer()) {
                ranks = heldOut.ranks(scorer, model.vocabulary());
            }
        }
        ranked.put("full", ranks.full());
        ranked.put("sampled_" + sample, ranks.sampled());
    }

    /** One object for each way of measuring. */
    ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        judged.forEach((name, report) -> json.set(name, report.toJson()));
        ranked.forEach(
                (name, predictions) -> {
                    ObjectNode node = json.putObject(name);
                    node.put("predictions", predictions.size());
                    ObjectNode ends = new ObjectMapper().createObjectNode();
                    Map<String, Interval> intervals = resampling.intervals(predictions, cutoffs);
                    for (int cutoff : cutoffs) {
                        for (RankingMetric metric : RankingMetric.values()) {
                            String figure = metric.at(cutoff);
                            node.put(figure, predictions.mean(metric, cutoff));
                            Interval interval = intervals.get(figure);
                            if (interval != null) {
                                ends.putArray(figure).add(interval.low()).add(interval.high());
                            }
                        }
                    }
                    node.set("intervals", ends);
                });
        return json;
    }

    String toTable() {
        StringBuilder table = new StringBuilder();
        judged.forEach(
                (name, report) ->
                        table.append(
                                String.format(
                                        Locale.ROOT,
                                        "%s: %,d of %,d users%n%s",
                                        name.equals("liked")
                                                ? "rated "
                                                        + BigDecimal.valueOf(liked)
                                                                .stripTrailingZeros()
                                                                .toPlainString()
                                                        + " or more"
                                                : name,
                                        report.examples(),
                                        report.groups(),
                                        report.toTable())));
        ranked.forEach(
                (name, predictions) -> {
                    table.append(
                            String.format(
                                    Locale.ROOT,
                                    "held-out items, %s: %,d%n",
                                    name.replace('_', ' '),
                                    predictions.size()));
                    Map<String, Interval> intervals = resampling.intervals(predictions, cutoffs);
                    for (int cutoff : cutoffs) {
                        for (String metric : METRICS) {
                            String figure = metric + "@" + cutoff;
                            RankingMetric of =
                                    RankingMetric.valueOf(metric.toUpperCase(Locale.ROOT));
                            Interval interval = intervals.get(figure);
                            table.append(
                                    String.format(
                                            Locale.ROOT,
                                            "%10s %9.4f%s%n",
                                            figure,
                                            predictions.mean(of, cutoff),
                                            interval == null
                                                    ? ""
                                                    : String.format(
                                                            Locale.ROOT,
                                                            "   %.0f %%: %.4f – %.4f",
                                                            100 * resampling.confidence(),
                                                            interval.low(),
                                                            interval.high())));
                        }
                    }
                });
        return table.toString();
    }
}
