package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ClickPublisher;
import io.nextclick.jobs.demo.Pace;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick replay}: a click log as a stream. */
@Command(
        name = "replay",
        description = "Publish a click log to Kafka at a multiple of its own speed.",
        footer = {
            "",
            "Clicks are published in order of event time under their session's key, each once"
                    + " (idempotent producer, all replicas). Event times stay as they are unless"
                    + " --shift-to-now moves all of them by the same time."
        })
final class ReplayCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private ClickLogArguments clicks;
    @Mixin private KafkaConnection kafka;

    @Option(names = "--topic", defaultValue = "clicks", description = "Topic to publish to.")
    private String topic;

    @Option(
            names = "--speed",
            defaultValue = "1",
            paramLabel = "FACTOR",
            description = "How many times faster than it happened; 0: as fast as it goes.")
    private double speed;

    @Option(
            names = "--encoding",
            defaultValue = "json",
            description = "How clicks are written: json, or avro (single-object encoding).")
    private Encoding encoding;

    @Option(
            names = "--shift-to-now",
            description = "Move all event times by the same time, so that the first click is now.")
    private boolean shiftToNow;

    @Option(
            names = "--max-clicks",
            paramLabel = "N",
            defaultValue = "0",
            description = "Stop after so many clicks; 0: publish all.")
    private long maximum;

    @Override
    public Integer call() throws Exception {
        if (!(speed >= 0 && speed < Double.POSITIVE_INFINITY)) {
            throw new ParameterException(
                    spec.commandLine(), "--speed is " + speed + ", it must be 0 or more");
        }
        if (maximum < 0) {
            throw new ParameterException(
                    spec.commandLine(), "--max-clicks is " + maximum + ", it must be 0 or more");
        }
        PrintWriter err = spec.commandLine().getErr();
        List<LoggedClick> log = clicks.log().clicks();
        if (log.isEmpty()) {
            throw new CommandException("the log holds no clicks");
        }
        if (maximum > 0 && maximum < log.size()) {
            log = log.subList(0, Math.toIntExact(maximum));
        }
        long first = log.get(0).eventTimeMillis();
        long shift = shiftToNow ? System.currentTimeMillis() - first : 0;
        Pace pace = speed == 0 ? Pace.unlimited() : Pace.multipleOfItsOwn(speed, first);
        // At full speed batches count, otherwise a click should leave when it is due.
        Map<String, String> defaults =
                speed == 0
                        ? Map.of("linger.ms", "20", "batch.size", String.valueOf(256 << 10))
                        : Map.of("linger.ms", "0");
        long start = System.nanoTime();
        try (TaskProgress progress = new TaskProgress("replay", "clicks", log.size(), err);
                ClickPublisher publisher =
                        new ClickPublisher(
                                kafka.clientProperties(defaults),
                                topic,
                                DetectingCodec.of(Topics.CLICKS, encoding),
                                ClickPublisher.Listener.none())) {
            for (int i = 0; i < log.size(); i++) {
                pace.await(start, i, log.get(i));
                publisher.publish(log.get(i), shift);
                progress.to(i + 1L);
            }
            publisher.flush();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        CommandLine command = spec.commandLine();
        command.getOut()
                .printf(
                        Locale.ROOT,
                        "published %,d clicks to %s in %s (%,.0f a second)%n",
                        log.size(),
                        topic,
                        TaskProgress.clock(Duration.ofMillis((long) (seconds * 1_000))),
                        log.size() / seconds);
        return Nextclick.DONE;
    }
}
