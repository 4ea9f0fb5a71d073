package io.nextclick.jobs.cli;

import io.nextclick.jobs.TrainerOptions;
import io.nextclick.schemas.RejectedClicks;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topic.CleanUpPolicy;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick topics}: the topics that the jobs need. */
@Command(
        name = "topics",
        description = "Create those of the jobs' topics that aren't there.",
        footer = {
            "",
            "Topics that are there stay as they are. One that has to be compacted and isn't is a"
                    + " failure: its entries would be deleted by age, and with them the catalogue,"
                    + " the vectors or the releases."
        })
final class TopicsCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private KafkaConnection kafka;

    @Option(
            names = "--partitions",
            paramLabel = "N",
            defaultValue = "2",
            description = "Partitions of the topics of clicks and of what is made of each click.")
    private int partitions;

    @Option(
            names = "--replication",
            paramLabel = "N",
            description = "Copies of each partition. Default: what the brokers are set to.")
    private Short replication;

    @Override
    public Integer call() throws Exception {
        if (partitions < 1 || (replication != null && replication < 1)) {
            throw new ParameterException(
                    spec.commandLine(), "--partitions and --replication must be 1 or more");
        }
        Properties client = kafka.clientProperties(Map.of("default.api.timeout.ms", "30000"));
        PrintWriter out = spec.commandLine().getOut();
        try (Admin admin = Admin.create(client)) {
            Set<String> present = admin.listTopics().names().get();
            for (NewTopic topic : needed()) {
                out.println(
                        topic.name()
                                + (present.contains(topic.name()) || !create(admin, topic)
                                        ? " is there"
                                        : " created"));
            }
            out.flush();
            requireCompaction(admin);
        } catch (ExecutionException e) {
            throw new IOException(
                    "topics cannot be created at "
                            + kafka.bootstrapServers()
                            + ": "
                            + e.getCause().getMessage(),
                    e.getCause());
        }
        return Nextclick.DONE;
    }

    private List<NewTopic> needed() {
        List<NewTopic> topics = new ArrayList<>();
        for (Topic<?> topic : Topics.ALL) {
            boolean compacted = topic.cleanUpPolicy() == CleanUpPolicy.COMPACT;
            topics.add(
                    topic(topic.name(), compacted ? 1 : partitions)
                            .configs(
                                    Map.of(
                                            TopicConfig.CLEANUP_POLICY_CONFIG,
                                            topic.cleanUpPolicy().configValue())));
        }
        topics.add(topic(RejectedClicks.TOPIC, partitions));
        // What trainers tell each other is of no use to anybody a moment later.
        topics.add(
                topic(TrainerOptions.SYNC_TOPIC.defaultValue(), 1)
                        .configs(
                                Map.of(
                                        TopicConfig.RETENTION_MS_CONFIG,
                                        String.valueOf(Duration.ofHours(1).toMillis()))));
        return topics;
    }

    private NewTopic topic(String name, int count) {
        return new NewTopic(name, Optional.of(count), Optional.ofNullable(replication));
    }

    /** False if somebody else has created it meanwhile. */
    private static boolean create(Admin admin, NewTopic topic)
            throws InterruptedException, ExecutionException {
        try {
            admin.createTopics(List.of(topic)).all().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return false;
            }
            throw e;
        }
    }

    private static void requireCompaction(Admin admin) throws Exception {
        List<ConfigResource> compacted =
                Topics.ALL.stream()
                        .filter(topic -> topic.cleanUpPolicy() == CleanUpPolicy.COMPACT)
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic.name()))
                        .toList();
        for (var described : admin.describeConfigs(compacted).all().get().entrySet()) {
            String policy = described.getValue().get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
            if (!policy.equals(TopicConfig.CLEANUP_POLICY_COMPACT)) {
                throw new CommandException(
                        "topic '"
                                + described.getKey().name()
                                + "' has "
                                + TopicConfig.CLEANUP_POLICY_CONFIG
                                + "="
                                + policy
                                + ", it must be "
                                + TopicConfig.CLEANUP_POLICY_COMPACT);
            }
        }
    }
}
