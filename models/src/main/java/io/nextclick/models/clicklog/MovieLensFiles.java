package io.nextclick.models.clicklog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

/**
 * Where the files of a MovieLens release lie: in a folder, in the {@code .zip} that it was
 * published in, or beside the file of ratings that was named. Names are compared in lower case and
 * without {@code .gz}; folders inside a zip don't count.
 */
final class MovieLensFiles implements AutoCloseable {

    /** Names of a release's ratings, and what typed headers end in. */
    private static final List<String> RATINGS = List.of("u.data", "ratings.dat", "ratings.csv");

    private static final String TYPED_RATINGS = ".inter";
    private static final String GZIP = ".gz";

    private final Path root;

    /** What there is, by its plain name. */
    private final Map<String, LogLines.Source> sources = new TreeMap<>();

    /** What each is called in messages. */
    private final Map<String, Path> names = new TreeMap<>();

    private final ZipFile zip;
    private final String ratings;

    /**
     * @throws ClickLogException if there is nothing at the path, or no ratings
     */
    MovieLensFiles(Path root) {
        this.root = root;
        ZipFile opened = null;
        try {
            if (Files.isDirectory(root)) {
                addFolder(root);
                ratings = onlyRatings();
            } else if (isZip(root)) {
                opened = new ZipFile(root.toFile());
                addEntries(opened);
                ratings = onlyRatings();
            } else {
                addFolder(root.toAbsolutePath().getParent());
                ratings = plain(root.getFileName().toString());
                put(ratings, root, () -> Files.newInputStream(root));
            }
            zip = opened;
        } catch (NoSuchFileException e) {
            throw new ClickLogException(root, 0, "no such file", e);
        } catch (IOException | RuntimeException e) {
            ClickLogException failure =
                    e instanceof ClickLogException known
                            ? known
                            : new ClickLogException(
                                    root, 0, "cannot be read: " + e.getMessage(), e);
            if (opened != null) {
                closeAfter(failure, opened);
            }
            throw failure;
        }
    }

    private static void closeAfter(ClickLogException failure, ZipFile opened) {
        try {
            opened.close();
        } catch (IOException closing) {
            failure.addSuppressed(closing);
        }
    }

    private static boolean isZip(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read() == 'P' && in.read() == 'K';
        }
    }

    private void addFolder(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(Files::isRegularFile)
                    .sorted()
                    .forEach(
                            file ->
                                    put(
                                            plain(file.getFileName().toString()),
                                            file,
                                            () -> Files.newInputStream(file)));
        }
    }

    private void addEntries(ZipFile file) {
        file.stream()
                .filter(entry -> !entry.isDirectory())
                .forEach(
                        entry -> {
                            String name = entry.getName();
                            put(
                                    plain(name.substring(name.lastIndexOf('/') + 1)),
                                    Path.of(root + "!" + name),
                                    () -> file.getInputStream(entry));
                        });
    }

    private void put(String name, Path file, LogLines.Source source) {
        sources.put(name, source);
        names.put(name, file);
    }

    private static String plain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(GZIP) ? lower.substring(0, lower.length() - GZIP.length()) : lower;
    }

    private String onlyRatings() {
        List<String> found =
                sources.keySet().stream()
                        .filter(name -> RATINGS.contains(name) || name.endsWith(TYPED_RATINGS))
                        .toList();
        if (found.size() != 1) {
            throw new ClickLogException(
                    root,
                    0,
                    (found.isEmpty() ? "holds no ratings" : "holds " + found)
                            + ": one of u.data, ratings.dat, ratings.csv or *.inter is needed");
        }
        return found.get(0);
    }

    /** The plain name of the file of ratings. */
    String ratings() {
        return ratings;
    }

    boolean has(String name) {
        return sources.containsKey(name);
    }

    /**
     * @param name in lower case, without {@code .gz}
     */
    LogLines open(String name, Charset charset) {
        return new LogLines(names.get(name), sources.get(name), charset);
    }

    @Override
    public void close() {
        if (zip != null) {
            try {
                zip.close();
            } catch (IOException e) {
                throw new ClickLogException(root, 0, "cannot be closed: " + e.getMessage(), e);
            }
        }
    }
}
