package io.nextclick.models.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nextclick.models.experiment.TeamDraft.Place;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TeamDraftTest {

    private static final List<String> ONE = List.of("a", "b", "c", "d");
    private static final List<String> OTHER = List.of("b", "e", "a", "f");

    /** The four ways in which two coins can fall, worked out by hand. */
    @Test
    void drawsTheListsOfThePaper() {
        Set<List<Place<String>>> seen = new HashSet<>();
        for (int seed = 0; seed < 100; seed++) {
            seen.add(TeamDraft.draft(List.of(ONE, OTHER), 4, seed));
        }
        assertThat(seen)
                .containsExactlyInAnyOrder(
                        places("a0 b1 c0 e1"),
                        places("a0 b1 e1 c0"),
                        places("b1 a0 c0 e1"),
                        places("b1 a0 e1 c0"));
    }

    private static List<Place<String>> places(String text) {
        List<Place<String>> places = new ArrayList<>();
        for (String place : text.split(" ")) {
            places.add(
                    new Place<>(
                            place.substring(0, 1),
                            place.charAt(1) == '-' ? TeamDraft.NOBODY : place.charAt(1) - '0'));
        }
        return places;
    }

    @Test
    void theSameSeedDrawsTheSameList() {
        assertThat(TeamDraft.draft(List.of(ONE, OTHER), 4, 77))
                .isEqualTo(TeamDraft.draft(List.of(ONE, OTHER), 4, 77));
    }

    /** Whatever the rankings: each place is any team's with the same chance. */
    @Test
    void everyPlaceIsAnyTeamsWithTheSameChance() {
        List<List<Integer>> rankings = new ArrayList<>();
        Random random = new Random(3);
        for (int team = 0; team < 3; team++) {
            List<Integer> ranking = new ArrayList<>();
            for (int item = 0; item < 12; item++) {
                ranking.add(item);
            }
            Collections.shuffle(ranking, random);
            rankings.add(ranking);
        }
        int lists = 30_000;
        int[][] counts = new int[8][3];
        for (int seed = 0; seed < lists; seed++) {
            List<Place<Integer>> list = TeamDraft.draft(rankings, 8, seed);
            assertThat(list.stream().map(Place::item)).doesNotHaveDuplicates().hasSize(8);
            for (int place = 0; place < 8; place++) {
                counts[place][list.get(place).team()]++;
            }
        }
        // Five standard deviations.
        double deviation = Math.sqrt(lists * (1.0 / 3) * (2.0 / 3));
        for (int[] place : counts) {
            for (int count : place) {
                assertThat((double) count)
                        .isBetween(lists / 3.0 - 5 * deviation, lists / 3.0 + 5 * deviation);
            }
        }
    }

    @Test
    void theRoundInWhichARankingEndsIsNobodys() {
        Set<List<Place<String>>> seen = new HashSet<>();
        for (int seed = 0; seed < 100; seed++) {
            seen.add(TeamDraft.draft(List.of(List.of("a"), List.of("b", "c", "d")), 9, seed));
        }
        assertThat(seen).containsExactlyInAnyOrder(places("a0 b1 c- d-"), places("b1 a0 c- d-"));
        assertThat(TeamDraft.draft(List.of(List.of(), List.of("b", "c")), 1, 5))
                .isEqualTo(places("b-"));
    }

    @Test
    void refusesWhatCannotBeInterleaved() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TeamDraft.draft(List.of(ONE), 3, 1))
                .withMessageContaining("1 rankings");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TeamDraft.draft(List.of(ONE, OTHER), 0, 1))
                .withMessageContaining("length is 0");
    }
}
