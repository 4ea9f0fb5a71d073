package io.nextclick.schemas;

import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A model that is ready to serve, as {@code model-releases} holds it.
 *
 * @param name the model's name, under which later versions replace earlier ones; not empty
 * @param version the version of the model's files; not empty
 * @param uri the folder of the model's files
 * @param sha256 SHA-256 of the folder's {@code manifest.json}: 64 hexadecimal digits in lower case
 * @param kind what the files hold, such as {@code gru4rec}
 * @param metrics measured quality by name, such as {@code recall@20}; finite numbers
 * @param createdAtMillis when it was made, in milliseconds since the epoch
 */
public record ModelRelease(
        String name,
        String version,
        String uri,
        String sha256,
        String kind,
        Map<String, Double> metrics,
        long createdAtMillis) {

    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    public ModelRelease {
        RecordChecks.requireText(name, "name");
        RecordChecks.requireText(version, "version");
        RecordChecks.requireText(uri, "uri");
        RecordChecks.requireText(kind, "kind");
        Objects.requireNonNull(sha256, "sha256");
        if (!isSha256(sha256)) {
            throw new IllegalArgumentException("sha256 is not 64 hexadecimal digits in lower case");
        }
        metrics = Map.copyOf(metrics);
        metrics.forEach((metric, value) -> RecordChecks.requireFinite(value, "metrics"));
    }

    static boolean isSha256(String text) {
        return SHA_256.matcher(text).matches();
    }
}
