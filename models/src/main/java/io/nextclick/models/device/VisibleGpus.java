package io.nextclick.models.device;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.Platform;
import ai.djl.util.Utils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The GPUs that PyTorch can use in this process. */
final class VisibleGpus {

    private static final String ENGINE = "PyTorch";

    /** Where libtorch is looked for before the one that came along. */
    private static final String LIBRARY_PATH = "PYTORCH_LIBRARY_PATH";

    private static final String VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";

    /** What NVIDIA's driver leaves in a Linux system; the last is that of Windows' own Linux. */
    private static final List<Path> DRIVER =
            List.of(
                    Path.of("/proc/driver/nvidia/version"),
                    Path.of("/dev/nvidiactl"),
                    Path.of("/dev/dxg"));

    /** More than a machine has. */
    private static final int MOST = 64;

    private VisibleGpus() {}

    /** Made when somebody asks, as it loads libtorch. */
    private static final class Counted {

        static final int GPUS;

        /** Why libtorch doesn't load; null if it does. */
        static final String FAILURE;

        static {
            int gpus = 0;
            String failure = null;
            try {
                gpus = probe();
            } catch (EngineException | LinkageError e) {
                Throwable root = e;
                while (root.getCause() != null) {
                    root = root.getCause();
                }
                failure = root.toString();
            }
            GPUS = gpus;
            FAILURE = failure;
        }
    }

    /**
     * Whether it is worth asking PyTorch, which takes a second and much memory to load: without a
     * driver there is nothing to see.
     */
    static boolean mayBeThere() {
        boolean isLinux =
                System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("linux");
        return isLinux ? driver() != null : given(LIBRARY_PATH) != null;
    }

    /** How many there are. */
    static int count() {
        return Counted.GPUS;
    }

    private static int probe() {
        Engine engine = Engine.getEngine(ENGINE);
        if (!JniUtils.getFeatures().contains("CUDA")) {
            return 0;
        }
        int seen = 0;
        while (seen < MOST && works(engine, Device.gpu(seen))) {
            seen++;
        }
        return seen;
    }

    private static boolean works(Engine engine, Device device) {
        try (NDManager manager = engine.newBaseManager(device);
                NDArray zero = manager.create(0f)) {
            return zero.getFloat() == 0;
        } catch (EngineException e) {
            return false;
        }
    }

    /** What was looked for, and what is there. */
    static String describe() {
        Path driver = driver();
        String hidden = System.getenv(VISIBLE_DEVICES);
        return (Counted.FAILURE == null
                        ? "PyTorch "
                                + Engine.getEngine(ENGINE).getVersion()
                                + " sees no GPU; its libtorch is "
                                + flavour()
                                + " at "
                                + LibUtils.getLibtorchPath()
                        : "libtorch, " + flavour() + ", doesn't load: " + Counted.FAILURE)
                + ", "
                + (given(LIBRARY_PATH) == null
                        ? LIBRARY_PATH + " is not set"
                        : LIBRARY_PATH + " is " + given(LIBRARY_PATH))
                + "; "
                + (driver == null
                        ? "there is no NVIDIA driver (none of " + DRIVER + ")"
                        : "an NVIDIA driver is there (" + driver + ")")
                + (hidden == null ? "" : "; " + VISIBLE_DEVICES + " is '" + hidden + "'")
                + ". A GPU needs its driver, and a libtorch for CUDA";
    }

    private static String flavour() {
        String given = given("PYTORCH_FLAVOR");
        if (given(LIBRARY_PATH) != null) {
            return "the one given" + (given == null ? "" : ", said to be " + given);
        }
        String flavour = Platform.detectPlatform("pytorch").getFlavor();
        return "that for '" + flavour + "'";
    }

    /** As DJL looks for it; may be null. */
    private static String given(String name) {
        return Utils.getEnvOrSystemProperty(name);
    }

    /** A trace of the driver; null if there is none. */
    private static Path driver() {
        return DRIVER.stream().filter(Files::exists).findFirst().orElse(null);
    }
}
