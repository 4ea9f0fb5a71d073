package io.nextclick.jobs.cli;

import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.ModelRelease.PreviousRelease;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick release}: another model for a running job. */
@Command(
        name = "release",
        description = "Release a model to the jobs that follow the topic, or take a release back.",
        footer = {
            "",
            "A release is the address of a model folder and the digest of its manifest: leave the"
                    + " folder as it is, and give the next model a folder of its own. Jobs examine"
                    + " a release before they answer with it; their metrics and log say whether"
                    + " they did. A ranker is released like a model, always under the same name;"
                    + " jobs with nextclick.ranking.enabled use it. --rollback releases the newest of the previous models again; once"
                    + " more goes further back."
        })
final class ReleaseCommand implements Callable<Integer> {

    private static final FileSystemModels MODELS = new FileSystemModels();

    @Spec private CommandSpec spec;
    @Mixin private KafkaConnection kafka;

    @ArgGroup(exclusive = true, multiplicity = "1")
    private Action action;

    /** What to do. */
    private static final class Action {

        @Option(
                names = "--model",
                paramLabel = "DIR",
                description = "Release the model in this folder, or at this URI.")
        private String model;

        @Option(names = "--rollback", description = "Release the model before the last again.")
        private boolean rollback;

        @Option(names = "--list", description = "Show what is released.")
        private boolean list;
    }

    @Option(
            names = "--topic",
            defaultValue = "model-releases",
            description = "Topic of releases; has to be compacted.")
    private String topic;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description =
                    "Name that jobs follow, under which the release takes the place of others."
                            + " Default: the model's own name; with --rollback the only one there"
                            + " is.")
    private String name;

    @Option(
            names = "--uri",
            paramLabel = "URI",
            description = "With --model: the folder's address as the job sees it.")
    private String uri;

    @Option(
            names = "--unseen",
            description = "With --rollback: the files can't be reached from here, don't verify.")
    private boolean unseen;

    @Option(
            names = "--encoding",
            defaultValue = "json",
            description = "How the release is written: json, or avro (single-object encoding).")
    private Encoding encoding;

    @Override
    public Integer call() throws Exception {
        if (uri != null && action.model == null) {
            throw new ParameterException(spec.commandLine(), "--uri goes with --model only");
        }
        if (unseen && !action.rollback) {
            throw new ParameterException(spec.commandLine(), "--unseen goes with --rollback only");
        }
        // What can't be served isn't even asked about.
        ModelRelease offered = action.model == null ? null : offered();
        Map<String, ModelRelease> released = releases().latest(spec.commandLine().getErr());
        if (action.list) {
            list(released);
            return Nextclick.DONE;
        }
        ModelRelease next = action.rollback ? rolledBack(released) : successor(offered, released);
        if (next != null) {
            publish(next);
        }
        return Nextclick.DONE;
    }

    /** The model as a release, verified and loaded once. */
    private ModelRelease offered() throws IOException {
        String path = address(action.model);
        String sha256 = MODELS.fingerprint(path);
        ModelFolder folder = FileSystemModels.folder(path, sha256);
        ModelManifest manifest = folder.manifest();
        requireUsable(folder, path);
        return new ModelRelease(
                name == null ? manifest.name() : name,
                manifest.version(),
                uri == null ? path : uri,
                sha256,
                manifest.kind(),
                manifest.metrics(),
                manifest.createdAt().toEpochMilli());
    }

    /** Loads what a job would load: a model that answers clicks, or a ranker. */
    private static void requireUsable(ModelFolder folder, String path) throws IOException {
        if (folder.manifest().kind().equals(RankerFolder.KIND)) {
            RankerFolder.ranker(folder);
            return;
        }
        try (ServableModel model = ServableModels.load(folder)) {
            if (model.vocabulary().size() == 0) {
                throw new IOException("the model at " + path + " knows no item");
            }
        }
    }

    /** A folder's address, that means the same from everywhere on this machine. */
    private static String address(String folder) {
        try {
            if (URI.create(folder).getScheme() != null) {
                return folder;
            }
        } catch (IllegalArgumentException e) {
            // No URI: a folder with a space in its name, perhaps.
            return Path.of(folder).toAbsolutePath().normalize().toUri().toString();
        }
        return Path.of(folder).toAbsolutePath().normalize().toUri().toString();
    }

    /** Null if there is nothing to do. */
    private ModelRelease successor(ModelRelease offered, Map<String, ModelRelease> released) {
        ModelRelease latest = released.get(offered.name());
        if (latest == null) {
            return offered;
        }
        if (latest.sha256().equals(offered.sha256()) && latest.uri().equals(offered.uri())) {
            spec.commandLine()
                    .getOut()
                    .printf("%s is what is released already%n", describe(offered));
            return null;
        }
        return offered.after(latest);
    }

    private ModelRelease rolledBack(Map<String, ModelRelease> released)
            throws IOException, CommandException {
        ModelRelease latest = latest(released);
        ModelRelease target =
                latest.rolledBack()
                        .orElseThrow(
                                () ->
                                        new CommandException(
                                                describe(latest) + " has no release before it"));
        if (!unseen) {
            requireUsable(FileSystemModels.folder(target.uri(), target.sha256()), target.uri());
        }
        return target;
    }

    private ModelRelease latest(Map<String, ModelRelease> released) throws CommandException {
        List<ModelRelease> candidates =
                released.values().stream()
                        .filter(
                                each ->
                                        name == null
                                                ? MODELS.serves(each.kind())
                                                : each.name().equals(name))
                        .toList();
        if (candidates.size() == 1) {
            return candidates.get(0);
        }
        if (candidates.isEmpty()) {
            throw new CommandException(
                    "nothing is released" + (name == null ? "" : " under the name " + name));
        }
        throw new CommandException(
                "--name is needed, released are "
                        + candidates.stream().map(ModelRelease::name).toList());
    }

    private ControlTopic<ModelRelease> releases() throws IOException {
        return new ControlTopic<>(Topics.MODEL_RELEASES, topic, kafka.clientProperties(Map.of()));
    }

    private void publish(ModelRelease release) throws IOException, InterruptedException {
        releases().publish(release, encoding);
        spec.commandLine().getOut().printf("released %s%n", describe(release));
    }

    private void list(Map<String, ModelRelease> released) {
        PrintWriter out = spec.commandLine().getOut();
        for (ModelRelease release : released.values()) {
            out.printf(
                    Locale.ROOT,
                    "%s, made %s%s%n",
                    describe(release),
                    Instant.ofEpochMilli(release.createdAtMillis()),
                    release.metrics().isEmpty() ? "" : ", " + new TreeMap<>(release.metrics()));
            for (PreviousRelease before : release.previous()) {
                out.printf(
                        Locale.ROOT,
                        "  before: %s %s at %s, made %s%n",
                        before.kind(),
                        before.version(),
                        before.uri(),
                        Instant.ofEpochMilli(before.createdAtMillis()));
            }
        }
        if (released.isEmpty()) {
            out.println("nothing is released");
        }
    }

    private static String describe(ModelRelease release) {
        return release.name()
                + ": "
                + release.kind()
                + ' '
                + release.version()
                + " at "
                + release.uri();
    }
}
