package io.nextclick.jobs.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.provider.DirectoryConfigProvider;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.common.config.provider.FileConfigProvider;

/**
 * Secrets of Kafka's clients, which are named where they are configured and read where a client is
 * made: {@code ${env:NAME}} is an environment variable, {@code ${file:FILE:KEY}} an entry of a file
 * of properties, {@code ${dir:FOLDER:FILE}} a whole file, as Kubernetes and Docker mount secrets.
 * What is passed around, stored in job graphs and shown is the reference.
 *
 * <p>The references are Kafka's own ({@code config.providers}). Whoever sets that property chooses
 * the providers, and has these only if named.
 */
public final class SecretReferences {

    private static final String PROVIDERS = "config.providers";

    private static final Map<String, String> STANDARD =
            new TreeMap<>(
                    Map.of(
                            "env", EnvVarConfigProvider.class.getName(),
                            "file", FileConfigProvider.class.getName(),
                            "dir", DirectoryConfigProvider.class.getName()));

    private static final String JAAS = "sasl.jaas.config";

    /** Properties whose values are secrets; Kafka's own, and those of login modules. */
    private static final Pattern SECRET =
            Pattern.compile(".*(password|secret|passphrase|ssl\\.keystore\\.key)");

    private static final Pattern SECRET_IN_JAAS =
            Pattern.compile(
                    "(?i)\\w*(?:password|secret|passphrase)\\w*\\s*=\\s*"
                            + "(\"[^\"]*\"|'[^']*'|[^\\s;]+)");

    private SecretReferences() {}

    /** Has the client that is made from the properties follow references; returns the argument. */
    public static Properties followed(Properties client) {
        if (!client.containsKey(PROVIDERS)) {
            client.setProperty(PROVIDERS, String.join(",", STANDARD.keySet()));
            STANDARD.forEach(
                    (name, type) -> client.setProperty(PROVIDERS + "." + name + ".class", type));
        }
        return client;
    }

    /**
     * The properties that hold a secret itself where a reference could stand.
     *
     * @param properties of a client, prefixed or not
     * @return their names, in order
     */
    public static List<String> inPlainText(Map<String, String> properties) {
        List<String> names = new ArrayList<>();
        new TreeMap<>(properties)
                .forEach(
                        (name, value) -> {
                            String lower = name.toLowerCase(Locale.ROOT);
                            boolean isPlain =
                                    lower.endsWith(JAAS)
                                            ? holdsSecret(value)
                                            : SECRET.matcher(lower).matches() && isPlain(value);
                            if (isPlain) {
                                names.add(name);
                            }
                        });
        return names;
    }

    private static boolean holdsSecret(String jaas) {
        Matcher secret = SECRET_IN_JAAS.matcher(jaas);
        while (secret.find()) {
            String value = secret.group(1);
            boolean isQuoted = value.startsWith("\"") || value.startsWith("'");
            if (isPlain(isQuoted ? value.substring(1, value.length() - 1) : value)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isPlain(String value) {
        return !value.isEmpty() && !value.startsWith("${");
    }
}
