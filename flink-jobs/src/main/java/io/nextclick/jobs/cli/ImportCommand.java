package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.imports.ModelImport;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick import}: a model folder from a model that was trained elsewhere. */
@Command(
        name = "import",
        description = "Make a model folder of a network that was trained elsewhere.",
        footer = {
            "",
            "The model is loaded and tried out before anything is written. Without --clicks the"
                    + " fallbacks of the model are empty, and sessions are cut as of jsonl.",
            "A TorchScript module is a program: it runs with the rights of this process, and of the"
                    + " job's. Import modules only from those whose code you would run."
        })
final class ImportCommand implements Callable<Integer> {

    /** Kinds of networks whose plain weights can be read. */
    enum Weights {
        GRU4REC,
        SASREC;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class Source {

        @ArgGroup(exclusive = false)
        private ModuleSource module;

        @ArgGroup(exclusive = false)
        private WeightsSource weights;
    }

    private static final class ModuleSource {

        @Option(
                names = "--torchscript",
                required = true,
                paramLabel = "FILE",
                description =
                        "What torch.jit.save wrote: a module that encodes sessions, items [B, T]"
                                + " (row + 1, oldest first; 0 behind the last) and lengths [B],"
                                + " both int64, to [B, d] float32.")
        private Path module;

        @Option(
                names = "--item-matrix",
                required = true,
                paramLabel = "FILE",
                description =
                        "Safetensors with item.weight [V, d] and, optionally, item.bias [V]: the"
                                + " items that the encoded sessions are scored against.")
        private Path itemMatrix;
    }

    private static final class WeightsSource {

        @Option(
                names = "--safetensors",
                required = true,
                paramLabel = "FILE",
                description = "The weights of a network of a known kind.")
        private Path weights;

        @Option(names = "--kind", required = true, description = "Which: ${COMPLETION-CANDIDATES}.")
        private Weights kind;

        @Option(
                names = "--heads",
                paramLabel = "N",
                description = "Heads of a sasrec's attention, which its weights don't tell.")
        private Integer heads;
    }

    @Spec private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Source source;

    @Option(
            names = "--items",
            required = true,
            paramLabel = "FILE",
            description =
                    "Item ids, a line each in UTF-8: line n + 1 is row n of the matrices of V rows.")
    private Path items;

    @Mixin private ModelFolderArguments written;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name that recommendations carry. Default: the kind of model.")
    private String name;

    @ArgGroup(exclusive = false)
    private ClickLogArguments clicks;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out clicks at or after this time, such as 2008-08-01.")
    private Instant until;

    @Mixin private SessionArguments sessions;

    @Override
    public Integer call() throws Exception {
        ClickLog log = clicks == null ? null : cut(clicks.log());
        SessionRules rules =
                sessions.rules(spec, log == null ? ClickLogFormat.JSONL : log.format());
        Path out = written.folder();
        ModelImport imported = source.module != null ? readModule() : readWeights();
        List<Session> counted = log == null ? List.of() : log.trainingSessions(rules);
        Instant now = Instant.now();
        String named = name == null ? imported.kind() : name;
        String version = written.version(now);
        ModelFolder folder = imported.folder(named, version, rules, counted, now);
        folder.write(out);
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %s %s, %,d items, fallbacks from %,d sessions%n",
                        out,
                        named,
                        version,
                        folder.vocabulary().size(),
                        counted.size());
        return Nextclick.DONE;
    }

    private ModelImport readModule() throws IOException {
        return ModelImport.torchScript(source.module.module, source.module.itemMatrix, items);
    }

    private ModelImport readWeights() throws IOException {
        WeightsSource from = source.weights;
        boolean hasHeads = from.kind == Weights.SASREC;
        if (hasHeads && from.heads == null) {
            throw new ParameterException(spec.commandLine(), "--heads is needed for a sasrec");
        }
        if (!hasHeads && from.heads != null) {
            throw new ParameterException(
                    spec.commandLine(), "--heads is no option of a " + from.kind);
        }
        return switch (from.kind) {
            case GRU4REC -> ModelImport.gru4Rec(from.weights, items);
            case SASREC -> ModelImport.sasRec(from.weights, items, from.heads);
        };
    }

    private ClickLog cut(ClickLog log) {
        try {
            return log.until(until);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
