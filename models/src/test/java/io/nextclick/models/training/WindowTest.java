package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTest {

    private static final int[] ITEMS = {10, 11, 12, 13, 14, 15};

    @Test
    void staysWholeWhereTheNetworkReadsAllOfIt() {
        Window window = new Window(ITEMS);
        assertThat(window.within(5)).containsExactly(window);
        assertThat(window.within(Integer.MAX_VALUE)).containsExactly(window);
        assertThat(window.predictions()).isEqualTo(5);
    }

    @Test
    void predictsEveryTargetOnceFromTheLastClicksBeforeIt() {
        assertThat(texts(new Window(ITEMS).within(3)))
                .containsExactly(
                        "[10, 11, 12, 13] from 1",
                        "[11, 12, 13, 14] from 3",
                        "[12, 13, 14, 15] from 3");
        assertThat(texts(new Window(ITEMS, 2).within(3)))
                .containsExactly(
                        "[10, 11, 12, 13] from 2",
                        "[11, 12, 13, 14] from 3",
                        "[12, 13, 14, 15] from 3");
        assertThat(texts(new Window(ITEMS, 5).within(3)))
                .containsExactly("[12, 13, 14, 15] from 3");
        assertThat(texts(new Window(ITEMS, 4).within(1)))
                .containsExactly("[13, 14] from 1", "[14, 15] from 1");
    }

    @Test
    void oneByOneItPredictsTheSameClicksEachByItself() {
        assertThat(texts(new Window(ITEMS).oneByOne(3)))
                .containsExactly(
                        "[10, 11] from 1",
                        "[10, 11, 12] from 2",
                        "[10, 11, 12, 13] from 3",
                        "[11, 12, 13, 14] from 3",
                        "[12, 13, 14, 15] from 3");
        assertThat(texts(new Window(ITEMS, 5).oneByOne(50)))
                .containsExactly("[10, 11, 12, 13, 14, 15] from 5");
    }

    private static List<String> texts(List<Window> windows) {
        return windows.stream()
                .map(w -> Arrays.toString(w.items()) + " from " + w.firstTarget())
                .toList();
    }
}
