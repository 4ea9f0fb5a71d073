package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LivePopularityTest {

    @Test
    void leadersAreThoseOfAFullSortAtEveryClick() {
        long seed = 3;
        Random random = new Random(seed);
        LivePopularity popularity = new LivePopularity(1_000, 5);
        Map<String, Long> counts = new HashMap<>();
        for (int click = 0; click < 3_000; click++) {
            String item = "i" + (int) Math.abs(random.nextGaussian() * 10);
            popularity.count(item);
            counts.merge(item, 1L, Long::sum);
            assertThat(leaders(popularity))
                    .as("seed %d, click %d", seed, click)
                    .isEqualTo(
                            counts.keySet().stream()
                                    .sorted(
                                            Comparator.comparing((String i) -> -counts.get(i))
                                                    .thenComparing(Comparator.naturalOrder()))
                                    .limit(5)
                                    .toList());
        }
    }

    @Test
    void staysWithinItsSizeAndKeepsItsLeaders() {
        LivePopularity popularity = new LivePopularity(100, 3);
        popularity.add("a", 1_000_000);
        popularity.add("b", 900_000);
        for (int i = 0; i < 10_000; i++) {
            popularity.count("once-" + i);
        }
        List<String> items = new ArrayList<>();
        popularity.forEach((item, clicks) -> items.add(item));
        assertThat(items).hasSizeLessThanOrEqualTo(100);
        assertThat(popularity.item(0)).isEqualTo("a");
        assertThat(popularity.clicks(0)).isEqualTo(1_000_000);
        assertThat(popularity.item(1)).isEqualTo("b");
    }

    @Test
    void aListAndARankLeaveOutWhatTheSessionHasSeen() {
        LivePopularity popularity = new LivePopularity(10, 4);
        popularity.add("a", 4);
        popularity.add("b", 3);
        popularity.add("c", 2);
        popularity.add("d", 1);
        assertThat(popularity.list(2, List.of("a"), "b"::equals))
                .extracting(item -> item.itemId() + " " + item.score())
                .containsExactly("c 2.0", "d 1.0");
        assertThat(popularity.list(9, null, null)).hasSize(4);
        assertThat(popularity.rank("c", null)).isEqualTo(2);
        assertThat(popularity.rank("c", List.of("a"))).isEqualTo(1);
        assertThat(popularity.rank("a", List.of("a"))).isEqualTo(-1);
        assertThat(popularity.rank("unheard of", null)).isEqualTo(-1);
    }

    private static List<String> leaders(LivePopularity popularity) {
        List<String> leaders = new ArrayList<>();
        for (int place = 0; popularity.item(place) != null; place++) {
            leaders.add(popularity.item(place));
        }
        return leaders;
    }
}
