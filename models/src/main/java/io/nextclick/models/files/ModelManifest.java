package io.nextclick.models.files;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a model folder says of itself, {@code manifest.json}.
 *
 * @param kind which network the weights belong to, such as {@code gru4rec}
 * @param name the model's name, as recommendations carry it
 * @param version its version, as recommendations carry it and as recurrent states are stamped
 * @param parameters hyper-parameters: text, numbers and booleans by name
 * @param sessionRules the rules it was trained under, and is to be served under
 * @param dataFingerprint SHA-256 of the training sessions, in hexadecimal; may be empty
 * @param metrics what it reached in validation, by name
 * @param createdAt when it was trained
 */
public record ModelManifest(
        String kind,
        String name,
        String version,
        Map<String, Object> parameters,
        SessionRules sessionRules,
        String dataFingerprint,
        Map<String, Double> metrics,
        Instant createdAt) {

    /** The format of folder that is written and read. */
    public static final int FORMAT = 1;

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+:-]{0,127}");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();

    public ModelManifest {
        requireWord(kind, "kind");
        requireWord(name, "name");
        requireWord(version, "version");
        Objects.requireNonNull(sessionRules, "sessionRules");
        Objects.requireNonNull(dataFingerprint, "dataFingerprint");
        Objects.requireNonNull(createdAt, "createdAt");
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        parameters.forEach(
                (key, value) -> {
                    if (!(value instanceof String
                            || value instanceof Boolean
                            || value instanceof Number)) {
                        throw new IllegalArgumentException(
                                "parameter " + key + " is neither text, number nor boolean");
                    }
                });
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        metrics.forEach(
                (key, value) -> {
                    if (!Double.isFinite(value)) {
                        throw new IllegalArgumentException("metric " + key + " is " + value);
                    }
                });
    }

    private static void requireWord(String text, String field) {
        Objects.requireNonNull(text, field);
        if (!WORD.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    field
                            + " is '"
                            + text
                            + "', it must be 1 to 128 letters, digits or ._+:- and begin with a"
                            + " letter or digit");
        }
    }

    /**
     * A whole-numbered hyper-parameter.
     *
     * @throws ModelFileException if there is none of this name in the range of an int
     */
    public int integer(String parameter) throws ModelFileException {
        Object value = parameters.get(parameter);
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number == (int) number) {
                return (int) number;
            }
        }
        throw missing(parameter, "a whole number");
    }

    /**
     * A numeric hyper-parameter.
     *
     * @throws ModelFileException if there is none of this name
     */
    public double number(String parameter) throws ModelFileException {
        if (parameters.get(parameter) instanceof Number number) {
            return number.doubleValue();
        }
        throw missing(parameter, "a number");
    }

    /**
     * A hyper-parameter that is on or off.
     *
     * @throws ModelFileException if there is none of this name
     */
    public boolean flag(String parameter) throws ModelFileException {
        if (parameters.get(parameter) instanceof Boolean flag) {
            return flag;
        }
        throw missing(parameter, "a boolean");
    }

    /**
     * A hyper-parameter in words.
     *
     * @throws ModelFileException if there is none of this name
     */
    public String text(String parameter) throws ModelFileException {
        if (parameters.get(parameter) instanceof String text) {
            return text;
        }
        throw missing(parameter, "a text");
    }

    private ModelFileException missing(String parameter, String kind) {
        return new ModelFileException(
                ModelFolder.MANIFEST,
                "parameter "
                        + parameter
                        + " is "
                        + parameters.get(parameter)
                        + ", "
                        + kind
                        + " is needed");
    }

    /** Size and SHA-256 of a file of the folder. */
    record Digest(long bytes, String sha256) {}

    /** A manifest as it stands in the file: with the digests of the other files. */
    record Sealed(ModelManifest manifest, Map<String, Digest> files) {}

    byte[] toJson(Map<String, Digest> files) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("kind", kind);
        root.put("name", name);
        root.put("version", version);
        root.put("created_at", createdAt.toString());
        root.set("parameters", JSON.valueToTree(parameters));
        ObjectNode rules = root.putObject("session_rules");
        rules.put("inactivity_gap_ms", sessionRules.inactivityGap().toMillis());
        rules.put("maximum_length", sessionRules.maximumLength());
        rules.put("collapse_repeats", sessionRules.collapseRepeats());
        root.put("data_fingerprint", dataFingerprint);
        ObjectNode measured = root.putObject("metrics");
        metrics.forEach((key, value) -> measured.put(key, value));
        ObjectNode digests = root.putObject("files");
        files.forEach(
                (file, digest) ->
                        digests.putObject(file)
                                .put("bytes", digest.bytes)
                                .put("sha256", digest.sha256));
        return JSON.writeValueAsBytes(root);
    }

    static Sealed fromJson(byte[] json) throws ModelFileException {
        try {
            // Decoded first: the JSON parser would guess the encoding, and repair it.
            return fromTree(
                    JSON.readTree(
                            StandardCharsets.UTF_8
                                    .newDecoder()
                                    .decode(ByteBuffer.wrap(json))
                                    .toString()));
        } catch (CharacterCodingException e) {
            throw new ModelFileException(ModelFolder.MANIFEST, "not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST, "not JSON: " + e.getOriginalMessage(), e);
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            throw new ModelFileException(ModelFolder.MANIFEST, e.getMessage(), e);
        }
    }

    private static Sealed fromTree(JsonNode root) {
        long format = whole(root, "format");
        if (format != FORMAT) {
            throw new IllegalArgumentException(
                    "unknown format " + format + ", " + FORMAT + " is read");
        }
        Map<String, Object> parameters = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : object(root, "parameters").properties()) {
            JsonNode value = entry.getValue();
            Object parameter;
            if (value.isTextual()) {
                parameter = value.textValue();
            } else if (value.isBoolean()) {
                parameter = value.booleanValue();
            } else if (value.isIntegralNumber() && value.canConvertToInt()) {
                parameter = value.intValue();
            } else if (value.isIntegralNumber() && value.canConvertToLong()) {
                parameter = value.longValue();
            } else if (value.isNumber()) {
                parameter = value.doubleValue();
            } else {
                throw new IllegalArgumentException(
                        "parameter " + entry.getKey() + " is neither text, number nor boolean");
            }
            parameters.put(entry.getKey(), parameter);
        }
        JsonNode rules = object(root, "session_rules");
        JsonNode collapse = rules.path("collapse_repeats");
        if (!collapse.isBoolean()) {
            throw new IllegalArgumentException("collapse_repeats is not a boolean");
        }
        SessionRules sessionRules =
                new SessionRules(
                        Duration.ofMillis(whole(rules, "inactivity_gap_ms")),
                        Math.toIntExact(whole(rules, "maximum_length")),
                        collapse.booleanValue());
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : object(root, "metrics").properties()) {
            if (!entry.getValue().isNumber()) {
                throw new IllegalArgumentException("metric " + entry.getKey() + " is not a number");
            }
            metrics.put(entry.getKey(), entry.getValue().doubleValue());
        }
        Map<String, Digest> files = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : object(root, "files").properties()) {
            String sha256 = string(entry.getValue(), "sha256");
            if (!DIGEST.matcher(sha256).matches()) {
                throw new IllegalArgumentException(
                        "sha256 of " + entry.getKey() + " is not 64 hexadecimal digits");
            }
            files.put(entry.getKey(), new Digest(whole(entry.getValue(), "bytes"), sha256));
        }
        return new Sealed(
                new ModelManifest(
                        string(root, "kind"),
                        string(root, "name"),
                        string(root, "version"),
                        parameters,
                        sessionRules,
                        string(root, "data_fingerprint"),
                        metrics,
                        Instant.parse(string(root, "created_at"))),
                files);
    }

    private static JsonNode object(JsonNode parent, String field) {
        JsonNode node = parent.path(field);
        if (!node.isObject()) {
            throw new IllegalArgumentException(field + " is not an object");
        }
        return node;
    }

    private static String string(JsonNode parent, String field) {
        JsonNode node = parent.path(field);
        if (!node.isTextual()) {
            throw new IllegalArgumentException(field + " is not a text");
        }
        return node.textValue();
    }

    private static long whole(JsonNode parent, String field) {
        JsonNode node = parent.path(field);
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw new IllegalArgumentException(field + " is not a whole number");
        }
        return node.longValue();
    }
}
