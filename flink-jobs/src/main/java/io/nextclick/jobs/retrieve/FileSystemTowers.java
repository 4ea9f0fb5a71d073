package io.nextclick.jobs.retrieve;

import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.schemas.ModelRelease;
import java.io.IOException;

/** Query towers and rankers on any file system that Flink is set up for. */
public final class FileSystemTowers implements TowerLoader {

    private static final long serialVersionUID = 1L;

    @Override
    public ModelFolder load(ModelRelease release) throws IOException {
        return FileSystemModels.folder(release.uri(), release.sha256());
    }
}
