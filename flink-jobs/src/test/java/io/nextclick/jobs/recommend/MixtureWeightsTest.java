package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.recommend.CandidateSettings.Quotas;
import io.nextclick.jobs.trending.TrendingSettings;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.state.DefaultOperatorStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.junit.jupiter.api.Test;

class MixtureWeightsTest {

    private static final CandidateSettings SETTINGS =
            new CandidateSettings(
                    null,
                    new Quotas(20, 20, 5, 5, 0),
                    new TrendingSettings(Duration.ofHours(1), 100),
                    .5,
                    true,
                    50,
                    0,
                    1,
                    null);

    /** What a job wrote that knew the sequence model and the query tower alone. */
    @Test
    void takesUpWhatWasLearntOfTwoSources() throws Exception {
        try (DefaultOperatorStateBackend store = store()) {
            state(store)
                    .update(
                            List.of(
                                    Tuple3.of(0, 500L, new double[] {.25, .75}),
                                    Tuple3.of(1, 0L, new double[] {.5, .5})));
            MixtureWeights weights = new MixtureWeights(SETTINGS, store);
            weights.open(new UnregisteredMetricsGroup());
            // The tower takes no part here; the model has all of what the new ones leave.
            assertThat(weights.bySource(MixtureWeights.situation(true)))
                    .containsExactly(
                            new double[] {10 / 12.0, 0, 1 / 12.0, 1 / 12.0, 0, 0}, within(1e-12));
            assertThat(weights.bySource(MixtureWeights.situation(false)))
                    .containsExactly(
                            new double[] {10 / 12.0, 0, 1 / 12.0, 1 / 12.0, 0, 0}, within(1e-12));
            weights.snapshot();
            assertThat(state(store).get())
                    .extracting(entry -> entry.f2.length)
                    .containsExactly(6, 6);
        }
    }

    @Test
    void takesTheMeanOfWhatSubtasksHaveLearnt() throws Exception {
        try (DefaultOperatorStateBackend store = store()) {
            state(store)
                    .update(
                            List.of(
                                    Tuple3.of(0, 100L, new double[] {.2, 0, .5, .3, 0, 0}),
                                    Tuple3.of(0, 300L, new double[] {.6, 0, .1, .3, 0, 0}),
                                    Tuple3.of(7, 300L, new double[] {.6, 0, .1, .3, 0, 0})));
            MixtureWeights weights = new MixtureWeights(SETTINGS, store);
            weights.open(new UnregisteredMetricsGroup());
            assertThat(weights.bySource(MixtureWeights.situation(true)))
                    .containsExactly(new double[] {.5, 0, .2, .3, 0, 0}, within(1e-12));
        }
    }

    private static DefaultOperatorStateBackend store() throws Exception {
        return new DefaultOperatorStateBackendBuilder(
                        MixtureWeightsTest.class.getClassLoader(),
                        new ExecutionConfig(),
                        false,
                        List.of(),
                        new CloseableRegistry())
                .build();
    }

    private static ListState<Tuple3<Integer, Long, double[]>> state(
            DefaultOperatorStateBackend store) throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>(
                        "source-weights",
                        Types.TUPLE(
                                Types.INT,
                                Types.LONG,
                                PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO)));
    }
}
