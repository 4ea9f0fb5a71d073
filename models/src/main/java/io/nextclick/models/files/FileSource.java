package io.nextclick.models.files;

import java.io.IOException;
import java.io.InputStream;

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
}
