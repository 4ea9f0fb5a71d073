package io.nextclick.it.faults;

import io.nextclick.jobs.JobOptions.Guarantee;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A campaign for each of several seeds, one after the other. The table of all that they found is
 * printed, and is in {@code target/faults} after each of them.
 *
 * @param seeds of the campaigns
 * @param kinds what each of them breaks
 * @param clicksPerSecond the rate of the workload
 */
public record FaultCampaigns(List<Long> seeds, List<FaultKind> kinds, double clicksPerSecond) {

    private static final Path TABLES = Path.of("target", "faults");

    public FaultCampaigns {
        seeds = List.copyOf(seeds);
        kinds = List.copyOf(kinds);
    }

    /**
     * Those that whoever started the tests wants: {@code nextclick.fault-kinds} names the kinds,
     * with commas between them.
     *
     * @param seedsProperty the system property that names a seed, or a range such as {@code 1-4}; 1
     *     if it isn't set
     * @param usualKinds if no others are named
     */
    public static FaultCampaigns fromProperties(
            String seedsProperty, List<FaultKind> usualKinds, double clicksPerSecond) {
        String[] bounds = System.getProperty(seedsProperty, "1").split("-", 2);
        String kinds = System.getProperty("nextclick.fault-kinds");
        return new FaultCampaigns(
                LongStream.rangeClosed(
                                Long.parseLong(bounds[0]),
                                Long.parseLong(bounds[bounds.length - 1]))
                        .boxed()
                        .toList(),
                kinds == null
                        ? usualKinds
                        : Arrays.stream(kinds.split(",")).map(FaultKind::valueOf).toList(),
                clicksPerSecond);
    }

    /** Runs them, all under one guarantee, and returns what they found together. */
    public FaultReport run(FaultTarget target, Guarantee guarantee) throws Exception {
        FaultReport all =
                new FaultReport(target.name(), guarantee.toString(), List.of(), List.of());
        for (long seed : seeds) {
            all = all.plus(new FaultCampaign(seed, guarantee, kinds, clicksPerSecond).run(target));
            all.write(TABLES);
        }
        System.out.println(all.markdown());
        return all;
    }
}
