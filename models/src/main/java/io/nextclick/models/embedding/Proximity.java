package io.nextclick.models.embedding;

/**
 * How near points lie to each other, in whatever space. Finite, the larger the nearer; of two that
 * are equally near to a third the one of the lower row counts as nearer.
 */
public interface Proximity {

    /** N: how many points. */
    int size();

    /**
     * How near all points are to one.
     *
     * @param point its row
     * @param proximities filled, N
     */
    void from(int point, float[] proximities);
}
