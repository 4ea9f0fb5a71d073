package io.nextclick.jobs;

import io.nextclick.jobs.kafka.KafkaClients;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.jobs.recommend.CandidateSettings;
import io.nextclick.jobs.retrieve.CompactedTopics;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelManifest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.core.fs.Path;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a job needs from outside, looked at before it is submitted: its topics and its model. What
 * is missing would otherwise show as a job that restarts again and again.
 *
 * <p>Only what is certain to fail is refused. What can't be seen from here, since the brokers don't
 * answer or a local folder belongs to other machines, is a warning: the tasks may see it.
 */
public final class Prerequisites {

    private static final Logger LOG = LoggerFactory.getLogger(Prerequisites.class);

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final String AUTO_CREATE = "auto.create.topics.enable";

    /** What a job does with a topic. */
    private enum Use {
        /** Reads it as a source: the job fails without. */
        READ,
        /** Reads it once it is there. */
        AWAITED,
        /** Writes to it: the brokers may be set up to make it. */
        WRITTEN
    }

    private record Need(String topic, ConfigOption<String> option, Use use) {}

    private final KafkaClients clients;
    private final List<Need> needs = new ArrayList<>();

    /** Null for none. */
    private String model;

    private ConfigOption<String> modelOption;

    /** Whether the job can't do without this very model, however it is started. */
    private boolean isModelNeeded;

    /** Whether it can't do without any. */
    private boolean isModelRequired;

    private Prerequisites(KafkaClients clients) {
        this.clients = clients;
    }

    /** Of the recommender. */
    public static Prerequisites of(RecommenderConfig config) {
        Prerequisites all = new Prerequisites(config.kafka().clients());
        all.need(config.kafka().clicks().topic(), JobOptions.CLICKS_TOPIC, Use.READ);
        all.need(
                config.kafka().recommendationsTopic(),
                JobOptions.RECOMMENDATIONS_TOPIC,
                Use.WRITTEN);
        all.need(config.kafka().rejectedTopic(), JobOptions.REJECTED_TOPIC, Use.WRITTEN);
        if (config.releases() != null) {
            all.need(config.releases().topic(), JobOptions.RELEASES_TOPIC, Use.READ);
        }
        if (config.experiments() != null) {
            all.need(config.experiments().topic(), JobOptions.EXPERIMENTS_TOPIC, Use.READ);
            all.need(
                    config.experiments().outcomesTopic(),
                    JobOptions.EXPERIMENTS_OUTCOMES_TOPIC,
                    Use.WRITTEN);
        }
        CandidateSettings candidates = config.recommend().candidates();
        if (candidates != null
                && candidates.live() != null
                && candidates.live().source() instanceof CompactedTopics live) {
            all.need(live.embeddings(), JobOptions.EMBEDDINGS_TOPIC, Use.AWAITED);
            all.need(live.catalog(), JobOptions.CATALOG_TOPIC, Use.AWAITED);
        }
        all.model = config.recommend().modelPath();
        all.modelOption = JobOptions.MODEL_PATH;
        // A job that goes on from a checkpoint may have got another one long since.
        all.isModelNeeded = config.releases() == null;
        all.isModelRequired = config.recommend().modelRequired();
        return all;
    }

    /** Of the trainer. */
    public static Prerequisites of(TrainerConfig config) {
        Prerequisites all = new Prerequisites(config.clients());
        all.need(config.clicks().topic(), JobOptions.CLICKS_TOPIC, Use.READ);
        all.need(config.catalogTopic(), JobOptions.CATALOG_TOPIC, Use.READ);
        all.need(config.embeddingsTopic(), JobOptions.EMBEDDINGS_TOPIC, Use.WRITTEN);
        all.need(config.releasesTopic(), JobOptions.RELEASES_TOPIC, Use.WRITTEN);
        all.need(config.relatedTopic(), TrainerOptions.RELATED_TOPIC, Use.WRITTEN);
        if (config.trainers() > 1) {
            all.need(config.syncTopic(), TrainerOptions.SYNC_TOPIC, Use.READ);
        }
        all.model = config.train().startModel();
        all.modelOption = TrainerOptions.START_MODEL;
        return all;
    }

    /** Of the ranker's trainer. */
    public static Prerequisites of(RankerTrainerConfig config) {
        Prerequisites all = new Prerequisites(config.clients());
        all.need(config.clicks().topic(), JobOptions.CLICKS_TOPIC, Use.READ);
        if (config.impressionsTopic() != null) {
            all.need(config.impressionsTopic(), RankerTrainerOptions.IMPRESSIONS_TOPIC, Use.READ);
        }
        all.need(config.recommendationsTopic(), JobOptions.RECOMMENDATIONS_TOPIC, Use.READ);
        all.need(config.catalogTopic(), JobOptions.CATALOG_TOPIC, Use.READ);
        all.need(config.releasesTopic(), JobOptions.RELEASES_TOPIC, Use.WRITTEN);
        all.need(config.rejectedTopic(), JobOptions.REJECTED_TOPIC, Use.WRITTEN);
        all.model = config.train().startModel();
        all.modelOption = RankerTrainerOptions.START_MODEL;
        return all;
    }

