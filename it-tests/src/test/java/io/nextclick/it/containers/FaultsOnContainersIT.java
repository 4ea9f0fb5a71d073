package io.nextclick.it.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.TrainedShop;
import io.nextclick.it.faults.FaultCampaign;
import io.nextclick.it.faults.FaultKind;
import io.nextclick.it.faults.FaultReport;
import io.nextclick.it.faults.FaultReport.Row;
import io.nextclick.jobs.JobOptions.Guarantee;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes, networks and disks of a deployed cluster are broken under both guarantees, and every
 * click is accounted for. What is wrong with the clicks themselves is the embedded suite's. {@code
 * -Dnextclick.container-fault-seeds=1-4} runs other seeds, {@code -Dnextclick.fault-kinds} only
 * some faults.
 */
@RequiresDocker
@TestInstance(Lifecycle.PER_CLASS)
class FaultsOnContainersIT {

    private static final double CLICKS_PER_SECOND = 200;
    private static final Path TABLES = Path.of("target", "faults");

    private ContainerTarget target;

    @BeforeAll
    void start(@TempDir Path models) throws Exception {
        TrainedShop.train(models.resolve("shop"));
        target = new ContainerTarget(models);
    }

    @AfterAll
    void stop() {
        if (target != null) {
            target.close();
        }
    }

    @Test
    void atLeastOnce() throws Exception {
        FaultReport report = run(Guarantee.AT_LEAST_ONCE);
        assertThat(report.problems()).isEmpty();
        assertThat(report.total(Row::missing)).as("clicks without an answer").isZero();
    }

    @Test
    void exactlyOnce() throws Exception {
        FaultReport report = run(Guarantee.EXACTLY_ONCE);
        assertThat(report.problems()).isEmpty();
        assertThat(report.total(Row::missing)).as("clicks without an answer").isZero();
        assertThat(report.total(Row::duplicates)).as("answers committed twice").isZero();
    }

    private FaultReport run(Guarantee guarantee) throws Exception {
        FaultReport all =
                new FaultReport(target.name(), guarantee.toString(), List.of(), List.of());
        String[] bounds = System.getProperty("nextclick.container-fault-seeds", "1").split("-", 2);
        for (long seed :
                LongStream.rangeClosed(
                                Long.parseLong(bounds[0]),
                                Long.parseLong(bounds[bounds.length - 1]))
                        .toArray()) {
            all =
                    all.plus(
                            new FaultCampaign(seed, guarantee, kinds(), CLICKS_PER_SECOND)
                                    .run(target));
            all.write(TABLES);
        }
        System.out.println(all.markdown());
        return all;
    }

    private static List<FaultKind> kinds() {
        String kinds = System.getProperty("nextclick.fault-kinds");
        return kinds == null
                ? Arrays.stream(FaultKind.values()).filter(kind -> !kind.isOfWorkload()).toList()
                : Arrays.stream(kinds.split(",")).map(FaultKind::valueOf).toList();
    }
}
