package io.nextclick.jobs.impress;

import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.MalformedRecordException;
import java.util.Arrays;
import java.util.Comparator;

/**
 * An impression whose window has not closed. It stays bytes, as it stands in state, until somebody
 * asks what it shows, which is once for most: a session's other records only pass it on.
 */
final class OpenImpression {

    /**
     * Earlier ones first; of those shown at one moment, by id, so that no order of arrival counts.
     */
    static final Comparator<OpenImpression> ORDER =
            Comparator.comparingLong(OpenImpression::shownAtMillis)
                    .thenComparing(open -> open.impression().id());

    private final long id;
    private final long shownAtMillis;
    private final byte[] record;

    /** Of the record, once asked for. */
    private Impression impression;

    /**
     * @param id {@link Fingerprint} of the impression's id
     * @param record the impression in Avro's single-object encoding; never changed
     */
    OpenImpression(long id, long shownAtMillis, byte[] record) {
        this.id = id;
        this.shownAtMillis = shownAtMillis;
        this.record = record;
    }

    static OpenImpression of(Impression impression) {
        OpenImpression open =
                new OpenImpression(
                        Fingerprint.of(impression.id()),
                        impression.shownAtMillis(),
                        ImpressionSerializer.CODEC.encode(impression));
        open.impression = impression;
        return open;
    }

    long id() {
        return id;
    }

    long shownAtMillis() {
        return shownAtMillis;
    }

    byte[] record() {
        return record;
    }

    /**
     * @throws IllegalStateException if its bytes are no impression: no such state was written
     */
    Impression impression() {
        if (impression == null) {
            try {
                impression = ImpressionSerializer.CODEC.decode(record);
            } catch (MalformedRecordException e) {
                throw new IllegalStateException("an impression in state can't be read", e);
            }
        }
        return impression;
    }

    boolean shows(String itemId) {
        for (Impression.ShownItem item : impression().items()) {
            if (item.itemId().equals(itemId)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OpenImpression that
                && id == that.id
                && shownAtMillis == that.shownAtMillis
                && Arrays.equals(record, that.record);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(id);
    }
}
