package io.nextclick.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.nextclick.it.deployment.MonitoringQueries;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.TwoTowerTrainerJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Dashboard and alerts ask for metrics that there are: those of both jobs, running with a single
 * click, under the names that Flink's reporter for Prometheus gives them.
 */
@ExtendWith(LiveSystem.Extension.class)
class MonitoringIT {

    private static final Pattern METRIC = Pattern.compile("\\b(flink_\\w+|up)\\b");
    private static final Pattern LABEL =
            Pattern.compile("\\b(job_name|operator_name)=\"([^\"]+)\"");

    /** What REST appends to a histogram's name; Prometheus has it in a label. */
    private static final Pattern STATISTIC =
            Pattern.compile("_(min|max|mean|median|stddev|p\\d+)$");

    /** A group with a key has it in a label, and the metric's name is behind both. */
    private static final Pattern KEYED = Pattern.compile("(^|\\.)model\\.[^.]+\\.");

    @Test
    void everyMetricAskedForIsThere(LiveSystem system) throws Exception {
        List<MonitoringQueries.Query> queries =
                Stream.concat(
                                MonitoringQueries.ofDashboard().stream(),
                                MonitoringQueries.ofAlerts().stream())
                        .toList();
        assertThat(queries).hasSizeGreaterThan(50);
        Set<String> asked = new TreeSet<>();
        Set<String> operatorsAsked = new TreeSet<>();
        Set<String> jobsAsked = new TreeSet<>();
        for (MonitoringQueries.Query query : queries) {
            Matcher metric = METRIC.matcher(query.expression());
            assertThat(metric.find()).as(query.toString()).isTrue();
            do {
                asked.add(metric.group());
            } while (metric.find());
            Matcher label = LABEL.matcher(query.expression());
            while (label.find()) {
                (label.group(1).equals("job_name") ? jobsAsked : operatorsAsked)
                        .add(label.group(2));
            }
        }
        assertThat(jobsAsked)
                .containsExactlyInAnyOrder(SessionRecommenderJob.NAME, TwoTowerTrainerJob.NAME);

        ClicksTopic clicks = system.clicksTopic(1);
        // Kafka's source counts what it hasn't read from the first record on.
        clicks.publish(
                List.of(
                        new ProducerRecord<>(
                                clicks.name(),
                                "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":1704067200000}"
                                        .getBytes(UTF_8))));
        String catalog = system.topic("item-catalog", 1);
        try (JobRun recommender =
                        new JobRun(system, clicks)
                                .unending(Duration.ofMillis(500))
                                .with(JobOptions.MODEL_REQUIRED, false)
                                .with(JobOptions.EMBEDDINGS_TOPIC, system.topic("vectors", 1))
                                .with(JobOptions.RELEASES_TOPIC, system.topic("model-releases", 1))
                                .with(JobOptions.CATALOG_TOPIC, catalog)
                                .with(JobOptions.CANDIDATES_CO_VISITATION, 5)
                                .with(JobOptions.CANDIDATES_TRENDING, 5)
                                .with(JobOptions.CANDIDATES_TRENDING_CATEGORY, 5)
                                .start();
                TrainerRun trainer =
                        new TrainerRun(system, clicks, 32)
                                .with(JobOptions.CATALOG_TOPIC, catalog)
                                .start(1)) {
            List<JobID> jobs = List.of(recommender.job(), trainer.job());
            Set<String> missing = new TreeSet<>();
            try {
                // Flink looks at its task managers every ten seconds.
                Await.until(
                        "metrics are on the dashboard",
                        () -> {
                            missing.clear();
                            missing.addAll(asked);
                            missing.removeAll(present(system.dashboard(), jobs));
                            return missing.isEmpty();
                        });
            } catch (AssertionError e) {
                throw new AssertionError("nobody reports " + missing, e);
            }
            String plans =
                    system.dashboard().text("/jobs/" + recommender.job() + "/plan")
                            + system.dashboard().text("/jobs/" + trainer.job() + "/plan");
            for (String operator : operatorsAsked) {
                assertThat(plans).contains(operator);
            }
        }
    }

    /** The names under which Prometheus has what REST shows. */
    private static Set<String> present(Dashboard dashboard, List<JobID> jobs) throws Exception {
        Set<String> present = new HashSet<>(Set.of("up"));
        for (String name : names(dashboard, "/jobmanager/metrics")) {
            present.add("flink_jobmanager_" + sanitised(name));
        }
        for (JsonNode manager : dashboard.json("/taskmanagers").path("taskmanagers")) {
            String path = "/taskmanagers/" + manager.path("id").asText() + "/metrics";
            for (String name : names(dashboard, path)) {
                present.add("flink_taskmanager_" + sanitised(name));
            }
        }
        for (JobID job : jobs) {
            for (String name : names(dashboard, "/jobs/" + job + "/metrics")) {
                present.add("flink_jobmanager_job_" + sanitised(name));
            }
            for (String vertex : dashboard.vertices(job).values()) {
                String path = "/jobs/" + job + "/vertices/" + vertex + "/metrics";
                for (String name : names(dashboard, path)) {
                    // subtask.metric of a task, subtask.operator.metric of an operator
                    String[] parts = name.split("\\.", 3);
                    if (parts.length == 2) {
                        present.add("flink_taskmanager_job_task_" + sanitised(parts[1]));
                    } else {
                        String metric = KEYED.matcher(parts[2]).replaceAll("$1model.");
                        present.add("flink_taskmanager_job_task_operator_" + sanitised(metric));
                    }
                }
            }
        }
        return present;
    }

    private static List<String> names(Dashboard dashboard, String path) throws Exception {
        List<String> names = new ArrayList<>();
        for (JsonNode metric : dashboard.json(path)) {
            names.add(metric.path("id").asText());
        }
        return names;
    }

    private static String sanitised(String name) {
        return STATISTIC.matcher(name).replaceAll("").replaceAll("[^a-zA-Z0-9_:]", "_");
    }
}
