package io.nextclick.jobs.learn;

import io.nextclick.models.files.ModelFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;

/**
 * A folder of model folders on any file system that Flink is set up for. A model's name ends in its
 * number, by which old ones are told from new ones.
 */
public final class ModelStore {

    /** Of a number in a name, so that names sort as numbers do. */
    private static final int DIGITS = 12;

    private final Path root;

    /**
     * @param root the folder's URI
     */
    public ModelStore(String root) {
        this.root = new Path(root);
    }

    /**
     * A model that has been written.
     *
     * @param uri its folder
     * @param sha256 SHA-256 of its manifest, in hexadecimal
     */
    public record Stored(String uri, String sha256) {}

    /** The name of a series' model. */
    public static String name(String series, long number) {
        return String.format(Locale.ROOT, "%s-%0" + DIGITS + "d", series, number);
    }

    /** Writes a model under a name; on a local file system it appears there in one move. */
    public Stored write(ModelFolder model, String name) throws IOException {
        Path folder = new Path(root, name);
        FileSystem files = folder.getFileSystem();
        if (files.isDistributedFS()) {
            copy(model, files, folder);
        } else {
            model.write(java.nio.file.Path.of(folder.getPath()));
        }
        return new Stored(folder.toUri().toString(), digest(files, folder));
    }

    /** The manifest goes last: a folder without one is no model. */
    static void copy(ModelFolder model, FileSystem files, Path folder) throws IOException {
        java.nio.file.Path near = Files.createTempDirectory("nextclick-model-");
        try {
            java.nio.file.Path written = near.resolve("model");
            model.write(written);
            files.mkdirs(folder);
            try (Stream<java.nio.file.Path> list = Files.list(written)) {
                List<java.nio.file.Path> all = new ArrayList<>(list.toList());
                all.sort(Comparator.comparing(file -> file.endsWith(ModelFolder.MANIFEST)));
                for (java.nio.file.Path file : all) {
                    Path target = new Path(folder, file.getFileName().toString());
                    try (OutputStream out = files.create(target, WriteMode.OVERWRITE)) {
                        Files.copy(file, out);
                    }
                }
            }
        } finally {
            try (Stream<java.nio.file.Path> list = Files.walk(near)) {
                for (java.nio.file.Path file : list.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String digest(FileSystem files, Path folder) throws IOException {
        try (InputStream manifest = files.open(new Path(folder, ModelFolder.MANIFEST))) {
            byte[] bytes = manifest.readAllBytes();
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    /** Deletes all but the last models of a series. */
    public void prune(String series, int kept) throws IOException {
        FileSystem files = root.getFileSystem();
        List<Path> models = new ArrayList<>();
        FileStatus[] list = files.listStatus(root);
        for (FileStatus file : list == null ? new FileStatus[0] : list) {
            String name = file.getPath().getName();
            if (file.isDir()
                    && name.startsWith(series + '-')
                    && name.substring(series.length() + 1).matches("\\d{" + DIGITS + "}")) {
                models.add(file.getPath());
            }
        }
        models.sort(Comparator.comparing(Path::getName));
        for (Path old : models.subList(0, Math.max(0, models.size() - kept))) {
            files.delete(old, /* recursive= */ true);
        }
    }

    /** Reads a model anywhere. */
    public static ModelFolder read(String uri) throws IOException {
        Path folder = new Path(uri);
        FileSystem files = folder.getFileSystem();
        if (!files.exists(new Path(folder, ModelFolder.MANIFEST))) {
            throw new FileNotFoundException(
                    "there is no model at " + uri + ": no " + ModelFolder.MANIFEST);
        }
        return ModelFolder.read(name -> files.open(new Path(folder, name)));
    }
}
