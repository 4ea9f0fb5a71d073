package io.nextclick.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.TrainedShop;
import io.nextclick.it.faults.FaultReport.Row;
import io.nextclick.jobs.JobOptions.Guarantee;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * Everything is broken that can be, under both guarantees, and every click is accounted for: none
 * is without its answer, and what is answered again is answered under the same id. {@code
 * -Dnextclick.fault-seeds=1-16} runs other seeds than the usual one, {@code
 * -Dnextclick.fault-kinds} only some faults.
 */
@TestInstance(Lifecycle.PER_CLASS)
class FaultSuiteIT {

    private static final FaultCampaigns CAMPAIGNS =
            FaultCampaigns.fromProperties(
                    "nextclick.fault-seeds", List.of(FaultKind.values()), 500);

    private EmbeddedTarget target;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        TrainedShop shop = TrainedShop.train(folder.resolve("model"));
        target = new EmbeddedTarget(Files.createTempDirectory("nextclick-faults-"), shop.folder());
    }

    @AfterAll
    void stop() throws Exception {
        if (target != null) {
            target.close();
        }
    }

    @Test
    void atLeastOnce() throws Exception {
        FaultReport report = CAMPAIGNS.run(target, Guarantee.AT_LEAST_ONCE);
        assertThat(report.problems()).isEmpty();
        assertThat(report.total(Row::missing)).as("clicks without an answer").isZero();
        assertThat(report.total(Row::differing)).as("second answers unlike the first").isZero();
    }

    @Test
    void exactlyOnce() throws Exception {
        FaultReport report = CAMPAIGNS.run(target, Guarantee.EXACTLY_ONCE);
        assertThat(report.problems()).isEmpty();
        assertThat(report.total(Row::missing)).as("clicks without an answer").isZero();
        assertThat(report.total(Row::duplicates)).as("answers committed twice").isZero();
    }
}
