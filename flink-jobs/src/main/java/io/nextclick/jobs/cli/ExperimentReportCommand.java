package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.jobs.kafka.TopicHistory;
import io.nextclick.jobs.report.ExperimentPage;
import io.nextclick.models.experiment.ExperimentDesign;
import io.nextclick.models.experiment.ExperimentReport;
import io.nextclick.models.experiment.Guard;
import io.nextclick.models.experiment.SequentialTest;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code nextclick experiment report}: what an experiment has shown so far. */
@Command(
        name = "report",
        description = "Say which variant is better, by how much, and how sure that is.",
        footer = {
            "",
            "A rate is that of lists that held the item clicked next, unless --metric says"
                    + " otherwise. What is marked any time may be looked at daily, and the"
                    + " experiment be stopped at what it shows; what is marked fixed, t or rank may"
                    + " be looked at once."
        })
final class ExperimentReportCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "The experiment's name.")
    private String name;

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Source source;

    /** Where outcomes come from. */
    private static final class Source {

        @Option(
                names = "--outcomes",
                paramLabel = "FILE",
                description = "Outcomes as JSON, one a line.")
        private Path file;

        @Option(
                names = "--bootstrap-servers",
                paramLabel = "HOST:PORT[,...]",
                description = "Kafka brokers to read outcomes and the experiment from.")
        private String bootstrapServers;
    }

    @Option(
            names = "--kafka-properties",
            paramLabel = "FILE",
            description =
                    "With --bootstrap-servers: properties of the Kafka client, such as"
                            + " security.protocol.")
    private Path propertiesFile;

    @Option(
            names = {"-K", "--kafka-property"},
            paramLabel = "KEY=VALUE",
            description =
                    "With --bootstrap-servers: one property of the client; overrides the file."
                            + " Repeatable.")
    private Map<String, String> properties = new LinkedHashMap<>();

    @Option(
            names = "--topic",
            defaultValue = "experiments",
            description = "With --bootstrap-servers: topic of experiments.")
    private String topic;

    @Option(
            names = "--outcomes-topic",
            defaultValue = "experiment-outcomes",
            description = "With --bootstrap-servers: topic of outcomes.")
    private String outcomesTopic;

    @Option(
            names = "--variant",
            paramLabel = "NAME=SHARE",
            description =
                    "The variants and their shares of traffic, the control first; needed with"
                            + " --outcomes. Default: as the experiment says. Repeatable.")
    private Map<String, Double> shares = new LinkedHashMap<>();

    @Option(
            names = "--salt",
            paramLabel = "TEXT",
            description = "The run to report. Default: the latest.")
    private String salt;

    @Option(
            names = "--metric",
            paramLabel = "NAME",
            defaultValue = CollectedOutcomes.HITS,
            description =
                    "What is compared: hits (of the lists that a click followed), clicks (of a"
                            + " session), or the name of another metric of the outcomes (of a"
                            + " session).")
    private String metric;

    @Option(
            names = "--confidence",
            paramLabel = "SHARE",
            defaultValue = "0.95",
            description = "That an interval holds the true figure.")
    private double confidence;

    @Option(
            names = "--tightest-at",
            paramLabel = "N",
            defaultValue = "10000",
            description =
                    "Units at which the any-time interval is to be tightest: about as many as are"
                            + " expected to be needed. To be chosen before the experiment.")
    private long tightestAt;

    @Option(
            names = "--guard",
            paramLabel = "MARGIN",
            description = "Margin of the guard. Default: as the experiment says.")
    private Double guard;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the figures as one JSON object, too; - is standard output.")
    private String json;

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description = "Write a page to look at, too.")
    private Path page;

    @Override
    public Integer call() throws Exception {
        SequentialTest test =
                wrongUsageOf(
                        () ->
                                new SequentialTest(
                                        confidence,
                                        tightestAt,
                                        SequentialTest.DEFAULT.fewestUnits()));
        Experiment experiment = source.file == null ? announced() : null;
        ExperimentDesign design = wrongUsageOf(() -> design(experiment));
        Guard ends =
                wrongUsageOf(() -> new Guard(test, guard == null ? margin(experiment) : guard));
        CollectedOutcomes outcomes = new CollectedOutcomes(name, design, metric);
        if (source.file == null) {
            readTopic(outcomes);
        } else {
            readFile(outcomes);
        }
        if (outcomes.foreign() > 0) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            Locale.ROOT,
                            "%,d outcomes of variants that aren't among %s were left out%n",
                            outcomes.foreign(),
                            design.variants());
        }
        String run = salt == null ? outcomes.latestSalt() : salt;
        write(outcomes.report(run, ends));
        return Nextclick.DONE;
    }

    /** The experiment as the jobs know it; null if they have forgotten it. */
    private Experiment announced() throws IOException {
        return new ControlTopic<>(Topics.EXPERIMENTS, topic, client())
                .latest(spec.commandLine().getErr())
                .get(name);
    }

    private ExperimentDesign design(Experiment experiment) {
        if (!shares.isEmpty()) {
            return new ExperimentDesign(
                    new ArrayList<>(shares.keySet()), new ArrayList<>(shares.values()));
        }
        if (experiment == null) {
            throw new IllegalArgumentException(
                    source.file == null
                            ? "there is no experiment "
                                    + name
                                    + " in topic "
                                    + topic
                                    + "; --variant=NAME=SHARE says what it was"
                            : "--outcomes needs the variants: --variant=NAME=SHARE for each");
        }
        List<Variant> variants = experiment.variants();
        return new ExperimentDesign(
                variants.stream().map(Variant::name).toList(),
                variants.stream().map(Variant::share).toList());
    }

    private static double margin(Experiment experiment) {
        return experiment == null || experiment.guardMargin() == null
                ? Double.POSITIVE_INFINITY
                : experiment.guardMargin();
    }

    private void readTopic(CollectedOutcomes outcomes) throws IOException {
        Codec<ExperimentOutcome> codec = Topics.EXPERIMENT_OUTCOMES.codec(Encoding.JSON);
        PrintWriter err = spec.commandLine().getErr();
        long[] unreadable = new long[1];
        try (TopicHistory history = new TopicHistory(client(), outcomesTopic);
                TaskProgress progress =
                        new TaskProgress("read outcomes", "records", history.records(), err)) {
            long[] read = new long[1];
            history.read(
                    record -> {
                        try {
                            outcomes.add(codec.decode(record.value()));
                        } catch (MalformedRecordException e) {
                            unreadable[0]++;
                        }
                        progress.to(++read[0]);
                        return true;
                    });
        }
        if (unreadable[0] > 0) {
            err.printf(Locale.ROOT, "%,d unreadable records were left out%n", unreadable[0]);
        }
    }

    private void readFile(CollectedOutcomes outcomes) throws IOException, CommandException {
        Codec<ExperimentOutcome> codec = Topics.EXPERIMENT_OUTCOMES.codec(Encoding.JSON);
        try (BufferedReader lines = Files.newBufferedReader(source.file)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                try {
                    outcomes.add(codec.decode(line.getBytes(StandardCharsets.UTF_8)));
                } catch (MalformedRecordException e) {
                    throw new CommandException(
                            source.file + ", line " + number + ": " + e.getMessage());
                }
            }
        }
    }

    private Properties client() throws IOException {
        return KafkaConnection.clientProperties(
                Map.of(), propertiesFile, properties, source.bootstrapServers);
    }

    private void write(ExperimentReport report) throws IOException {
        String object =
                new ObjectMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(report.toJson());
        PrintWriter out = spec.commandLine().getOut();
        if ("-".equals(json)) {
            out.println(object);
        } else {
            out.print(report.toTable());
            if (json != null) {
                Files.writeString(Path.of(json), object + "\n");
            }
        }
        if (page != null) {
            Files.writeString(page, ExperimentPage.html(name, metric, report, Instant.now()));
        }
    }

    private <T> T wrongUsageOf(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
