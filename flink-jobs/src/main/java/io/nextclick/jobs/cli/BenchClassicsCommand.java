package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.evaluation.RatedExamples;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.rating.HeldOutItems;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.rating.Ratings;
import io.nextclick.models.scoring.RatingScale;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick bench classics}: the classic models in one table, over several seeds. */
@Command(
        name = "classics",
        description = "Measure the classic models on a log of ratings, over several seeds.",
        footer = {
            "",
            "Ratings: a fifth drawn by the seed is foretold. Ranking: the last click of each user is"
                    + " ranked among all items that the user has not clicked before, and among 99"
                    + " that the user never clicked, drawn by the seed. Models learn with their"
                    + " default options. Figures are means over the seeds, intervals of 95 %"
                    + " Student's t over the seeds. Models without chance in them give the same full"
                    + " ranking for each."
        })
final class BenchClassicsCommand implements Callable<Integer> {

    private static final double TEST_SHARE = 0.2;
    private static final int SAMPLE = 99;
    private static final int CUTOFF = 10;
    private static final double CONFIDENCE = 0.95;

    @Spec private CommandSpec spec;

    @Mixin private ClickLogArguments clicks;

    @Option(
            names = "--seeds",
            paramLabel = "FIRST-LAST",
            defaultValue = "1-5",
            description = "Seeds of splits, samples and models. Default: 1-5.")
    private String seeds;

    @Option(
            names = "--user-features",
            paramLabel = "ATTRIBUTE",
            split = ",",
            description = "Learn mf and als with these known features of users, too.")
    private List<String> userFeatures = List.of();

    @Option(
            names = "--item-features",
            paramLabel = "ATTRIBUTE",
            split = ",",
            description = "Learn mf and als with these known features of items, too.")
    private List<String> itemFeatures = List.of();

    @Option(
            names = "--models",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Measure these alone. The networks of sessions, gru4rec, sasrec and bert4rec,"
                            + " are only measured when named: they learn for minutes a seed.")
    private List<String> models = List.of();

    /** Columns of the table, each a number a seed. */
    private enum Column {
        RMSE("RMSE"),
        MAE("MAE"),
        SAMPLED_HIT_RATE("HR@10 of 100"),
        SAMPLED_GAIN("NDCG@10 of 100"),
        HIT_RATE("HR@10 full"),
        GAIN("NDCG@10 full");

        private final String title;

        Column(String title) {
            this.title = title;
        }
    }

    /** What each model reached, by its name. */
    private final Map<String, Map<Column, List<Double>>> reached = new LinkedHashMap<>();

    @Override
    public Integer call() throws ModelFileException {
        long[] all = seeds();
        Map<String, ClassicModels.Classic> chosen = chosen();
        List<LoggedClick> log = clicks.log().clicks();
        if (log.isEmpty() || !log.stream().allMatch(UserEvaluation::isRated)) {
            throw new ParameterException(spec.commandLine(), "there have to be ratings in the log");
        }
        say("%,d ratings; seeds %s", log.size(), seeds);
        RatingSplit lastOut = RatingSplit.leaveLastOut(log);
        for (long seed : all) {
            RatingSplit random = RatingSplit.random(log, TEST_SHARE, seed);
            HeldOutItems heldOut = new HeldOutItems(lastOut, SAMPLE, seed);
            for (Map.Entry<String, ClassicModels.Classic> model : chosen.entrySet()) {
                String name = model.getKey();
                rank(name, model.getValue().ranks(lastOut, heldOut, seed));
                model.getValue()
                        .rater(random, seed)
                        .ifPresent(rater -> rate(name, rater, random.test()));
                note(seed, name);
            }
        }
        print();
        return Nextclick.DONE;
    }

