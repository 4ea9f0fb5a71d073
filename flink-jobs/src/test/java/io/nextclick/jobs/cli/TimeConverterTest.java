package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.TypeConversionException;

class TimeConverterTest {

    @Test
    void readsDatesAndTimes() {
        assertThat(new TimeConverter().convert("2008-08-01"))
                .isEqualTo(Instant.parse("2008-08-01T00:00:00Z"));
        assertThat(new TimeConverter().convert("2008-08-01T12:30:00Z"))
                .isEqualTo(Instant.parse("2008-08-01T12:30:00Z"));
    }

    @Test
    void refusesAnythingElse() {
        assertThatThrownBy(() -> new TimeConverter().convert("yesterday"))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'yesterday'");
    }
}
