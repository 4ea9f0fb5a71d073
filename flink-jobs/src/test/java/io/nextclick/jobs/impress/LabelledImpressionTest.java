package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.models.ranker.NegativeSampling;
import io.nextclick.schemas.Impression.ShownItem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class LabelledImpressionTest {

    private static final NegativeSampling TENTH = new NegativeSampling(0.1);

    /** Ten items, of which the third was clicked. */
    private static LabelledImpression labelled(String id) {
        String[] items = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
        List<Outcome> outcomes = new ArrayList<>(Collections.nCopies(10, Outcome.NOT_CLICKED));
        outcomes.set(2, new Outcome(20, 30));
        return new LabelledImpression(
                JoinRun.impression(id, "s", 1_000, items), List.of(), outcomes);
    }

    @Test
    void aSampleHoldsEveryClickedItemAndItsShareOfTheOthersAtEachPosition() {
        int impressions = 20_000;
        int[] left = new int[11];
        for (int i = 0; i < impressions; i++) {
            LabelledImpression sample = labelled("view-" + i).sampled(TENTH);
            assertThat(sample.sampling()).isEqualTo(TENTH);
            for (int j = 0; j < sample.outcomes().size(); j++) {
                ShownItem item = sample.impression().items().get(j);
                left[item.position()]++;
                assertThat(sample.outcomes().get(j).clicked()).isEqualTo(item.position() == 3);
            }
        }
        for (int position = 1; position <= 10; position++) {
            // Four standard deviations of a share of .1 in 20,000.
            assertThat(left[position] / (double) impressions)
                    .as("position %d", position)
                    .isCloseTo(position == 3 ? 1 : 0.1, within(0.0085));
        }
    }

    @Test
    void theSameIsChosenAgainAndEverythingElseStays() {
        LabelledImpression whole = labelled("view-7");
        LabelledImpression sample = whole.sampled(TENTH);
        assertThat(labelled("view-7").sampled(TENTH)).isEqualTo(sample);
        assertThat(sample.impression().shownAtMillis()).isEqualTo(1_000);
        assertThat(whole.impression().items()).containsAll(sample.impression().items());
        assertThat(whole.sampled(NegativeSampling.NONE)).isEqualTo(whole);
    }

    /** The rates would multiply, and what is carried would be wrong. */
    @Test
    void aSampleIsNotSampledAgain() {
        assertThatThrownBy(() -> labelled("view-7").sampled(TENTH).sampled(TENTH))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("impression view-7 is a sample of rate 0.1");
    }
}
