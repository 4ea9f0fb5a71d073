package io.nextclick.it.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.TrainerConfig;
import io.nextclick.jobs.TwoTowerTrainerJob;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.util.ParameterTool;
import org.apache.kafka.common.utils.AppInfoParser;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The manifests for Flink's Kubernetes operator hold to the schema that it publishes, fields that
 * the schema doesn't name being mistakes: a cluster would drop them silently.
 */
class KubernetesManifestsTest {

    private static final Path FOLDER = Path.of("..", "docker", "kubernetes");
    private static final Path COMPOSE = Path.of("..", "docker", "compose.yaml");
    private static final String CRD = "/META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml";
    private static final String FLINK_VERSION = "v2_2";
    private static final YAMLMapper YAML = new YAMLMapper();

    private static JsonSchema schema;

    @BeforeAll
    static void readSchema() throws IOException {
        try (InputStream resource = KubernetesManifestsTest.class.getResourceAsStream(CRD)) {
            JsonNode definition = YAML.readTree(resource);
            JsonNode openApi = definition.at("/spec/versions/0/schema/openAPIV3Schema").deepCopy();
            // The schema at hand ends at Flink 1.20; later operators name 2.2 here.
            ((ArrayNode) openApi.at("/properties/spec/properties/flinkVersion/enum"))
                    .add(FLINK_VERSION);
            close(openApi);
            // What every resource has, and no schema of a single kind names.
            ObjectNode properties = (ObjectNode) openApi.get("properties");
            for (String name : List.of("apiVersion", "kind")) {
                properties.putObject(name).put("type", "string");
            }
            properties.putObject("metadata").put("type", "object");
            schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(openApi);
        }
    }

    /** Lets no object have fields that are not named. */
    private static void close(JsonNode node) {
        if (node instanceof ObjectNode object
                && object.path("properties").isObject()
                && !object.has("additionalProperties")) {
            object.put("additionalProperties", false);
        }
        node.forEach(KubernetesManifestsTest::close);
    }

