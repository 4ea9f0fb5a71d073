package io.nextclick.jobs.impress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.impress.ImpressionDecoder.Content;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImpressionDecoderTest {

    private static final long NOW = 1_700_000_000_000L;

    private static final Impression SHOWN =
            new Impression(
                    "v",
                    "s",
                    "u",
                    NOW,
                    "home",
                    List.of(new ShownItem("a", 1, 0.5, "model")),
                    null,
                    null);

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void readsWhatPagesHaveShown(Encoding encoding) {
        byte[] bytes = Topics.IMPRESSIONS.codec(encoding).encode(SHOWN);
        assertThat(decode(Content.IMPRESSIONS, bytes)).isEqualTo(new ImpressionRecord.Shown(SHOWN));
    }

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void readsRecommendationsAsShown(Encoding encoding) {
        Recommendation answer =
                new Recommendation(
                        "clicks-0-1",
                        "s",
                        "u",
                        1,
                        new Trigger(0, 1, null, NOW),
                        List.of(new RecommendedItem("a", 0.5f, "model")),
                        null,
                        null,
                        NOW + 3);
        byte[] bytes = Topics.RECOMMENDATIONS.codec(encoding).encode(answer);
        assertThat(decode(Content.RECOMMENDATIONS, bytes))
                .isEqualTo(new ImpressionRecord.Shown(Impression.of(answer)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"id\":\"v\"}", "no json"})
    void whatCannotBeReadIsSetAsideWhole(String text) throws IOException {
        ImpressionRecord record = decode(Content.IMPRESSIONS, text.getBytes(UTF_8));
        assertThat(record).isInstanceOf(ImpressionRecord.Unreadable.class);
        RejectedClick reject = ((ImpressionRecord.Unreadable) record).record();
        assertThat(reject.value()).isEqualTo(text.getBytes(UTF_8));
        assertThat(reject.offset()).isEqualTo(99);
        assertThat(reject.reason()).isNotBlank();

        TypeSerializer<ImpressionRecord> serializer =
                ImpressionRecordSerializer.TYPE.createSerializer(null);
        for (ImpressionRecord each : List.of(record, new ImpressionRecord.Shown(SHOWN))) {
            DataOutputSerializer out = new DataOutputSerializer(16);
            serializer.serialize(each, out);
            DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
            assertThat(serializer.deserialize(in)).isEqualTo(each);
        }
    }

    /** A single one would make all clicks late. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void whatLiesInTheFutureIsRefused(long beyond) {
        Impression later =
                new Impression(
                        "v",
                        "s",
                        null,
                        NOW + 5 + Duration.ofDays(1).toMillis() + beyond,
                        null,
                        List.of(),
                        null,
                        null);
        byte[] bytes = Topics.IMPRESSIONS.codec(Encoding.JSON).encode(later);
        ImpressionRecord record = decode(Content.IMPRESSIONS, bytes);
        if (beyond == 0) {
            assertThat(record).isEqualTo(new ImpressionRecord.Shown(later));
        } else {
            assertThat(((ImpressionRecord.Unreadable) record).record().where())
                    .isEqualTo("shown_at");
        }
    }

    private static ImpressionRecord decode(Content content, byte[] value) {
        List<ImpressionRecord> out = new ArrayList<>();
        new ImpressionDecoder(content, Duration.ofDays(1), WriterSchemas.NONE)
                .deserialize(
                        new ConsumerRecord<>(
                                "impressions",
                                2,
                                99,
                                NOW + 5,
                                TimestampType.CREATE_TIME,
                                -1,
                                value.length,
                                null,
                                value,
                                new RecordHeaders(),
                                Optional.empty()),
                        new ListCollector<>(out));
        assertThat(out).hasSize(1);
        return out.get(0);
    }
}
