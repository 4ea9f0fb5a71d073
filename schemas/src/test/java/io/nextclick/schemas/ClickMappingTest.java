package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClickMappingTest {

    private static final ClickMapping SHOP =
            ClickMapping.parse(
                    "session_id=/visit/id, item_id=/products/1/sku, event_time=/ts,"
                            + " user_id=/visit/user/id, event_type=/type, event_id=/uuid,"
                            + " attributes.page=/page~1number, attributes.visit=/visit/id");

    private static Click decode(ClickMapping mapping, String json) throws MalformedRecordException {
        return mapping.codec(Encoding.AVRO).decode(json.getBytes(UTF_8));
    }

    @Test
    void aForeignEventIsReadAsItIs() throws Exception {
        String event =
                """
                {"uuid": "e-1", "type": "view", "noise": [[{"visit": {"id": "no"}}]],
                 "visit": {"user": {"id": 77, "name": "Zoë"}, "id": "v-9"},
                 "products": [{"sku": "a"}, {"price": 1, "sku": 4711}, {"sku": "c"}],
                 "page/number": 3, "ts": 1207045230.1234}
                """;
        assertThat(decode(SHOP, event))
                .isEqualTo(
                        new Click(
                                "e-1",
                                "v-9",
                                "77",
                                "4711",
                                "view",
                                1_207_045_230_123L,
                                Map.of("page", "3", "visit", "v-9")));
    }

    @Test
    void avroOfTheContractIsReadBesideIt() throws Exception {
        Codec<Click> codec = SHOP.codec(Encoding.AVRO);
        assertThat(codec.decode(codec.encode(SampleRecords.FULL_CLICK)))
                .isEqualTo(SampleRecords.FULL_CLICK);
    }

    @ParameterizedTest
    @CsvSource({
        "auto, 1207045230, 1207045230000",
        "auto, 1207045230.5, 1207045230500",
        "auto, 1207045230123, 1207045230123",
        "auto, '\"1207045230\"', 1207045230000",
        "auto, '\"1207045230.25\"', 1207045230250",
        "auto, '\"2008-04-01T10:20:30Z\"', 1207045230000",
        "auto, '\"2008-04-01 10:20:30.1234567\"', 1207045230123",
        "auto, '\"2008-04-01T12:20:30.5+0200\"', 1207045230500",
        "auto, '\"2008-04-01T08:20-02\"', 1207045200000",
        "epoch-seconds, 0.0015, 2",
        "epoch-seconds, 1207045230, 1207045230000",
        "epoch-millis, 1207045230, 1207045230",
        "epoch-millis, 1207045230123.9, 1207045230123",
        "epoch-millis, '\"5\"', 5",
        "iso-8601, '\"1970-01-01T00:00:00.001Z\"', 1"
    })
    void timesAreReadInEachForm(String format, String value, long millis) throws Exception {
        ClickMapping mapping =
                ClickMapping.parse("session_id=/s,item_id=/i,event_time=/t,time_format=" + format);
        assertThat(decode(mapping, "{\"s\":\"s\",\"i\":\"i\",\"t\":" + value + "}"))
                .extracting(Click::eventTimeMillis)
                .isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource({
        "iso-8601, 5, a whole number where an ISO-8601",
        "iso-8601, '\"5\"', is not a time",
        "epoch-seconds, '\"2008-04-01T10:20:30Z\"', is not a time",
        "epoch-seconds, 9223372036854775807, not between",
        "epoch-seconds, -9223372036854775808, not between",
        "epoch-seconds, 1e308, not between",
        "auto, -5, not between",
        "auto, '\"\"', is not a time",
        "auto, '\"99999999999999999999\"', is not a time",
        "auto, '\"2008-13-01T10:20:30Z\"', is not a time",
        "auto, [], an array where a time"
    })
    void timesThatAreNoneAreRejected(String format, String value, String what) {
        ClickMapping mapping =
                ClickMapping.parse("session_id=/s,item_id=/i,event_time=/t,time_format=" + format);
        assertThatThrownBy(() -> decode(mapping, "{\"s\":\"s\",\"i\":\"i\",\"t\":" + value + "}"))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(what)
                .hasMessageContaining("/t");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"ts\":5,\"products\":[0,{\"sku\":1}]} | nothing | session_id",
                "{\"ts\":5,\"visit\":{\"id\":\"v\"}} | nothing | item_id",
                "{\"visit\":{\"id\":\"v\"},\"products\":[0,{\"sku\":1}]} | nothing | event_time",
                "{\"visit\":{\"id\":\"\"},\"ts\":5,\"products\":[0,{\"sku\":1}]} | empty"
                        + " | session_id",
                "{\"visit\":{\"id\":[1]}} | an array where a text | /visit/id",
                "{\"visit\":{\"id\":true}} | a boolean where an id | /visit/id",
                "{\"visit\":{\"id\":1,\"id\":2}} | twice | /visit/id",
                "{\"ts\":1,\"ts\":2} | twice | /ts"
            })
    void eventsThatLackAFieldAreRejected(String json, String what, String where) {
        assertThatThrownBy(() -> decode(SHOP, json))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(what)
                .hasMessageContaining(where);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "session_id=/s,item_id=/i | needs event_time",
                "session_id=s,item_id=/i,event_time=/t | must be a JSON pointer",
                "session_id | needs name=value",
                "sessionid=/s | no 'sessionid'",
                "session_id=/s,session_id=/t | twice",
                "session_id=/s,item_id=/i,event_time=/t,time_format=days | but is 'days'",
                "{\"session_id\":[]} | click mapping: "
            })
    void aMappingThatCannotWorkIsRefused(String text, String what) {
        assertThatThrownBy(() -> ClickMapping.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(what);
    }

    @Test
    void mappingsComeBackFromEachForm() throws Exception {
        assertThat(ClickMapping.of(SHOP.entries())).isEqualTo(SHOP);
        ClickMapping json =
                ClickMapping.parse(
                        "{\"session_id\":\"/a,b\",\"item_id\":\"/i\",\"event_time\":\"/t\"}");
        assertThat(decode(json, "{\"a,b\":\"s\",\"i\":\"i\",\"t\":1}").sessionId()).isEqualTo("s");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(SHOP);
        }
        try (ObjectInputStream in =
                new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(in.readObject()).isEqualTo(SHOP);
        }
    }
}
