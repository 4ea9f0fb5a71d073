package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.evaluation.ExampleReport;
import io.nextclick.models.evaluation.LabelledExamples;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.CandidateScorer;
import io.nextclick.models.ranker.Ranker;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankingExample;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick ranker evaluate}: AUC and log-loss of a ranker on a log of ratings. */
@Command(
        name = "evaluate",
        description = "Measure a ranker on a log of ratings: AUC and log-loss with intervals.",
        footer = {
            "",
            "Ratings before --from aren't judged, but sessions and popularity begin with them. The"
                    + " ranker is asked as it is served. Intervals are those of the bootstrap over"
                    + " users."
        })
final class RankerEvaluateCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the ranker.")
    private Path model;

    @Mixin private RankerLogArguments log;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Judge ratings from this time on.")
    private Instant from;

    @Option(
            names = "--learn",
            description =
                    "Learn from each rating after it has been judged, as from a stream. The folder"
                            + " stays as it is.")
    private boolean learns;

    @Option(
            names = "--resamples",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Logs that the bootstrap draws for the 95 %% intervals.")
    private int resamples;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Seed of the intervals.")
    private long seed;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the figures as one JSON object, too; - is standard output.")
    private String json;

    @Override
    public Integer call() throws Exception {
        Resampling resampling;
        try {
            resampling =
                    new Resampling(
                            resamples,
                            Resampling.DEFAULT.permutations(),
                            Resampling.DEFAULT.confidence(),
                            seed);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (!Files.isDirectory(model)) {
            throw new CommandException("there is no model folder " + model);
        }
        ModelFolder folder = ModelFolder.read(model);
        Ranker ranker = RankerFolder.ranker(folder);
        RankerLogArguments.Rated rated =
                log.read(
                        spec,
                        ranker.space().fields(),
                        folder.manifest().sessionRules(),
                        from,
                        null);
        double[] logOdds =
                learns
                        ? learnt(RankerLearner.read(folder), rated.examples())
                        : served(ranker, rated.examples());
        boolean[] labels = new boolean[logOdds.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = rated.examples().get(i).positive();
        }
        ExampleReport report =
                LabelledExamples.ofLogOdds(rated.users(), logOdds, labels).report(resampling);
        write(report);
        return Nextclick.DONE;
    }

    private static double[] served(Ranker ranker, List<RankingExample> examples) {
        CandidateScorer scorer = ranker.newScorer();
        double[] logOdds = new double[examples.size()];
        float[] score = new float[1];
        int[] slot = new int[1];
        for (int i = 0; i < logOdds.length; i++) {
            RankingExample example = examples.get(i);
            scorer.ask(example.query());
            slot[0] = scorer.prepare(example.item());
            scorer.score(slot, example.pairs(), 1, score);
            logOdds[i] = score[0];
        }
        return logOdds;
    }

    private static double[] learnt(RankerLearner learner, List<RankingExample> examples) {
        return examples.stream().mapToDouble(learner::learn).toArray();
    }

    private void write(ExampleReport report) throws Exception {
        String object =
                new ObjectMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(report.toJson());
        PrintWriter out = spec.commandLine().getOut();
        if ("-".equals(json)) {
            out.println(object);
            return;
        }
        out.printf("%,d ratings of %,d users%n", report.examples(), report.groups());
        out.print(report.toTable());
        if (json != null) {
            Files.writeString(Path.of(json), object + "\n");
        }
    }
}
