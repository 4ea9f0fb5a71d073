package io.nextclick.jobs.impress;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.models.ranker.NegativeSampling;
import io.nextclick.schemas.Impression;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: the impression as {@link ImpressionSerializer} has it; the number of clicks before it
 * as a count, then each {@link SessionClick}; the number of its clicked items as a count, then for
 * each its place among the items as a count, clicked after and dwell as longs; the rate of its
 * sampling as a double.
 */
public final class LabelledImpressionSerializer extends ImmutableSerializer<LabelledImpression> {

    /** Flink's name for {@link LabelledImpression}. */
    public static final TypeInformation<LabelledImpression> TYPE =
            new OwnType<>(LabelledImpression.class, new LabelledImpressionSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    private final ImpressionSerializer impressions = new ImpressionSerializer();

    public LabelledImpressionSerializer() {
        super(LabelledImpression.class);
    }

    @Override
    public void serialize(LabelledImpression labelled, DataOutputView out) throws IOException {
        impressions.serialize(labelled.impression(), out);
        Bytes.writeCount(labelled.before().size(), out);
        for (SessionClick click : labelled.before()) {
            click.write(out);
        }
        List<Outcome> outcomes = labelled.outcomes();
        Bytes.writeCount((int) outcomes.stream().filter(Outcome::clicked).count(), out);
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            if (outcome.clicked()) {
                Bytes.writeCount(i, out);
                out.writeLong(outcome.clickedAfterMillis());
                out.writeLong(outcome.dwellMillis());
            }
        }
        out.writeDouble(labelled.sampling().rate());
    }

    @Override
    public LabelledImpression deserialize(DataInputView in) throws IOException {
        Impression impression = impressions.deserialize(in);
        List<SessionClick> before = new ArrayList<>();
        for (int i = Bytes.readCount(in); i > 0; i--) {
            before.add(SessionClick.read(in));
        }
        List<Outcome> outcomes =
                new ArrayList<>(
                        Collections.nCopies(impression.items().size(), Outcome.NOT_CLICKED));
        int clicked = Bytes.readCount(in);
        for (int i = 0; i < clicked; i++) {
            int place = Bytes.readCount(in);
            long clickedAfter = in.readLong();
            outcomes.set(place, new Outcome(clickedAfter, in.readLong()));
        }
        NegativeSampling sampling = new NegativeSampling(in.readDouble());
        return new LabelledImpression(impression, before, outcomes, sampling);
    }

    @Override
    public TypeSerializerSnapshot<LabelledImpression> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<LabelledImpression> {

        public Snapshot() {
            super(LabelledImpression.class, VERSION, version -> new LabelledImpressionSerializer());
        }
    }
}