    private void need(String topic, ConfigOption<String> option, Use use) {
        if (topic != null) {
            needs.add(new Need(topic, option, use));
        }
    }

    /**
     * Looks at all of it.
     *
     * @throws IOException if the job would certainly fail; says all that is wrong, and what to do
     */
    public void require() throws IOException, InterruptedException {
        List<String> problems = new ArrayList<>();
        lookAtModel(problems);
        lookAtTopics(problems);
        if (!problems.isEmpty()) {
            throw new IOException("the job can't start: " + String.join("; ", problems));
        }
    }

    // ------------------------------------------------------------------ the model

    private void lookAtModel(List<String> problems) {
        if (model == null) {
            return;
        }
        String named = " (" + modelOption.key() + ")";
        try {
            ModelManifest manifest = FileSystemModels.verify(model);
            LOG.info("The model at {} is {} {}", model, manifest.name(), manifest.version());
        } catch (ModelFileException e) {
            found(isModelNeeded, model + ": " + e.getMessage() + named, problems);
        } catch (FileNotFoundException e) {
            found(
                    isModelNeeded && isModelRequired && !isOfThisMachine(),
                    e.getMessage() + named,
                    problems);
        } catch (IOException e) {
            LOG.warn("The model at {}{} can't be looked at from here: {}", model, named, e);
        }
    }

    private static void found(boolean isFatal, String problem, List<String> problems) {
        if (isFatal) {
            problems.add(problem);
        } else {
            LOG.warn("{}, as far as this machine sees", problem);
        }
    }

    /** A folder of other machines' own disks isn't seen here. */
    private boolean isOfThisMachine() {
        URI uri = new Path(model).toUri();
        return uri.getScheme() == null || uri.getScheme().equals("file");
    }

    // ------------------------------------------------------------------ topics

    private void lookAtTopics(List<String> problems) throws InterruptedException {
        Properties properties = clients.consumerProperties();
        properties.putIfAbsent(
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
        properties.putIfAbsent(
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2);
        try (Admin admin = Admin.create(properties)) {
            Map<String, KafkaFuture<TopicDescription>> described =
                    admin.describeTopics(needs.stream().map(Need::topic).toList())
                            .topicNameValues();
            List<Need> absent = new ArrayList<>();
            for (Need need : needs) {
                try {
                    get(described.get(need.topic()));
                } catch (UnknownTopicOrPartitionException e) {
                    absent.add(need);
                } catch (AuthorizationException | InvalidTopicException e) {
                    problems.add(describe(need) + " can't be used: " + e.getMessage());
                }
            }
            judge(absent, admin, problems);
        } catch (AuthenticationException e) {
            problems.add("the brokers refuse this client: " + e.getMessage());
        } catch (KafkaException e) {
            LOG.warn("Topics can't be looked at from here: {}", e.toString());
        } catch (TimeoutException e) {
            LOG.warn("Topics can't be looked at from here: the brokers don't answer");
        }
    }

    private void judge(List<Need> absent, Admin admin, List<String> problems)
            throws InterruptedException, TimeoutException {
        for (Need need : absent) {
            switch (need.use()) {
                case READ -> problems.add("there is no " + describe(need));
                case AWAITED -> LOG.warn("There is no {} yet: it is waited for", describe(need));
                case WRITTEN -> {
                    if (brokersMakeTopics(admin)) {
                        LOG.warn(
                                "There is no {}: the brokers will make it, as they make any",
                                describe(need));
                    } else {
                        problems.add(
                                "there is no " + describe(need) + ", and the brokers make none");
                    }
                }
            }
        }
    }

    private static String describe(Need need) {
        return "topic " + need.topic() + " (" + need.option().key() + ")";
    }

    /** Whether they do, or may: not everybody is allowed to ask. */
    private static boolean brokersMakeTopics(Admin admin)
            throws InterruptedException, TimeoutException {
        try {
            Node node = get(admin.describeCluster().nodes()).iterator().next();
            ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node.idString());
            return Boolean.parseBoolean(
                    get(admin.describeConfigs(List.of(broker)).values().get(broker))
                            .get(AUTO_CREATE)
                            .value());
        } catch (AuthorizationException e) {
            return true;
        }
    }

    private static <T> T get(KafkaFuture<T> future) throws InterruptedException, TimeoutException {
        try {
            return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof KafkaException problem) {
                throw problem;
            }
            throw new KafkaException(e.getCause());
        }
    }
}
