package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ItemSlotsTest {

    /** Whatever object stands for an item, and however many have stood for it. */
    @Test
    void anItemHasOneNumberWhateverObjectItComesAs() {
        ItemSlots slots = new ItemSlots();
        Map<String, Integer> expected = new HashMap<>();
        SplittableRandom random = new SplittableRandom(3);
        for (int turn = 0; turn < 100_000; turn++) {
            String item = "item-" + random.nextInt(5_000);
            assertThat(slots.find(item)).isEqualTo(expected.getOrDefault(item, -1));
            if (random.nextInt(3) == 0) {
                int next = expected.size();
                assertThat(slots.findOrAdd(item))
                        .isEqualTo(expected.computeIfAbsent(item, added -> next));
            }
            assertThat(slots.size()).isEqualTo(expected.size());
        }
        slots.clear();
        assertThat(slots.size()).isZero();
        assertThat(slots.find("item-1")).isEqualTo(-1);
        assertThat(slots.findOrAdd("item-1")).isZero();
    }

    /** Equal hashes, different texts. */
    @Test
    void itemsOfOneHashAreToldApart() {
        ItemSlots slots = new ItemSlots();
        assertThat("AaBB".hashCode()).isEqualTo("BBAa".hashCode());
        assertThat(slots.findOrAdd("AaBB")).isZero();
        assertThat(slots.find("BBAa")).isEqualTo(-1);
        assertThat(slots.findOrAdd("BBAa")).isEqualTo(1);
        assertThat(slots.find(String.join("", "Aa", "BB"))).isZero();
    }
}
