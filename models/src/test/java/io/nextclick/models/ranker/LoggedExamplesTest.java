package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.SessionRules;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LoggedExamplesTest {

    private static final LoggedExamples.Reading READING =
            new LoggedExamples.Reading("rating", 4, "genres", "price");

    private static final List<Field> FIELDS =
            Stream.of(
                            "user",
                            "context.age/bins:4",
                            "hour",
                            "weekday",
                            "session-length",
                            "session-dwell",
                            "last-item",
                            "last-categories",
                            "session-lowest-price",
                            "session-highest-price",
                            "item",
                            "category",
                            "price",
                            "available",
                            "attribute.year/bins:4",
                            "popularity",
                            "age")
                    .map(Field::parse)
                    .toList();

    private static LoggedClick rating(
            String user, String item, long seconds, String rating, Map<String, String> more) {
        Map<String, String> attributes = new HashMap<>(more);
        attributes.put("rating", rating);
        return new LoggedClick(null, user, user, item, 1000 * seconds, attributes);
    }

    @Test
    void eachFactIsAsItWasThen() {
        LoggedExamples examples =
                new LoggedExamples(FIELDS, READING, new SessionRules(Duration.ZERO, 2, false));
        Map<String, String> film =
                Map.of("genres", "Drama|War", "price", "3.5", "year", "1997", "age", "24");
        RankingExample first = examples.next(rating("u", "a", 0, "4", film)).orElseThrow();
        assertThat(first.positive()).isTrue();
        assertThat(first.query().sessionLength()).isZero();
        assertThat(first.query().lastItem()).isNull();
        assertThat(first.item().popularity()).isZero();
        assertThat(first.item().ageDays()).isZero();
        assertThat(first.item().categories()).containsExactly("Drama", "War");
        assertThat(first.item().price()).isEqualTo(3.5);
        assertThat(first.item().attributes()).isEqualTo(Map.of("year", "1997"));

        RankingExample second = examples.next(rating("v", "a", 43_200, "3.5", film)).orElseThrow();
        assertThat(second.positive()).isFalse();
        assertThat(second.item().popularity()).isEqualTo(1);
        assertThat(second.item().ageDays()).isEqualTo(0.5);

        examples.next(rating("u", "b", 50_000, "5", Map.of()));
        examples.next(rating("u", "c", 50_001, "5", Map.of()));
        RankingExample last = examples.next(rating("u", "b", 50_011, "1", Map.of())).orElseThrow();
        assertThat(last.query().sessionLength()).isEqualTo(3);
        assertThat(last.query().dwellSeconds()).isEqualTo(10);
        assertThat(last.query().lastItem()).isEqualTo("c");
        // Two items are remembered: the film and its price are not among them.
        assertThat(last.query().lastCategories()).isEmpty();
        assertThat(last.query().lowestPrice()).isNaN();
    }

    @Test
    void duplicatesAreNoExamplesAndPausesEndSessions() {
        LoggedExamples examples = new LoggedExamples(FIELDS, READING, SessionRules.DEFAULT);
        Map<String, String> liked = Map.of("rating", "5");
        assertThat(examples.next(new LoggedClick("e1", "s", null, "a", 0, liked))).isPresent();
        assertThat(examples.next(new LoggedClick("e1", "s", null, "a", 1, liked))).isEmpty();
        assertThat(examples.next(new LoggedClick("e2", "s", null, "b", 2, liked)))
                .get()
                .extracting(example -> example.query().sessionLength())
                .isEqualTo(1);
        assertThat(examples.next(new LoggedClick("e3", "s", null, "b", 3_600_000, liked)))
                .get()
                .extracting(example -> example.query().sessionLength())
                .isEqualTo(0);
    }

    /**
     * Train = serve: an example of the log has the features of the same moment as a job sees it,
     * which remembers sessions, counts clicks and looks items up in its own ways.
     */
    @Test
    void aLoggedExampleHasTheFeaturesThatAreServed() {
        SplittableRandom random = new SplittableRandom(11);
        List<LoggedClick> log = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            int item = random.nextInt(60);
            int user = random.nextInt(40);
            Map<String, String> attributes = new HashMap<>();
            attributes.put("genres", item % 7 == 0 ? "" : "g" + item % 5 + "|g" + item % 3);
            attributes.put("price", item % 4 == 0 ? "unknown" : Integer.toString(item));
            attributes.put("year", Integer.toString(1950 + item));
            attributes.put("age", Integer.toString(20 + user));
            log.add(
                    rating(
                            "u" + user,
                            "i" + item,
                            1_000_000 + i * 977L,
                            Integer.toString(1 + random.nextInt(5)),
                            attributes));
        }
        SessionRules rules = new SessionRules(Duration.ofHours(8), 6, true);
        LoggedExamples reader = new LoggedExamples(FIELDS, READING, rules);
        List<RankingExample> examples = new ArrayList<>();
        log.forEach(click -> reader.next(click).ifPresent(examples::add));
        FeatureSpace space = FeatureSpace.learn(FIELDS, examples);
        RankerLearner learner = new RankerLearner(space, RankerOptions.of(RankerKind.FM));
        examples.forEach(learner::learn);
        learner.endBatch();

        CandidateScorer scorer = learner.ranker().newScorer();
        Map<String, List<String>> sessions = new HashMap<>();
        Map<String, Integer> lengths = new HashMap<>();
        Map<String, Long> lastClicks = new HashMap<>();
        Map<String, Integer> clicks = new HashMap<>();
        Map<String, Long> firstSeen = new HashMap<>();
        Map<String, ItemFacts> catalogue = new HashMap<>();
        ActiveFeatures logged = new ActiveFeatures();
        ActiveFeatures served = new ActiveFeatures();
        for (int i = 0; i < log.size(); i++) {
            LoggedClick click = log.get(i);
            String id = click.itemId();
            long time = click.eventTimeMillis();
            int number = Integer.parseInt(id.substring(1));
            if (time - lastClicks.getOrDefault(click.sessionId(), Long.MIN_VALUE / 2)
                    > Duration.ofHours(8).toMillis()) {
                sessions.put(click.sessionId(), new ArrayList<>());
                lengths.put(click.sessionId(), 0);
            }
            List<String> session = sessions.get(click.sessionId());
            firstSeen.putIfAbsent(id, time);
            catalogue.put(
                    id,
                    new ItemFacts(
                            id,
                            number % 7 == 0
                                    ? List.of()
                                    : List.of("g" + number % 5, "g" + number % 3),
                            number % 4 == 0 ? Double.NaN : number,
                            true,
                            clicks.getOrDefault(id, 0),
                            (time - firstSeen.get(id)) / 86_400_000.0,
                            Map.of("year", Integer.toString(1950 + number))));
            QueryFacts query =
                    QueryFacts.of(
                            click.userId(),
                            Map.of("age", click.attributes().get("age"), "device", "phone"),
                            time,
                            session,
                            lengths.get(click.sessionId()),
                            lastClicks.getOrDefault(click.sessionId(), 0L),
                            catalogue::get);
            RankingExample moment =
                    new RankingExample(query, catalogue.get(id), new float[0], true);
            space.encode(examples.get(i), logged);
            space.encode(moment, served);
            assertThat(served).hasToString(logged.toString());
            if (i % 100 == 0) {
                scorer.ask(query);
                float[] logOdds = new float[1];
                int slot = scorer.prepare(catalogue.get(id));
                scorer.score(new int[] {slot}, new float[0], 1, logOdds);
                assertThat((double) logOdds[0])
                        .isCloseTo(learner.logOdds(examples.get(i)), within(1e-5));
            }
            clicks.merge(id, 1, Integer::sum);
            lastClicks.put(click.sessionId(), time);
            if (session.isEmpty() || !session.get(session.size() - 1).equals(id)) {
                lengths.merge(click.sessionId(), 1, Integer::sum);
                session.add(id);
                if (session.size() > 6) {
                    session.remove(0);
                }
            }
        }
    }

    @Test
    void whatALogCannotSayIsRefused() {
        assertThatThrownBy(
                        () ->
                                new LoggedExamples(
                                        List.of(Field.parse("rank.markov")),
                                        READING,
                                        SessionRules.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rank.markov needs a source");
        assertThatThrownBy(
                        () ->
                                new LoggedExamples(
                                        List.of(Field.parse("context.rating")),
                                        READING,
                                        SessionRules.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("to be learnt");
        LoggedExamples examples = new LoggedExamples(FIELDS, READING, SessionRules.DEFAULT);
        assertThatThrownBy(() -> examples.next(rating("u", "a", 0, "good", Map.of())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("session u on item a has no number");
    }
}
