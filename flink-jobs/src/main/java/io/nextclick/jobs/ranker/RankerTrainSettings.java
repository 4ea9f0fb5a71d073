package io.nextclick.jobs.ranker;

import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.session.SessionRules;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How a ranker is trained from a stream, and when it is released. A ranker that is gone on with has
 * its own options and fields, whatever these say.
 *
 * @param options how it learns
 * @param fields of the feature space, as {@link Field#parse} reads them
 * @param binExamples examples by which the bins of numbers are found; nothing is learnt before
 * @param models folder that rankers are written to
 * @param keptModels how many of the last are kept
 * @param startModel folder of a ranker to go on from; null: from nothing
 * @param interval how often what has been learnt is released
 * @param window lists that the figures of quality look back over, about
 * @param leastLists so many lists are judged before the first release
 * @param inactivityGap as {@link SessionRules} has it: rankers must see sessions as they will be
 *     served
 * @param maximumLength likewise
 * @param collapseRepeats likewise
 */
public record RankerTrainSettings(
        RankerOptions options,
        ArrayList<String> fields,
        int binExamples,
        String models,
        int keptModels,
        String startModel,
        Duration interval,
        int window,
        int leastLists,
        Duration inactivityGap,
        int maximumLength,
        boolean collapseRepeats)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    public RankerTrainSettings {
        Objects.requireNonNull(options, "options");
        fields = new ArrayList<>(fields);
        Objects.requireNonNull(models, "models");
        Objects.requireNonNull(interval, "interval");
    }

    List<Field> parsedFields() {
        return fields.stream().map(Field::parse).toList();
    }

    SessionRules sessionRules() {
        return new SessionRules(inactivityGap, maximumLength, collapseRepeats);
    }
}
