package io.nextclick.models.serving;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out once per JVM which {@link DenseKernel} can run. */
final class KernelChoice {

    private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String VECTOR_KERNEL = "io.nextclick.models.serving.simd.VectorKernel";

    static final DenseKernel PLAIN = new PlainKernel();
    static final DenseKernel FASTEST = fastest();

    private KernelChoice() {}

    private static DenseKernel fastest() {
        if (!Boolean.parseBoolean(System.getProperty("nextclick.vector", "true"))) {
            return PLAIN;
        }
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
            LOG.warn(
                    "Item search runs in plain Java, several times slower: start the JVM with"
                            + " --add-modules {}",
                    VECTOR_MODULE);
            return PLAIN;
        }
        try {
            return Class.forName(VECTOR_KERNEL)
                    .asSubclass(DenseKernel.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
            // The module's interface may change from one JDK to the next while it incubates.
            LOG.warn("Item search runs in plain Java: {} does not load", VECTOR_KERNEL, e);
            return PLAIN;
        }
    }
}
