package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.simulation.Oracle;
import io.nextclick.models.simulation.ShopSimulator;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick simulate}: a click log of a synthetic shop. */
@Command(
        name = "simulate",
        description = "Write clicks of a synthetic shop, and say how predictable they are.",
        footer = {
            "",
            "The shop's process is known, so the best reachable recall is known too: it is worked"
                    + " out on a sample of the sessions and printed. Equal options give equal files."
        })
final class SimulateCommand implements Callable<Integer> {

    private static final int BUFFER_BYTES = 1 << 20;
    private static final int REPORT_EVERY = 10_000;

    @Spec private CommandSpec spec;
    @Mixin private ShopArguments shop;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "File to write, format jsonl; gzipped if its name ends in .gz.")
    private Path out;

    @Option(
            names = "--clicks",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "How many clicks.")
    private long clicks;

    @Option(
            names = "--cutoff",
            paramLabel = "K",
            defaultValue = "20",
            description = "List length of the recall that is worked out.")
    private int cutoff;

    @Option(
            names = "--sample",
            paramLabel = "SHARE",
            defaultValue = "0.02",
            description = "Share of the sessions that the best reachable recall is worked out on.")
    private double sample;

    @Option(names = "--force", description = "Overwrite the file if it exists.")
    private boolean force;

    @Override
    public Integer call() throws Exception {
        if (clicks < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--clicks is " + clicks + ", it must be 1 or more");
        }
        if (Files.exists(out) && !force) {
            throw new CommandException(out + " exists; --force overwrites it");
        }
        PrintWriter err = spec.commandLine().getErr();
        ShopSimulator simulator = shop.wrongUsageOf(spec, () -> new ShopSimulator(shop.options()));
        Oracle oracle = shop.wrongUsageOf(spec, () -> new Oracle(shop.options(), cutoff, sample));
        Codec<Click> codec = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
        long start = System.nanoTime();
        try (OutputStream file = open();
                TaskProgress progress = new TaskProgress("simulate", "clicks", clicks, err)) {
            for (long i = 0; i < clicks; i++) {
                LoggedClick click = simulator.next();
                file.write(codec.encode(published(click)));
                file.write('\n');
                oracle.observe(click);
                if (i % REPORT_EVERY == 0) {
                    progress.to(i);
                }
            }
        }
        report(oracle.report(), simulator, (System.nanoTime() - start) / 1e9);
        return Nextclick.DONE;
    }

    private OutputStream open() throws IOException {
        OutputStream file =
                force
                        ? Files.newOutputStream(out)
                        : Files.newOutputStream(out, StandardOpenOption.CREATE_NEW);
        return new BufferedOutputStream(
                out.toString().endsWith(".gz") ? new FastGzip(file) : file, BUFFER_BYTES);
    }

    private static Click published(LoggedClick click) {
        return new Click(
                click.eventId(),
                click.sessionId(),
                click.userId(),
                click.itemId(),
                Click.DEFAULT_EVENT_TYPE,
                click.eventTimeMillis(),
                click.attributes());
    }

    private void report(Oracle.Report report, ShopSimulator simulator, double seconds) {
        PrintWriter results = spec.commandLine().getOut();
        results.printf(
                Locale.ROOT,
                "%s: %,d clicks, %,d sessions, %,d items, in %.1f s (%,.0f clicks a second)%n",
                out,
                simulator.produced(),
                simulator.sessions(),
                simulator.shop().size(),
                seconds,
                clicks / seconds);
        results.printf(
                Locale.ROOT,
                "best reachable: recall@%d %.4f ± %.4f, MRR@%d %.4f ± %.4f"
                        + " (95 %%, on %,d clicks of %.3g of the sessions)%n",
                report.cutoff(),
                report.expectedRecall().value(),
                report.expectedRecall().margin(),
                report.cutoff(),
                report.expectedMrr().value(),
                report.expectedMrr().margin(),
                report.clicks(),
                sample);
    }

    /** Clicks repeat themselves a lot: the lowest level is small enough, and the fastest. */
    private static final class FastGzip extends GZIPOutputStream {

        FastGzip(OutputStream file) throws IOException {
            super(file, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
