package io.nextclick.models.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessioniserTest {

    @Test
    void cutsInterleavedClicksByIdAndGap() {
        Sessioniser sessioniser =
                new Sessioniser(new SessionRules(Duration.ofMillis(100), 50, true));
        sessioniser.add("x", null, "a", 0);
        sessioniser.add("y", null, "b", 10);
        sessioniser.add("x", null, "a", 50);
        sessioniser.add("x", null, "c", 150);
        sessioniser.add("x", null, "d", 251);
        assertThat(sessioniser.sessions())
                .containsExactly(
                        new Session("x", 0, List.of("a", "c")),
                        new Session("y", 10, List.of("b")),
                        new Session("x", 251, List.of("d")));
        assertThat(sessioniser.repeats()).isEqualTo(1);
    }

    @Test
    void ignoresDuplicatesAltogetherAsLongAsTheyAreRemembered() {
        Sessioniser sessioniser =
                new Sessioniser(new SessionRules(Duration.ofMillis(100), 2, false));
        sessioniser.add("x", "1", "a", 0);
        sessioniser.add("x", "2", "b", 90);
        sessioniser.add("x", "1", "z", 180);
        sessioniser.add("x", "3", "c", 190);
        // A duplicate moved no clock, and the oldest of three ids is forgotten.
        sessioniser.add("x", "1", "d", 200);
        assertThat(sessioniser.sessions())
                .containsExactly(new Session("x", 0, List.of("a", "b", "c", "d")));
        assertThat(sessioniser.duplicates()).isEqualTo(1);
    }

    @Test
    void keepsItemsBeyondTheMaximumLength() {
        Sessioniser sessioniser = new Sessioniser(new SessionRules(Duration.ZERO, 1, false));
        for (int i = 0; i < 5; i++) {
            sessioniser.add("x", null, "i" + i, i);
        }
        assertThat(sessioniser.sessions().get(0).items()).hasSize(5);
    }

    @Test
    void splitsByStartAndAlwaysLeavesSomethingToTrainOn() {
        List<Session> sessions =
                List.of(
                        new Session("late", 9, List.of("a")),
                        new Session("early", 1, List.of("b")),
                        new Session("middle", 5, List.of("c")));
        SessionSplit split = SessionSplit.byTime(sessions, 0.34);
        assertThat(split.training()).extracting(Session::id).containsExactly("early", "middle");
        assertThat(split.validation()).extracting(Session::id).containsExactly("late");
        assertThat(SessionSplit.byTime(sessions, 0.99).training()).hasSize(1);
        assertThat(SessionSplit.byTime(sessions, 0).validation()).isEmpty();
        assertThat(SessionSplit.byTime(List.of(), 0.5).training()).isEmpty();
    }

    @Test
    void fingerprintTellsItemsAndSessionsApartButNotIds() {
        Session ab = new Session("1", 1, List.of("a", "b"));
        assertThat(SessionSplit.fingerprint(List.of(ab)))
                .isEqualTo(
                        SessionSplit.fingerprint(List.of(new Session("2", 7, List.of("a", "b")))))
                .isNotEqualTo(SessionSplit.fingerprint(List.of(new Session("1", 1, List.of("ab")))))
                .isNotEqualTo(
                        SessionSplit.fingerprint(
                                List.of(
                                        new Session("1", 1, List.of("a")),
                                        new Session("1", 1, List.of("b")))))
                .hasSize(64);
    }
}
