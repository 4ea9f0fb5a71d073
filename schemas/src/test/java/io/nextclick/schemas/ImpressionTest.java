package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import java.util.Collections;
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
                                        new ShownItem("a", 1, 1.5, "model", SampleRecords.FACTS),
                                        new ShownItem("b", 2, (double) -0.1f, "popularity")),
                                "clicks-3-1742",
                                "größer"));
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
                "{'items':[{'item_id':''}]}; an empty text; /items/0/item_id",
                "{'items':[{'facts':{'blend_score':0,'blend_rank':0}}]}; missing; facts.sources",
                "{'items':[{'facts':{'sources':[],'blend_rank':0}}]}; missing; facts.blend_score",
                "{'items':[{'facts':{'sources':[],'blend_score':0}}]}; missing; facts.blend_rank",
                "{'items':[{'facts':{'sources':[{}]}}]}; missing; facts.sources[].rank",
                "{'items':[{'facts':{'blend_rank':-1}}]}; less than 0; /items/0/facts/blend_rank",
                "{'items':[{'facts':{'popularity':-1}}]}; less than 0; /items/0/facts/popularity",
                "{'items':[{'facts':{'age_days':-1}}]}; less than 0; /items/0/facts/age_days"
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

    @Test
    void factsThatCannotBeAreRefused() {
        List<SourceFacts> tooMany = Collections.nCopies(17, new SourceFacts("model", 0, 1));
        assertThatThrownBy(() -> new RankingFacts(tooMany, 1, 0, null, null))
                .hasMessage("17 sources, more than 16");
        assertThatThrownBy(() -> new RankingFacts(List.of(), -0.5, 0, null, null))
                .hasMessage("blend_score is -0.5, it must be at least 0");
        assertThatThrownBy(() -> new RankingFacts(List.of(), 0, 0, Double.NaN, null))
                .hasMessageContaining("popularity is NaN");
        assertThatThrownBy(() -> new SourceFacts("model", -1, 1))
                .hasMessage("rank is -1, it must be at least 0");
        String sources = "{'source':'m','rank':0,'probability':0},".repeat(17);
        String json = "{'items':[{'facts':{'sources':[" + sources.replaceFirst(",$", "") + "]}}]}";
        assertThatThrownBy(
                        () ->
                                Topics.IMPRESSIONS
                                        .codec(Encoding.AVRO)
                                        .decode(json.replace('\'', '"').getBytes(UTF_8)))
                .hasMessageContaining("17 sources, more than 16");
    }
}