    private long[] seeds() {
        try {
            String[] ends = seeds.split("-", 2);
            long first = Long.parseLong(ends[0]);
            long last = Long.parseLong(ends[ends.length - 1]);
            long[] all = LongStream.rangeClosed(first, last).toArray();
            OptionBounds.require(spec, all.length > 0, "--seeds", seeds);
            return all;
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(), "--seeds is '" + seeds + "', such as 1-5 is expected", e);
        }
    }

    private Map<String, ClassicModels.Classic> chosen() {
        Map<String, ClassicModels.Classic> all =
                new ClassicModels(userFeatures, itemFeatures).all();
        if (models.isEmpty()) {
            all.values().removeIf(ClassicModels.Classic::takesLong);
            return all;
        }
        for (String name : models) {
            if (!all.containsKey(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--models names '" + name + "', there are " + all.keySet());
            }
        }
        all.keySet().retainAll(models);
        return all;
    }

    private void rank(String name, HeldOutItems.Ranks ranks) {
        add(name, Column.SAMPLED_HIT_RATE, ranks.sampled().mean(RankingMetric.HR, CUTOFF));
        add(name, Column.SAMPLED_GAIN, ranks.sampled().mean(RankingMetric.NDCG, CUTOFF));
        add(name, Column.HIT_RATE, ranks.full().mean(RankingMetric.HR, CUTOFF));
        add(name, Column.GAIN, ranks.full().mean(RankingMetric.NDCG, CUTOFF));
    }

    private void rate(String name, RatingModel model, List<LoggedClick> test) {
        RatingScale scale = model.scale().orElseThrow();
        List<String> users = test.stream().map(RatingSplit::user).toList();
        double[] foretold = new double[test.size()];
        double[] given = new double[test.size()];
        for (int i = 0; i < given.length; i++) {
            given[i] = Ratings.rating(test.get(i));
            int item = model.vocabulary().row(test.get(i).itemId());
            foretold[i] = scale.clip(model.score(model.user(users.get(i)), item));
        }
        var report = new RatedExamples(users, foretold, given).report(Resampling.DEFAULT);
        add(name, Column.RMSE, report.figure("rmse"));
        add(name, Column.MAE, report.figure("mae"));
    }

    /** What a model reached with a seed, as soon as it is known: all seeds may take an hour. */
    private void note(long seed, String name) {
        StringBuilder figures = new StringBuilder();
        reached.get(name)
                .forEach(
                        (column, values) ->
                                figures.append(
                                        String.format(
                                                Locale.ROOT,
                                                "  %s %.4f",
                                                column.title,
                                                values.get(values.size() - 1))));
        PrintWriter err = spec.commandLine().getErr();
        err.printf(Locale.ROOT, "seed %d: %s%s%n", seed, name, figures);
        err.flush();
    }

    private void add(String name, Column column, double figure) {
        reached.computeIfAbsent(name, any -> new LinkedHashMap<>())
                .computeIfAbsent(column, any -> new ArrayList<>())
                .add(figure);
    }

    private void print() {
        StringBuilder header = new StringBuilder(String.format(Locale.ROOT, "%-16s", ""));
        for (Column column : Column.values()) {
            header.append(String.format(Locale.ROOT, " %21s", column.title));
        }
        say("%s", header);
        reached.forEach(
                (name, columns) -> {
                    StringBuilder line =
                            new StringBuilder(String.format(Locale.ROOT, "%-16s", name));
                    for (Column column : Column.values()) {
                        List<Double> figures = columns.getOrDefault(column, List.of());
                        line.append(String.format(Locale.ROOT, " %21s", cell(figures)));
                    }
                    say("%s", line);
                });
    }

    private static String cell(List<Double> figures) {
        if (figures.isEmpty()) {
            return "–";
        }
        double[] numbers = figures.stream().mapToDouble(Double::doubleValue).toArray();
        double mean = Arrays.stream(numbers).average().orElseThrow();
        if (numbers.length < 2) {
            return String.format(Locale.ROOT, "%.4f", mean);
        }
        double width = Interval.ofMean(CONFIDENCE, numbers).high() - mean;
        return String.format(Locale.ROOT, "%.4f ± %.4f", mean, width);
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
