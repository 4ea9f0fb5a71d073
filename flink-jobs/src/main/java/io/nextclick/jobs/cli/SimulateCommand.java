package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.jobs.demo.ShopStream;
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
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick simulate}: clicks of a synthetic shop, as a log or as a stream. */
@Command(
        name = "simulate",
        description = "Write clicks of a synthetic shop, and say how predictable they are.",
        footer = {
            "",
            "The shop's process is known, so the best reachable recall is known too: it is worked"
                    + " out on a sample of the sessions and printed. Equal options give equal files.",
            "",
            "With --to-kafka the shop is open now: its items go to item-catalog as they come on"
                    + " sale and clicks to the topic as they happen, --clicks-per-second of them,"
                    + " until Ctrl-C. Ids of events and sessions begin with the time of the start."
        })
final class SimulateCommand implements Callable<Integer> {

    private static final int BUFFER_BYTES = 1 << 20;
    private static final int REPORT_EVERY = 10_000;
    private static final long DEFAULT_CLICKS = 1_000_000;
    private static final String CLICKS_TOPIC = "clicks";

    @Spec private CommandSpec spec;
    @Mixin private ShopArguments shop;

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Target target;

    /** Where the clicks go. */
    private static final class Target {

        @Option(
                names = "--out",
                paramLabel = "FILE",
                description = "File to write, format jsonl; gzipped if its name ends in .gz.")
        private Path out;

        @Option(
                names = "--to-kafka",
                paramLabel = "HOST:PORT[,...]",
                description = "Publish to these Kafka brokers instead, as it happens.")
        private String bootstrapServers;
    }

    @Option(
            names = "--clicks",
            paramLabel = "N",
            description =
                    "How many clicks. Default: 1000000 to a file; to Kafka 0, which is without"
                            + " end.")
    private Long clicks;

    @Option(
            names = "--past",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "With --to-kafka: the shop opened so long ago, such as 10min; its clicks until"
                            + " now are published at once.")
    private Duration past;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description = "With --to-kafka: topic of the clicks. Default: clicks.")
    private String topic;

    @Option(
            names = "--kafka-properties",
            paramLabel = "FILE",
            description = "With --to-kafka: properties of the client, such as security.protocol.")
    private Path propertiesFile;

    @Option(
            names = {"-K", "--kafka-property"},
            paramLabel = "KEY=VALUE",
            description =
                    "With --to-kafka: one property of the client; overrides the file."
                            + " Repeatable.")
    private Map<String, String> properties = new LinkedHashMap<>();

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
        if (target.out != null) {
            if (past != null || topic != null || propertiesFile != null || !properties.isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "--past, --topic, --kafka-properties and --kafka-property go with --to-kafka");
            }
            return write(target.out, atLeast(1, DEFAULT_CLICKS));
        }
        if (force) {
            throw new ParameterException(spec.commandLine(), "--force goes with --out");
        }
        return publish(atLeast(0, 0));
    }

    private long atLeast(long bound, long unset) {
        if (clicks != null && clicks < bound) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--clicks is " + clicks + ", it must be " + bound + " or more");
        }
        return clicks == null ? unset : clicks;
    }

    /**
     * The shop, open now.
     *
     * @param most clicks to publish; 0: without end
     */
    private int publish(long most) throws Exception {
        Instant now = Instant.now();
        ShopSimulator simulator =
                shop.wrongUsageOf(
                        spec,
                        () ->
                                new ShopSimulator(
                                        shop.options()
                                                .withStart(
                                                        now.minus(
                                                                past == null
                                                                        ? Duration.ZERO
                                                                        : past))));
        // Whoever restarts the command opens another day, not the same sessions again.
        String opening = Long.toString(now.toEpochMilli(), Character.MAX_RADIX) + "-";
        Properties client =
                KafkaConnection.clientProperties(
                        Map.of("linger.ms", "0"),
                        propertiesFile,
                        properties,
                        target.bootstrapServers);
        long published = 0;
        try (ShopStream stream =
                        new ShopStream(
                                client, topic == null ? CLICKS_TOPIC : topic, simulator, now);
                ExitSignal exit = new ExitSignal(() -> {})) {
            while (!exit.requested() && (most == 0 || published < most)) {
                stream.publishNext(opening);
                published++;
            }
            stream.flush();
        }
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "published %,d clicks of %,d sessions on %,d items%n",
                        published,
                        simulator.sessions(),
                        simulator.shop().size());
        return Nextclick.DONE;
    }

    private int write(Path out, long most) throws Exception {
        if (Files.exists(out) && !force) {
            throw new CommandException(out + " exists; --force overwrites it");
        }
        PrintWriter err = spec.commandLine().getErr();
        ShopSimulator simulator = shop.wrongUsageOf(spec, () -> new ShopSimulator(shop.options()));
        Oracle oracle = shop.wrongUsageOf(spec, () -> new Oracle(shop.options(), cutoff, sample));
        Codec<Click> codec = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
        long start = System.nanoTime();
        try (OutputStream file = open(out);
                TaskProgress progress = new TaskProgress("simulate", "clicks", most, err)) {
            for (long i = 0; i < most; i++) {
                LoggedClick click = simulator.next();
                file.write(codec.encode(published(click)));
                file.write('\n');
                oracle.observe(click);
                if (i % REPORT_EVERY == 0) {
                    progress.to(i);
                }
            }
        }
        report(out, oracle.report(), simulator, (System.nanoTime() - start) / 1e9);
        return Nextclick.DONE;
    }

    private OutputStream open(Path out) throws IOException {
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

    private void report(Path out, Oracle.Report report, ShopSimulator simulator, double seconds) {
        PrintWriter results = spec.commandLine().getOut();
        results.printf(
                Locale.ROOT,
                "%s: %,d clicks, %,d sessions, %,d items, in %.1f s (%,.0f clicks a second)%n",
                out,
                simulator.produced(),
                simulator.sessions(),
                simulator.shop().size(),
                seconds,
                simulator.produced() / seconds);
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
