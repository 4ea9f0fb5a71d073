package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Scale;
import io.nextclick.jobs.bench.StagesBenchmark;
import io.nextclick.models.ranker.RankerKind;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench stages}: what ranking costs behind retrieval. */
@Command(
        name = "stages",
        description =
                "Measure the whole job with retrieval alone, with a ranker behind it, and with one"
                        + " that is too slow.",
        footer = {
            "",
            "Model, vectors, catalogue and rankers are random. Model and query tower propose half of"
                    + " the candidates each. First throughput, by turns, then the time from a"
                    + " click's append to its log to its recommendation's, by the broker's clock."
        })
final class BenchStagesCommand implements Callable<Integer> {

    private static final int LARGEST_CATALOGUE = 10_000_000;

    /** Of both sources together: twice what one may be asked for. */
    private static final int MOST_CANDIDATES = 2_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--ranker",
            paramLabel = "KIND",
            defaultValue = "fm",
            description = "logistic-regression, fm, ffm, deepfm, wide-and-deep or neumf-ranker.")
    private String ranker;

    @Option(
            names = "--items",
            paramLabel = "N",
            defaultValue = "20000",
            description = "Size of the catalogue.")
    private int items;

    @Option(
            names = "--candidates",
            paramLabel = "N",
            defaultValue = "200",
            description = "Candidates of a click, from both sources together.")
    private int candidates;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "20000",
            description = "Sessions that click in turn.")
    private int sessions;

    @Option(
            names = "--rate",
            paramLabel = "CLICKS",
            defaultValue = "1000",
            description = "Clicks offered a second where latency is measured.")
    private double rate;

    @Mixin private ScaleArguments scale;

    @Mixin private TestbedArguments testbed;

    @Override
    public Integer call() throws Exception {
        OptionBounds.requireWithin(spec, "--items", items, 100, LARGEST_CATALOGUE);
        OptionBounds.requireWithin(spec, "--candidates", candidates, 2, MOST_CANDIDATES);
        OptionBounds.require(spec, sessions >= 1, "--sessions", sessions);
        OptionBounds.require(spec, rate > 0, "--rate", rate);
        scale.requireInBounds(spec);
        return testbed.run(
                new StagesBenchmark(
                        kind(), items, candidates, sessions, rate, new Scale(scale.factor())));
    }

    private RankerKind kind() {
        OptionBounds.require(spec, RankerKind.labels().contains(ranker), "--ranker", ranker);
        return RankerKind.labelled(ranker);
    }
}
