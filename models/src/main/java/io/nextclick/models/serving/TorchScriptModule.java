package io.nextclick.models.serving;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A session encoder that was trained and exported by PyTorch, in libtorch's memory: owns it. Safe
 * for use by several threads, as long as its {@code forward} writes no attribute of its own.
 *
 * <p>Shapes: V = items, B = sessions, T = columns, d = dimension. {@code forward(items, lengths)}
 * takes
 *
 * <ul>
 *   <li>{@code items} [B, T] int64, the session's items from column 0 on, oldest first: the item of
 *       row n of the catalogue is n + 1, in [1, V]; 0 fills up <em>behind</em> the last one;
 *   <li>{@code lengths} [B] int64, how many items each session has, in [1, T];
 * </ul>
 *
 * and returns one tensor, [B, d] float32: for each session the vector whose inner product with an
 * item's vector, plus that item's bias, is its score as the next item. A session's vector depends
 * on its own items only: neither on T nor on the other sessions. B and T differ from call to call.
 *
 * <p><b>Trust.</b> A module is a program. libtorch interprets it in this process with this
 * process's rights, and its operators can read and write files; no sandbox is between. The digests
 * of a model folder tell that a module is the one that was imported, not that it means well: import
 * modules only from those whose code would be run too.
 *
 * <p>libtorch's graph optimiser is switched off: it would compile the graph anew, for tens of
 * milliseconds, at the first calls of every thread and whenever a shape surprises it, and it makes
 * none of the networks tried here faster.
 */
final class TorchScriptModule implements AutoCloseable {

    /** Code and whatever else is packed in an archive, unpacked, in bytes. */
    private static final long LARGEST_CODE_BYTES = 64 << 20;

    /** Names below one another, none of which climbs. */
    private static final Pattern ENTRY =
            Pattern.compile(
                    "(?!\\.{1,2}/)[^/\\\\\\p{Cntrl}]+(/(?!\\.{1,2}(/|$))[^/\\\\\\p{Cntrl}]+)*/?");

    private final ComputeDevice device;
    private final PtNDManager manager;
    private final PtSymbolBlock block;

    /**
     * Parses an archive, whose digest has to be verified by now.
     *
     * @param device where its parameters go and its inputs come; a trace that made constants of its
     *     own on the device it was traced on fails on another
     * @throws ModelFileException if it is not a TorchScript archive that this libtorch understands
     */
    TorchScriptModule(byte[] archive, ComputeDevice device) throws ModelFileException {
        requireArchive(archive);
        this.device = device;
        manager = (PtNDManager) NDManager.newBaseManager(device.engineDevice(), "PyTorch");
        try {
            // A subtask has one core: threads within an operation would only take it from others.
            JniUtils.setNumThreads(1);
            block = JniUtils.loadModule(manager, new ByteArrayInputStream(archive), true, false);
            JniUtils.enableInferenceMode(block);
        } catch (EngineException e) {
            manager.close();
            String problem = problemOf(e);
            throw new ModelFileException(
                    ModelFolder.MODULE,
                    problem.contains("constants.pkl")
                            ? "not a TorchScript archive; torch.save wrote it, perhaps, and not"
                                    + " torch.jit.save"
                            : "libtorch cannot read it: " + problem,
                    e);
        } catch (IOException e) {
            manager.close();
            throw new ModelFileException(ModelFolder.MODULE, e.getMessage(), e);
        }
    }

    ComputeDevice device() {
        return device;
    }

