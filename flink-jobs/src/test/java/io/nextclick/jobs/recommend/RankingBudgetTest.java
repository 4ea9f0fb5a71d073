package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RankingBudgetTest {

    private static final int CANDIDATES = 200;
    private static final long MILLI = 1_000_000;

    private long now = 5_000 * MILLI;

    private RankingBudget budget(int bundleMillis, int overrunMillis) {
        return new RankingBudget(
                Duration.ofMillis(bundleMillis), Duration.ofMillis(overrunMillis), () -> now);
    }

    /** Ranks as many of a bundle's clicks as are admitted. */
    private int bundle(RankingBudget budget, int clicks, long nanosPerClick) {
        budget.beginBundle();
        int ranked = 0;
        for (int click = 0; click < clicks; click++) {
            if (budget.admits(CANDIDATES, 0)) {
                long started = budget.now();
                now += nanosPerClick;
                budget.spend(CANDIDATES, started);
                ranked++;
            }
        }
        return ranked;
    }

    @Test
    void ranksAllThatThereIsTimeFor() {
        RankingBudget budget = budget(20, 0);
        for (int turn = 0; turn < 100; turn++) {
            assertThat(bundle(budget, 256, MILLI / 20)).isEqualTo(256);
        }
        assertThat(budget.nanosPerCandidate()).isCloseTo(250, within(1.0));
        assertThat(budget.spentNanos()).isEqualTo(256 * MILLI / 20);
    }

    @Test
    void aBundleTakesNoMoreThanItsBudget() {
        RankingBudget budget = budget(20, 0);
        for (int turn = 0; turn < 100; turn++) {
            bundle(budget, 256, 2 * MILLI);
            if (turn > 10) {
                assertThat(budget.spentNanos()).isBetween(18 * MILLI, 20 * MILLI);
            }
        }
    }

    @Test
    void aRankerThatIsTooSlowForAnyClickIsTriedAThousandthOfTheTime() {
        RankingBudget budget = budget(20, 0);
        for (int turn = 0; turn < 10; turn++) {
            bundle(budget, 10, 50 * MILLI);
        }
        long started = now;
        int tried = 0;
        while (now < started + Duration.ofMinutes(10).toNanos()) {
            now += 5 * MILLI;
            tried += bundle(budget, 5, 50 * MILLI);
        }
        assertThat(tried).isBetween(11, 12);

        // It is used again once it has become fast, or another has come.
        while (bundle(budget, 5, MILLI) < 5) {
            now += 5 * MILLI;
        }
        assertThat(now).isLessThan(started + Duration.ofMinutes(12).toNanos());
        bundle(budget, 1, 5_000 * MILLI);
        assertThat(bundle(budget, 5, MILLI)).isZero();
        budget.reset();
        assertThat(bundle(budget, 5, MILLI)).isEqualTo(5);
    }

    @Test
    void oneLongPauseIsSoonForgotten() {
        RankingBudget budget = budget(20, 0);
        bundle(budget, 100, MILLI / 20);
        bundle(budget, 1, 100 * MILLI);
        int bundles = 0;
        while (bundle(budget, 100, MILLI / 20) < 100) {
            bundles++;
        }
        assertThat(bundles).isLessThanOrEqualTo(1);
    }

    @Test
    void aClickThatWouldBecomeTooOldIsntRanked() {
        RankingBudget budget = budget(20, 30);
        for (int turn = 0; turn < 20; turn++) {
            bundle(budget, 50, 4 * MILLI);
        }
        budget.beginBundle();
        assertThat(budget.admits(CANDIDATES, 25 * MILLI)).isTrue();
        assertThat(budget.admits(CANDIDATES, 27 * MILLI)).isFalse();
        assertThat(budget.admits(CANDIDATES, 31 * MILLI)).isFalse();
        now += Duration.ofMinutes(1).toNanos();
        assertThat(budget.admits(CANDIDATES, 27 * MILLI)).as("to measure it again").isTrue();
        assertThat(budget.admits(CANDIDATES, 31 * MILLI)).isFalse();
    }
}
