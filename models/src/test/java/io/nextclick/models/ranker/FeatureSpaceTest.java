package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.ranking.CandidateSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureSpaceTest {

    private static final QueryFacts NOBODY =
            QueryFacts.of(null, Map.of(), 0, List.of(), 0, 0, id -> null);

    private static FeatureSpace space(String... fields) {
        return new FeatureSpace(
                Stream.of(fields).map(Field::parse).toList(), new float[fields.length][0]);
    }

    private static List<Integer> indices(FeatureSpace space, QueryFacts query, ItemFacts item) {
        ActiveFeatures features = new ActiveFeatures();
        space.query(query, features);
        space.item(item, features);
        List<Integer> indices = new ArrayList<>();
        for (int at = 0; at < features.size(); at++) {
            indices.add(features.index(at));
        }
        return indices;
    }

    @ParameterizedTest
    @CsvSource({
        "hour, hour/values:24",
        "context.device, context.device/hash:256",
        "attribute.year/bins:8, attribute.year/bins:8",
        "user/values:943, user/values:943",
        "score.two-tower, score.two-tower/bins:16",
        "score.blend/offset:8, score.blend/offset:8",
    })
    void aFieldIsItsText(String text, String whole) {
        Field field = Field.parse(text);
        assertThat(field).hasToString(whole);
        assertThat(Field.parse(whole)).isEqualTo(field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "colour",
                "context",
                "hour.x",
                "hour/bins:1",
                "hour/bins:257",
                "user/hash:0",
                "user/hash:4194305",
                "rank.a/hash:8",
                "rank.a/bins:65",
                "rank.a/offset:8",
                "price/offset:8",
                "score.a/offset:65",
                "category/bins:4",
                "context.two words",
                "user/hash:99999999999",
            })
    void whatIsNoFieldIsRefused(String text) {
        assertThatThrownBy(() -> Field.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aFieldOccursOnce() {
        assertThatThrownBy(() -> space("hour", "hour/values:12"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("hour occurs twice");
    }

    /** What is missing has a feature of its own, the field's first. */
    @Test
    void everyFieldHasAFeatureWhateverIsKnown() {
        FeatureSpace space =
                space("user/hash:4", "session-dwell", "last-categories/hash:2", "price", "item");
        assertThat(space.size()).isEqualTo(5 + 2 + 3 + 2 + 4097);
        assertThat(indices(space, NOBODY, ItemFacts.unknown("x")).subList(0, 4))
                .containsExactly(0, 5, 7, 10);
    }

    /** 2023-11-14 was a Tuesday; the first millisecond of the epoch was Thursday's midnight. */
    @Test
    void timesAreUtc() {
        FeatureSpace space = space("hour", "weekday");
        QueryFacts asked =
                QueryFacts.of(null, Map.of(), 1_700_000_000_000L, List.of(), 0, 0, id -> null);
        assertThat(indices(space, asked, ItemFacts.unknown("x"))).containsExactly(1 + 22, 25 + 2);
        assertThat(indices(space, NOBODY, ItemFacts.unknown("x"))).containsExactly(1, 25 + 1 + 3);
    }

    /** The buckets are part of stored rankers: they never change. */
    @Test
    void textsAreHashedForEver() {
        FeatureSpace space = space("context.device/hash:1000", "item/hash:1000");
        QueryFacts asked =
                QueryFacts.of(null, Map.of("device", "phone"), 0, List.of(), 0, 0, id -> null);
        assertThat(indices(space, asked, ItemFacts.unknown("phone"))).containsExactly(947, 1594);
    }

    /** A score is added as it is, and in its bins; one that is missing is the least there is. */
    @Test
    void anOffsetIsAddedAsItIs() {
        List<RankingExample> examples = new ArrayList<>();
        for (float score : new float[] {-4, -3, -2, -1}) {
            examples.add(
                    new RankingExample(
                            NOBODY, ItemFacts.unknown("x"), new float[] {5, score}, false));
        }
        FeatureSpace space =
                FeatureSpace.learn(
                        List.of(Field.parse("rank.a"), Field.parse("score.a/offset:2")), examples);
        ActiveFeatures features = new ActiveFeatures();
        space.encode(examples.get(0), features);
        assertThat(features.offset()).isEqualTo(-4);
        assertThat(features.index(1)).isEqualTo(space.offset(1) + 1);
        space.encode(examples.get(3), features);
        assertThat(features.offset()).isEqualTo(-1);
        assertThat(features.index(1)).isEqualTo(space.offset(1) + 2);
        float[][] missing = {{5, Float.NaN}, {5, Float.NEGATIVE_INFINITY}, {5, -1e9f}};
        for (float[] pairs : missing) {
            assertThat(space.offset(pairs, 0)).isEqualTo(-20);
        }
        assertThat(space.offset(new float[] {0, 0, 5, -2}, 2)).isEqualTo(-2);
    }

    @Test
    void whatIsUsualReadsEverySource() {
        assertThat(Field.usual().stream().map(Field::name).filter(name -> !name.isEmpty()))
                .containsAll(
                        CandidateSource.labels().stream()
                                .filter(label -> !label.equals(CandidateSource.POPULARITY.label()))
                                .toList())
                .contains(RankingStage.BLEND);
        assertThat(new FeatureSpace(Field.usual(), new float[Field.usual().size()][0]).fields())
                .isEqualTo(Field.usual());
    }

    @Test
    void severalValuesShareAField() {
        FeatureSpace space = space("category/hash:1000", "attribute.colour/hash:1000");
        ItemFacts item =
                new ItemFacts(
                        "x",
                        List.of("a", "b", "a", "c"),
                        Double.NaN,
                        true,
                        Double.NaN,
                        Double.NaN,
                        Map.of("colour", "red|blue"));
        ActiveFeatures features = new ActiveFeatures();
        space.item(item, features);
        assertThat(features.size()).isEqualTo(3 + 2);
        assertThat(features.value(0)).isEqualTo(0.5f);
        assertThat(features.value(1)).isEqualTo(0.25f);
        assertThat(features.value(2)).isEqualTo(0.25f);
        assertThat(features.value(3)).isEqualTo(0.5f);
        assertThat(features.field(3)).isEqualTo(1);
    }

    @Test
    void binsAreQuantiles() {
        List<RankingExample> examples = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            examples.add(
                    new RankingExample(
                            NOBODY,
                            new ItemFacts(
                                    "x", List.of(), i, true, i < 60 ? 0 : 1, Double.NaN, Map.of()),
                            new float[] {i == 7 ? Float.NaN : -i},
                            true));
        }
        FeatureSpace space =
                FeatureSpace.learn(
                        Stream.of(
                                        "price/bins:4",
                                        "popularity/bins:8",
                                        "age/bins:4",
                                        "score.a/bins:2")
                                .map(Field::parse)
                                .toList(),
                        examples);
        assertThat(space.bounds(0)).containsExactly(25, 50, 75);
        // Two values make two bins, none makes one.
        assertThat(space.bounds(1)).containsExactly(1);
        assertThat(space.bounds(2)).isEmpty();
        assertThat(space.bounds(3)).containsExactly(-50);
        assertThat(space.bin(0, -50.5f)).isEqualTo(1);
        assertThat(space.bin(0, -50)).isEqualTo(2);
        assertThat(space.bin(0, Float.NaN)).isZero();
        assertThat(space.bin(0, Float.POSITIVE_INFINITY)).isEqualTo(2);
        ActiveFeatures features = new ActiveFeatures();
        space.encode(examples.get(74), features);
        assertThat(features.index(0)).isEqualTo(3);
        space.encode(examples.get(75), features);
        assertThat(features.index(0)).isEqualTo(4);
        assertThat(FeatureSpace.learn(space.fields(), examples)).isEqualTo(space);
    }

    @Test
    void numbersInTextsAreRead() {
        FeatureSpace space = space("user/values:10", "item/values:10");
        QueryFacts asked = QueryFacts.of("9", Map.of(), 0, List.of(), 0, 0, id -> null);
        assertThat(indices(space, asked, ItemFacts.unknown("3"))).containsExactly(10, 11 + 4);
        asked = QueryFacts.of("10", Map.of(), 0, List.of(), 0, 0, id -> null);
        assertThat(indices(space, asked, ItemFacts.unknown("x"))).containsExactly(0, 11);
    }

    @Test
    void aSessionIsReadOnceForAll() {
        Map<String, ItemFacts> catalogue =
                Map.of(
                        "a", priced("a", 10),
                        "b", priced("b", 2),
                        "c", priced("c", Double.NaN));
        QueryFacts facts =
                QueryFacts.of(
                        "u",
                        Map.of(),
                        10_000,
                        List.of("a", "x", "b", "c", "c", "c", "c"),
                        9,
                        7_500,
                        catalogue::get);
        assertThat(facts.lowestPrice()).isEqualTo(2);
        assertThat(facts.highestPrice()).isEqualTo(10);
        assertThat(facts.lastItem()).isEqualTo("c");
        assertThat(facts.dwellSeconds()).isEqualTo(2.5);
        assertThat(facts.sessionLength()).isEqualTo(9);
        // Of the last five alone.
        assertThat(facts.lastCategories())
                .containsExactlyInAnyOrder("of c", "of c", "of c", "of c", "of b");
        assertThat(NOBODY.dwellSeconds()).isNaN();
    }

    private static ItemFacts priced(String id, double price) {
        return new ItemFacts(
                id, List.of("of " + id), price, true, Double.NaN, Double.NaN, Map.of());
    }
}
