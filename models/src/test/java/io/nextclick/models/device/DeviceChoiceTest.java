package io.nextclick.models.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {

    @Test
    void withoutAGpuAutoIsTheCpuAndGpuIsRefused() {
        assumeThat(VisibleGpus.count()).as("GPUs of this machine").isZero();
        for (int user = 0; user < 3; user++) {
            assertThat(DeviceChoice.CPU.choose(user)).isEqualTo(ComputeDevice.CPU);
            assertThat(DeviceChoice.AUTO.choose(user)).isEqualTo(ComputeDevice.CPU);
        }
        // Whatever somebody assigns.
        assertThat(DeviceChoice.AUTO.choose(0, List.of(1))).isEqualTo(ComputeDevice.CPU);
        assertThatThrownBy(() -> DeviceChoice.GPU.choose(0))
                .isInstanceOf(NoGpuException.class)
                .hasMessageStartingWith("device gpu: PyTorch 2.")
                .hasMessageContaining("sees no GPU")
                .hasMessageContaining("its libtorch is that for 'cpu'")
                .hasMessageContaining("PYTORCH_LIBRARY_PATH is not set")
                .hasMessageContaining("driver")
                .hasMessageEndingWith("A GPU needs its driver, and a libtorch for CUDA");
    }

    @Test
    void gpusAreDealtOutInTurn() {
        for (DeviceChoice choice : List.of(DeviceChoice.AUTO, DeviceChoice.GPU)) {
            assertThat(choice.choose(0, List.of(), 2)).isEqualTo(ComputeDevice.gpu(0));
            assertThat(choice.choose(1, List.of(), 2)).isEqualTo(ComputeDevice.gpu(1));
            assertThat(choice.choose(2, List.of(), 2)).isEqualTo(ComputeDevice.gpu(0));
        }
        assertThat(DeviceChoice.CPU.choose(0, List.of(), 2)).isEqualTo(ComputeDevice.CPU);
    }

    @Test
    void assignedGpusComeFirst() {
        DeviceChoice choice = DeviceChoice.GPU;
        assertThat(choice.choose(0, List.of(3, 1), 4)).isEqualTo(ComputeDevice.gpu(1));
        assertThat(choice.choose(1, List.of(3, 1), 4)).isEqualTo(ComputeDevice.gpu(3));
        assertThat(choice.choose(2, List.of(3, 1), 4)).isEqualTo(ComputeDevice.gpu(1));
        // The others are hidden from this process, so that the assigned ones are 0 and 1 here.
        assertThat(choice.choose(1, List.of(3, 1), 2)).isEqualTo(ComputeDevice.gpu(1));
        assertThatThrownBy(() -> choice.choose(0, List.of(5), 2))
                .isInstanceOf(NoGpuException.class)
                .hasMessage(
                        "GPU 5 is assigned to this process, and PyTorch sees 2 GPUs, numbered from"
                                + " 0");
    }

    @Test
    void isWrittenAsInOptions() {
        assertThat(DeviceChoice.values())
                .extracting(Object::toString)
                .containsExactly("auto", "cpu", "gpu");
        assertThat(ComputeDevice.CPU).hasToString("cpu");
        assertThat(ComputeDevice.gpu(1)).hasToString("gpu 1");
        assertThatThrownBy(() -> ComputeDevice.gpu(-1)).hasMessage("there is no GPU -1");
        assertThatThrownBy(() -> new ComputeDevice(-2)).hasMessageContaining("gpu is -2");
    }
}
