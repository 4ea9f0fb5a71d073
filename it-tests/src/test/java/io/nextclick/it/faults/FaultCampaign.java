package io.nextclick.it.faults;

import static io.nextclick.jobs.JobOptions.Guarantee.AT_LEAST_ONCE;
import static io.nextclick.jobs.JobOptions.Guarantee.EXACTLY_ONCE;

import io.nextclick.it.Await;
import io.nextclick.it.KafkaTopics;
import io.nextclick.it.faults.FaultInjector.Damage;
import io.nextclick.it.faults.FaultReport.Row;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.JobOptions.Guarantee;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.RestartStrategyOptions;

/**
 * One running job under one workload, and one fault after the other at moments that the seed
 * decides. The next fault mostly comes when the job has got over the last: all that was sent before
 * the repair is answered, and a checkpoint is complete that began after it. Now and then it comes
 * before. In the end the same clicks are given to a job that nothing befalls: the answers must be
 * the same.
 *
 * @param seed decides order, moments, lengths and what is left open in a fault
 * @param guarantee under which the job writes
 * @param kinds what is broken, each once in any order; what neither the target nor the workload can
 *     do is left out
 * @param clicksPerSecond the rate of the workload
 */
record FaultCampaign(
        long seed, Guarantee guarantee, List<FaultKind> kinds, double clicksPerSecond) {

    private static final int PARTITIONS = 4;
    private static final Duration CHECKPOINTS = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    /** Share of the faults after which the next one doesn't wait for the recovery. */
    private static final double STRIKES_AGAIN = 0.25;

    FaultCampaign {
        kinds = List.copyOf(kinds);
    }

    /**
     * Runs it. Prints a line for each fault.
     *
     * @return what it found; {@link FaultReport#problems} and missing answers are for the caller to
     *     judge
     * @throws AssertionError if the job doesn't get over a fault
     */
    @SuppressWarnings("try") // The job is a resource, that no failure to cancel it hides another.
    FaultReport run(FaultTarget target) throws Exception {
        String suffix = target.name() + "-" + guarantee + "-" + seed;
        String clicks = "clicks-" + suffix;
        String recommendations = "recommendations-" + suffix;
        String rejected = "clicks-rejected-" + suffix;
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", target.bootstrapServers());
        KafkaTopics.create(client, List.of(clicks, recommendations, rejected), PARTITIONS);

        SplittableRandom random = new SplittableRandom(seed);
        List<FaultKind> order = new ArrayList<>(kinds);
        order.removeIf(kind -> !kind.isOfWorkload() && !target.supports(kind));
        Collections.shuffle(order, new Random(seed));
        // Which sessions a clock that runs ahead ends depends on what arrives before it from other
        // partitions; until then each answer depends on its session alone and can be compared.
        if (order.remove(FaultKind.CLOCK_SKEW)) {
            order.add(FaultKind.CLOCK_SKEW);
        }
        System.out.printf("faults on %s, %s: seed %d%n", target.name(), guarantee, seed);

        target.submit(options(clicks, recommendations, rejected, suffix, guarantee));
        try (AutoCloseable job = target::cancel;
                Account account =
                        new Account(
                                client,
                                clicks,
                                recommendations,
                                rejected,
                                guarantee == EXACTLY_ONCE);
                KnownClicks workload =
                        new KnownClicks(
                                account,
                                client,
                                clicks,
                                target.items(),
                                clicksPerSecond,
                                random.nextLong())) {
            workload.start();
            awaitRecovery(target, account, FaultKind.NOTHING);
            for (FaultKind kind : order) {
                LockSupport.parkNanos(random.nextLong(LONGEST_PAUSE.toNanos()));
                inflict(kind, kind.isOfWorkload() ? workload : target, account, random.split());
                // Some strike while the job still gets over the one before.
                if (random.nextDouble() >= STRIKES_AGAIN) {
                    awaitRecovery(target, account, kind);
                }
                print(account);
            }
            workload.stop();
            awaitAnswers(account, "the last clicks");
            target.cancel();
            int compared = account.faults() - (order.contains(FaultKind.CLOCK_SKEW) ? 1 : 0);
            List<Row> rows = account.rows();
            String undisturbed = "undisturbed-" + suffix;
            String alsoRejected = "clicks-rejected-" + undisturbed;
            KafkaTopics.create(client, List.of(undisturbed, alsoRejected), PARTITIONS);
            target.submit(options(clicks, undisturbed, alsoRejected, undisturbed, AT_LEAST_ONCE));
            account.compare(client, undisturbed, compared);
            return new FaultReport(target.name(), guarantee.toString(), rows, account.problems());
        }
    }

    private static void inflict(
            FaultKind kind, FaultInjector injector, Account account, SplittableRandom random)
            throws Exception {
        account.begin(kind);
        Damage damage = injector.inject(kind, random);
        try {
            long least = kind.shortest().toNanos();
            long most = kind.longest().toNanos();
            LockSupport.parkNanos(least + (most > least ? random.nextLong(most - least) : 0));
        } finally {
            damage.repair();
        }
        account.repaired();
    }

    private static void print(Account account) {
        List<Row> rows = account.rows();
        Row row = rows.get(rows.size() - 1);
        System.out.printf(
                "  %s for %d ms: no answers for %d ms, the first new one %d ms after the repair%n",
                row.kind().title(),
                row.brokenMillis(),
                row.longestGapMillis(),
                row.recoveryMillis());
    }

    private static void awaitRecovery(FaultTarget target, Account account, FaultKind kind)
            throws Exception {
        awaitAnswers(account, "clicks sent before the repair of: " + kind.title());
        long[] last = {-1};
        Await.until(
                "a checkpoint is known after: " + kind.title(),
                () -> {
                    last[0] = target.lastCheckpoint();
                    return last[0] >= 0;
                });
        // One may have begun before; the one after it has not.
        Await.until(
                "two checkpoints after: " + kind.title(),
                () -> target.lastCheckpoint() >= last[0] + 2);
        // At least one click must have been sent and answered since.
        awaitAnswers(account, "clicks sent after the repair of: " + kind.title());
    }

    private static void awaitAnswers(Account account, String what) throws Exception {
        long now = System.nanoTime();
        try {
            Await.until("answers to " + what, () -> account.outstanding(now) == 0);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; without: " + account.outstanding(now), e);
        }
    }

    private static Map<String, String> options(
            String clicks,
            String recommendations,
            String rejected,
            String suffix,
            Guarantee delivery) {
        Map<String, String> options = new HashMap<>();
        options.put(JobOptions.CLICKS_TOPIC.key(), clicks);
        options.put(JobOptions.CLICKS_GROUP_ID.key(), "group-" + suffix);
        options.put(JobOptions.CLICKS_START.key(), "earliest");
        options.put(JobOptions.RECOMMENDATIONS_TOPIC.key(), recommendations);
        options.put(JobOptions.RECOMMENDATIONS_COUNT.key(), "5");
        options.put(JobOptions.RECOMMENDATIONS_FORMAT.key(), "avro");
        options.put(JobOptions.REJECTED_TOPIC.key(), rejected);
        // So long that clicks are waiting in a bundle whenever something happens.
        options.put(JobOptions.BUNDLE_TIMEOUT.key(), "50 ms");
        options.put(JobOptions.DELIVERY_GUARANTEE.key(), delivery.toString());
        options.put(JobOptions.TRANSACTIONAL_ID_PREFIX.key(), suffix);
        options.put(
                CheckpointingOptions.CHECKPOINTING_INTERVAL.key(), CHECKPOINTS.toMillis() + " ms");
        options.put(CheckpointingOptions.CHECKPOINTING_TIMEOUT.key(), "1 min");
        options.put(RestartStrategyOptions.RESTART_STRATEGY.key(), "exponential-delay");
        options.put(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF.key(),
                "100 ms");
        options.put(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF.key(), "1 s");
        return options;
    }
}
