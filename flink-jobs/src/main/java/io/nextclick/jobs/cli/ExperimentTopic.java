package io.nextclick.jobs.cli;

import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where experiments are announced to the jobs. */
final class ExperimentTopic {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Mixin private KafkaConnection kafka;

    @Option(
            names = "--topic",
            defaultValue = "experiments",
            description = "Topic of experiments; has to be compacted.")
    private String topic;

    /** The last record of each experiment, by name. */
    Map<String, Experiment> latest() throws IOException {
        return control().latest(command.commandLine().getErr());
    }

    void publish(Experiment experiment, Encoding encoding)
            throws IOException, InterruptedException {
        control().publish(experiment, encoding);
    }

    private ControlTopic<Experiment> control() throws IOException {
        return new ControlTopic<>(Topics.EXPERIMENTS, topic, kafka.clientProperties(Map.of()));
    }

    /** An experiment on lines for a person. */
    static String describe(Experiment experiment) {
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        Locale.ROOT,
                        "%s: %s since %s, %s by %s, salt '%s'%s%s%n",
                        experiment.name(),
                        word(experiment.state()),
                        Instant.ofEpochMilli(
                                experiment.state() == Experiment.State.RUNNING
                                        ? experiment.startedAtMillis()
                                        : experiment.updatedAtMillis()),
                        word(experiment.method()),
                        word(experiment.unit()),
                        experiment.salt(),
                        experiment.guardMargin() == null
                                ? ""
                                : ", guard at " + experiment.guardMargin(),
                        experiment.reason() == null ? "" : ", " + experiment.reason()));
        for (Variant variant : experiment.variants()) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  %s %.2f %%%s%s%s%n",
                            variant.name(),
                            100 * variant.share(),
                            variant.model() == null ? "" : ", model " + variant.model(),
                            variant.blend().isEmpty()
                                    ? ""
                                    : ", blend " + new TreeMap<>(variant.blend()),
                            variant.rules().isEmpty()
                                    ? ""
                                    : ", rules " + new TreeMap<>(variant.rules())));
        }
        return text.toString();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
