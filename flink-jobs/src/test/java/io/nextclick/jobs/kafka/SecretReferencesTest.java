package io.nextclick.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions.Guarantee;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.types.Password;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretReferencesTest {

    @Test
    void areFollowedWhereAClientIsMade(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("secrets.properties");
        Files.writeString(file, "trust = from a file\n");
        Files.writeString(folder.resolve("scram"), "from a folder");
        Map.Entry<String, String> variable =
                System.getenv().entrySet().stream()
                        .filter(each -> !each.getValue().isBlank())
                        .findFirst()
                        .orElseThrow();
        KafkaClients clients =
                new KafkaClients(
                        Guarantee.AT_LEAST_ONCE,
                        "prefix",
                        Duration.ZERO,
                        Map.of(
                                "bootstrap.servers",
                                "broker:1",
                                "ssl.key.password",
                                "${env:" + variable.getKey() + "}",
                                "ssl.truststore.password",
                                "${file:" + file + ":trust}",
                                "sasl.jaas.config",
                                "module required password=\"${dir:" + folder + ":scram}\";"));
        for (Properties properties :
                List.of(clients.consumerProperties(), clients.producerProperties())) {
            assertThat(properties.toString()).doesNotContain("from a f");
            AdminClientConfig client = new AdminClientConfig(properties);
            assertThat(client.getPassword("ssl.key.password"))
                    .isEqualTo(new Password(variable.getValue()));
            assertThat(client.getPassword("ssl.truststore.password"))
                    .isEqualTo(new Password("from a file"));
            assertThat(client.getPassword("sasl.jaas.config"))
                    .isEqualTo(new Password("module required password=\"from a folder\";"));
        }
    }

    @Test
    void areLeftToProvidersThatAreChosen() {
        Properties chosen = new Properties();
        chosen.setProperty("config.providers", "vault");
        chosen.setProperty("config.providers.vault.class", "com.example.Vault");
        assertThat(SecretReferences.followed((Properties) chosen.clone())).isEqualTo(chosen);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "kafka.ssl.key.password|hush|true",
                "kafka.consumer.ssl.truststore.password|hush|true",
                "kafka.ssl.keystore.key|-----BEGIN PRIVATE KEY-----|true",
                "kafka.sasl.oauthbearer.client.credentials.client.secret|hush|true",
                "kafka.ssl.key.password|${env:KEY}|false",
                "kafka.ssl.key.password|##|false",
                "kafka.sasl.jaas.config|m required username=\"u\" password=\"hush\";|true",
                "kafka.producer.sasl.jaas.config|m required password='hush';|true",
                "kafka.sasl.jaas.config|m required password=hush;|true",
                "kafka.sasl.jaas.config|m required clientSecret=\"hush\";|true",
                "kafka.sasl.jaas.config|m required password=\"${file:/s:k}\";|false",
                "kafka.sasl.jaas.config|m required password=${env:P};|false",
                "kafka.sasl.jaas.config|${file:/etc/jaas:all}|false",
                "kafka.sasl.jaas.config|m required useTicketCache=true;|false",
                "kafka.ssl.truststore.location|/etc/trust.p12|false",
                "kafka.bootstrap.servers|secret:9092|false",
            })
    void plainTextIsSeen(String name, String value, boolean isPlain) {
        assertThat(SecretReferences.inPlainText(Map.of(name, value)))
                .isEqualTo(isPlain ? List.of(name) : List.of());
    }
}
