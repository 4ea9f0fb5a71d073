package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever stops the trainer in mid-training, it goes on as if nothing had happened. */
@ExtendWith(LiveSystem.Extension.class)
class TrainerRestoreIT {

    private static final long SEED = 20_261_122;
    static final int ITEMS = 300;
    private static final int SESSIONS = 2_400;

    /** Of five clicks, so four examples each. */
    private static final int LENGTH = 5;

    static final int BATCH = 64;
    static final int STEPS = SESSIONS * (LENGTH - 1) / BATCH;

    /** One trainer, one partition: the parameters are those of an uninterrupted run, to the bit. */
    @Test
    void killedInMidTraining(LiveSystem system) throws Exception {
        System.out.println("clicks: seed " + SEED);
        List<LoggedClick> clicks = clicks();
        ClicksTopic topic = system.clicksTopic(1);
        Map<String, String> restored;
        try (TrainerRun run = new TrainerRun(system, topic, BATCH)) {
            run.start(1);
            topic.publish(clicks.subList(0, clicks.size() / 2), Encoding.AVRO);
            run.awaitStep(STEPS / 8);
            long before = run.completedCheckpoints();
            Await.until("a checkpoint", () -> run.completedCheckpoints() > before);
            // What is learnt behind the checkpoint is lost, and learnt again.
            int most = clicks.size() * 3 / 4;
            topic.publish(clicks.subList(clicks.size() / 2, most), Encoding.AVRO);
            run.awaitStep(STEPS * 5 / 8);
            String checkpoint = run.kill();
            topic.publish(clicks.subList(most, clicks.size()), Encoding.AVRO);
            restored = run.restore(checkpoint, 1).awaitStep(STEPS).savedBits();
        }
        try (TrainerRun run = new TrainerRun(system, topic, BATCH)) {
            Map<String, String> uninterrupted = run.start(1).awaitStep(STEPS).savedBits();
            assertThat(uninterrupted).hasSizeGreaterThan(3 * ITEMS);
            assertThat(restored.keySet()).isEqualTo(uninterrupted.keySet());
            uninterrupted.forEach(
                    (name, bits) -> assertThat(restored.get(name)).as(name).isEqualTo(bits));
        }
    }

    @Test
    void savepointOfTwoTrainersTakenUpByOneAndByThree(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        topic.publish(clicks(), Encoding.AVRO);
        try (TrainerRun run = new TrainerRun(system, topic, BATCH)) {
            run.start(2).awaitPublished(ITEMS);
            String savepoint = run.stopWithSavepoint();
            Map<String, ItemEmbedding> before = run.published();
            assertThat(before).hasSize(ITEMS);

            run.restore(savepoint, 1).awaitPublished(ITEMS);
            String afterOne = run.stopWithSavepoint();
            assertThat(run.published().keySet()).isEqualTo(before.keySet());

            run.restore(savepoint, 3).awaitPublished(ITEMS);
            run.stopWithSavepoint();
            assertThat(run.published().keySet()).isEqualTo(before.keySet());

            // And back again from one.
            run.restore(afterOne, 2).awaitPublished(ITEMS);
            assertThat(run.published().values())
                    .extracting(ItemEmbedding::towerVersion)
                    .containsOnly(before.values().iterator().next().towerVersion());
        }
    }

    /** An item is followed by one and the same as a rule, and never by itself. */
    static List<LoggedClick> clicks() {
        Random random = new Random(SEED);
        List<LoggedClick> clicks = new ArrayList<>();
        long time = 1_700_000_000_000L;
        for (int session = 0; session < SESSIONS; session++) {
            int item = session < ITEMS ? session : random.nextInt(ITEMS);
            for (int i = 0; i < LENGTH; i++) {
                clicks.add(
                        new LoggedClick(
                                "e" + session + "-" + i,
                                "s" + session,
                                null,
                                "i" + item,
                                time += 10,
                                Map.of()));
                item = (item * 7 + 1 + (random.nextInt(8) == 0 ? 2 : 0)) % ITEMS;
            }
        }
        return clicks;
    }
}
