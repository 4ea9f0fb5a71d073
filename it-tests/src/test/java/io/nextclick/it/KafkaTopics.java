package io.nextclick.it;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/** Topics on a broker that isn't in this process. */
public final class KafkaTopics {

    private static final Duration DEADLINE = Duration.ofMinutes(3);

    private KafkaTopics() {}

    /**
     * Makes topics, and returns when each partition is led: a producer whose first batch meets one
     * that isn't, while its second is taken, is refused for good as out of order.
     *
     * @param client properties of Kafka's clients
     * @param partitions of each topic
     */
    public static void create(Properties client, List<String> names, int partitions)
            throws Exception {
        try (Admin admin = Admin.create(client)) {
            admin.createTopics(
                            names.stream()
                                    .map(
                                            name ->
                                                    new NewTopic(
                                                            name,
                                                            Optional.of(partitions),
                                                            Optional.empty()))
                                    .toList())
                    .all()
                    .get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            for (String name : names) {
                for (int partition = 0; partition < partitions; partition++) {
                    ends.put(new TopicPartition(name, partition), OffsetSpec.latest());
                }
            }
            Await.until("the new topics are led", () -> areLed(admin, ends));
        }
    }

    private static boolean areLed(Admin admin, Map<TopicPartition, OffsetSpec> partitions)
            throws Exception {
        try {
            admin.listOffsets(partitions).all().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException) {
                return false;
            }
            throw e;
        }
    }
}
