package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.Fingerprint;
import java.io.IOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What the join keeps of a click.
 *
 * <p>Its bytes, texts and counts as in {@link Bytes}, longs big-endian: item as text, time as long,
 * user as text, number of attributes as a count, name and value of each as texts, event as long.
 *
 * @param itemId the item clicked
 * @param timeMillis when, in milliseconds since the epoch
 * @param userId the visitor; may be null
 * @param context the attributes of the click that models may read, by name
 * @param event {@link Fingerprint} of the event id, {@value #NO_EVENT} if it has none
 */
public record SessionClick(
        String itemId,
        long timeMillis,
        String userId,
        SortedMap<String, String> context,
        long event) {

    /** In place of an event's fingerprint. */
    public static final long NO_EVENT = 0;

    /** Earlier ones first; of those of one moment, so that no order of arrival counts. */
    static final Comparator<SessionClick> ORDER =
            Comparator.comparingLong(SessionClick::timeMillis)
                    .thenComparing(SessionClick::itemId)
                    .thenComparingLong(SessionClick::event);

    private static final SortedMap<String, String> NONE = Collections.emptySortedMap();

    public SessionClick {
        Objects.requireNonNull(itemId, "itemId");
        context =
                context.isEmpty()
                        ? NONE
                        : Collections.unmodifiableSortedMap(new TreeMap<>(context));
    }

    static SessionClick of(ReceivedClick click) {
        return new SessionClick(
                click.itemId(),
                click.eventTimeMillis(),
                click.userId(),
                click.context(),
                click.eventId() == null ? NO_EVENT : Fingerprint.of(click.eventId()));
    }

    /**
     * Whether this is the same click: of the same event or, where neither names one, on the same
     * item at the same moment, which makes no difference to any label.
     */
    boolean repeats(SessionClick other) {
        if (event != NO_EVENT || other.event != NO_EVENT) {
            return event == other.event;
        }
        return timeMillis == other.timeMillis && itemId.equals(other.itemId);
    }

    void write(DataOutputView out) throws IOException {
        Bytes.writeText(itemId, out);
        out.writeLong(timeMillis);
        Bytes.writeText(userId, out);
        Bytes.writeCount(context.size(), out);
        for (Map.Entry<String, String> attribute : context.entrySet()) {
            Bytes.writeText(attribute.getKey(), out);
            Bytes.writeText(attribute.getValue(), out);
        }
        out.writeLong(event);
    }

    static SessionClick read(DataInputView in) throws IOException {
        String itemId = Bytes.readText(in);
        long timeMillis = in.readLong();
        String userId = Bytes.readText(in);
        int attributes = Bytes.readCount(in);
        SortedMap<String, String> context = attributes == 0 ? NONE : new TreeMap<>();
        for (int i = 0; i < attributes; i++) {
            String name = Bytes.readText(in);
            context.put(name, Bytes.readText(in));
        }
        return new SessionClick(itemId, timeMillis, userId, context, in.readLong());
    }
}
