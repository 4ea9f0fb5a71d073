package io.nextclick.it.faults;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;

/**
 * Local files under {@code breakable:///absolute/path}, until storage breaks. Flink finds it as a
 * {@link FileSystemFactory}. All of the JVM share it: break it by {@link Volume}.
 */
public final class BreakableStorage implements FileSystemFactory {

    private static final String SCHEME = "breakable";

    /** Parts of the storage that break apart from each other, by a folder in the path. */
    static final class Volume {

        static final Volume CHECKPOINTS = new Volume("checkpoints");
        static final Volume MODELS = new Volume("models");

        private final String name;
        private volatile boolean unreachable;

        /** Bytes that can still be written. */
        private final AtomicLong room = new AtomicLong(Long.MAX_VALUE);

        private Volume(String name) {
            this.name = name;
        }

        /** The folder's URI below a folder of local files. */
        String below(java.nio.file.Path folder) {
            return SCHEME + "://" + folder(folder);
        }

        /** The same folder as local files. */
        java.nio.file.Path folder(java.nio.file.Path folder) {
            return folder.resolve(name);
        }

        /** Nothing can be done with it. */
        void setUnreachable() {
            unreachable = true;
        }

        /** It takes so many more bytes and no more. */
        void fill(long bytes) {
            room.set(bytes);
        }

        void repair() {
            unreachable = false;
            room.set(Long.MAX_VALUE);
        }

        private void check(Path path) throws IOException {
            if (unreachable) {
                throw new IOException(path + " can't be reached: connection timed out");
            }
        }

        private void take(long bytes) throws IOException {
            if (room.get() != Long.MAX_VALUE && room.addAndGet(-bytes) < 0) {
                throw new IOException("No space left on device");
            }
        }

        private static Volume of(Path path) throws IOException {
            for (Volume volume : List.of(CHECKPOINTS, MODELS)) {
                if (path.getPath().contains("/" + volume.name)) {
                    return volume;
                }
            }
            throw new FileNotFoundException(path + " is on no volume");
        }
    }

    @Override
    public String getScheme() {
        return SCHEME;
    }

    @Override
    public FileSystem create(URI uri) {
        return new Files();
    }

    private static final class Files extends FileSystem {

        private final FileSystem local = LocalFileSystem.getSharedInstance();

        /** The local file, if the volume lets it be reached. */
        private static Path local(Path path) throws IOException {
            Volume.of(path).check(path);
            return new Path("file://" + path.getPath());
        }

        @Override
        public Path getWorkingDirectory() {
            return local.getWorkingDirectory();
        }

        @Override
        public Path getHomeDirectory() {
            return local.getHomeDirectory();
        }

        @Override
        public URI getUri() {
            return URI.create(SCHEME + ":///");
        }

        @Override
        public FileStatus getFileStatus(Path path) throws IOException {
            return local.getFileStatus(local(path));
        }

        @Override
        public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length)
                throws IOException {
            return local.getFileBlockLocations(file, start, length);
        }

        @Override
        public FSDataInputStream open(Path path, int bufferSize) throws IOException {
            return local.open(local(path), bufferSize);
        }

        @Override
        public FSDataInputStream open(Path path) throws IOException {
            return local.open(local(path));
        }

        @Override
        public FileStatus[] listStatus(Path path) throws IOException {
            return local.listStatus(local(path));
        }

        @Override
        public boolean delete(Path path, boolean recursive) throws IOException {
            return local.delete(local(path), recursive);
        }

        @Override
        public boolean mkdirs(Path path) throws IOException {
            return local.mkdirs(local(path));
        }

        @Override
        public FSDataOutputStream create(Path path, WriteMode overwrite) throws IOException {
            return new Output(Volume.of(path), local.create(local(path), overwrite), path);
        }

        @Override
        public boolean rename(Path from, Path to) throws IOException {
            return local.rename(local(from), local(to));
        }

        @Override
        public boolean isDistributedFS() {
            return true;
        }
    }

    /** Breaks in the middle, too. */
    private static final class Output extends FSDataOutputStream {

        private final Volume volume;
        private final FSDataOutputStream local;
        private final Path path;

        Output(Volume volume, FSDataOutputStream local, Path path) {
            this.volume = volume;
            this.local = local;
            this.path = path;
        }

        private void check(long bytes) throws IOException {
            volume.check(path);
            volume.take(bytes);
        }

        @Override
        public long getPos() throws IOException {
            return local.getPos();
        }

        @Override
        public void write(int value) throws IOException {
            check(1);
            local.write(value);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            check(length);
            local.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            check(0);
            local.flush();
        }

        @Override
        public void sync() throws IOException {
            check(0);
            local.sync();
        }

        @Override
        public void close() throws IOException {
            try {
                check(0);
            } finally {
                local.close();
            }
        }
    }
}
