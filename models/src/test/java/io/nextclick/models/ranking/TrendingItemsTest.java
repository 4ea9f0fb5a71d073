package io.nextclick.models.ranking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class TrendingItemsTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final long NOW = 1_790_000_000_000L;
    private static final Predicate<String> NOTHING = Set.<String>of()::contains;

    private static long hoursAgo(double hours) {
        return NOW - Math.round(hours * 3_600_000);
    }

    @Test
    void aClickCountsHalfAfterAHalfLife() {
        TrendingItems items = new TrendingItems(HOUR, 10);
        items.add("a", 4, hoursAgo(2));
        items.add("a", 1, NOW);
        items.add("b", 12, hoursAgo(1));

        assertEquals(2, items.count("a", NOW), 1e-12);
        assertEquals(6, items.count("b", NOW), 1e-12);
        assertEquals(3, items.count("b", NOW + HOUR.toMillis()), 1e-12);
        assertEquals(0, items.count("never clicked", NOW));
        assertEquals("[b, a] [0.75, 0.25]", items.top(5, NOTHING).toString());
        assertEquals("[a] [1.0]", items.top(5, "b"::equals).toString());
        assertEquals("[b] [1.0]", items.top(1, NOTHING).toString());
        assertEquals(0, items.top(0, NOTHING).size());
    }

    @Test
    void agreesWithTheSumOfAllClicksInAnyOrder() {
        SplittableRandom random = new SplittableRandom(7);
        List<long[]> clicks = new ArrayList<>();
        Map<Integer, Double> expected = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            int item = random.nextInt(1 + random.nextInt(50));
            long time = hoursAgo(random.nextDouble() * 60);
            clicks.add(new long[] {item, time});
            expected.merge(item, Math.pow(2, -(NOW - time) / 3_600_000.0), Double::sum);
        }
        TrendingItems items = new TrendingItems(HOUR, 50);
        clicks.forEach(click -> items.add("item " + click[0], 1, click[1]));

        expected.forEach(
                (item, count) -> assertEquals(count, items.count("item " + item, NOW), 1e-9));
        List<String> order =
                expected.keySet().stream()
                        .sorted(Comparator.comparing(expected::get).reversed())
                        .map(item -> "item " + item)
                        .toList();
        CandidateList top = items.top(50, NOTHING);
        for (int place = 0; place < order.size(); place++) {
            assertEquals(order.get(place), top.item(place));
        }
    }

    @Test
    void noStretchOfTimeIsTooLong() {
        TrendingItems items = new TrendingItems(Duration.ofMillis(1), 10);
        items.add("long ago", 1e9, -NOW);
        items.add("now", 1, NOW);
        items.add("long ago", 1, NOW - 3);

        assertEquals(0.125, items.count("long ago", NOW));
        assertEquals(1, items.count("now", NOW));
        assertEquals(Double.MAX_VALUE, items.count("now", -NOW));
        items.add("before", 5, -NOW);
        assertEquals(0, items.count("before", NOW));
        assertEquals("[now, long ago] [0.8888889, 0.11111111]", items.top(3, NOTHING).toString());
    }

    @Test
    void equalCountsAreOrderedByItem() {
        TrendingItems items = new TrendingItems(HOUR, 10);
        for (String item : List.of("c", "a", "b")) {
            items.add(item, 2, NOW);
        }
        assertEquals("[a, b]", items.top(2, NOTHING).toString().split(" \\[0")[0]);
    }

    @Test
    void theLeastIsForgottenAndANewcomerGetsItsChance() {
        TrendingItems items = new TrendingItems(HOUR, 2);
        assertNull(items.add("a", 5, NOW));
        assertNull(items.add("b", 3, NOW));
        assertEquals("b", items.add("c", 1, NOW));
        assertNull(items.add("c", 1, NOW));
        assertEquals(2, items.count("c", NOW), 1e-12);
        assertEquals("c", items.add("b", 1, NOW));
        assertEquals(1, items.count("b", NOW), 1e-12);
        assertEquals(2, items.size());
    }

    @Test
    void categoriesOfASessionCountByWhenTheyWereVisited() {
        Map<String, String> categories =
                Map.of("s1", "shoes", "s2", "shoes", "h1", "hats", "h2", "hats", "x", "none");
        TrendingItems items = new TrendingItems(HOUR, 10, categories::get);
        items.add("s1", 3, NOW);
        items.add("s2", 1, NOW);
        items.add("h1", 1, NOW);
        items.add("h2", 1, NOW);
        items.add("without", 9, NOW);

        // The hat is the last item, the shoe the one before it: 1 to 1/2.
        CandidateList both = items.alike(List.of("s1", "h1"), 5, NOTHING);
        assertEquals(
                "[h1, h2, s1, s2] [0.33333334, 0.33333334, 0.25, 0.083333336]", both.toString());
        assertEquals(
                "[h2, s2] [0.6666667, 0.33333334]",
                items.alike(List.of("s1", "h1"), 5, List.of("s1", "h1")::contains).toString());
        assertEquals(
                "[s1, s2] [0.75, 0.25]", items.alike(List.of("s2", "x"), 2, NOTHING).toString());
        assertEquals(0, items.alike(List.of("x", "without"), 5, NOTHING).size());
        assertEquals(0, items.alike(List.of(), 5, NOTHING).size());
        // Of the last five items alone.
        assertEquals(0, items.alike(List.of("s1", "x", "x", "x", "x", "x"), 5, NOTHING).size());
    }

    @Test
    void aCategoryThatChangesIsNoticedWithTheNextClick() {
        Map<String, String> categories = new HashMap<>(Map.of("a", "old", "b", "old"));
        TrendingItems items = new TrendingItems(HOUR, 10, categories::get);
        items.add("a", 1, NOW);
        items.add("b", 1, NOW);
        categories.put("a", "new");
        assertEquals(0, items.alike(List.of("a"), 5, NOTHING).size());
        items.add("a", 1, NOW);
        assertEquals("[a] [1.0]", items.alike(List.of("a"), 5, NOTHING).toString());
        assertEquals("[b] [1.0]", items.alike(List.of("b"), 5, NOTHING).toString());
        // An item that is forgotten takes its category with it.
        items.take(new TrendingCounts(NOW, List.of(new ItemCount("b", 0))));
        assertEquals(0, items.alike(List.of("b"), 5, NOTHING).size());
    }

    @Test
    void whoTakesTheCountsHoldsTheSameAndGoesOnAlike() {
        SplittableRandom random = new SplittableRandom(11);
        TrendingItems first = new TrendingItems(Duration.ofMillis(1_234_567), 20);
        TrendingItems restored = null;
        TrendingItems follower = new TrendingItems(Duration.ofMillis(1_234_567), 20);
        Set<String> changed = new HashSet<>();
        for (int i = 0; i < 4_000; i++) {
            String item = "item " + random.nextInt(1 + random.nextInt(40));
            long time = hoursAgo(80 - i * 0.02 + random.nextDouble());
            String forgotten = first.add(item, 1 + random.nextInt(3), time);
            changed.add(item);
            if (forgotten != null) {
                changed.add(forgotten);
            }
            if (restored != null) {
                restored.add(item, 0.1, time);
                restored.take(first.counts(List.of(item)));
            }
            if (i % 100 == 99) {
                follower.take(first.counts(changed));
                changed.clear();
                assertEquals(first.counts(), follower.counts());
            }
            if (i == 2_000) {
                restored = new TrendingItems(Duration.ofMillis(1_234_567), 20);
                restored.take(first.counts());
            }
        }
        assertEquals(first.counts(), restored.counts());
        assertEquals(first.top(20, NOTHING).toString(), follower.top(20, NOTHING).toString());
    }

    @Test
    void countsOfAnotherHalfLifeAreTakenForWhatTheySay() {
        TrendingItems hourly = new TrendingItems(HOUR, 10);
        hourly.add("a", 8, hoursAgo(1));
        hourly.add("b", 2, NOW);
        TrendingItems daily = new TrendingItems(Duration.ofDays(1), 10);
        daily.take(hourly.counts());

        TrendingCounts counts = hourly.counts();
        for (ItemCount each : counts.counts()) {
            assertEquals(each.count(), daily.count(each.itemId(), counts.asOfMillis()), 1e-12);
        }
        TrendingItems few = new TrendingItems(HOUR, 2);
        few.take(
                new TrendingCounts(
                        NOW,
                        List.of(
                                new ItemCount("a", 3),
                                new ItemCount("b", 0.5),
                                new ItemCount("c", 1))));
        assertEquals("[a, c] [0.75, 0.25]", few.top(5, NOTHING).toString());
    }

    @Test
    void refusesWhatIsNoCount() {
        assertThrows(IllegalArgumentException.class, () -> new TrendingItems(Duration.ZERO, 10));
        assertThrows(IllegalArgumentException.class, () -> new TrendingItems(HOUR, 1));
        TrendingItems items = new TrendingItems(HOUR, 10);
        for (double count : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> items.add("a", count, NOW));
        }
        assertThrows(IllegalArgumentException.class, () -> new ItemCount("a", Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> new ItemCount("a", -1));
    }
}
