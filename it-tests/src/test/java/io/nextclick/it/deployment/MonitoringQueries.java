package io.nextclick.it.deployment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the provisioned dashboard and the alerts ask Prometheus. */
public final class MonitoringQueries {

    private static final Path DASHBOARD =
            Path.of("..", "docker", "grafana", "provisioning", "dashboards", "nextclick.json");
    private static final Path ALERTS = Path.of("..", "docker", "prometheus", "alerts.yml");

    /**
     * A query.
     *
     * @param where the panel or alert it is of
     */
    public record Query(String where, String expression) {}

    private MonitoringQueries() {}

    /** The queries of the dashboard's panels. */
    public static List<Query> ofDashboard() throws IOException {
        return ofDashboard(new ObjectMapper().readTree(DASHBOARD.toFile()));
    }

    /**
     * The queries of a dashboard's panels.
     *
     * @param dashboard as Grafana keeps it
     */
    static List<Query> ofDashboard(JsonNode dashboard) {
        List<Query> queries = new ArrayList<>();
        for (JsonNode panel : dashboard.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                queries.add(new Query(panel.path("title").asText(), target.path("expr").asText()));
            }
        }
        return queries;
    }

    /** The conditions of the alerts. */
    public static List<Query> ofAlerts() throws IOException {
        List<Query> queries = new ArrayList<>();
        for (JsonNode group : new YAMLMapper().readTree(ALERTS.toFile()).path("groups")) {
            for (JsonNode rule : group.path("rules")) {
                queries.add(new Query(rule.path("alert").asText(), rule.path("expr").asText()));
            }
        }
        return queries;
    }
}
