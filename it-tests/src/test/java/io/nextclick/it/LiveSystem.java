package io.nextclick.it;

import io.nextclick.jobs.demo.EmbeddedFlink;
import io.nextclick.jobs.demo.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A real broker and a real cluster, started at the first scenario that asks for them and shared by
 * all that follow in this JVM: a start takes seconds, and scenarios keep apart by their topics.
 * Test methods get it as a parameter through {@link Extension}.
 */
final class LiveSystem implements AutoCloseable {

    private static final int SLOTS = 6;

    private final Path folder;
    private final EmbeddedKafka kafka;
    private final EmbeddedFlink flink;
    private final Dashboard dashboard;
    private final AtomicInteger names = new AtomicInteger();
    private TrainedShop shop;

    private LiveSystem(Path folder, EmbeddedKafka kafka, EmbeddedFlink flink) {
        this.folder = folder;
        this.kafka = kafka;
        this.flink = flink;
        this.dashboard = new Dashboard(flink.dashboard());
    }

    private static LiveSystem start() {
        try {
            Path folder = Files.createTempDirectory("nextclick-it-");
            EmbeddedKafka kafka = EmbeddedKafka.start(folder);
            return new LiveSystem(
                    folder,
                    kafka,
                    EmbeddedFlink.start(
                            Files.createDirectories(folder.resolve("flink")), SLOTS, "0"));
        } catch (Exception e) {
            throw new IllegalStateException("the system under test did not start", e);
        }
    }

    EmbeddedKafka kafka() {
        return kafka;
    }

    EmbeddedFlink flink() {
        return flink;
    }

    Dashboard dashboard() {
        return dashboard;
    }

    /** A shop's clicks and the model trained on the earlier ones. */
    synchronized TrainedShop shop() throws IOException {
        if (shop == null) {
            shop = TrainedShop.train(folder("model"));
        }
        return shop;
    }

    /** A new topic for clicks. */
    ClicksTopic clicksTopic(int partitions) throws IOException, InterruptedException {
        return new ClicksTopic(this, topic("clicks", partitions));
    }

    /** A new topic. */
    String topic(String name, int partitions) throws IOException, InterruptedException {
        String topic = unique(name);
        kafka.createTopic(topic, partitions);
        return topic;
    }

    /** A name that nothing else in this JVM has. */
    String unique(String name) {
        return name + "-" + names.incrementAndGet();
    }

    /** A new folder, deleted at the end. */
    Path folder(String name) throws IOException {
        return Files.createDirectories(folder.resolve(unique(name)));
    }

    /** What every Kafka client needs. */
    Properties client() {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", kafka.bootstrapServers());
        return properties;
    }

    @Override
    public void close() throws IOException {
        try (kafka;
                flink) {
            // Closed in the opposite order of their start, whatever fails.
        } finally {
            delete();
        }
    }

    private void delete() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Hands the system to test methods and closes it when all tests of the JVM are done. */
    static final class Extension implements ParameterResolver {

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == LiveSystem.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(LiveSystem.class))
                    .getOrComputeIfAbsent(LiveSystem.class, key -> start(), LiveSystem.class);
        }
    }
}
