package io.nextclick.it.containers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.it.Await;
import io.nextclick.it.Dashboard;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.TwoTowerTrainerJob;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;

/** A session cluster's jobs, handled over REST as its users do. */
final class FlinkRest {

    /** The main classes of the job's jar. */
    static final String RECOMMENDER = SessionRecommenderJob.class.getName();

    static final String TRAINER = TwoTowerTrainerJob.class.getName();

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String address;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Dashboard dashboard;

    /**
     * @param address {@code http://127.0.0.1:port}
     */
    FlinkRest(String address) {
        this.address = address;
        dashboard = new Dashboard(address);
    }

    /** {@code http://127.0.0.1:port}. */
    String address() {
        return address;
    }

    Dashboard dashboard() {
        return dashboard;
    }

    /** Uploads a jar and returns what Flink calls it. */
    String upload(Path jar) throws IOException, InterruptedException {
        String boundary = "nextclick-" + System.nanoTime();
        BodyPublisher body =
                BodyPublishers.concat(
                        BodyPublishers.ofString(
                                "--"
                                        + boundary
                                        + "\r\nContent-Disposition: form-data; name=\"jarfile\";"
                                        + " filename=\""
                                        + jar.getFileName()
                                        + "\"\r\nContent-Type: application/java-archive\r\n\r\n"),
                        BodyPublishers.ofFile(jar),
                        BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
        String file =
                send(HttpRequest.newBuilder(URI.create(address + "/jars/upload"))
                                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                                .POST(body))
                        .path("filename")
                        .asText();
        return file.substring(file.lastIndexOf('/') + 1);
    }

    /**
     * Runs a main class of a jar that was uploaded.
     *
     * @param options of the job, {@code --key value}
     * @param savepoint to start from; null for none
     */
    JobID run(
            String jar,
            String mainClass,
            Map<String, String> options,
            int parallelism,
            String savepoint)
            throws IOException, InterruptedException {
        ObjectNode body = JSON.createObjectNode();
        body.put("entryClass", mainClass);
        options.forEach(
                (key, value) ->
                        body.withArrayProperty("programArgsList").add("--" + key).add(value));
        body.put("parallelism", parallelism);
        if (savepoint != null) {
            body.put("savepointPath", savepoint);
        }
        return JobID.fromHexString(post("/jars/" + jar + "/run", body).path("jobid").asText());
    }

    String status(JobID job) throws IOException, InterruptedException {
        return dashboard.json("/jobs/" + job).path("state").asText();
    }

    /** Waits until all subtasks run, and says why if the job fails instead. */
    void awaitRunning(JobID job) throws Exception {
        Await.until(
                "job " + job + " runs",
                Duration.ofMinutes(2),
                () -> {
                    JsonNode description = dashboard.json("/jobs/" + job);
                    String state = description.path("state").asText();
                    if (List.of("FAILED", "CANCELED", "FINISHED", "SUSPENDED").contains(state)) {
                        throw new AssertionError(
                                state + ": " + dashboard.text("/jobs/" + job + "/exceptions"));
                    }
                    boolean runs = description.path("vertices").size() > 0;
                    for (JsonNode vertex : description.path("vertices")) {
                        runs &= vertex.path("status").asText().equals("RUNNING");
                    }
                    return runs;
                });
    }

    /** Waits until one more checkpoint is complete than there are. */
    void awaitCheckpoint(JobID job) throws Exception {
        int before = dashboard.completedCheckpoints(job);
        Await.until(
                "a checkpoint of job " + job, () -> dashboard.completedCheckpoints(job) > before);
    }

    /** Cancels a job and waits until it is gone. */
    void cancel(JobID job) throws Exception {
        send(
                HttpRequest.newBuilder(URI.create(address + "/jobs/" + job + "?mode=cancel"))
                        .method("PATCH", BodyPublishers.noBody()));
        awaitStatus(job, "CANCELED");
    }

    void awaitStatus(JobID job, String status) throws Exception {
        Await.until("job " + job + " is " + status, () -> status(job).equals(status));
    }

    /**
     * Stops a job with a savepoint in the canonical format.
     *
     * @param drain whether the job is to end for good: all windows and sessions are closed
     * @return where the savepoint is
     */
    String stopWithSavepoint(JobID job, String directory, boolean drain) throws Exception {
        ObjectNode body =
                JSON.createObjectNode()
                        .put("targetDirectory", directory)
                        .put("drain", drain)
                        .put("formatType", "CANONICAL");
        String trigger = post("/jobs/" + job + "/stop", body).path("request-id").asText();
        String[] location = new String[1];
        Await.until(
                "job " + job + " stops with a savepoint",
                () -> {
                    JsonNode answer = dashboard.json("/jobs/" + job + "/savepoints/" + trigger);
                    JsonNode failure = answer.path("operation").path("failure-cause");
                    if (!failure.isMissingNode() && !failure.isNull()) {
                        throw new AssertionError(failure.toString());
                    }
                    location[0] = answer.path("operation").path("location").asText(null);
                    return location[0] != null;
                });
        awaitStatus(job, "FINISHED");
        return location[0];
    }

    private JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(URI.create(address + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.toString(), StandardCharsets.UTF_8)));
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException(answer.uri() + ": " + answer.statusCode() + " " + answer.body());
        }
        return JSON.readTree(answer.body().isEmpty() ? "{}" : answer.body());
    }
}
