package io.nextclick.jobs.model;

import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.files.FileSource;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Model folders on any file system that Flink is set up for: local, HDFS, S3 and so on. A model is
 * recognised by the digest of its manifest, which holds those of all its files.
 */
public final class FileSystemModels implements ModelLoader {

    private static final long serialVersionUID = 1L;

    /** Links and pipes are looked out for where they can be. */
    private static final URI LOCAL = FileSystem.getLocalFileSystem().getUri();

    private final DeviceChoice device;

    /** Models that compute on the machine's own processor. */
    public FileSystemModels() {
        this(DeviceChoice.CPU);
    }

    /**
     * @param device what they compute on
     */
    public FileSystemModels(DeviceChoice device) {
        this.device = Objects.requireNonNull(device, "device");
    }

    @Override
    public DeviceChoice device() {
        return device;
    }

    @Override
    public String fingerprint(String path) throws IOException {
        try {
            return sha256(manifest(files(path)));
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw absent(path, e);
        }
    }

    @Override
    public ServableModel load(String path, String fingerprint, ComputeDevice device)
            throws IOException {
        return ServableModels.load(folder(path, fingerprint), device);
    }

    /**
     * The folder of this fingerprint, whatever kind of model it holds. Its manifest is read once,
     * so that no other can take its place after the comparison.
     *
     * @throws ModelFileException if a file is missing, damaged or not what the manifest says, or if
     *     there is another model by now
     * @throws IOException if it can't be read
     */
    public static ModelFolder folder(String path, String fingerprint) throws IOException {
        FileSource files = files(path);
        byte[] manifest;
        try {
            manifest = manifest(files);
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw new ModelFileException(
                    ModelFileException.Fault.MISSING, ModelFolder.MANIFEST, "is missing", e);
        }
        if (!sha256(manifest).equals(fingerprint)) {
            throw new ModelFileException(
                    ModelFileException.Fault.CHANGED,
                    ModelFolder.MANIFEST,
                    "its SHA-256 is " + sha256(manifest) + ", not " + fingerprint,
                    null);
        }
        return ModelFolder.read(
                name ->
                        name.equals(ModelFolder.MANIFEST)
                                ? new ByteArrayInputStream(manifest)
                                : files.open(name));
    }

    /**
     * Reads a model's files through and compares them with its manifest, in little memory.
     *
     * @throws FileNotFoundException if there is no model
     * @throws ModelFileException if a file is missing, damaged or not what the manifest says
     * @throws IOException if it can't be read
     */
    public static ModelManifest verify(String path) throws IOException {
        FileSource files = files(path);
        try (InputStream manifest = files.open(ModelFolder.MANIFEST)) {
            manifest.read();
        } catch (FileNotFoundException | NoSuchFileException e) {
            throw absent(path, e);
        }
        return ModelFolder.verify(files);
    }

    private static FileNotFoundException absent(String path, IOException cause) {
        FileNotFoundException absent =
                new FileNotFoundException(
                        "there is no model at " + path + ": no " + ModelFolder.MANIFEST);
        absent.initCause(cause);
        return absent;
    }

    @Override
    public boolean serves(String kind) {
        return ServableModels.kinds().contains(kind);
    }

    private static FileSource files(String path) {
        Path folder = new Path(path);
        return name -> {
            FileSystem fileSystem = folder.getFileSystem();
            return LOCAL.equals(fileSystem.getUri())
                    ? FileSource.of(java.nio.file.Path.of(folder.getPath())).open(name)
                    : fileSystem.open(new Path(folder, name));
        };
    }

    private static byte[] manifest(FileSource files) throws IOException {
        try (InputStream manifest = files.open(ModelFolder.MANIFEST)) {
            // A byte more than may be, so that one too long is refused and not cut.
            return manifest.readNBytes(ModelFolder.LARGEST_MANIFEST_BYTES + 1);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
