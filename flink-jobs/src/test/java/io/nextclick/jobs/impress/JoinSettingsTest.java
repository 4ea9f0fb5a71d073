package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoinSettingsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void boundsAreNamedWithTheValue() {
        assertThatThrownBy(() -> new JoinSettings(Duration.ZERO, SECOND, SECOND, 1, 1))
                .hasMessage("window is PT0S, it must be in [PT0.001S, PT720H]");
        assertThatThrownBy(() -> new JoinSettings(Duration.ofDays(31), SECOND, SECOND, 1, 1))
                .hasMessageContaining("window is PT744H");
        assertThatThrownBy(() -> new JoinSettings(SECOND, SECOND.negated(), SECOND, 1, 1))
                .hasMessage("lateness is PT-1S, it must be in [PT0S, PT720H]");
        assertThatThrownBy(() -> new JoinSettings(SECOND, SECOND, SECOND.negated(), 1, 1))
                .hasMessage("memory is PT-1S, it must be in [PT0S, PT720H]");
        assertThatThrownBy(() -> new JoinSettings(SECOND, SECOND, SECOND, -1, 1))
                .hasMessage("remembered is -1, it must be in [0, 10000]");
        assertThatThrownBy(() -> new JoinSettings(SECOND, SECOND, SECOND, 1, 0))
                .hasMessage("most per session is 0, it must be in [1, 1000000]");
        assertThat(JoinSettings.DEFAULTS.closing(5)).isEqualTo(5 + 11 * 60_000);
    }

    @Test
    void anOutcomeThatCannotBeIsRefused() {
        assertThatThrownBy(() -> new Outcome(0, Outcome.NONE))
                .hasMessage("clicked after is 0 ms, it must be at least 1 or -1");
        assertThatThrownBy(() -> new Outcome(Outcome.NONE, 5)).hasMessageContaining("dwell");
        assertThat(new Outcome(1, Outcome.NONE).clicked()).isTrue();
        assertThat(Outcome.NOT_CLICKED.clicked()).isFalse();
        assertThatThrownBy(
                        () ->
                                new LabelledImpression(
                                        JoinRun.impression("v", "s", 1, "a"), List.of(), List.of()))
                .hasMessage("0 outcomes of 1 items");
    }
}
