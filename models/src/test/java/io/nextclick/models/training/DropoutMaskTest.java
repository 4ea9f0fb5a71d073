package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DropoutMaskTest {

    @Test
    void theRateIsWhatIsDroppedAndTheMeanStays() {
        float[] mask = new DropoutMask(new SplittableRandom(2)).mask(100_001, 0.2);
        int dropped = 0;
        double sum = 0;
        for (float value : mask) {
            assertThat(value == 0 || value == 1.25f).isTrue();
            dropped += value == 0 ? 1 : 0;
            sum += value;
        }
        assertThat((double) dropped / mask.length).isCloseTo(0.2, within(0.005));
        assertThat(sum / mask.length).isCloseTo(1, within(0.01));
    }
}
