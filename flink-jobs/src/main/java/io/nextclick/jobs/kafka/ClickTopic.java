package io.nextclick.jobs.kafka;

import io.nextclick.jobs.JobOptions.StartOffsets;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.WriterSchemas;
import java.time.Duration;
import java.util.List;

/**
 * Where clicks come from and how they are read.
 *
 * @param topic topic of clicks
 * @param groupId consumer group
 * @param start where reading begins without a savepoint
 * @param bounded whether to stop at the offsets that are the latest at the start
 * @param maxRecordBytes longer clicks are rejected unread
 * @param mapping where a foreign JSON event holds a click's fields; null for our own formats
 * @param futureTolerance how far an event time may lie after the record's timestamp; zero: as far
 *     as it likes
 * @param contextAttributes names of the click's attributes that go along with it
 * @param writers schemas of publishers that this build doesn't know by itself
 */
public record ClickTopic(
        String topic,
        String groupId,
        StartOffsets start,
        boolean bounded,
        int maxRecordBytes,
        ClickMapping mapping,
        Duration futureTolerance,
        List<String> contextAttributes,
        WriterSchemas writers) {

    public ClickTopic {
        contextAttributes = List.copyOf(contextAttributes);
    }
}
