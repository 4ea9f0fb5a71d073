package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.jobs.demo.RecommendationLine;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.schemas.Recommendation;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick watch}: recommendations as they come, for a person. */
@Command(
        name = "watch",
        description = "Follow the recommendations and print them for a person to read.",
        footer = {
            "",
            "A line has the session and its step, the best items with their scores, the model, why"
                    + " it fell back if it did, and the milliseconds from the click's event time to"
                    + " the answer, if the click happened just then. Ctrl-C ends it."
        })
final class WatchCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private KafkaConnection kafka;

    @Option(names = "--topic", defaultValue = "recommendations", description = "Topic to follow.")
    private String topic;

    @Option(
            names = "--from-beginning",
            description = "Begin with the oldest recommendation rather than the next one.")
    private boolean fromBeginning;

    @Option(
            names = "--max",
            paramLabel = "N",
            defaultValue = "0",
            description = "Stop after so many; 0: go on until Ctrl-C.")
    private long maximum;

    @Option(names = "--session", paramLabel = "ID", description = "Show only this session.")
    private String session;

    @Option(
            names = "--items",
            paramLabel = "N",
            defaultValue = "5",
            description = "How many items of a list are shown.")
    private int items;

    @Override
    public Integer call() throws Exception {
        if (maximum < 0 || items < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--max must be 0 or more and --items 1 or more");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        long shown = 0;
        try (RecommendationReader reader =
                        new RecommendationReader(
                                kafka.clientProperties(Map.of()), topic, fromBeginning);
                ExitSignal exit = new ExitSignal(reader::wakeUp)) {
            while (!exit.requested()) {
                for (RecommendationReader.Received received : reader.poll()) {
                    if (received.problem() != null) {
                        err.println("unreadable record at " + received.problem());
                        continue;
                    }
                    Recommendation recommendation = received.recommendation();
                    if (session != null && !session.equals(recommendation.sessionId())) {
                        continue;
                    }
                    out.println(RecommendationLine.of(received, items));
                    out.flush();
                    if (++shown == maximum) {
                        return Nextclick.DONE;
                    }
                }
            }
        }
        return Nextclick.DONE;
    }
}
