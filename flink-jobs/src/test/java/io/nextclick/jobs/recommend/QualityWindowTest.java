package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class QualityWindowTest {

    @Test
    void saysNothingBeforeTheFirstLabel() {
        QualityWindow window = new QualityWindow(20, 4);
        assertThat(window.recall()).isNaN();
        assertThat(window.meanReciprocalRank()).isNaN();
    }

    @Test
    void countsHitsAndRanks() {
        QualityWindow window = new QualityWindow(20, 4);
        window.add(0);
        window.add(3);
        window.add(-1);
        window.add(20);
        assertThat(window.recall()).isEqualTo(0.5);
        assertThat(window.meanReciprocalRank()).isCloseTo((1 + 0.25) / 4, within(1e-12));
    }

    @Test
    void forgetsLabelsBeyondItsLength() {
        QualityWindow window = new QualityWindow(20, 2);
        window.add(0);
        window.add(-1);
        window.add(1);
        assertThat(window.recall()).isEqualTo(0.5);
        assertThat(window.meanReciprocalRank()).isCloseTo(0.25, within(1e-12));
        window.add(-1);
        window.add(-1);
        assertThat(window.recall()).isZero();
    }

    @Test
    void aReportWithoutLabelsIsEmpty() {
        LiveQuality.Report report = LiveQuality.Report.of(Map.of());
        assertThat(report.labels()).isZero();
        assertThat(report.recall()).isEmpty();
        assertThat(report.popularityMeanReciprocalRank()).isEmpty();
    }
}
