package io.nextclick.jobs.retrieve;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.schemas.ModelRelease;
import java.io.IOException;
import java.io.Serializable;

/** Where the files of released query towers and rankers come from; tests bring their own. */
@FunctionalInterface
public interface TowerLoader extends Serializable {

    /**
     * The folder that a release means, verified against the release's digest.
     *
     * @throws IOException if it can't be read or isn't the one released
     */
    ModelFolder load(ModelRelease release) throws IOException;
}
