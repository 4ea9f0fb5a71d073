package io.nextclick.jobs.ready;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Whether a job answers at full speed, as its dashboard's REST interface tells: every subtask runs,
 * and every subtask that needs a model has one that is loaded and warm.
 *
 * <p>A subtask counts as running only when its operators are open, and they open only when their
 * model is warm; so the first condition holds no earlier than the second. The gauge {@value #GAUGE}
 * adds the jobs that run and still wait for their first released model.
 *
 * <p>Also a small program, for a probe inside a container that holds no more than the job's jar:
 * {@code java -cp nextclick-job.jar io.nextclick.jobs.ready.Readiness URL [JOB]}. It prints the
 * verdict and ends with 0 if the job is ready and 1 if not.
 */
public final class Readiness {

    /** 1 where a subtask has all that it needs to answer, else 0. */
    public static final String GAUGE = "ready";

    private static final String OF_SUBTASK = "." + GAUGE;

    private static final String RUNNING = "RUNNING";
    private static final String FINISHED = "FINISHED";

    /** Flink fetches figures when somebody asks for them: the first answer is an empty one. */
    private static final Duration FIGURES_PATIENCE = Duration.ofSeconds(3);

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI dashboard;
    private final Duration timeout;
    private final HttpClient http;

    /**
     * What was found.
     *
     * @param isReady whether the job answers at full speed
     * @param because one line for a person
     */
    public record Verdict(boolean isReady, String because) {

        public Verdict {
            Objects.requireNonNull(because, "because");
        }
    }

    /**
     * @param dashboard address of Flink's dashboard
     * @param timeout longest that one request may take
     */
    public Readiness(URI dashboard, Duration timeout) {
        String text = dashboard.toString();
        this.dashboard = text.endsWith("/") ? dashboard : URI.create(text + '/');
        this.timeout = timeout;
        http = HttpClient.newBuilder().connectTimeout(timeout).build();
    }

    /** As the class says. */
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("usage: URL of the dashboard [name of the job]");
            System.exit(2);
        }
        Verdict verdict =
                new Readiness(URI.create(arguments[0]), Duration.ofSeconds(5))
                        .look(arguments.length == 2 ? arguments[1] : null);
        System.out.println(verdict.because());
        System.exit(verdict.isReady() ? 0 : 1);
    }

    /**
     * Looks once.
     *
     * @param job the job's name; null for the only one that runs
     */
    public Verdict look(String job) throws InterruptedException {
        try {
            return lookFor(job);
        } catch (IOException e) {
            String problem = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            return new Verdict(false, "the dashboard at " + dashboard + ": " + problem);
        }
    }

    private Verdict lookFor(String name) throws IOException, InterruptedException {
        JsonNode found = null;
        JsonNode ended = null;
        int live = 0;
        for (JsonNode job : json("jobs/overview").path("jobs")) {
            if (name != null && !name.equals(job.path("name").asText())) {
                continue;
            }
            // Whose end is known for good has a time of it.
            if (job.path("end-time").asLong() < 0) {
                found = job;
                live++;
            } else if (ended == null
                    || ended.path("end-time").asLong() < job.path("end-time").asLong()) {
                ended = job;
            }
        }
        String called = name == null ? "" : " '" + name + "'";
        if (live == 0) {
            return new Verdict(
                    false,
                    "no job"
                            + called
                            + " runs"
                            + (ended == null
                                    ? ""
                                    : "; the last one has " + ended.path("state").asText()));
        }
        if (live > 1) {
            return new Verdict(
                    false, live + " jobs" + called + " run" + (name == null ? ": name one" : ""));
        }
        return judge(found);
    }

    private Verdict judge(JsonNode found) throws IOException, InterruptedException {
        String id = found.path("jid").asText();
        String called = "job '" + found.path("name").asText() + "'";
        JsonNode job = json("jobs/" + id);
        String state = job.path("state").asText();
        if (!state.equals(RUNNING)) {
            return new Verdict(false, called + " is " + state);
        }
        int subtasks = 0;
        for (JsonNode vertex : job.path("vertices")) {
            int wanted = vertex.path("parallelism").asInt();
            JsonNode tasks = vertex.path("tasks");
            int running = tasks.path(RUNNING).asInt() + tasks.path(FINISHED).asInt();
            if (running != wanted) {
                return new Verdict(
                        false,
                        called
                                + ": "
                                + running
                                + " of "
                                + wanted
                                + " subtasks run of '"
                                + vertex.path("name").asText()
                                + "'");
            }
            subtasks += wanted;
        }
        return judgeFigures(called, id, job.path("vertices"), subtasks);
    }

    private Verdict judgeFigures(String called, String id, JsonNode vertices, int subtasks)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + FIGURES_PATIENCE.toNanos();
        while (true) {
            int figures = 0;
            boolean isReady = true;
            for (JsonNode vertex : vertices) {
                String path =
                        "jobs/"
                                + id
                                + "/vertices/"
                                + vertex.path("id").asText()
                                + "/subtasks/metrics";
                for (JsonNode metric : json(path)) {
                    String figure = metric.path("id").asText();
                    if (figure.endsWith(OF_SUBTASK)) {
                        figures++;
                        isReady &= least(path, figure) >= 1;
                    }
                }
            }
            if (figures > 0 && isReady) {
                return new Verdict(
                        true, called + " is ready: " + subtasks + " subtasks run, models are warm");
            }
            if (System.nanoTime() > end) {
                return new Verdict(
                        false,
                        called
                                + (figures == 0
                                        ? " has not said yet whether its models are warm"
                                        : " waits for a model"));
            }
            TimeUnit.NANOSECONDS.sleep(BETWEEN_LOOKS.toNanos());
        }
    }

    /** The least value of a figure in any subtask; none counts as 0. */
    private double least(String path, String figure) throws IOException, InterruptedException {
        String query = "?agg=min&get=" + URLEncoder.encode(figure, StandardCharsets.UTF_8);
        return json(path + query).path(0).path("min").asDouble();
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(dashboard.resolve(path)).timeout(timeout).build();
        HttpResponse<String> response =
                http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        if (response.statusCode() != 200) {
            throw new IOException("answers /" + path + " with " + response.statusCode());
        }
        try {
            return JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new IOException("is not Flink's: /" + path + " is no JSON", e);
        }
    }
}
