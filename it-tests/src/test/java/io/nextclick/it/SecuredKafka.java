package io.nextclick.it;

import io.nextclick.jobs.demo.EmbeddedKafka;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * A broker that lets clients in over TLS only, and only those that know a password
 * (SASL/SCRAM-SHA-512). Its certificate is made by the JDK's keytool when it starts.
 *
 * <p>Secrets of its client lie in files as an operator would have them: one of properties, and a
 * folder of one file each.
 */
final class SecuredKafka implements AutoCloseable {

    private static final String USER = "nextclick";

    private static final String LOGIN_MODULE =
            "org.apache.kafka.common.security.scram.ScramLoginModule";

    private final Path folder;
    private final String password;
    private final String storePassword;
    private final EmbeddedKafka kafka;

    /**
     * @param folder for keys, secrets and the broker's files
     * @param password of the user
     * @param storePassword of keys and certificates
     */
    SecuredKafka(Path folder, String password, String storePassword)
            throws IOException, InterruptedException {
        this.folder = folder;
        this.password = password;
        this.storePassword = storePassword;
        makeCertificate("broker");
        makeCertificate("stranger");
        Files.writeString(folder.resolve("secrets.properties"), "scram=" + password + "\n");
        Files.writeString(folder.resolve("wrong.properties"), "scram=x" + password + "\n");
        Files.createDirectories(folder.resolve("mounted"));
        Files.writeString(folder.resolve("mounted/truststore"), storePassword);
        Map<String, String> broker = new LinkedHashMap<>();
        broker.put("ssl.keystore.location", folder.resolve("broker.p12").toString());
        broker.put("ssl.keystore.type", "PKCS12");
        broker.put("ssl.keystore.password", storePassword);
        broker.put("ssl.truststore.location", folder.resolve("broker-trust.p12").toString());
        broker.put("ssl.truststore.type", "PKCS12");
        broker.put("ssl.truststore.password", storePassword);
        broker.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        broker.put("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512");
        broker.put("listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config", jaas(password));
        kafka =
                EmbeddedKafka.start(
                        folder,
                        new EmbeddedKafka.Guard(
                                "SASL_SSL",
                                broker,
                                List.of(
                                        "SCRAM-SHA-512=[name=\""
                                                + USER
                                                + "\",password=\""
                                                + password
                                                + "\"]"),
                                client()));
    }

    private void makeCertificate(String name) throws IOException, InterruptedException {
        String store = folder.resolve(name + ".p12").toString();
        String certificate = folder.resolve(name + ".pem").toString();
        keytool(
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=IP:127.0.0.1,DNS:localhost",
                "-validity",
                "2",
                "-keystore",
                store,
                "-storetype",
                "PKCS12");
        keytool("-exportcert", "-rfc", "-alias", name, "-file", certificate, "-keystore", store);
        keytool(
                "-importcert",
                "-noprompt",
                "-alias",
                name,
                "-file",
                certificate,
                "-keystore",
                folder.resolve(name + "-trust.p12").toString(),
                "-storetype",
                "PKCS12");
    }

    private void keytool(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storepass:env", "STORE_PASSWORD"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("STORE_PASSWORD", storePassword);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("keytool " + arguments[0] + ": " + said);
        }
    }

    private static String jaas(String secret) {
        return LOGIN_MODULE + " required username=\"" + USER + "\" password=\"" + secret + "\";";
    }

    EmbeddedKafka broker() {
        return kafka;
    }

    /** Client properties that hold the secrets themselves. */
    private Map<String, String> client() {
        Map<String, String> client = protocol("broker-trust.p12");
        client.put("sasl.jaas.config", jaas(password));
        client.put("ssl.truststore.password", storePassword);
        return client;
    }

    /** Client properties that name the secrets. */
    Map<String, String> references() {
        return references("broker-trust.p12", "secrets.properties");
    }

    /** The same with another password than the user's. */
    Map<String, String> withWrongPassword() {
        return references("broker-trust.p12", "wrong.properties");
    }

    /** The same trusting somebody else's certificate only. */
    Map<String, String> withStrangersCertificate() {
        return references("stranger-trust.p12", "secrets.properties");
    }

    /** Where the client's secret lies in plain text, the only place. */
    Path secrets() {
        return folder.resolve("secrets.properties");
    }

    private Map<String, String> references(String truststore, String secrets) {
        Map<String, String> client = protocol(truststore);
        client.put("sasl.jaas.config", jaas("${file:" + folder.resolve(secrets) + ":scram}"));
        client.put(
                "ssl.truststore.password", "${dir:" + folder.resolve("mounted") + ":truststore}");
        return client;
    }

    private Map<String, String> protocol(String truststore) {
        Map<String, String> client = new LinkedHashMap<>();
        client.put("security.protocol", "SASL_SSL");
        client.put("sasl.mechanism", "SCRAM-SHA-512");
        client.put("ssl.truststore.type", "PKCS12");
        client.put("ssl.truststore.location", folder.resolve(truststore).toString());
        return client;
    }

    /** A new file of properties. */
    Path file(Map<String, String> properties) throws IOException {
        Path file = Files.createTempFile(folder, "client-", ".properties");
        Properties all = new Properties();
        all.putAll(properties);
        try (var writer = Files.newBufferedWriter(file)) {
            all.store(writer, null);
        }
        return file;
    }

    @Override
    public void close() throws IOException {
        kafka.close();
    }
}
