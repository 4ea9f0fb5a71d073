package io.nextclick.models.clicklog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MovieLensTest {

    private static final String ML_100K = "1\t2\t3\t881250949\n4\t2\t5\t881250948\n";
    private static final String ML_100K_ITEM =
            "2|Misérables, Les (1995)|01-Jan-1995||http://x|0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0\n";
    private static final String ML_100K_USER = "1|24|M|technician|85711\n4|24|F|other|01002\n";

    @TempDir Path folder;

    private Path write(String name, String text, Charset charset) throws IOException {
        return Files.write(folder.resolve(name), text.getBytes(charset));
    }

    private Path write(String name, String text) throws IOException {
        return write(name, text, StandardCharsets.UTF_8);
    }

    private static List<LoggedClick> read(Path path) {
        return ClickLog.of(path, ClickLogFormat.MOVIELENS).clicks();
    }

    @Test
    void the100kReleaseIsReadFromItsFolder() throws IOException {
        write("u.data", ML_100K);
        write("u.item", ML_100K_ITEM, StandardCharsets.ISO_8859_1);
        write("u.user", ML_100K_USER);
        write("u1.base", "not looked at");

        List<LoggedClick> clicks = read(folder);

        assertThat(clicks).extracting(LoggedClick::userId).containsExactly("4", "1");
        LoggedClick click = clicks.get(1);
        assertThat(click.sessionId()).isEqualTo("1");
        assertThat(click.itemId()).isEqualTo("2");
        assertThat(click.eventTimeMillis()).isEqualTo(881_250_949_000L);
        assertThat(click.attributes())
                .containsExactly(
                        entry("rating", "3"),
                        entry("title", "Misérables, Les"),
                        entry("year", "1995"),
                        entry("genres", "Drama|Musical"),
                        entry("age", "24"),
                        entry("gender", "M"),
                        entry("occupation", "technician"),
                        entry("zip", "85711"));
    }

    @Test
    void the1mReleaseIsReadFromItsZip() throws IOException {
        Path zip = folder.resolve("ml-1m.zip");
        Map<String, String> entries = new TreeMap<>();
        entries.put("ml-1m/ratings.dat", "1::1193::5::978300760\n");
        entries.put("ml-1m/movies.dat", "1193::Cité, La (1975)::Drama|War\n");
        entries.put("ml-1m/users.dat", "1::F::1::10::48067\n");
        entries.put("ml-1m/README", "this and that");
        try (OutputStream out = Files.newOutputStream(zip);
                ZipOutputStream packed = new ZipOutputStream(out)) {
            packed.putNextEntry(new ZipEntry("ml-1m/"));
            for (Map.Entry<String, String> file : entries.entrySet()) {
                packed.putNextEntry(new ZipEntry(file.getKey()));
                packed.write(file.getValue().getBytes(StandardCharsets.ISO_8859_1));
            }
        }

        assertThat(read(zip)).hasSize(1);
        assertThat(read(zip).get(0).attributes())
                .containsEntry("rating", "5")
                .containsEntry("title", "Cité, La")
                .containsEntry("genres", "Drama|War")
                .containsEntry("gender", "F")
                .containsEntry("occupation", "K-12 student")
                .containsEntry("zip", "48067");
    }

    @Test
    void the25mReleaseIsReadFromTheFileOfRatings() throws IOException {
        Path ratings =
                write(
                        "ratings.csv",
                        "userId,movieId,rating,timestamp\n1,11,4.5,1147880044\n1,12,2,7\n");
        write(
                "movies.csv",
                """
                movieId,title,genres
                11,"American President, ""The"" (1995)",Comedy|Drama
                12,Untitled,(no genres listed)
                """);

        List<LoggedClick> clicks = read(ratings);

        assertThat(clicks.get(1).attributes())
                .containsExactly(
                        entry("rating", "4.5"),
                        entry("title", "American President, \"The\""),
                        entry("year", "1995"),
                        entry("genres", "Comedy|Drama"));
        assertThat(clicks.get(0).attributes())
                .containsExactly(entry("rating", "2"), entry("title", "Untitled"));
    }

    @Test
    void typedHeadersNameTheColumnsInAnyOrder() throws IOException {
        try (OutputStream out =
                new GZIPOutputStream(Files.newOutputStream(folder.resolve("ml.inter.gz")))) {
            out.write(
                    """
                    item_id:token\tuser_id:token\ttimestamp:float\trating:float
                    2\t1\t881250949.5\t3.0
                    """
                            .getBytes(StandardCharsets.UTF_8));
        }
        write(
                "ml.item",
                """
                item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
                2\tToy Story\t1995\tAnimation Children's Comedy
                """);
        write("ml.user", "user_id:token\tzip_code:token\tmood:token\n1\t85711\tgay\n");

        List<LoggedClick> clicks = read(folder);

        assertThat(clicks.get(0).userId()).isEqualTo("1");
        assertThat(clicks.get(0).eventTimeMillis()).isEqualTo(881_250_949_500L);
        assertThat(clicks.get(0).attributes())
                .containsExactly(
                        entry("rating", "3.0"),
                        entry("title", "Toy Story"),
                        entry("year", "1995"),
                        entry("genres", "Animation|Children's|Comedy"),
                        entry("zip", "85711"),
                        entry("mood", "gay"));
    }

    @Test
    void whatIsMissingBesideTheRatingsIsNotNeeded() throws IOException {
        assertThat(read(write("u.data", ML_100K)).get(0).attributes())
                .containsExactly(entry("rating", "5"));
    }

    @Test
    void whatIsWrongIsSaidWithFileAndLine() throws IOException {
        Path ratings = write("u.data", "1\t2\t3\t881250949\n1\t2\tthree\t881250949\n");
        assertThatThrownBy(() -> read(ratings))
                .isInstanceOf(ClickLogException.class)
                .hasMessageContaining("u.data, line 2: rating 'three' is not a number");
        write("u.data", "1\t2\t3\n");
        assertThatThrownBy(() -> read(ratings))
                .hasMessageContaining("line 1: 3 fields where user, item, rating and time are");
        write("u.data", "1;2;3;4\n");
        assertThatThrownBy(() -> read(ratings)).hasMessageContaining("not ratings of MovieLens");
        write("u.data", ML_100K);
        write("u.user", ML_100K_USER + "1|99|M|writer|0\n");
        assertThatThrownBy(() -> read(ratings))
                .hasMessageContaining("u.user, line 3: '1' has been described before");
        write("ratings.dat", "1::1193::5::978300760\n");
        assertThatThrownBy(() -> read(folder)).hasMessageContaining("holds [ratings.dat, u.data]");
        assertThatThrownBy(() -> read(folder.resolve("nowhere")))
                .hasMessageContaining("no such file");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> read(empty)).hasMessageContaining("holds no ratings");
    }

    @Test
    void sessionModelsLeaveEachUsersLastItemOut() throws IOException {
        write("u.data", "1\t30\t5\t3\n1\t10\t5\t1\n1\t20\t5\t2\n2\t10\t5\t9\n");
        ClickLog log = ClickLog.of(folder, ClickLogFormat.MOVIELENS);
        SessionRules rules = SessionRules.AS_LOGGED;

        assertThat(log.leavesLastOut()).isTrue();
        assertThat(log.trainingSessions(rules))
                .extracting(Session::items)
                .containsExactly(List.of("10"));
        assertThat(log.testSessions(rules))
                .extracting(Session::items)
                .containsExactly(List.of("10", "20", "30"));
        assertThat(log.testSessions(rules).get(0).firstTarget()).isEqualTo(2);
        ClickLog early = log.until(Instant.ofEpochSecond(3));
        assertThat(early.leavesLastOut()).isFalse();
        assertThat(early.trainingSessions(rules))
                .extracting(Session::items)
                .containsExactly(List.of("10", "20"));
    }
}
