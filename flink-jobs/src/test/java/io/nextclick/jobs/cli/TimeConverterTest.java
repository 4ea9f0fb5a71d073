package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeConverterTest {

    @ParameterizedTest
    @CsvSource({
        "2008-08-01, 2008-08-01T00:00:00Z",
        "2008-08-01T12:30:00, 2008-08-01T12:30:00Z",
        "2008-08-01T12:30:00.250Z, 2008-08-01T12:30:00.250Z",
        "2008-08-01T12:30:00+02:00, 2008-08-01T10:30:00Z",
        "2008-08-01T12:30:00-02:00, 2008-08-01T14:30:00Z"
    })
    void readsDatesAndTimes(String text, Instant expected) {
        assertThat(new TimeConverter().convert(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2008-13-01", "2008-08-01T", "T10:00", "1217548800"})
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> new TimeConverter().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "'");
    }
}
