package io.nextclick.jobs.cli;

import io.nextclick.models.prequential.LearningRanker;
import io.nextclick.models.ranker.Fact;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranking.CandidateSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** What can be varied about a ranker that learns from its own lists. */
enum RankingVariation {
    RANKERS,
    FIELDS,
    OFFSET,
    BEYOND,
    RATE;

    private static final double[] RATES = {0.25, 1, 4};

    /**
     * What is compared; the first is as it was asked for.
     *
     * @param kind of the ranker where it isn't varied
     * @param asked whatever isn't varied
     */
    List<LearningRanker> of(RankerKind kind, LearningRanker.Settings asked) {
        List<LearningRanker> compared = new ArrayList<>();
        compared.add(new LearningRanker("two stages", asked));
        switch (this) {
            case RANKERS ->
                    Arrays.stream(RankerKind.values())
                            .filter(other -> other != kind && other != RankerKind.NEUMF)
                            .forEach(
                                    other ->
                                            compared.add(
                                                    varied(
                                                            other.label(),
                                                            asked,
                                                            RankerOptions.of(other),
                                                            asked.fields())));
            case FIELDS -> {
                compared.add(without("no items", asked, field -> isItem(field.fact())));
                compared.add(
                        without(
                                "scores and ranks alone",
                                asked,
                                field -> field.fact().side() != Fact.Side.PAIR));
                compared.add(without("no ranks", asked, field -> field.fact() == Fact.SOURCE_RANK));
                compared.add(without("no sources", asked, RankingVariation::isSource));
            }
            case OFFSET ->
                    compared.add(
                            varied(
                                    "blend in bins",
                                    asked,
                                    asked.options(),
                                    asked.fields().stream()
                                            .map(RankingVariation::inBins)
                                            .toList()));
            case BEYOND -> {
                for (int beyond : new int[] {0, 5, 20, 60}) {
                    if (beyond != asked.beyond()) {
                        compared.add(
                                new LearningRanker(
                                        beyond + " beyond",
                                        new LearningRanker.Settings(
                                                asked.options(),
                                                asked.fields(),
                                                asked.binExamples(),
                                                beyond)));
                    }
                }
            }
            case RATE -> {
                for (double times : RATES) {
                    for (double linearTimes : RATES) {
                        if (times != 1 || linearTimes != 1) {
                            compared.add(rates(asked, linearTimes, times));
                        }
                    }
                }
            }
        }
        return compared;
    }

    private static boolean isItem(Fact fact) {
        return fact == Fact.ITEM || fact == Fact.LAST_ITEM;
    }

    /** Whether a field is of a source by itself, not of the blend. */
    private static boolean isSource(Field field) {
        return field.fact().side() == Fact.Side.PAIR
                && CandidateSource.labels().contains(field.name());
    }

    private static Field inBins(Field field) {
        return field.encoding() == Field.Encoding.OFFSET
                ? new Field(field.fact(), field.name(), Field.Encoding.BINS, field.size())
                : field;
    }

    private static LearningRanker without(
            String name, LearningRanker.Settings asked, Predicate<Field> left) {
        return varied(
                name,
                asked,
                asked.options(),
                asked.fields().stream().filter(left.negate()).toList());
    }

    private static LearningRanker varied(
            String name, LearningRanker.Settings asked, RankerOptions options, List<Field> fields) {
        return new LearningRanker(
                name,
                new LearningRanker.Settings(options, fields, asked.binExamples(), asked.beyond()));
    }

    private static LearningRanker rates(
            LearningRanker.Settings asked, double linearTimes, double times) {
        RankerOptions options = asked.options();
        RankerOptions changed =
                new RankerOptions(
                        options.kind(),
                        options.factors(),
                        options.hidden(),
                        options.crosses(),
                        options.crossBuckets(),
                        linearTimes * options.linearRate(),
                        times * options.rate(),
                        options.lasso(),
                        options.ridge(),
                        options.batch(),
                        options.negativeRate(),
                        options.seed());
        return varied(
                String.format(
                        Locale.ROOT,
                        "linear %.3g, vectors %.3g",
                        changed.linearRate(),
                        changed.rate()),
                asked,
                changed,
                asked.fields());
    }
}
