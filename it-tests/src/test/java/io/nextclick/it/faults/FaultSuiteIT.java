package io.nextclick.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.TrainedShop;
import io.nextclick.it.faults.FaultReport.Row;
import io.nextclick.jobs.JobOptions.Guarantee;
import java.nio.file.Files;
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
 * Everything is broken that can be, under both guarantees, and every click is accounted for: none
 * is without its answer, and what is answered again is answered under the same id. {@code
 * -Dnextclick.fault-seeds=1-16} runs other seeds than the usual one, {@code
 * -Dnextclick.fault-kinds} only some faults.
 */
@TestInstance(Lifecycle.PER_CLASS)
class FaultSuiteIT {

    private static final double CLICKS_PER_SECOND = 500;
    private static final Path TABLES = Path.of("target", "faults");

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
        FaultReport report = run(Guarantee.AT_LEAST_ONCE);
        assertThat(report.problems()).isEmpty();
        assertThat(report.total(Row::missing)).as("clicks without an answer").isZero();
        assertThat(report.total(Row::differing)).as("second answers unlike the first").isZero();
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
        for (long seed : seeds()) {
            all =
                    all.plus(
                            new FaultCampaign(seed, guarantee, kinds(), CLICKS_PER_SECOND)
                                    .run(target));
            all.write(TABLES);
        }
        System.out.println(all.markdown());
        return all;
    }

    private static long[] seeds() {
        String[] bounds = System.getProperty("nextclick.fault-seeds", "1").split("-", 2);
        return LongStream.rangeClosed(
                        Long.parseLong(bounds[0]), Long.parseLong(bounds[bounds.length - 1]))
                .toArray();
    }

    private static List<FaultKind> kinds() {
        String kinds = System.getProperty("nextclick.fault-kinds");
        return kinds == null
                ? List.of(FaultKind.values())
                : Arrays.stream(kinds.split(",")).map(FaultKind::valueOf).toList();
    }
}
