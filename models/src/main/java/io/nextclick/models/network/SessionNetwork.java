package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A network that reads the clicks of a session and scores the next one: item vectors go in, an
 * encoder turns each click and those before it into a query, and the query's inner product with
 * each item's output vector, plus the item's bias, scores the item. Only the encoder differs from
 * network to network. The item matrices stay on the Java heap, where training changes the rows it
 * touches; the encoder's parameters are read whole at every step.
 *
 * <p>Shapes: V = items, E = embedding size, H = size of a query, B = sessions in a batch, T =
 * clicks of the longest one, N = queries asked for.
 */
public interface SessionNetwork {

    NetworkKind kind();

    /** V. */
    int items();

    /** The sizes it was made with, by their names in a model's manifest. */
    Map<String, Object> sizes();

    /** How many of a session's last clicks it can read; {@link Integer#MAX_VALUE} if any number. */
    int maximumLength();

    /**
     * Where a query for a click is asked: in that click's own place, the item hidden from the
     * network, which may then see the clicks behind it too; or, false, at the click before it, with
     * nothing behind that seen.
     */
    default boolean hidesTargets() {
        return false;
    }

    /** Input vectors [V, E]; the same object as {@link #outputWeight()} when tied. */
    Parameter embedding();

    /** Output vectors [V, H]. */
    Parameter outputWeight();

    /** One bias per item [V, 1]. */
    Parameter outputBias();

    /** The encoder's parameters, in the order in which {@link #queries} takes them. */
    List<Parameter> encoder();

    /** Whether one item matrix is both input and output. */
    default boolean tied() {
        return embedding() == outputWeight();
    }

    /** Every parameter once. */
    default List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>();
        if (!tied()) {
            all.add(embedding());
        }
        all.addAll(encoder());
        all.add(outputWeight());
        all.add(outputBias());
        return all;
    }

    /**
     * Runs the encoder over a batch of sessions, each from its beginning.
     *
     * @param embedded input vectors of the clicks [B, T, E]; what stands behind a session's end
     *     doesn't matter, nor, if targets are hidden, what stands at the places
     * @param lengths clicks of each session, hidden ones included, [B] of INT64
     * @param places which of the B · T clicks queries are asked for, each once, [N] of INT64; if
     *     targets are hidden, all hidden ones
     * @param encoder the arrays of {@link #encoder()}, those of one row as vectors
     * @param dropout {@link Dropout#NONE} unless gradients will be asked for
     * @return the queries at those clicks [N, H], owned by the manager of {@code embedded}
     */
    NDArray queries(
            NDArray embedded, NDArray lengths, NDArray places, NDList encoder, Dropout dropout);
}
