package io.nextclick.models.experiment;

import java.util.HashSet;
import java.util.List;

/**
 * What is compared.
 *
 * @param variants their names, no two alike; two or more, the first is the control
 * @param shares what part of all traffic each gets, in the order of the variants; together at most
 *     1, and the rest takes no part
 */
public record ExperimentDesign(List<String> variants, List<Double> shares) {

    public ExperimentDesign {
        variants = List.copyOf(variants);
        shares = List.copyOf(shares);
        if (variants.size() < 2) {
            throw new IllegalArgumentException(
                    "an experiment compares two variants or more, there are " + variants);
        }
        if (new HashSet<>(variants).size() < variants.size()) {
            throw new IllegalArgumentException("variants are named twice in " + variants);
        }
        if (shares.size() != variants.size()) {
            throw new IllegalArgumentException(
                    variants.size() + " variants have " + shares.size() + " shares");
        }
        Assignment.requireShares(array(shares));
    }

    /** Who gets which variant. */
    public Assignment assignment(String salt) {
        return new Assignment(salt, array(shares));
    }

    /**
     * The place of a variant.
     *
     * @return -1 if there is none of this name
     */
    public int indexOf(String variant) {
        return variants.indexOf(variant);
    }

    /** What part of those who take part each variant gets. */
    double[] proportions() {
        double total = shares.stream().mapToDouble(Double::doubleValue).sum();
        return shares.stream().mapToDouble(share -> share / total).toArray();
    }

    private static double[] array(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
