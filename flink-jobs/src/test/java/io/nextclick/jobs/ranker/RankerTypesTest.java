package io.nextclick.jobs.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class RankerTypesTest {

    /** What layout 1 wrote; it must keep reading. */
    private static final String STATE_1 =
            "0772756e" // run
                    + "04010203" // three bytes
                    + "0000000000000009" // lists
                    + "05"
                    + "3ff0000000000000" // 1
                    + "3fe0000000000000" // .5
                    + "0000000000000000"
                    + "4000000000000000" // 2
                    + "bff0000000000000"; // -1

    @Test
    void whatHasBeenLearntKeepsLayout1() throws IOException {
        TypeSerializer<RankerTrainState> serializer =
                RankerTrainStateSerializer.TYPE.createSerializer(null);
        assertThat(serializer).isNotInstanceOf(KryoSerializer.class);
        assertThat(serializer.isImmutableType()).isTrue();
        RankerTrainState state = read(serializer, STATE_1);
        assertThat(state.lineage()).isEqualTo("run");
        assertThat(state.learner()).containsExactly(1, 2, 3);
        assertThat(state.lists()).isEqualTo(9);
        assertThat(state.sums()).containsExactly(1, 0.5, 0, 2, -1);
        assertThat(write(serializer, state)).isEqualTo(STATE_1);

        RankerTrainState before = new RankerTrainState("r", null, 0, new double[ListQuality.SUMS]);
        assertThat(read(serializer, write(serializer, before)).learner()).isNull();
        assertThatThrownBy(() -> read(serializer, STATE_1.replace("05" + "3ff", "06" + "3ff")))
                .isInstanceOf(IOException.class)
                .hasMessage("6 sums, 5 are expected");
    }

    @Test
    void inputsComeThroughBytes() throws IOException {
        TypeSerializer<RankerInput> serializer = RankerInputSerializer.TYPE.createSerializer(null);
        assertThat(serializer).isNotInstanceOf(KryoSerializer.class);
        LabelledImpression labelled =
                new LabelledImpression(
                        new Impression(
                                "v",
                                "s",
                                null,
                                5,
                                null,
                                List.of(new ShownItem("a", 1, null, null)),
                                null,
                                null),
                        List.of(),
                        List.of(new Outcome(2, 3)));
        for (RankerInput input :
                List.of(
                        new RankerInput.Labelled(labelled),
                        new RankerInput.Described(ShownLists.described(7)),
                        new RankerInput.Described(TopicEntry.withdrawal("gone")))) {
            assertThat(read(serializer, write(serializer, input))).isEqualTo(input);
        }
        assertThatThrownBy(() -> read(serializer, "07"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Unknown kind");
    }

    @Test
    void anUnknownLayoutIsRefused() {
        DataInputDeserializer nothing = new DataInputDeserializer(new byte[0]);
        ClassLoader loader = getClass().getClassLoader();
        assertThatThrownBy(
                        () ->
                                new RankerTrainStateSerializer.Snapshot()
                                        .readSnapshot(2, nothing, loader))
                .hasMessageContaining("Unknown version 2 of the byte layout of RankerTrainState");
    }

    private static <T> T read(TypeSerializer<T> serializer, String hex) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(hex));
        T value = serializer.deserialize(in);
        assertThat(in.available()).isZero();
        return value;
    }

    private static <T> String write(TypeSerializer<T> serializer, T value) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(value, out);
        return HexFormat.of().formatHex(out.getCopyOfBuffer());
    }
}