    /**
     * libtorch believes an archive's directory: what it says of sizes is looked at here, where it
     * costs nothing. Tensors are stored as they are; only code is packed.
     */
    private static void requireArchive(byte[] archive) throws ModelFileException {
        if (archive.length < 4
                || archive[0] != 'P'
                || archive[1] != 'K'
                || archive[2] != 3
                || archive[3] != 4) {
            throw new ModelFileException(
                    ModelFolder.MODULE, "not a TorchScript archive: it is no zip file");
        }
        try (ZipFile zip =
                ZipFile.builder().setByteArray(archive).setIgnoreLocalFileHeader(true).get()) {
            Set<String> names = new HashSet<>();
            long unpacked = 0;
            for (ZipArchiveEntry entry : Collections.list(zip.getEntries())) {
                if (!ENTRY.matcher(entry.getName()).matches() || !names.add(entry.getName())) {
                    throw new ModelFileException(
                            ModelFolder.MODULE,
                            "holds an entry named '"
                                    + entry.getName()
                                    + (names.contains(entry.getName()) ? "' twice" : "'"));
                }
                if (entry.getMethod() == ZipEntry.STORED) {
                    if (entry.getSize() != entry.getCompressedSize()) {
                        throw new ModelFileException(
                                ModelFolder.MODULE,
                                "its entry " + entry.getName() + " is not as long as it says");
                    }
                } else {
                    unpacked += entry.getSize();
                    if (unpacked > LARGEST_CODE_BYTES) {
                        throw new ModelFileException(
                                ModelFolder.MODULE,
                                "unpacks to more than " + LARGEST_CODE_BYTES + " bytes of code");
                    }
                }
            }
        } catch (ModelFileException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw new ModelFileException(
                    ModelFolder.MODULE, "not a TorchScript archive: " + e.getMessage(), e);
        }
    }

    /**
     * Encodes a batch of sessions.
     *
     * @param items B · T longs in native memory, in its byte order
     * @param lengths B longs likewise
     * @param dimension d
     * @return B · d floats
     * @throws EngineException if the module fails
     * @throws IllegalStateException if it returns anything but [B, d] float32
     */
    float[] encode(ByteBuffer items, ByteBuffer lengths, int sessions, int columns, int dimension) {
        // Both modes belong to the thread. It may be one that trains as well; nothing else in this
        // process runs graphs.
        boolean gradients = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        JniUtils.setGraphExecutorOptimize(false);
        try (NDManager scope = manager.newSubManager();
                IValue itemValue =
                        IValue.from(array(scope, items, new Shape(sessions, columns))); // [B, T]
                IValue lengthValue = IValue.from(array(scope, lengths, new Shape(sessions))); // [B]
                IValue result = IValueUtils.forward(block, new IValue[] {itemValue, lengthValue})) {
            if (!result.isTensor()) {
                throw new IllegalStateException(
                        "returns " + result.getType() + ", one tensor is needed");
            }
            PtNDArray hidden = result.toTensor((PtNDManager) scope);
            if (hidden.getDataType() != DataType.FLOAT32
                    || !hidden.getShape().equals(new Shape(sessions, dimension))) {
                throw new IllegalStateException(
                        "returns "
                                + typed(hidden.getShape(), hidden.getDataType())
                                + " where "
                                + typed(new Shape(sessions, dimension), DataType.FLOAT32)
                                + " is needed");
            }
            return hidden.toFloatArray();
        } finally {
            JniUtils.setGradMode(gradients);
        }
    }

    private static PtNDArray array(NDManager scope, ByteBuffer longs, Shape shape) {
        return (PtNDArray) scope.create(longs, shape, DataType.INT64);
    }

    private static String typed(Shape shape, DataType type) {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < shape.dimension(); i++) {
            text.append(i == 0 ? "" : ", ").append(shape.get(i));
        }
        return text.append("] ").append(type.name().toLowerCase(Locale.ROOT)).toString();
    }

    /** What libtorch says in one line; it adds a trace of the script and one of its own calls. */
    static String problemOf(RuntimeException failure) {
        String message = String.valueOf(failure.getMessage()).strip();
        String problem = message.lines().findFirst().orElse("");
        for (String line : message.lines().toList()) {
            if (line.matches("(torch\\.jit\\.)?\\w*(Error|Exception): .*")) {
                problem = line;
            }
        }
        return problem;
    }

    @Override
    public void close() {
        block.close();
        manager.close();
    }
}
