package io.nextclick.models.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.LoggedClick;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShopSimulatorTest {

    private static final ShopOptions OPTIONS = ShopOptions.DEFAULT;

    @Test
    void isDeterminedByItsOptions() {
        List<LoggedClick> once = new ShopSimulator(OPTIONS).clicks(50_000).toList();
        assertThat(new ShopSimulator(OPTIONS).clicks(50_000).toList()).isEqualTo(once);
        assertThat(new ShopSimulator(OPTIONS.withSeed(43)).clicks(50_000).toList())
                .isNotEqualTo(once);
    }

    @Test
    void interleavesSessionsInTheOrderOfTime() {
        ShopSimulator simulator = new ShopSimulator(OPTIONS);
        long time = OPTIONS.start().toEpochMilli();
        Set<String> eventIds = new HashSet<>();
        Map<String, String> last = new HashMap<>();
        Map<String, Integer> lengths = new HashMap<>();
        int adjacent = 0;
        String previous = "";
        int clicks = 200_000;
        for (int i = 0; i < clicks; i++) {
            LoggedClick click = simulator.next();
            assertThat(click.eventTimeMillis()).isGreaterThanOrEqualTo(time);
            time = click.eventTimeMillis();
            assertThat(eventIds.add(click.eventId())).isTrue();
            assertThat(last.put(click.sessionId(), click.itemId())).isNotEqualTo(click.itemId());
            lengths.merge(click.sessionId(), 1, Integer::sum);
            adjacent += previous.equals(click.sessionId()) ? 1 : 0;
            previous = click.sessionId();
        }
        assertThat(simulator.produced()).isEqualTo(clicks);
        assertThat(simulator.sessions()).isEqualTo(lengths.size());
        assertThat(adjacent / (double) clicks).as("share of adjacent clicks").isLessThan(0.01);

        double seconds = (time - OPTIONS.start().toEpochMilli()) / 1_000.0;
        assertThat(clicks / seconds).isCloseTo(OPTIONS.clicksPerSecond(), within(1.0));
        // All but the sessions under way at the end are complete.
        assertThat(clicks / (double) lengths.size())
                .isCloseTo(OPTIONS.meanSessionLength(), within(0.3));
        assertThat(lengths.values().stream().filter(length -> length < 2).count())
                .isLessThanOrEqualTo(OPTIONS.concurrentSessions());
    }

    @Test
    void carriesCategoryAndPrice() {
        ShopSimulator simulator = new ShopSimulator(OPTIONS);
        for (int i = 0; i < 1_000; i++) {
            LoggedClick click = simulator.next();
            Shop.Item item = simulator.shop().item(simulator.shop().number(click.itemId()));
            assertThat(click.attributes()).isEqualTo(item.attributes());
            assertThat(click.userId()).isNull();
        }
    }

    @Test
    void clicksFallOffLikeZipfsLaw() {
        ShopSimulator simulator = new ShopSimulator(OPTIONS.withChange(0, 0, Duration.ofHours(1)));
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 400_000; i++) {
            counts.merge(simulator.next().itemId(), 1, Integer::sum);
        }
        assertThat(counts).as("items clicked").hasSizeGreaterThan(1_990);
        List<Integer> sorted = new ArrayList<>(counts.values());
        sorted.sort(Collections.reverseOrder());
        // The slope of log count over log rank, by least squares on ranks 1 to 500.
        double sumX = 0;
        double sumY = 0;
        double sumXX = 0;
        double sumXY = 0;
        int ranks = 500;
        for (int rank = 1; rank <= ranks; rank++) {
            double x = Math.log(rank);
            double y = Math.log(sorted.get(rank - 1));
            sumX += x;
            sumY += y;
            sumXX += x * x;
            sumXY += x * y;
        }
        double slope = (ranks * sumXY - sumX * sumY) / (ranks * sumXX - sumX * sumX);
        // Flatter than the popularity alone: half of the successors are drawn evenly.
        assertThat(slope).isBetween(-OPTIONS.zipfExponent(), -0.35);
    }

    @Test
    void showsNewItemsOnlyOnceTheyAreOnSaleAndOftenThen() {
        ShopSimulator simulator = new ShopSimulator(OPTIONS);
        int onNewItems = 0;
        int clicks = 0;
        while (simulator.shop().epoch() < 18) {
            LoggedClick click = simulator.next();
            int number = simulator.shop().number(click.itemId());
            assertThat(simulator.shop().item(number).availableFrom())
                    .isLessThanOrEqualTo(click.eventTimeMillis());
            clicks++;
            onNewItems += number >= OPTIONS.items() ? 1 : 0;
        }
        System.out.printf("%d of %d clicks in three hours are on new items%n", onNewItems, clicks);
        assertThat(simulator.shop().size()).isEqualTo(OPTIONS.items() + 120);
        assertThat(onNewItems / (double) clicks).isBetween(0.01, 0.2);
    }

    @Test
    void isFastEnoughToPrintHowFast() {
        ShopSimulator simulator = new ShopSimulator(OPTIONS);
        simulator.clicks(500_000).forEach(click -> {});
        long begun = System.nanoTime();
        int clicks = 1_000_000;
        long checksum = 0;
        for (int i = 0; i < clicks; i++) {
            checksum += simulator.next().itemId().length();
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        System.out.printf(
                "ShopSimulator: %,.0f clicks/s (checksum %d)%n", clicks / seconds, checksum);
        assertThat(simulator.produced()).isEqualTo(1_500_000);
    }
}
