package io.nextclick.jobs.experiment;

import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.RecordLimits;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a variant answers: what it sets, read and checked. What it leaves open is as in the rest of
 * the job's answers.
 *
 * @param name the variant's
 * @param model the name under which its model is released; null: the job's own model answers. Which
 *     clicks make a session is the job's to say, also where this model was trained under other
 *     rules
 * @param blend weights of sources by name; those that aren't named share what is left
 * @param mostPerCategory items of one category in a list, 0 for any number; null: the job's
 * @param relevance weight of relevance against variety, in [{@value #LEAST_RELEVANCE}, 1]; null:
 *     the job's
 * @param ranks whether a ranker puts candidates in order, where the job has one
 */
public record VariantPlan(
        String name,
        String model,
        Map<String, Double> blend,
        Integer mostPerCategory,
        Double relevance,
        boolean ranks) {

    /** The rule that leaves candidates in the order of retrieval, where a job ranks. */
    static final String RANKING = "ranking";

    /** The rule that stands for the option {@code nextclick.rerank.most-per-category}. */
    static final String MOST_PER_CATEGORY = "most-per-category";

    /** The rule that stands for the option {@code nextclick.rerank.relevance}. */
    static final String RELEVANCE = "relevance";

    /** The source of candidates that a sequence model is. */
    private static final String FROM_MODEL = "model";

    private static final List<String> RULES = List.of(MOST_PER_CATEGORY, RELEVANCE, RANKING);

    private static final double LEAST_RELEVANCE = 0.01;

    public VariantPlan {
        blend = Map.copyOf(blend);
    }

    /**
     * Reads what a variant sets.
     *
     * @param means what the job has
     * @throws IllegalArgumentException if it sets what the job hasn't, or a value out of bounds;
     *     says which
     */
    static VariantPlan of(Variant variant, AnsweringMeans means) {
        Reader reader = new Reader(variant, means);
        reader.requireModels();
        reader.requireKnownSources();
        reader.requireKnownRules();
        return new VariantPlan(
                variant.name(),
                variant.model(),
                variant.blend(),
                reader.mostPerCategory(),
                reader.relevance(),
                reader.ranks());
    }

    /** Whether its lists are blended with weights of its own. */
    public boolean weighs() {
        return !blend.isEmpty();
    }

    /** Whether its lists are put in order by rules of its own. */
    public boolean orders() {
        return mostPerCategory != null || relevance != null;
    }

    /**
     * The weights of its blend: those that it sets, and for the other sources what is left of 1, in
     * proportion to what the job gives them. The weights add up to 1.
     *
     * @param sources names of the sources
     * @param jobs the weight that the job gives each, at least 0
     */
    public double[] weights(List<String> sources, double[] jobs) {
        double given = 0;
        double others = 0;
        for (int source = 0; source < jobs.length; source++) {
            Double weight = blend.get(sources.get(source));
            given += weight == null ? 0 : weight;
            others += weight == null ? jobs[source] : 0;
        }
        double left = others > 0 ? Math.max(0, 1 - given) : 0;
        double total = given + left;
        if (!(total > 0)) {
            return jobs.clone();
        }
        double[] weights = new double[jobs.length];
        for (int source = 0; source < jobs.length; source++) {
            Double weight = blend.get(sources.get(source));
            double own = weight != null ? weight : left > 0 ? left * jobs[source] / others : 0;
            weights[source] = own / total;
        }
        return weights;
    }

    private record Reader(Variant variant, AnsweringMeans means) {

        void requireModels() {
            if (variant.model() == null) {
                return;
            }
            if (!means.models()) {
                throw refusal(
                        "names the model " + variant.model() + ", this job follows no releases");
            }
            if (!means.sources().isEmpty() && !means.sources().contains(FROM_MODEL)) {
                throw refusal(
                        "names the model "
                                + variant.model()
                                + ", this job blends "
                                + new TreeSet<>(means.sources())
                                + ", no model among them");
            }
        }

        void requireKnownSources() {
            for (String source : new TreeSet<>(variant.blend().keySet())) {
                if (!means.sources().contains(source)) {
                    throw refusal(
                            "weighs the source "
                                    + source
                                    + ", this job blends "
                                    + new TreeSet<>(means.sources()));
                }
            }
            if (variant.blend().isEmpty()) {
                return;
            }
            if (means.sources().size() == 1) {
                throw refusal("weighs the only source there is, which changes nothing");
            }
            if (variant.blend().keySet().containsAll(means.sources())
                    && variant.blend().values().stream().allMatch(weight -> weight == 0)) {
                throw refusal("gives every source the weight 0");
            }
        }

        void requireKnownRules() {
            new TreeMap<>(variant.rules())
                    .forEach(
                            (rule, value) -> {
                                switch (rule) {
                                    case MOST_PER_CATEGORY -> require(means.catalog(), rule);
                                    case RELEVANCE -> require(means.vectors(), rule);
                                    case RANKING -> require(means.ranker(), rule);
                                    default ->
                                            throw refusal(
                                                    "sets the rule "
                                                            + rule
                                                            + ", there are "
                                                            + String.join(", ", RULES));
                                }
                            });
        }

        private void require(boolean isThere, String rule) {
            if (!isThere) {
                throw refusal(
                        "sets the rule "
                                + rule
                                + ", this job has "
                                + switch (rule) {
                                    case MOST_PER_CATEGORY -> "no catalogue";
                                    case RELEVANCE -> "no vectors of items";
                                    default -> "no ranker";
                                });
            }
        }

        boolean ranks() {
            String text = variant.rules().getOrDefault(RANKING, "true").strip();
            if (!text.equals("true") && !text.equals("false")) {
                throw refusal(RANKING + " is '" + text + "', it must be true or false");
            }
            return text.equals("true");
        }

        Integer mostPerCategory() {
            int most = RecordLimits.DEFAULT.listElements();
            Double value = number(MOST_PER_CATEGORY, 0, most);
            if (value != null && value != Math.rint(value)) {
                throw refusal(MOST_PER_CATEGORY + " is " + value + ", it must be a whole number");
            }
            return value == null ? null : value.intValue();
        }

        Double relevance() {
            return number(RELEVANCE, LEAST_RELEVANCE, 1);
        }

        /** Null if the variant doesn't set the rule. */
        private Double number(String rule, double least, double most) {
            String text = variant.rules().get(rule);
            if (text == null) {
                return null;
            }
            double value;
            try {
                value = Double.parseDouble(text.strip());
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        problem(rule + " is '" + text + "', which is no number"), e);
            }
            // Written so that NaN is refused.
            if (!(value >= least && value <= most)) {
                throw refusal(
                        rule + " is " + text + ", it must be in [" + least + ", " + most + "]");
            }
            return value;
        }

        private IllegalArgumentException refusal(String problem) {
            return new IllegalArgumentException(problem(problem));
        }

        private String problem(String problem) {
            return "variant " + variant.name() + ": " + problem;
        }
    }
}
