package io.nextclick.models.ranker;

/**
 * A part of a ranker's log-odds, which are the sum of its terms.
 *
 * <p>For learning, {@link #forward} and {@link #backward} look at all features of one example. For
 * serving, the features are those of a query (q), an item (i) and of pairs of both (p), one a field
 * p; a term whose value is made of single features and of pairs of features splits into
 *
 * <pre>  own(q) + own(i) + (u(q) + Σ_p w(p)) · v(i) + Σ_p (a(q, p) + b(i, p))
 *         + Σ_{p &lt; p'} c(p, p')  </pre>
 *
 * of which everything but the sum itself is worked out once a query, once an item, or once for all.
 * Not for several threads.
 */
abstract class Term {

    /** The term of an example. */
    abstract float forward(ActiveFeatures example);

    /**
     * Adds the gradient of the example last given to {@link #forward} to that of the batch.
     *
     * @param slope the derivative of the loss by the log-odds
     */
    abstract void backward(ActiveFeatures example, float slope);

    /** Length of u and v. */
    int vectorWidth() {
        return 0;
    }

    /**
     * Adds what depends on a query.
     *
     * @param vector u is written here
     * @param at and begins here
     * @param pairs a(q, p) of each feature p of pairs is added here, from 0
     * @return own(q)
     */
    abstract float query(ActiveFeatures query, float[] vector, int at, float[] pairs);

    /** Whether w isn't zero; {@link #pairVector} tells it. */
    boolean hasPairVectors() {
        return false;
    }

    /**
     * w(p).
     *
     * @param feature a feature of pairs, by its number in the space
     * @param vector w is written here
     * @param at and begins here
     */
    void pairVector(int feature, float[] vector, int at) {}

    /** Whether b isn't zero: a table of it is kept with each item. */
    boolean hasItemTable() {
        return false;
    }

    /** Adds what depends on an item: the like of {@link #query}, with v, b and own(i). */
    abstract float item(ActiveFeatures item, float[] vector, int at, float[] pairs);

    /**
     * c(p, p').
     *
     * @param one a feature of pairs, by its number in the space
     * @param other a feature of another field of pairs
     */
    abstract float pair(int oneField, int one, int otherField, int other);
}
