package io.nextclick.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * Reads the data sources and dashboards that are provisioned for Grafana, answers those of its REST
 * calls that a look at a dashboard needs, and shows each dashboard as a page of simple charts. It
 * stands in where Grafana cannot be had, to see that the provisioned files are found and that every
 * panel's query is answered; it is no Grafana.
 */
public final class Grafana {

    private static final int PORT = 3000;
    private static final String PROXY = "/api/datasources/proxy/uid/";
    private static final String DASHBOARD = "/api/dashboards/uid/";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Map<String, URI> sources = new LinkedHashMap<>();
    private final Map<String, JsonNode> dashboards = new LinkedHashMap<>();
    private final byte[] page;

    private Grafana(Path provisioning) throws IOException {
        YAMLMapper yaml = new YAMLMapper();
        for (Path file : files(provisioning.resolve("datasources"), ".yml")) {
            for (JsonNode source : yaml.readTree(file.toFile()).path("datasources")) {
                sources.put(source.path("uid").asText(), URI.create(source.path("url").asText()));
            }
        }
        for (Path file : files(provisioning.resolve("dashboards"), ".yml")) {
            for (JsonNode provider : yaml.readTree(file.toFile()).path("providers")) {
                Path folder = Path.of(provider.path("options").path("path").asText());
                for (Path dashboard : files(folder, ".json")) {
                    JsonNode read = JSON.readTree(dashboard.toFile());
                    dashboards.put(read.path("uid").asText(), read);
                }
            }
        }
        if (sources.isEmpty() || dashboards.isEmpty()) {
            throw new IOException("no data source or no dashboard under " + provisioning);
        }
        try (InputStream resource = Grafana.class.getResourceAsStream("dashboard.html")) {
            page = resource.readAllBytes();
        }
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }

    /**
     * Serves until the process ends.
     *
     * @param arguments the folder that Grafana's provisioning is in
     */
    public static void main(String[] arguments) throws IOException {
        Grafana grafana = new Grafana(Path.of(arguments[0]));
        HttpServer server = HttpServer.create(new InetSocketAddress(PORT), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", grafana::answer);
        server.start();
        System.out.println(
                "data sources " + grafana.sources + ", dashboards " + grafana.dashboards.keySet());
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/")) {
                exchange.getResponseHeaders()
                        .set("Location", "/d/" + dashboards.keySet().iterator().next());
                exchange.sendResponseHeaders(302, -1);
            } else if (path.startsWith("/d/")) {
                send(exchange, 200, "text/html; charset=utf-8", page);
            } else if (path.equals("/api/health")) {
                sendJson(exchange, 200, JSON.createObjectNode().put("database", "ok"));
            } else if (path.equals("/api/search")) {
                sendJson(exchange, 200, found());
            } else if (path.startsWith(DASHBOARD)) {
                JsonNode dashboard = dashboards.get(path.substring(DASHBOARD.length()));
                if (dashboard == null) {
                    send(exchange, 404, "text/plain", "no such dashboard".getBytes(UTF_8));
                } else {
                    sendJson(exchange, 200, JSON.createObjectNode().set("dashboard", dashboard));
                }
            } else if (path.startsWith(PROXY)) {
                forward(exchange, path.substring(PROXY.length()));
            } else {
                send(exchange, 404, "text/plain", "not found".getBytes(UTF_8));
            }
        }
    }

    private ArrayNode found() {
        ArrayNode found = JSON.createArrayNode();
        dashboards.forEach(
                (uid, dashboard) ->
                        found.addObject()
                                .put("uid", uid)
                                .put("title", dashboard.path("title").asText())
                                .put("type", "dash-db")
                                .put("url", "/d/" + uid));
        return found;
    }

    /** Asks a data source: {@code uid/path}, with the query as it came. */
    private void forward(HttpExchange exchange, String target) throws IOException {
        int slash = target.indexOf('/');
        URI source = slash < 0 ? null : sources.get(target.substring(0, slash));
        if (source == null) {
            send(exchange, 404, "text/plain", "no such data source".getBytes(UTF_8));
            return;
        }
        String query = exchange.getRequestURI().getRawQuery();
        URI asked =
                URI.create(source + target.substring(slash) + (query == null ? "" : "?" + query));
        try {
            HttpResponse<byte[]> answered =
                    client.send(
                            HttpRequest.newBuilder(asked).timeout(Duration.ofSeconds(30)).build(),
                            HttpResponse.BodyHandlers.ofByteArray());
            send(exchange, answered.statusCode(), "application/json", answered.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            send(exchange, 502, "text/plain", String.valueOf(e).getBytes(UTF_8));
        }
    }

    private static void sendJson(HttpExchange exchange, int status, JsonNode body)
            throws IOException {
        send(exchange, status, "application/json", JSON.writeValueAsBytes(body));
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body)
            throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
