package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.session.Session;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Figures that trainings reached when this was written: a change that isn't meant to change what is
 * learnt leaves them alone. On the machine they come from they are the same to the last bit; others
 * add up in another order.
 */
class GoldenTrainingTest {

    private static final TrainingOptions SMALL =
            TrainingOptions.DEFAULTS.toBuilder()
                    .embeddingSize(16)
                    .hiddenSize(16)
                    .batchPredictions(64)
                    .learningRate(0.02)
                    .negatives(16)
                    .epochs(3)
                    .build();

    private static final TrainingOptions SAMPLED = SMALL.toBuilder().fullSoftmaxUpTo(0).build();

    private static List<Session> ring() {
        SplittableRandom random = new SplittableRandom(1);
        List<Session> ring = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int start = random.nextInt(40);
            int length = 2 + random.nextInt(6);
            List<String> items =
                    IntStream.range(start, start + length)
                            .mapToObj(item -> "item-" + item % 40)
                            .toList();
            ring.add(new Session("s" + i, i, items));
        }
        return ring;
    }

    private static void assertTrains(TrainingOptions options, double loss, double mrr) {
        TrainedModel trained = Trainer.train(ring(), options, TrainingListener.SILENT);
        assertThat(trained.loss()).isCloseTo(loss, within(1e-4));
        assertThat(trained.validation().mrr20()).isCloseTo(mrr, within(1e-3));
    }

    @Test
    void gru4RecWithTheFullSoftmax() {
        assertTrains(SMALL, 1.9424958261408547, 0.9363210702341137);
    }

    @Test
    void gru4RecWithSampledNegativesAndAdam() {
        TrainingOptions options = SAMPLED.toBuilder().itemOptimizer(ItemOptimizer.ADAM).build();
        assertTrains(options, 1.6857110800207122, 0.934782608695652);
    }

    @Test
    void gru4RecUntied() {
        TrainingOptions options = SAMPLED.toBuilder().tied(false).embeddingSize(12).build();
        assertTrains(options, 1.8803722578887792, 0.9218050065876153);
    }

    @Test
    void gru4RecInPiecesWithNegativesOfTheBatchAndSmoothedLabels() {
        TrainingOptions options =
                SAMPLED.toBuilder()
                        .maximumLength(4)
                        .inBatchNegatives(true)
                        .labelSmoothing(0.1)
                        .build();
        assertTrains(options, 2.255387899949569, 0.9639539204756595);
    }
}
