package io.nextclick.models.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Where the files of a model folder are read from: a local folder, or any file system that the
 * caller knows.
 */
@FunctionalInterface
public interface FileSource {

    /**
     * Opens a file from its beginning; may be asked for the same file twice. The caller closes the
     * stream.
     *
     * @param name one of the fixed names in {@link ModelFolder}, never a path
     * @throws java.io.FileNotFoundException or {@link java.nio.file.NoSuchFileException} if there
     *     is no such file
     */
    InputStream open(String name) throws IOException;

    /**
     * The files of a local folder. A file may be a link, as volumes of containers have them, as
     * long as it leads to a regular file inside of the folder: one that led outside would have this
     * process read what it alone may read, and opening a pipe would never end.
     */
    static FileSource of(Path folder) {
        return name -> {
            Path file;
            try {
                file = folder.resolve(name).toRealPath();
            } catch (NoSuchFileException | AccessDeniedException e) {
                throw e;
            } catch (FileSystemException e) {
                throw new ModelFileException(name, "cannot be followed: " + e.getReason(), e);
            }
            if (!file.startsWith(folder.toRealPath())) {
                throw new ModelFileException(name, "is a link to outside of its folder");
            }
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new ModelFileException(name, "is no regular file");
            }
            return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        };
    }
}
