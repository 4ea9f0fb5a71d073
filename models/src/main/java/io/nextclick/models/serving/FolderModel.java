package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.util.concurrent.atomic.AtomicBoolean;

/** What every model takes from its folder in the same way, and that it is closed once. */
abstract class FolderModel implements ServableModel {

    private final ModelManifest manifest;
    private final ItemVocabulary vocabulary;
    private final Popularity popularity;
    private final CoVisitation coVisitation;
    private final AtomicBoolean closed = new AtomicBoolean();

    FolderModel(ModelFolder folder) throws ModelFileException {
        manifest = folder.manifest();
        vocabulary = folder.vocabulary();
        popularity = folder.popularity();
        coVisitation = folder.coVisitation();
    }

    @Override
    public final String name() {
        return manifest.name();
    }

    @Override
    public final String version() {
        return manifest.version();
    }

    @Override
    public final ItemVocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public final SessionRules sessionRules() {
        return manifest.sessionRules();
    }

    @Override
    public final Popularity popularity() {
        return popularity;
    }

    @Override
    public final CoVisitation coVisitation() {
        return coVisitation;
    }

    /** Throws if the model has been closed: there are no scorers of it any more. */
    final void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException(
                    "model " + name() + " " + version() + " has been closed");
        }
    }

    @Override
    public final void close() {
        if (closed.compareAndSet(false, true)) {
            free();
        }
    }

    /** Frees what the model owns; called once. */
    abstract void free();
}
