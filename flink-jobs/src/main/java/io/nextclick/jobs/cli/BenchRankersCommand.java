package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Machine;
import io.nextclick.models.ranker.RankerBenchmark;
import io.nextclick.models.ranker.RankerBenchmark.Cost;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench rankers}: what a ranker's candidate costs here. */
@Command(
        name = "rankers",
        description = "Measure what rankers cost: a candidate, a query, an item, an example.",
        footer = {
            "",
            "Rankers with the default options over ten fields of the query, six of the item and four"
                    + " of both. A candidate is scored as in a job: its item is prepared, and its"
                    + " share of the query is counted in. Times are processor time of one thread."
        })
final class BenchRankersCommand implements Callable<Integer> {

    private static final int ROUNDS = 5;
    private static final Duration TURN = Duration.ofMillis(500);

    @Spec private CommandSpec spec;

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
            description = "Candidates of a query.")
    private int candidates;

    @Mixin private ScaleArguments scale;

    @Override
    public Integer call() {
        OptionBounds.requireWithin(spec, "--items", items, 100, 1_000_000);
        OptionBounds.requireWithin(spec, "--candidates", candidates, 1, 10_000);
        scale.requireInBounds(spec);
        say("%s; load average %.1f", Machine.description(), Machine.loadAverage());
        say("%,d items, %,d candidates a query", items, candidates);
        say("%-20s %14s %10s %10s %12s", "", "ns/candidate", "ns/query", "ns/item", "ns/example");
        for (RankerKind kind : RankerKind.values()) {
            Cost cost =
                    RankerBenchmark.measure(
                            RankerOptions.of(kind), items, candidates, scale.turn(TURN), ROUNDS);
            say(
                    "%-20s %14.1f %10.0f %10.0f %12.0f",
                    kind.label(),
                    cost.perCandidate(),
                    cost.perQuery(),
                    cost.perItem(),
                    cost.perExample());
        }
        say("load average at the end %.1f", Machine.loadAverage());
        return Nextclick.DONE;
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
