package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.serving.SearchBenchmark.Measurement;
import io.nextclick.models.serving.SearchBenchmark.Method;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SearchBenchmarkTest {

    @Test
    void measuresEveryMethodAtEveryBatchSize() throws Exception {
        SearchBenchmark.Result result =
                SearchBenchmark.run(
                        new SearchBenchmark.Settings(
                                5_000, 16, 10, List.of(2, 8), 2, Duration.ofMillis(5), 3));
        assertThat(result.items()).isEqualTo(5_000);
        assertThat(result.peakGigaflops()).isPositive();
        assertThat(result.measurements()).hasSize(2 * Method.values().length);
        for (Measurement measurement : result.measurements()) {
            assertThat(measurement.queriesPerSecond()).isPositive();
            assertThat(measurement.shareOfPeak())
                    .isCloseTo(
                            measurement.queriesPerSecond()
                                    * (2e-9 * 5_000 * 16)
                                    / result.peakGigaflops(),
                            within(1e-9));
            assertThat(result.best(measurement.method()).queriesPerSecond())
                    .isGreaterThanOrEqualTo(measurement.queriesPerSecond());
        }
        assertThat(result.ratio(Method.INDEX, Method.INDEX)).isEqualTo(1);
    }
}
