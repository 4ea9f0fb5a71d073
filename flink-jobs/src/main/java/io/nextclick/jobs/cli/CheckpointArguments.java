package io.nextclick.jobs.cli;

import io.nextclick.models.files.CheckpointFolder;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where a training keeps its place, and whether it goes on from one. */
final class CheckpointArguments {

    @Option(
            names = "--checkpoint",
            paramLabel = "DIR",
            description =
                    "Folder to keep the training's place in after each epoch, until the model is"
                            + " written. Default: the model's folder with .checkpoint behind its"
                            + " name.")
    private Path folder;

    @Option(
            names = "--resume",
            description =
                    "Go on with the interrupted training of these options and clicks, if its place"
                            + " is kept. The model is the same, bit for bit, as without the"
                            + " interruption.")
    private boolean resume;

    /**
     * The folder, holding no training but one to go on with.
     *
     * @param out the model's folder
     * @param force whether to forget an interrupted training that isn't to be gone on with
     */
    CheckpointFolder folder(Path out, boolean force) throws IOException, CommandException {
        Path model = out.toAbsolutePath().normalize();
        CheckpointFolder checkpoint =
                new CheckpointFolder(
                        folder == null
                                ? model.resolveSibling(model.getFileName() + ".checkpoint")
                                : folder);
        if (resume || !checkpoint.exists()) {
            return checkpoint;
        }
        if (!force) {
            throw new CommandException(
                    checkpoint.path()
                            + " keeps an interrupted training: --resume goes on with it, --force"
                            + " begins anew");
        }
        checkpoint.delete();
        return checkpoint;
    }
}
