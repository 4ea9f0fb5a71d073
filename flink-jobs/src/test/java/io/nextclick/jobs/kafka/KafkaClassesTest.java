package io.nextclick.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class KafkaClassesTest {

    @Test
    void areThoseOfTheVersionInUse() {
        assertThatCode(() -> Class.forName(KafkaClasses.NEEDED_AT_THE_END))
                .doesNotThrowAnyException();
    }
}
