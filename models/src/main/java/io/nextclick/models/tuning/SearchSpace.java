package io.nextclick.models.tuning;

import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a search may change, and in which ranges: a list of dimensions, each an option of training
 * by the name it has on the command line of {@code train}. Everything else stays as given.
 *
 * <p>Trial 1 changes nothing. The settings of every other trial are drawn at random, each from a
 * generator of its own that is seeded by the search's seed, the trial's number and the dimension's
 * name: trial 17 of a seed is the same whether or not the sixteen before it were run, and taking a
 * dimension out leaves what is drawn for the others as it is. Rates are drawn on a logarithmic
 * scale and rounded to two digits, so that a setting printed is the setting used.
 *
 * <p>Immutable.
 */
public final class SearchSpace {

    private static final MathContext TWO_DIGITS = new MathContext(2, RoundingMode.HALF_EVEN);

    private static final double STEP = 0.05;

    private final List<Dimension<?>> dimensions;

    private SearchSpace(List<Dimension<?>> dimensions) {
        this.dimensions = List.copyOf(dimensions);
    }

    /**
     * One option.
     *
     * @param name as on the command line, without the dashes
     * @param range for a person to read
     */
    private record Dimension<T>(
            String name,
            String range,
            Function<SplittableRandom, T> draw,
            Function<TrainingOptions, T> getter,
            BiConsumer<TrainingOptions.Builder, T> setter) {

        @SuppressWarnings("unchecked") // only values that draw() made come here
        void set(TrainingOptions.Builder builder, Object value) {
            setter.accept(builder, (T) value);
        }
    }

    /**
     * The space of a network.
     *
     * @param given options of trial 1; what has no effect with its loss, its optimiser or, where
     *     the whole catalogue is scored, on sampling isn't searched. Sizes and heads are such that
     *     either may be fixed to what is given
     * @param items V, the size of the catalogue
     */
    public static SearchSpace of(TrainingOptions given, int items) {
        List<Dimension<?>> dimensions = new ArrayList<>();
        List<Integer> sizes =
                Stream.of(64, 96, 128, 192, 256).filter(size -> size % given.heads() == 0).toList();
        if (!sizes.isEmpty()) {
            dimensions.add(
                    choice(
                            "embedding-size",
                            TrainingOptions::embeddingSize,
                            (builder, size) -> builder.embeddingSize(size).hiddenSize(size),
                            sizes));
        }
        dimensions.add(
                steps(
                        "embedding-dropout",
                        0.1,
                        0.6,
                        TrainingOptions::embeddingDropout,
                        TrainingOptions.Builder::embeddingDropout));
        dimensions.add(
                steps(
                        "hidden-dropout",
                        0.1,
                        0.6,
                        TrainingOptions::hiddenDropout,
                        TrainingOptions.Builder::hiddenDropout));
        if (given.network().attends()) {
            blocks(dimensions, given);
        }
        if (given.network() == NetworkKind.BERT4REC) {
            hiding(dimensions);
        }
        schedule(dimensions, given);
        items(dimensions, given);
        loss(dimensions, given, items);
        return new SearchSpace(dimensions);
    }

    /** Which clicks a BERT4Rec has to find. */
    private static void hiding(List<Dimension<?>> dimensions) {
        dimensions.add(
                choice(
                        "mask-share",
                        TrainingOptions::maskShare,
                        TrainingOptions.Builder::maskShare,
                        List.of(0.1, 0.2, 0.3, 0.4, 0.6)));
        dimensions.add(
                choice(
                        "next-share",
                        TrainingOptions::nextShare,
                        TrainingOptions.Builder::nextShare,
                        List.of(0.0, 0.1, 0.25, 0.5, 0.75, 1.0)));
    }

