package io.nextclick.jobs;

import io.nextclick.jobs.kafka.SecretReferences;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.ParameterTool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a job is started with: {@code --key value} for any option, and {@code --options FILE} for a
 * file of properties in UTF-8 that holds more of them. What is said on the command line counts.
 */
final class JobArguments {

    private static final Logger LOG = LoggerFactory.getLogger(JobArguments.class);

    private static final String OPTIONS = "options";

    private JobArguments() {}

    /**
     * Reads them. No message of this repeats a value: there may be secrets among them.
     *
     * @throws IllegalArgumentException if they aren't of the form above
     * @throws IOException if the file can't be read
     */
    static Configuration read(String[] arguments) throws IOException {
        ParameterTool given;
        try {
            given = ParameterTool.fromArgs(arguments);
        } catch (IllegalArgumentException e) {
            // Flink's message holds all arguments.
            throw new IllegalArgumentException(
                    "the arguments can't be read: each option is written --key value");
        }
        Map<String, String> options = new HashMap<>();
        if (given.has(OPTIONS)) {
            options.putAll(file(Path.of(given.getRequired(OPTIONS))));
            warnOfSecrets(
                    options,
                    "in plain text in the file of options, and so becomes part of the job, which"
                            + " Flink stores");
        }
        Map<String, String> said = new HashMap<>(given.toMap());
        said.remove(OPTIONS);
        warnOfSecrets(
                said,
                "in plain text on the command line, where others see it, and becomes part of the"
                        + " job, which Flink stores");
        options.putAll(said);
        return Configuration.fromMap(options);
    }

    private static Map<String, String> file(Path path) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw new IOException("there is no file of options " + path, e);
        } catch (IllegalArgumentException e) {
            throw new IOException("the file of options " + path + " has a wrong escape", e);
        }
        Map<String, String> options = new HashMap<>();
        properties.stringPropertyNames().forEach(n -> options.put(n, properties.getProperty(n)));
        return options;
    }

    private static void warnOfSecrets(Map<String, String> options, String where) {
        Map<String, String> kafka = new HashMap<>(options);
        kafka.keySet().removeIf(key -> !key.startsWith(JobOptions.KAFKA_PREFIX));
        List<String> plain = SecretReferences.inPlainText(kafka);
        for (String key : plain) {
            LOG.warn(
                    "{} stands {}: name it instead, as ${env:NAME}, ${file:FILE:KEY} or"
                            + " ${dir:FOLDER:FILE}",
                    key,
                    where);
        }
    }
}