    private static List<JsonNode> documents(Path file) throws IOException {
        try (var documents = YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile())) {
            return documents.readAll();
        }
    }

    private static List<JsonNode> deployments() throws IOException {
        List<JsonNode> deployments = new ArrayList<>();
        try (Stream<Path> files = Files.list(FOLDER.resolve("base"))) {
            for (Path file : files.sorted().toList()) {
                for (JsonNode document : documents(file)) {
                    if (document.path("kind").asText().equals("FlinkDeployment")) {
                        deployments.add(document);
                    }
                }
            }
        }
        return deployments;
    }

    private static Set<ValidationMessage> mistakes(JsonNode manifest) {
        return schema.validate(manifest);
    }

    @Test
    void deploymentsHoldToTheOperatorsSchema() throws IOException {
        List<JsonNode> deployments = deployments();
        assertThat(deployments)
                .extracting(each -> each.at("/spec/job/entryClass").asText())
                .containsExactlyInAnyOrder(
                        SessionRecommenderJob.class.getName(), TwoTowerTrainerJob.class.getName());
        for (JsonNode deployment : deployments) {
            assertThat(mistakes(deployment)).as(name(deployment)).isEmpty();
        }
    }

    @Test
    void whatTheGpuAddsHoldsToItToo() throws IOException {
        JsonNode patch = documents(FOLDER.resolve("gpu/gpu.yaml")).get(0);
        for (JsonNode deployment : deployments()) {
            JsonNode patched = merge(deployment.deepCopy(), patch);
            assertThat(mistakes(patched)).as(name(deployment)).isEmpty();
            assertThat(patched.at("/spec/flinkConfiguration/external-resources").asText())
                    .isEqualTo("gpu");
            assertThat(patched.at("/spec/job")).isEqualTo(deployment.at("/spec/job"));
        }
    }

    /** A merge patch (RFC 7386), which is what kustomize applies to kinds it doesn't know. */
    private static JsonNode merge(JsonNode target, JsonNode patch) {
        if (!(target instanceof ObjectNode object) || !patch.isObject()) {
            return patch;
        }
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            object.set(field.getKey(), merge(object.path(field.getKey()), field.getValue()));
        }
        return object;
    }

    @Test
    void brokenManifestsAreFound() throws IOException {
        JsonNode deployment = deployments().get(0);
        assertBroken(deployment, spec -> spec.put("flinkVersion", "v3_0"), "flinkVersion");
        assertBroken(deployment, spec -> spec.put("imagePulPolicy", "Always"), "imagePulPolicy");
        assertBroken(
                deployment,
                spec -> ((ObjectNode) spec.get("job")).put("upgradeMode", "brave"),
                "upgradeMode");
        assertBroken(
                deployment,
                spec -> ((ObjectNode) spec.get("job")).put("parallelism", "two"),
                "parallelism");
        assertBroken(
                deployment,
                spec -> ((ObjectNode) spec.get("flinkConfiguration")).put("number", 2),
                "flinkConfiguration");
        assertBroken(
                deployment,
                spec -> ((ObjectNode) spec.at("/podTemplate/spec/containers/0")).put("port", 1),
                "containers");
        assertBroken(
                deployment,
                spec ->
                        ((ObjectNode) spec.at("/podTemplate/spec/securityContext"))
                                .put("runAsNonRoot", "yes"),
                "runAsNonRoot");
    }

    private static void assertBroken(
            JsonNode deployment, Consumer<ObjectNode> breaking, String where) {
        ObjectNode broken = deployment.deepCopy();
        breaking.accept((ObjectNode) broken.get("spec"));
        assertThat(mistakes(broken))
                .anySatisfy(mistake -> assertThat(mistake.getMessage()).contains(where));
    }

    @Test
    void theJobsTakeTheirArguments() throws IOException {
        for (JsonNode deployment : deployments()) {
            List<String> arguments = new ArrayList<>();
            deployment.at("/spec/job/args").forEach(each -> arguments.add(each.asText()));
            Configuration configuration =
                    ParameterTool.fromArgs(arguments.toArray(String[]::new)).getConfiguration();
            assertThat(configuration.keySet())
                    .allMatch(
                            key ->
                                    key.startsWith(JobOptions.PREFIX)
                                            || key.startsWith(JobOptions.KAFKA_PREFIX));
            if (deployment
                    .at("/spec/job/entryClass")
                    .asText()
                    .equals(SessionRecommenderJob.class.getName())) {
                assertThat(RecommenderConfig.of(configuration).releases()).isNotNull();
            } else {
                assertThat(TrainerConfig.of(configuration)).isNotNull();
            }
        }
    }

    @Test
    void podsRunWithoutPrivileges() throws IOException {
        for (JsonNode deployment : deployments()) {
            JsonNode pod = deployment.at("/spec/podTemplate/spec");
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/runAsUser").asInt()).isEqualTo(9999);
            assertThat(
                            pod.at("/containers/0/securityContext/allowPrivilegeEscalation")
                                    .asBoolean(true))
                    .isFalse();
        }
    }

    /** The versions of Flink in compose, the manifests and the build are one. */
    @Test
    void versionsAgree() throws IOException {
        String compose = Files.readString(COMPOSE);
        String flink = EnvironmentInformation.getVersion();
        assertThat(compose).contains("${FLINK_IMAGE:-flink:" + flink + "-java17}");
        assertThat(compose)
                .contains("${KAFKA_IMAGE:-apache/kafka:" + AppInfoParser.getVersion() + "}");
        String[] parts = flink.split("\\.");
        for (JsonNode deployment : deployments()) {
            assertThat(deployment.at("/spec/flinkVersion").asText())
                    .isEqualTo("v" + parts[0] + "_" + parts[1]);
        }
        assertThat(Files.readString(Path.of("..", "docker", "Dockerfile")))
                .contains("FLINK_IMAGE=flink:" + flink + "-java17");
    }

    private static String name(JsonNode deployment) {
        return deployment.at("/metadata/name").asText();
    }
}