    /** The blocks of a SASRec or BERT4Rec. */
    private static void blocks(List<Dimension<?>> dimensions, TrainingOptions given) {
        dimensions.add(
                choice(
                        "layers",
                        TrainingOptions::layers,
                        TrainingOptions.Builder::layers,
                        List.of(1, 2, 3)));
        dimensions.add(
                choice(
                        "heads",
                        TrainingOptions::heads,
                        TrainingOptions.Builder::heads,
                        Stream.of(1, 2, 4)
                                .filter(heads -> given.embeddingSize() % heads == 0)
                                .toList()));
        dimensions.add(
                choice(
                        "inner-size",
                        TrainingOptions::innerSize,
                        TrainingOptions.Builder::innerSize,
                        List.of(128, 256, 512)));
        dimensions.add(
                choice(
                        "training-length",
                        TrainingOptions::maximumLength,
                        TrainingOptions.Builder::maximumLength,
                        List.of(21, 51)));
    }

    /** How long it trains, and at which rates; the epochs around those given. */
    private static void schedule(List<Dimension<?>> dimensions, TrainingOptions given) {
        dimensions.add(
                choice(
                        "epochs",
                        TrainingOptions::epochs,
                        TrainingOptions.Builder::epochs,
                        Stream.of(2, 3, 4, 6)
                                .map(thirds -> Math.max(1, given.epochs() * thirds / 3))
                                .distinct()
                                .toList()));
        dimensions.add(
                choice(
                        "batch",
                        TrainingOptions::batchPredictions,
                        TrainingOptions.Builder::batchPredictions,
                        List.of(128, 256, 512, 1024)));
        dimensions.add(
                logarithmic(
                        "learning-rate",
                        0.0005,
                        0.008,
                        TrainingOptions::learningRate,
                        TrainingOptions.Builder::learningRate));
    }

