package io.nextclick.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;

/** What Flink's dashboard shows, read as the dashboard reads it: over REST. */
public final class Dashboard {

    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    /** A request's first line may have 4,096 characters. */
    private static final int NAMES_IN_A_REQUEST = 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String address;
    private final HttpClient http = HttpClient.newHttpClient();

    /**
     * @param address {@code http://127.0.0.1:port}
     */
    public Dashboard(String address) {
        this.address = address;
    }

    /** The answer to a request, whatever its status. */
    public String text(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(address + path)).timeout(TIMEOUT).build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    /**
     * Stops a job with a savepoint as {@code flink stop} does, and returns where it is.
     *
     * @param drains whether event time comes to its end first
     */
    public String stopWithSavepoint(JobID job, Path directory, boolean drains) throws Exception {
        return savepoint(
                job,
                "/stop",
                JSON.createObjectNode()
                        .put("targetDirectory", directory.toUri().toString())
                        .put("drain", drains));
    }

    /** Has a job that goes on write a savepoint, and returns where it is. */
    public String savepoint(JobID job, Path directory) throws Exception {
        return savepoint(
                job,
                "/savepoints",
                JSON.createObjectNode().put("target-directory", directory.toUri().toString()));
    }

    private String savepoint(JobID job, String path, JsonNode body) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(address + "/jobs/" + job + path))
                        .timeout(TIMEOUT)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                        .build();
        String triggered = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        JsonNode id = JSON.readTree(triggered).path("request-id");
        if (!id.isTextual()) {
            throw new IOException("no savepoint: " + triggered);
        }
        String operation = "/jobs/" + job + "/savepoints/" + id.asText();
        JsonNode[] savepoint = new JsonNode[1];
        Await.until(
                "the savepoint is complete",
                () -> {
                    savepoint[0] = json(operation);
                    return savepoint[0].path("status").path("id").asText().equals("COMPLETED");
                });
        JsonNode location = savepoint[0].path("operation").path("location");
        if (!location.isTextual()) {
            throw new IOException("no savepoint: " + savepoint[0]);
        }
        return location.asText();
    }

    public JsonNode json(String path) throws IOException, InterruptedException {
        return JSON.readTree(text(path));
    }

    /** Ids of a job's vertices by their names. */
    public Map<String, String> vertices(JobID job) throws IOException, InterruptedException {
        Map<String, String> vertices = new TreeMap<>();
        for (JsonNode vertex : json("/jobs/" + job).path("vertices")) {
            vertices.put(vertex.path("name").asText(), vertex.path("id").asText());
        }
        return vertices;
    }

    /** Checkpoints of a job that are complete. */
    public int completedCheckpoints(JobID job) throws IOException, InterruptedException {
        return json("/jobs/" + job + "/checkpoints").path("counts").path("completed").asInt();
    }

    /** The accumulators of a job by name, as numbers. */
    public Map<String, Object> accumulators(JobID job) throws IOException, InterruptedException {
        Map<String, Object> accumulators = new HashMap<>();
        for (JsonNode accumulator :
                json("/jobs/" + job + "/accumulators").path("user-task-accumulators")) {
            accumulators.put(
                    accumulator.path("name").asText(),
                    Double.valueOf(accumulator.path("value").asText()));
        }
        return accumulators;
    }

    /** All metrics of a vertex whose names hold a text; values as they are shown. */
    public Map<String, String> metrics(JobID job, String vertex, String text)
            throws IOException, InterruptedException {
        String path = "/jobs/" + job + "/vertices/" + vertex + "/metrics";
        List<String> wanted = new ArrayList<>();
        for (JsonNode metric : json(path)) {
            String name = metric.path("id").asText();
            if (name.contains(text)) {
                wanted.add(URLEncoder.encode(name, StandardCharsets.UTF_8));
            }
        }
        Map<String, String> values = new TreeMap<>();
        for (int from = 0; from < wanted.size(); from += NAMES_IN_A_REQUEST) {
            int to = Math.min(wanted.size(), from + NAMES_IN_A_REQUEST);
            for (JsonNode metric :
                    json(path + "?get=" + String.join(",", wanted.subList(from, to)))) {
                values.put(metric.path("id").asText(), metric.path("value").asText());
            }
        }
        return values;
    }
}
