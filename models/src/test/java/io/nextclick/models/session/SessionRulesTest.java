package io.nextclick.models.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.session.SessionRules.Verdict;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionRulesTest {

    private static final long GAP = Duration.ofMinutes(30).toMillis();

    private record SoFar(long lastEventTimeMillis, String lastItem, Set<String> eventIds)
            implements SessionRules.SoFar {
        @Override
        public boolean remembers(String eventId) {
            return eventIds.contains(eventId);
        }
    }

    private static final SoFar SESSION = new SoFar(1_000_000, "a", Set.of("e1"));

    @Test
    void aFirstClickStarts() {
        assertThat(SessionRules.DEFAULT.judge(null, "e1", "a", 0)).isEqualTo(Verdict.STARTS);
    }

    @Test
    void theGapItselfStillContinuesAndAMillisecondMoreStarts() {
        SessionRules rules = SessionRules.DEFAULT;
        assertThat(rules.judge(SESSION, null, "b", 1_000_000 + GAP)).isEqualTo(Verdict.CONTINUES);
        assertThat(rules.judge(SESSION, null, "b", 1_000_001 + GAP)).isEqualTo(Verdict.STARTS);
    }

    @Test
    void aLateClickContinues() {
        assertThat(SessionRules.DEFAULT.judge(SESSION, null, "b", 1)).isEqualTo(Verdict.CONTINUES);
    }

    @Test
    void repeatsCollapseOnlyWhereAskedTo() {
        assertThat(SessionRules.DEFAULT.judge(SESSION, null, "a", 1_000_001))
                .isEqualTo(Verdict.REPEATS);
        assertThat(SessionRules.AS_LOGGED.judge(SESSION, null, "a", 1_000_001))
                .isEqualTo(Verdict.CONTINUES);
    }

    @Test
    void aKnownEventIdIsADuplicateWhateverElseItIs() {
        assertThat(SessionRules.DEFAULT.judge(SESSION, "e1", "b", 1_000_001))
                .isEqualTo(Verdict.DUPLICATE);
        assertThat(SessionRules.DEFAULT.judge(SESSION, "e2", "b", 1_000_001))
                .isEqualTo(Verdict.CONTINUES);
    }

    @Test
    void withoutAGapTheSessionIdDecides() {
        assertThat(SessionRules.AS_LOGGED.judge(SESSION, null, "b", Long.MAX_VALUE))
                .isEqualTo(Verdict.CONTINUES);
    }

    @Test
    void boundsAreNamed() {
        assertThatThrownBy(() -> new SessionRules(Duration.ofMillis(-1), 50, true))
                .hasMessageContaining("inactivity gap");
        assertThatThrownBy(() -> new SessionRules(Duration.ZERO, 0, true))
                .hasMessageContaining("maximum length is 0");
        assertThatThrownBy(() -> new SessionRules(Duration.ZERO, 10_001, true))
                .hasMessageContaining("10000");
    }
}