    /** How item vectors are learnt. */
    private static void items(List<Dimension<?>> dimensions, TrainingOptions given) {
        boolean adagrad = given.itemOptimizer() == ItemOptimizer.ADAGRAD;
        dimensions.add(
                logarithmic(
                        "item-learning-rate",
                        adagrad ? 0.03 : 0.0005,
                        adagrad ? 0.4 : 0.02,
                        TrainingOptions::itemLearningRate,
                        TrainingOptions.Builder::itemLearningRate));
        if (adagrad) {
            dimensions.add(
                    choice(
                            "momentum",
                            TrainingOptions::momentum,
                            TrainingOptions.Builder::momentum,
                            List.of(0.0, 0.1, 0.2, 0.3, 0.5)));
        }
        dimensions.add(
                choice(
                        "vector-norm",
                        TrainingOptions::vectorNorm,
                        TrainingOptions.Builder::vectorNorm,
                        // A normalised query is some √D long: shorter vectors suit it.
                        given.network().attends()
                                ? List.of(0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
                                : List.of(0.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)));
    }

    /** What shapes the loss and the negatives it takes. Which loss it is, is not searched. */
    private static void loss(List<Dimension<?>> dimensions, TrainingOptions given, int items) {
        switch (given.loss()) {
            case CROSS_ENTROPY ->
                    dimensions.add(
                            choice(
                                    "label-smoothing",
                                    TrainingOptions::labelSmoothing,
                                    TrainingOptions.Builder::labelSmoothing,
                                    List.of(0.0, 0.05, 0.1)));
            case BPR_MAX ->
                    dimensions.add(
                            logarithmic(
                                    "score-regularization",
                                    0.1,
                                    5,
                                    TrainingOptions::scoreRegularization,
                                    TrainingOptions.Builder::scoreRegularization));
            case GBCE ->
                    dimensions.add(
                            steps(
                                    "calibration",
                                    0,
                                    1,
                                    TrainingOptions::calibration,
                                    TrainingOptions.Builder::calibration));
        }
        if (given.loss() == Loss.CROSS_ENTROPY && items <= given.fullSoftmaxUpTo()) {
            return;
        }
        dimensions.add(
                choice(
                        "negatives",
                        TrainingOptions::negatives,
                        TrainingOptions.Builder::negatives,
                        List.of(512, 1024, 1536, 2048, 3072)));
        if (given.loss() != Loss.GBCE) {
            // Its calibration presumes negatives drawn uniformly.
            dimensions.add(
                    choice(
                            "alpha",
                            TrainingOptions::alpha,
                            TrainingOptions.Builder::alpha,
                            List.of(0.25, 0.5, 0.75, 1.0)));
        }
    }

    private static <T> Dimension<T> choice(
            String name,
            Function<TrainingOptions, T> getter,
            BiConsumer<TrainingOptions.Builder, T> setter,
            List<T> choices) {
        return new Dimension<>(
                name,
                "one of "
                        + choices.stream().map(Object::toString).collect(Collectors.joining(", ")),
                random -> choices.get(random.nextInt(choices.size())),
                getter,
                setter);
    }

    private static Dimension<Double> steps(
            String name,
            double least,
            double most,
            Function<TrainingOptions, Double> getter,
            BiConsumer<TrainingOptions.Builder, Double> setter) {
        int count = (int) Math.round((most - least) / STEP);
        BigDecimal first = BigDecimal.valueOf(least);
        BigDecimal width = BigDecimal.valueOf(STEP);
        return new Dimension<>(
                name,
                least + " to " + most + " in steps of " + STEP,
                random ->
                        first.add(width.multiply(BigDecimal.valueOf(random.nextInt(count + 1))))
                                .doubleValue(),
                getter,
                setter);
    }

    private static Dimension<Double> logarithmic(
            String name,
            double least,
            double most,
            Function<TrainingOptions, Double> getter,
            BiConsumer<TrainingOptions.Builder, Double> setter) {
        return new Dimension<>(
                name,
                least + " to " + most + ", logarithmic",
                random ->
                        BigDecimal.valueOf(least * Math.pow(most / least, random.nextDouble()))
                                .round(TWO_DIGITS)
                                .doubleValue(),
                getter,
                setter);
    }

    /**
     * The same without some dimensions, which are then as given in every trial. Names that are none
     * of its dimensions are ignored.
     */
    public SearchSpace without(Set<String> names) {
        return new SearchSpace(
                dimensions.stream()
                        .filter(dimension -> !names.contains(dimension.name()))
                        .toList());
    }

    /** What is searched: each dimension's range, in words, by its name. */
    public Map<String, String> ranges() {
        Map<String, String> ranges = new LinkedHashMap<>();
        dimensions.forEach(dimension -> ranges.put(dimension.name(), dimension.range()));
        return Collections.unmodifiableMap(ranges);
    }

    /**
     * What a trial changes, by name: nothing for trial 1, every dimension for the others.
     *
     * @param trial from 1
     */
    public Map<String, Object> settings(long seed, int trial) {
        if (trial < 1) {
            throw new IllegalArgumentException("trial is " + trial + ", the first is 1");
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        if (trial > 1) {
            for (Dimension<?> dimension : dimensions) {
                SplittableRandom random =
                        new SplittableRandom(seedOf(seed, trial, dimension.name()));
                settings.put(dimension.name(), dimension.draw().apply(random));
            }
        }
        return Collections.unmodifiableMap(settings);
    }

    /** The given options with a trial's settings in their place. */
    public TrainingOptions options(TrainingOptions given, Map<String, Object> settings) {
        TrainingOptions.Builder builder = given.toBuilder();
        for (Dimension<?> dimension : dimensions) {
            Object value = settings.get(dimension.name());
            if (value != null) {
                dimension.set(builder, value);
            }
        }
        return builder.build();
    }

    /** What options say of each dimension, by name. */
    public Map<String, Object> values(TrainingOptions options) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Dimension<?> dimension : dimensions) {
            values.put(dimension.name(), dimension.getter().apply(options));
        }
        return Collections.unmodifiableMap(values);
    }

    private static long seedOf(long seed, int trial, String name) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(ByteBuffer.allocate(12).putLong(seed).putInt(trial).array());
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(Arrays.copyOf(digest.digest(), 8)).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
