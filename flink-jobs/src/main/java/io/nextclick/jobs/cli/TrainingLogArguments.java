package io.nextclick.jobs.cli;

import io.nextclick.jobs.kafka.TopicHistory;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.RecordLimits;
import io.nextclick.schemas.Topics;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The clicks that a model is trained on: a log in a file, or what stands in a topic when the
 * command begins, which becomes a file first.
 */
final class TrainingLogArguments {

    private static final Duration AWAIT_PAUSE = Duration.ofSeconds(2);

    @Option(
            names = "--clicks",
            paramLabel = "FILE",
            description = "Click log to read; may be gzipped, or zipped.")
    private Path file;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    @Option(
            names = "--from-kafka",
            paramLabel = "HOST:PORT[,...]",
            description =
                    "Read the clicks from these Kafka brokers instead: the topic's history up to"
                            + " now.")
    private String bootstrapServers;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            description = "With --from-kafka: topic of clicks. Default: clicks.")
    private String topic;

    @Option(
            names = "--mapping",
            paramLabel = "MAPPING",
            description =
                    "With --from-kafka: where foreign JSON events hold a click's fields, as the"
                            + " job's nextclick.clicks.mapping.")
    private String mapping;

    @Option(
            names = "--max-clicks",
            paramLabel = "N",
            description = "With --from-kafka: read no more than the last N records.")
    private Long most;

    @Option(
            names = "--await-clicks",
            paramLabel = "N",
            description = "With --from-kafka: wait until the topic holds so many records.")
    private Long awaited;

    @Option(
            names = "--keep-clicks",
            paramLabel = "FILE",
            description =
                    "With --from-kafka: keep what was read in this file, as JSON lines, to evaluate"
                            + " on or to resume with.")
    private Path kept;

    @Option(
            names = "--kafka-properties",
            paramLabel = "FILE",
            description = "With --from-kafka: properties of the client, such as security.protocol.")
    private Path propertiesFile;

    @Option(
            names = {"-K", "--kafka-property"},
            paramLabel = "KEY=VALUE",
            description =
                    "With --from-kafka: one property of the client; overrides the file."
                            + " Repeatable.")
    private Map<String, String> properties;

    /** A log that may have to be cleared away. */
    record Opened(ClickLog log, Path temporary) implements AutoCloseable {

        @Override
        public void close() throws IOException {
            if (temporary != null) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    /** The log; reads the topic, if there is one to be read. */
    Opened open(CommandSpec spec) throws IOException, CommandException {
        requireOneSource(spec);
        if (bootstrapServers == null) {
            return new Opened(ClickLog.of(file, format), null);
        }
        Path target = kept == null ? Files.createTempFile("nextclick-clicks-", ".jsonl") : kept;
        Opened opened =
                new Opened(ClickLog.of(target, ClickLogFormat.JSONL), kept == null ? target : null);
        try {
            readTopic(spec, target);
        } catch (IOException | CommandException | RuntimeException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    private void requireOneSource(CommandSpec spec) {
        if (bootstrapServers == null) {
            if (file == null || format == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "clicks are needed: --clicks=FILE with --format=FORMAT, or"
                                + " --from-kafka=HOST:PORT");
            }
            refuse(spec, topic, "--topic");
            refuse(spec, mapping, "--mapping");
            refuse(spec, most, "--max-clicks");
            refuse(spec, awaited, "--await-clicks");
            refuse(spec, kept, "--keep-clicks");
            refuse(spec, propertiesFile, "--kafka-properties");
            refuse(spec, properties, "--kafka-property");
        } else if (file != null || format != null) {
            throw new ParameterException(
                    spec.commandLine(), "--from-kafka takes the place of --clicks and --format");
        }
        if (most != null && most < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--max-clicks is " + most + ", it must be 1 or more");
        }
    }

    private static void refuse(CommandSpec spec, Object given, String option) {
        if (given != null) {
            throw new ParameterException(
                    spec.commandLine(), option + " goes with --from-kafka only");
        }
    }

    private void readTopic(CommandSpec spec, Path target) throws IOException, CommandException {
        PrintWriter err = spec.commandLine().getErr();
        Codec<Click> reader = codec(spec);
        Codec<Click> writer = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
        long[] counts = new long[2];
        try (TopicHistory history = history();
                TaskProgress progress =
                        new TaskProgress("read clicks", "records", history.records(), err);
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
            history.read(
                    record -> {
                        try {
                            out.write(writer.encode(reader.decode(record.value())));
                            out.write('\n');
                            counts[0]++;
                        } catch (MalformedRecordException e) {
                            counts[1]++;
                        }
                        progress.to(counts[0] + counts[1]);
                        return true;
                    });
        }
        err.printf(
                Locale.ROOT,
                "%,d clicks read from Kafka%s%n",
                counts[0],
                counts[1] == 0
                        ? ""
                        : String.format(
                                Locale.ROOT, ", %,d records without a usable click", counts[1]));
        err.flush();
        if (counts[0] == 0) {
            throw new CommandException("the topic holds no clicks");
        }
    }

    private TopicHistory history() throws IOException {
        String name = topic == null ? Topics.CLICKS.name() : topic;
        long newest = most == null ? Long.MAX_VALUE : most;
        while (true) {
            TopicHistory history = new TopicHistory(client(), name, newest);
            if (awaited == null || history.records() >= Math.min(awaited, newest)) {
                return history;
            }
            history.close();
            LockSupport.parkNanos(AWAIT_PAUSE.toNanos());
        }
    }

    private Codec<Click> codec(CommandSpec spec) {
        if (mapping == null) {
            return DetectingCodec.of(Topics.CLICKS, Encoding.JSON);
        }
        try {
            return ClickMapping.parse(mapping).codec(Encoding.JSON, RecordLimits.DEFAULT);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--mapping can't be read: " + e.getMessage(), e);
        }
    }

    private Properties client() throws IOException {
        return KafkaConnection.clientProperties(
                Map.of(),
                propertiesFile,
                properties == null ? Map.of() : properties,
                bootstrapServers);
    }
}
