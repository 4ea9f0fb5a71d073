package io.nextclick.models.serving;

/**
 * One step of a gated recurrent unit for a bundle of sessions: torch's variant, where the reset
 * gate applies after the matrix product,
 *
 * <pre>
 * r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
 * z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
 * n  = tanh(W_in x + b_in + r · (W_hn h + b_hn))
 * h' = n + z · (h − n)
 * </pre>
 *
 * <p>A cell belongs to one thread; cells of one model share its weights.
 */
interface GruCell {

    /** Advances B states of H floats in place, each by the item of its row. */
    void advance(int[] itemRows, float[][] states, int count);

    /** One line for a person: how the arithmetic is done. */
    String describe();
}
