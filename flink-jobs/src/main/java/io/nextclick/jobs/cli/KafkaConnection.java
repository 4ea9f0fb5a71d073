package io.nextclick.jobs.cli;

import io.nextclick.jobs.kafka.SecretReferences;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** How a command reaches Kafka: the brokers, and any property of Kafka's own clients. */
final class KafkaConnection {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);

    @Option(
            names = "--bootstrap-servers",
            required = true,
            paramLabel = "HOST:PORT[,...]",
            description = "Kafka brokers to connect to.")
    private String bootstrapServers;

    @Option(
            names = "--kafka-properties",
            paramLabel = "FILE",
            description =
                    "Properties of the Kafka client, such as security.protocol. Secrets are best"
                            + " named, as variables of the environment or entries of files: see the"
                            + " README.")
    private Path propertiesFile;

    @Option(
            names = {"-K", "--kafka-property"},
            paramLabel = "KEY=VALUE",
            description = "One property of the Kafka client; overrides the file. Repeatable.")
    private Map<String, String> properties = new LinkedHashMap<>();

    String bootstrapServers() {
        return bootstrapServers;
    }

    /**
     * The client's properties: {@code defaults}, then the file, then the single ones.
     *
     * @throws IOException if the file cannot be read
     */
    Properties clientProperties(Map<String, String> defaults) throws IOException {
        return clientProperties(defaults, propertiesFile, properties, bootstrapServers);
    }

    /**
     * As above, for commands that need a connection only sometimes.
     *
     * @param file may be null
     */
    static Properties clientProperties(
            Map<String, String> defaults,
            Path file,
            Map<String, String> properties,
            String bootstrapServers)
            throws IOException {
        Properties client = new Properties();
        client.putAll(defaults);
        if (file != null) {
            try (Reader reader = Files.newBufferedReader(file)) {
                client.load(reader);
            }
        }
        for (String secret : SecretReferences.inPlainText(properties)) {
            LOG.warn(
                    "{} stands in plain text on the command line, where others see it: use"
                            + " --kafka-properties, or name it, as ${env:NAME}",
                    secret);
        }
        client.putAll(properties);
        client.setProperty("bootstrap.servers", bootstrapServers);
        return SecretReferences.followed(client);
    }
}
