package io.nextclick.models.clicklog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClickLogTest {

    private static final SessionRules RULES = SessionRules.AS_LOGGED;
    private static final String ESHOP_HEADER =
            "year;month;day;order;country;session ID;page 1 (main category);page 2 (clothing"
                    + " model);colour;location;model photography;price;price 2;page\r\n";

    @TempDir Path folder;

    private ClickLog log(ClickLogFormat format, String text) {
        return log(format, text.getBytes(StandardCharsets.UTF_8));
    }

    private ClickLog log(ClickLogFormat format, byte[] bytes) {
        try {
            return ClickLog.of(Files.write(folder.resolve("log"), bytes), format);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] gzipped(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static byte[] zipped(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("folder/"));
            zip.putNextEntry(new ZipEntry("folder/log.csv"));
            zip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void jsonlHasAllFieldsOfAClick() {
        List<LoggedClick> clicks =
                log(
                                ClickLogFormat.JSONL,
                                """
                                {"event_id":"e","session_id":"s","user_id":"u","item_id":"i","event_type":"buy","event_time":1500,"attributes":{"price":12.5,"colour":"red","none":null},"more":[{}]}

                                {"session_id":7,"item_id":8,"event_time":"1970-01-01T00:00:01Z"}
                                """)
                        .clicks();
        assertThat(clicks)
                .containsExactly(
                        new LoggedClick(null, "7", null, "8", 1000, Map.of()),
                        new LoggedClick(
                                "e",
                                "s",
                                "u",
                                "i",
                                "buy",
                                1500,
                                Map.of("price", "12.5", "colour", "red")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "[1]|not a JSON object",
                "{|not a JSON object",
                "{} {}|more than one",
                "{\"item_id\":\"i\",\"event_time\":1}|no session_id",
                "{\"session_id\":\"s\",\"event_time\":1}|no item_id",
                "{\"session_id\":\"s\",\"item_id\":\"i\"}|no event_time",
                "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":1.5}|event_time",
                "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":99999999999999999999}|range",
                "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":\"now\"}|'now'",
                "{\"session_id\":\"s\",\"item_id\":[],\"event_time\":1}|item_id",
                "{\"session_id\":\"s\",\"attributes\":3,\"item_id\":\"i\"}|attributes",
            })
    void whatIsWrongIsSaidWithFileAndLine(String line, String problem) {
        ClickLog log =
                log(
                        ClickLogFormat.JSONL,
                        "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":1}\n"
                                + line
                                + "\n");
        assertThatThrownBy(log::clicks)
                .isInstanceOf(ClickLogException.class)
                .hasMessageContaining("log, line 2: ")
                .hasMessageContaining(problem);
    }

    @Test
    void rsc15ReadsFractionsExactlyAndSortsEachSession() {
        ClickLog log =
                log(
                        ClickLogFormat.RSC15,
                        "SessionId\tItemId\tTime\n3\tb\t1396437466.94\n3\ta\t1396437000\n4\tc\t1.0E3\n");
        assertThat(log.trainingSessions(RULES))
                .containsExactly(
                        new Session("3", 1396437000000L, List.of("a", "b")),
                        new Session("4", 1000000, List.of("c")));
        assertThat(log.clicks())
                .extracting(LoggedClick::eventTimeMillis)
                .containsExactly(1000000L, 1396437000000L, 1396437466940L);
        assertThatThrownBy(() -> log(ClickLogFormat.RSC15, "1\t2\tx\n").clicks())
                .hasMessageContaining("line 1: Time 'x'");
        assertThatThrownBy(() -> log(ClickLogFormat.RSC15, "1\t2\n").clicks())
                .hasMessageContaining("2 tab-separated fields");
    }

    private static String eshop(int day, int order, String session, String item) {
        return "2008;4;%d;%d;29;%s;1;%s;2;5;1;28;2;1\r\n".formatted(day, order, session, item);
    }

    @Test
    void eshopIsReadFromItsZipWithAttributesInWords() throws IOException {
        String text =
                ESHOP_HEADER
                        + eshop(1, 1, "1", "A13")
                        + eshop(1, 2, "1", "A16")
                        + eshop(1, 1, "2", "B4")
                        + eshop(2, 1, "3", "C2");
        ClickLog log = log(ClickLogFormat.ESHOP, zipped(text));
        assertThat(log.trainingSessions(RULES))
                .extracting(Session::items)
                .containsExactly(List.of("A13", "A16"), List.of("B4"), List.of("C2"));
        assertThat(log.clicks().get(0).attributes())
                .containsEntry("category", "trousers")
                .containsEntry("colour", "black")
                .containsEntry("photo", "en face")
                .containsEntry("price", "28")
                .containsEntry("country", "29")
                .hasSize(8);
        assertThat(log.clicks()).isEqualTo(log(ClickLogFormat.ESHOP, gzipped(text)).clicks());
        assertThat(log.clicks()).isEqualTo(log(ClickLogFormat.ESHOP, text).clicks());
    }

    @Test
    void eshopTimesStayOnTheirDateInOrderAndOverlap() {
        StringBuilder text = new StringBuilder(ESHOP_HEADER);
        for (int session = 0; session < 400; session++) {
            for (int order = 1; order <= (session == 399 ? 2000 : 10); order++) {
                text.append(eshop(1, order, "s" + session, "A" + order));
            }
        }
        text.append(eshop(2, 1, "next", "A1"));
        ClickLog log = log(ClickLogFormat.ESHOP, text.toString());
        Instant second = ClickLog.time("2008-04-02");
        List<Session> first = log.until(second).trainingSessions(SessionRules.DEFAULT);
        assertThat(first).hasSize(400);
        assertThat(first.get(399).items()).hasSize(2000);
        assertThat(log.from(second).testSessions(RULES))
                .extracting(Session::id)
                .containsExactly("next");
        assertThat(log.until(second).clicks()).hasSize(399 * 10 + 2000);
        long live =
                first.stream()
                        .filter(
                                session ->
                                        Math.abs(session.startMillis() - first.get(9).startMillis())
                                                < 300_000)
                        .count();
        assertThat(live).isGreaterThan(1);
    }

    @Test
    void eshopRefusesGapsInTheOrderAndUnknownCodes() {
        assertThatThrownBy(
                        () ->
                                log(ClickLogFormat.ESHOP, ESHOP_HEADER + eshop(1, 2, "1", "A"))
                                        .clicks())
                .hasMessageContaining("line 2: order 2 in session 1 where 1 is expected");
        assertThatThrownBy(() -> log(ClickLogFormat.ESHOP, eshop(31, 1, "1", "A")).clicks())
                .hasMessageContaining("line 1: no such date");
        assertThatThrownBy(
                        () ->
                                log(
                                                ClickLogFormat.ESHOP,
                                                eshop(1, 1, "1", "A").replace(";1;A;2", ";9;A;2"))
                                        .clicks())
                .hasMessageContaining("page 1 is 9");
    }

    @Test
    void prefixTargetPredictsOnlyTheTarget() {
        ClickLog log = log(ClickLogFormat.PREFIX_TARGET, "1 2 2\t3\n4\t4\n");
        assertThat(log.testSessions(RULES))
                .containsExactly(
                        new Session("line-1", 1, List.of("1", "2", "2", "3"), 3),
                        new Session("line-2", 2, List.of("4", "4"), 1));
        assertThat(log.testSessions(SessionRules.DEFAULT))
                .containsExactly(new Session("line-1", 1, List.of("1", "2", "3"), 2));
        assertThatThrownBy(() -> log(ClickLogFormat.PREFIX_TARGET, "1 2\n").testSessions(RULES))
                .hasMessageContaining("line 1: not a prefix, one tab and a target");
        assertThatThrownBy(() -> log(ClickLogFormat.PREFIX_TARGET, "1\t2 3\n").testSessions(RULES))
                .hasMessageContaining("the target is not one item");
    }

    @Test
    void userSequencesLeaveTheLastForTestingAndTheOneBeforeForValidation() {
        ClickLog log = log(ClickLogFormat.USER_SEQUENCES, "u 1 2 3 4\nv 5 6\nw 7\n");
        assertThat(log.testSessions(RULES))
                .containsExactly(
                        new Session("u", 1, List.of("1", "2", "3", "4"), 3),
                        new Session("v", 2, List.of("5", "6"), 1));
        assertThat(log.trainingSessions(RULES))
                .containsExactly(
                        new Session("u", 1, List.of("1", "2")), new Session("v", 2, List.of("5")));
        SessionSplit split = log.split(RULES, 0.1);
        assertThat(split.training()).isEqualTo(log.trainingSessions(RULES));
        assertThat(split.validation())
                .containsExactly(new Session("u", 1, List.of("1", "2", "3"), 2));
        assertThatThrownBy(
                        () -> log(ClickLogFormat.USER_SEQUENCES, "u 1\nu 2\n").testSessions(RULES))
                .hasMessageContaining("user u was on line 1 too");
    }

    @Test
    void logsWithoutTimesGetSomeWhenClicksAreAskedFor() {
        ClickLog log = log(ClickLogFormat.SESSIONS, "\ufeff1 2\r\n3\n");
        assertThat(log.trainingSessions(RULES))
                .containsExactly(
                        new Session("line-1", 1, List.of("1", "2")),
                        new Session("line-2", 2, List.of("3")));
        assertThat(log.clicks()).extracting(LoggedClick::itemId).containsExactly("1", "3", "2");
        assertThatThrownBy(() -> log.until(Instant.EPOCH))
                .hasMessageContaining("sessions has no times");
    }

    @Test
    void fromLeavesOutSessionsThatBeganEarlier() {
        ClickLog log =
                log(ClickLogFormat.RSC15, "1\ta\t10\n1\tb\t30\n2\tc\t20\n2\td\t25\n3\te\t40\n");
        assertThat(log.from(Instant.ofEpochSecond(20)).testSessions(RULES))
                .extracting(Session::id)
                .containsExactly("2", "3");
        assertThat(log.until(Instant.ofEpochSecond(25)).trainingSessions(RULES))
                .extracting(Session::items)
                .containsExactly(List.of("a"), List.of("c"));
        assertThat(log.from(Instant.ofEpochSecond(20)).clicks())
                .extracting(LoggedClick::itemId)
                .containsExactly("c", "d", "b", "e");
    }

    @Test
    void unreadableFilesAreNamed() throws IOException {
        assertThatThrownBy(() -> ClickLog.of(folder.resolve("none"), ClickLogFormat.JSONL).clicks())
                .isInstanceOf(ClickLogException.class)
                .hasMessageContaining("none: no such file");
        assertThatThrownBy(() -> ClickLog.of(folder, ClickLogFormat.JSONL).clicks())
                .hasMessageContaining("is a directory");
        byte[] cut = java.util.Arrays.copyOf(gzipped("1 2\n".repeat(1000)), 20);
        assertThatThrownBy(() -> log(ClickLogFormat.SESSIONS, cut).clicks())
                .isInstanceOf(ClickLogException.class);
        assertThatThrownBy(
                        () ->
                                log(ClickLogFormat.SESSIONS, new byte[] {'1', ' ', (byte) 0xff})
                                        .clicks())
                .hasMessageContaining("not UTF-8");
        assertThatThrownBy(
                        () -> log(ClickLogFormat.SESSIONS, gzipped("1".repeat(5 << 20))).clicks())
                .hasMessageContaining("line 1: longer than");
    }

    @Test
    void namesAndTimesOfTheCommandLine() {
        for (ClickLogFormat format : ClickLogFormat.values()) {
            assertThat(ClickLogFormat.named(format.label())).isSameAs(format);
        }
        assertThatThrownBy(() -> ClickLogFormat.named("csv"))
                .hasMessageContaining("prefix-target, user-sequences");
        assertThat(ClickLog.time("2008-08-01")).isEqualTo("2008-08-01T00:00:00Z");
        assertThat(ClickLog.time("2008-08-01T02:00:00+02:00")).isEqualTo("2008-08-01T00:00:00Z");
        assertThat(ClickLog.time("1217548800000")).isEqualTo("2008-08-01T00:00:00Z");
        assertThatThrownBy(() -> ClickLog.time("August")).hasMessageContaining("'August'");
    }
}
