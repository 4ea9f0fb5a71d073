package io.nextclick.it.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.nextclick.it.Await;
import io.nextclick.it.Dashboard;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.TwoTowerTrainerJob;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.schemas.Recommendation;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What the README promises of {@code docker compose up} with the demo: started, and looked at. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ComposeIT {

    /** A machine of two cores starts nine processes and trains a model. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Of sources of candidates that propose nothing unless an option says how much. */
    private static final Pattern SWITCHED_OFF = Pattern.compile("_(coVisitation|trending)");

    private static final Map<String, Set<String>> OPERATORS =
            Map.of(
                    SessionRecommenderJob.NAME,
                    Set.of(
                            "Source: Clicks from Kafka",
                            "Set aside rejected clicks",
                            "Rejected clicks to Kafka: Writer",
                            "Rejected clicks to Kafka: Committer",
                            "Source: Released models from Kafka",
                            "Sampled sessions",
                            "Examine releases",
                            "Announce releases",
                            "Recommend next items",
                            "Recommendations to Kafka: Writer",
                            "Recommendations to Kafka: Committer"),
                    TwoTowerTrainerJob.NAME,
                    Set.of(
                            "Source: Clicks from Kafka",
                            "Set aside rejected clicks",
                            "Source: Catalogue from Kafka",
                            "Describe items",
                            "Make examples",
                            "Train two towers",
                            "Item vectors to Kafka: Writer",
                            "Item vectors to Kafka: Committer",
                            "Releases of query towers to Kafka: Writer",
                            "Releases of query towers to Kafka: Committer"));

    private static Compose compose;
    private static Dashboard flink;
    private static Dashboard grafana;

    @BeforeAll
    static void start() throws Exception {
        String missing = Compose.missing();
        if (!missing.isEmpty()) {
            assertThat(Boolean.parseBoolean(System.getenv("NEXTCLICK_REQUIRE_DOCKER")))
                    .as("Docker is required: " + missing)
                    .isFalse();
            System.out.println("ComposeIT is skipped: " + missing);
        }
        assumeTrue(missing.isEmpty(), missing);
        compose =
                Compose.up(
                        Map.of(
                                "DEMO_RATE",
                                "40",
                                "DEMO_PAST",
                                "4min",
                                "DEMO_TRAINING_CLICKS",
                                "8000"));
        flink = new Dashboard("http://" + compose.address("FLINK_PORT"));
        grafana = new Dashboard("http://" + compose.address("GRAFANA_PORT"));
    }

    @AfterAll
    static void stop() throws Exception {
        if (compose != null) {
            compose.down();
        }
    }

    @Test
    @Order(1)
    void bothJobsRun() throws Exception {
        awaitRunning();
    }

    /** Waits until both jobs run; their ids by name. */
    private static Map<String, String> awaitRunning() throws Exception {
        Map<String, String> jobs = new TreeMap<>();
        Await.until(
                "both jobs run",
                PATIENCE,
                () -> {
                    jobs.clear();
                    jobs.putAll(running());
                    return jobs.keySet().equals(OPERATORS.keySet());
                });
        return jobs;
    }

    /** Ids of the jobs whose every subtask runs, by name. */
    private static Map<String, String> running() throws Exception {
        Map<String, String> running = new TreeMap<>();
        JsonNode overview;
        try {
            overview = flink.json("/jobs/overview");
        } catch (IOException notYet) {
            return running;
        }
        for (JsonNode job : overview.path("jobs")) {
            JsonNode tasks = job.path("tasks");
            if (job.path("state").asText().equals("RUNNING")
                    && tasks.path("running").asInt() == tasks.path("total").asInt()) {
                String before = running.put(job.path("name").asText(), job.path("jid").asText());
                assertThat(before).as("a job of that name runs already").isNull();
            }
        }
        return running;
    }

    @Test
    @Order(2)
    void recommendationsFlowAndTheReleasedModelTakesOver() throws Exception {
        Set<String> models = new TreeSet<>();
        try (RecommendationReader reader = reader(true)) {
            Await.until(
                    "a model trained on the shop's clicks answers",
                    PATIENCE,
                    () -> {
                        for (RecommendationReader.Received received : reader.poll()) {
                            assertThat(received.problem()).isNull();
                            Recommendation recommendation = received.recommendation();
                            assertThat(recommendation.items()).isNotEmpty();
                            if (recommendation.model() != null) {
                                models.add(recommendation.model().name());
                            }
                        }
                        return models.contains("gru4rec");
                    });
        }
        System.out.println("models that have answered: " + models);
    }

    private static RecommendationReader reader(boolean fromBeginning) throws Exception {
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", compose.address("KAFKA_PORT"));
        return new RecommendationReader(client, "recommendations", fromBeginning);
    }

    @Test
    @Order(3)
    void flinksDashboardNamesEveryOperator() throws Exception {
        for (Map.Entry<String, String> job : awaitRunning().entrySet()) {
            Set<String> operators = new TreeSet<>();
            JsonNode plan = flink.json("/jobs/" + job.getValue() + "/plan");
            for (JsonNode node : plan.at("/plan/nodes")) {
                for (String operator : node.path("description").asText().split("<br/>")) {
                    operators.add(operator.replaceFirst("^[ :]*[+:]- ", "").strip());
                }
            }
            operators.remove("");
            assertThat(operators)
                    .as(job.getKey())
                    .containsExactlyInAnyOrderElementsOf(OPERATORS.get(job.getKey()));
        }
    }

    @Test
    @Order(4)
    void everyPanelHasFigures() throws Exception {
        JsonNode found = grafana.json("/api/search");
        assertThat(found).hasSize(1);
        String dashboard = found.get(0).path("uid").asText();
        List<MonitoringQueries.Query> queries =
                MonitoringQueries.ofDashboard(
                        grafana.json("/api/dashboards/uid/" + dashboard).path("dashboard"));
        assertThat(queries).isEqualTo(MonitoringQueries.ofDashboard());
        Set<MonitoringQueries.Query> silent = new HashSet<>();
        try {
            Await.until(
                    "every panel has figures",
                    PATIENCE,
                    () -> {
                        silent.clear();
                        for (MonitoringQueries.Query query : queries) {
                            if (!SWITCHED_OFF.matcher(query.expression()).find()
                                    && !answered(query.expression())) {
                                silent.add(query);
                            }
                        }
                        return silent.isEmpty();
                    });
        } catch (AssertionError e) {
            throw new AssertionError("no figures for " + silent, e);
        }
        System.out.println(queries.size() + " queries of the dashboard are answered");
    }

    /** Whether there is a figure, by the way that the dashboard takes. */
    private static boolean answered(String expression) throws Exception {
        JsonNode answer = ask(expression);
        for (JsonNode series : answer.at("/data/result")) {
            if (Double.isFinite(Double.parseDouble(series.path("value").path(1).asText()))) {
                return true;
            }
        }
        return false;
    }

    private static JsonNode ask(String expression) throws Exception {
        return grafana.json(
                "/api/datasources/proxy/uid/prometheus/api/v1/query?query="
                        + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    }

    @Test
    @Order(5)
    void everyAlertIsWatchedAndNoJobIsInTrouble() throws Exception {
        Dashboard prometheus = new Dashboard("http://" + compose.address("PROMETHEUS_PORT"));
        List<String> expected =
                MonitoringQueries.ofAlerts().stream().map(MonitoringQueries.Query::where).toList();
        Await.until(
                "every rule has been evaluated",
                () -> {
                    List<String> healthy = new ArrayList<>();
                    for (JsonNode group : prometheus.json("/api/v1/rules").at("/data/groups")) {
                        for (JsonNode rule : group.path("rules")) {
                            assertThat(rule.path("lastError").asText()).isEmpty();
                            if (rule.path("health").asText().equals("ok")) {
                                healthy.add(rule.path("name").asText());
                            }
                        }
                    }
                    return healthy.equals(expected);
                });
        for (JsonNode alert : prometheus.json("/api/v1/alerts").at("/data/alerts")) {
            System.out.println("alert: " + alert);
            if (alert.path("state").asText().equals("firing")) {
                // How late answers are depends on what else the machine does.
                assertThat(alert.at("/labels/alertname").asText())
                        .as(alert.toString())
                        .isNotIn("JobNotRunning", "JobRestarting", "CheckpointsFailing");
            }
        }
    }

    @Test
    @Order(5)
    void theAlertsComeWhenTheyShould() throws Exception {
        assertThat(
                        compose.docker(
                                "exec",
                                compose.container("prometheus"),
                                "promtool",
                                "test",
                                "rules",
                                "/etc/prometheus/alerts-test.yml"))
                .contains("SUCCESS");
    }

    @Test
    @Order(6)
    void containersHaveNoRightsThatTheyDontNeed() throws Exception {
        Set<String> published = new TreeSet<>();
        for (JsonNode container : compose.containers()) {
            String name = container.path("Name").asText();
            assertThat(container.at("/HostConfig/Memory").asLong()).as(name).isPositive();
            assertThat(container.at("/State/OOMKilled").asBoolean()).as(name).isFalse();
            assertThat(container.at("/HostConfig/Privileged").asBoolean()).as(name).isFalse();
            for (JsonNode bindings : container.at("/HostConfig/PortBindings")) {
                for (JsonNode binding : bindings) {
                    assertThat(binding.path("HostIp").asText()).as(name).isEqualTo("127.0.0.1");
                    published.add(binding.path("HostPort").asText());
                }
            }
            if (container.at("/State/Running").asBoolean()) {
                String user =
                        compose.docker(
                                "exec",
                                container.path("Id").asText(),
                                "sh",
                                "-c",
                                "sed -n 's/^Uid:[[:space:]]*\\([0-9]*\\).*/\\1/p' /proc/1/status");
                System.out.println(name + " runs as " + user.strip());
                assertThat(Integer.parseInt(user.strip())).as(name).isPositive();
            }
        }
        assertThat(published).hasSize(4);
    }

    @Test
    @Order(7)
    void aJobManagerThatIsKilledFindsItsJobsAgain() throws Exception {
        Map<String, String> before = awaitRunning();
        String jobManager = compose.container("jobmanager");
        compose.docker("kill", "--signal", "KILL", jobManager);
        Await.until(
                "it is gone",
                () ->
                        !compose.docker("inspect", "--format", "{{.State.Running}}", jobManager)
                                .strip()
                                .equals("true"));
        compose.docker("start", jobManager);
        Await.until("the same jobs run again", PATIENCE, () -> running().equals(before));
        awaitAnswers();
    }

    private static void awaitAnswers() throws Exception {
        try (RecommendationReader reader = reader(false)) {
            Await.until("clicks are answered", PATIENCE, () -> !reader.poll().isEmpty());
        }
    }

    @Test
    @Order(8)
    void whatRunsIsNotSubmittedAgain() throws Exception {
        Map<String, String> before = awaitRunning();
        compose.docker("start", compose.container("submit"));
        Await.until(
                "the submitter has ended",
                () ->
                        compose.docker(
                                        "inspect",
                                        "--format",
                                        "{{.State.Status}} {{.State.ExitCode}}",
                                        compose.container("submit"))
                                .strip()
                                .equals("exited 0"));
        assertThat(compose.docker("logs", compose.container("submit")))
                .contains(SessionRecommenderJob.NAME + " runs already")
                .contains(TwoTowerTrainerJob.NAME + " runs already");
        assertThat(awaitRunning()).isEqualTo(before);
    }

    @Test
    @Order(9)
    void taskManagersCanBeAdded() throws Exception {
        compose.run("up", "-d", "--no-recreate", "--scale", "taskmanager=2", "taskmanager");
        Await.until(
                "Flink has both",
                PATIENCE,
                () -> flink.json("/overview").path("taskmanagers").asInt() == 2);
        Await.until(
                "Prometheus has found all three processes",
                PATIENCE,
                () -> ask("up == 1").at("/data/result").size() == 3);
        awaitRunning();
    }

    @Test
    @Order(10)
    void aStoppedJobGoesOnFromItsSavepoint() throws Exception {
        String stopped = awaitRunning().get(SessionRecommenderJob.NAME);
        String printed =
                compose.docker(
                        "exec",
                        compose.container("jobmanager"),
                        "flink",
                        "stop",
                        "--savepointPath",
                        "/checkpoints/savepoints",
                        stopped);
        Matcher path = Pattern.compile("Path: (\\S+)").matcher(printed);
        assertThat(path.find()).as(printed).isTrue();

        compose.run(
                "run",
                "--rm",
                "--no-deps",
                "-T",
                "-e",
                "RECOMMENDER_SAVEPOINT=" + path.group(1),
                "submit");
        String started = awaitRunning().get(SessionRecommenderJob.NAME);
        assertThat(started).isNotEqualTo(stopped);
        assertThat(
                        flink.json("/jobs/" + started + "/checkpoints")
                                .at("/latest/restored/external_path")
                                .asText())
                .isEqualTo(path.group(1));
        awaitAnswers();
    }
}
