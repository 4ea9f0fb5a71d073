package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.schemas.Impression.ShownItem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImpressionTest {

    @Test
    void aRecommendationIsShownAtTheClickThatItAnswers() {
        assertThat(Impression.of(SampleRecords.FULL_RECOMMENDATION))
                .isEqualTo(
                        new Impression(
                                "clicks-3-1742",
                                "visit-1",
                                "u",
                                SampleRecords.TIME,
                                null,
                                List.of(
                                        new ShownItem("a", 1, 1.5, "model"),
                                        new ShownItem("b", 2, (double) -0.1f, "popularity")),
                                "clicks-3-1742",
                                null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'session_id':'s','shown_at':1,'items':[]}; missing; id",
                "{'id':'v','shown_at':1,'items':[]}; missing; session_id",
                "{'id':'v','session_id':'s','items':[]}; missing; shown_at",
                "{'id':'v','session_id':'s','shown_at':1}; missing; items",
                "{'id':'v','items':[{'item_id':'a'}]}; missing; items[].position",
                "{'id':'v','items':[{'position':1}]}; missing; items[].item_id",
                "{'items':[{'item_id':'a','position':0}]}; less than 1; /items/0/position",
                "{'items':[{'item_id':'a','score':1e999}]}; beyond the range; /items/0/score",
                "{'items':[{'item_id':''}]}; an empty text; /items/0/item_id"
            },
            quoteCharacter = '"')
    void whatIsWrongIsRejectedWithItsPlace(String json, String what, String where) {
        byte[] bytes = json.replace('\'', '"').getBytes(UTF_8);
        assertThatThrownBy(() -> Topics.IMPRESSIONS.codec(Encoding.AVRO).decode(bytes))
                .isInstanceOfSatisfying(
                        MalformedRecordException.class,
                        rejection -> {
                            assertThat(rejection.what()).contains(what);
                            assertThat(rejection.where()).startsWith(where);
                        });
    }

    @Test
    void anItemHasAPlaceAndAFiniteScore() {
        assertThatThrownBy(() -> new ShownItem("a", 0, null, null))
                .hasMessage("position is 0, it must be at least 1");
        assertThatThrownBy(() -> new ShownItem("a", 1, Double.NaN, null))
                .hasMessageContaining("score is NaN");
    }
}
