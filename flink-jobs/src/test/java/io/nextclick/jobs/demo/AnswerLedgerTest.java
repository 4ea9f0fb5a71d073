package io.nextclick.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AnswerLedgerTest {

    private final AnswerLedger ledger = new AnswerLedger();

    @Test
    void oneAnswerPerClickIsExact() {
        ledger.published(0, 0, 0, 1_000);
        ledger.published(1, 3, 0, 1_000);
        assertThat(ledger.answered(0, 0, 1_004)).isTrue();
        assertThat(ledger.answered(3, 0, 1_020)).isTrue();

        AnswerLedger.Balance balance = ledger.balance();
        assertThat(balance.isExact()).isTrue();
        assertThat(balance.p50Millis()).isEqualTo(4);
        assertThat(balance.p99Millis()).isEqualTo(20);
        assertThat(ledger.index(3, 0)).isEqualTo(1);
    }

    @Test
    void anAnswerMayComeBeforeTheAcknowledgement() {
        assertThat(ledger.index(0, 7)).isEqualTo(-1);
        ledger.answered(0, 7, 1_004);
        assertThat(ledger.balance().unasked()).isEqualTo(1);
        ledger.published(0, 0, 7, 1_000);

        assertThat(ledger.balance().isExact()).isTrue();
        assertThat(ledger.balance().p50Millis()).isEqualTo(4);
    }

    @Test
    void missingRepeatedAndUnaskedAnswersShow() {
        ledger.published(0, 0, 0, 1_000);
        ledger.published(1, 0, 1, 1_000);
        ledger.answered(0, 0, 1_001);
        assertThat(ledger.answered(0, 0, 1_002)).isFalse();
        ledger.answered(1, 5, 1_002);

        AnswerLedger.Balance balance = ledger.balance();
        assertThat(balance.isExact()).isFalse();
        assertThat(balance.waiting()).isEqualTo(1);
        assertThat(balance.repeated()).isEqualTo(1);
        assertThat(balance.unasked()).isEqualTo(1);
    }
}
