package io.nextclick.jobs.cli;

import io.nextclick.jobs.report.MapPage;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.embedding.Embeddings;
import io.nextclick.models.embedding.NeighbourPreservation;
import io.nextclick.models.embedding.Neighbours;
import io.nextclick.models.embedding.Projection;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.serving.ModelEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick map}: a page that shows what a model takes to be alike. */
@Command(
        name = "map",
        description = "Write a page with a map of a model's items, or of its users.",
        footer = {
            "",
            "Items are laid out by UMAP on the cosines of their vectors: what is alike lies"
                    + " together. The page finds an item, shows its nearest neighbours and works"
                    + " offline. Trustworthiness and continuity say how far the map keeps the"
                    + " model's neighbourhoods: 1 is wholly. Equal options give an equal map.",
            "",
            "Titles and categories come from a catalogue, a line of JSON an item as item-catalog"
                    + " has them, or from the attributes of a click log. Users are found by the ids"
                    + " in a click log."
        })
final class MapCommand implements Callable<Integer> {

    private static final int MOST_POINTS = 20_000;
    private static final int MOST_NEIGHBOURS = 100;

    /** What is on the map. */
    enum Subject {
        ITEMS("item"),
        USERS("user");

        private final String noun;

        Subject(String noun) {
            this.noun = noun;
        }
    }

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "Folder of a model that knows items, or users, by vectors.")
    private Path model;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE.html",
            description = "Page to write.")
    private Path out;

    @Option(
            names = "--of",
            defaultValue = "items",
            paramLabel = "items|users",
            description = "What the points are. Default: items.")
    private Subject subject;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description = "Catalogue with titles and categories, JSON lines.")
    private Path catalog;

    @Option(
            names = "--clicks",
            paramLabel = "FILE",
            description =
                    "Click log whose attributes have titles and categories, and whose users are"
                            + " shown.")
    private Path clicks;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    @Option(
            names = "--category",
            paramLabel = "NAME",
            description =
                    "Attribute that points are coloured by; of several values, separated by |, the"
                            + " first. Default: of items their category, or else genres.")
    private String category;

    @Option(
            names = "--points",
            defaultValue = "5000",
            paramLabel = "N",
            description = "Show so many, those with most clicks. Default: 5000.")
    private int points;

    @Option(
            names = "--neighbours",
            defaultValue = "10",
            paramLabel = "K",
            description =
                    "Nearest neighbours that the page shows, and that the map is measured by."
                            + " Default: 10.")
    private int neighbours;

    @Option(
            names = "--umap-neighbours",
            defaultValue = "15",
            paramLabel = "N",
            description =
                    "Neighbours that a point's place depends on: fewer show finer structure, more"
                            + " the whole. Default: 15.")
    private int umapNeighbours;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Seed of the map. Default: 1.")
    private long seed;

    @Override
    public Integer call() throws Exception {
        inRange("--points", points, Projection.FEWEST_POINTS, MOST_POINTS);
        inRange("--neighbours", neighbours, 1, MOST_NEIGHBOURS);
        inRange("--umap-neighbours", umapNeighbours, 2, MOST_NEIGHBOURS);
        if ((clicks == null) != (format == null)) {
            throw wrongUsage("--clicks and --format go together");
        }
        if (catalog != null && (clicks != null || subject == Subject.USERS)) {
            throw wrongUsage("--catalog tells of items, and of all that --clicks would");
        }
        Path folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new CommandException("there is no folder " + folder + " to write to");
        }
        ModelFolder read = ModelFolder.read(model);
        Captions captions = captions();
        Embeddings all = embeddings(read, captions);
        ToDoubleFunction<String> clicked = clicked(read, captions);
        Embeddings shown = mostClicked(all, clicked);
        if (shown.size() < Projection.FEWEST_POINTS) {
            throw new CommandException(
                    String.format(
                            Locale.ROOT,
                            "the model knows %d %ss, a map needs at least %d",
                            shown.size(),
                            subject.noun,
                            Projection.FEWEST_POINTS));
        }
        int near = Math.min(neighbours, (shown.size() - 1) / 2);
        Projection projection = Projection.of(shown, umapNeighbours, seed);
        NeighbourPreservation preservation = NeighbourPreservation.of(shown, projection, near);
        List<MapPage.Point> shownPoints = new ArrayList<>(shown.size());
        for (String id : shown.ids()) {
            shownPoints.add(
                    new MapPage.Point(
                            id,
                            captions.title(id),
                            captions.category(id),
                            (long) clicked.applyAsDouble(id)));
        }
        String name = read.manifest().name() + " " + read.manifest().version();
        String count = String.format(Locale.ROOT, "%,d of %,d", shown.size(), all.size());
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Kind", read.manifest().kind());
        facts.put("Shown", count + " " + subject.noun + "s");
        facts.put("Dimension", Integer.toString(shown.dimension()));
        facts.put("UMAP neighbours, seed", umapNeighbours + ", " + seed);
        Files.writeString(
                out,
                MapPage.html(
                        new MapPage.Subject(
                                name,
                                subject.noun,
                                facts,
                                shownPoints,
                                projection,
                                Neighbours.in(shown, near),
                                preservation,
                                Instant.now())));
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %s %ss, dimension %d%ntrustworthiness@%d %.4f, continuity@%d %.4f%n%s%n",
                        name,
                        count,
                        subject.noun,
                        shown.dimension(),
                        near,
                        preservation.trustworthiness(),
                        near,
                        preservation.continuity(),
                        out);
        return Nextclick.DONE;
    }

    private Captions captions() throws IOException, CommandException {
        if (catalog != null) {
            return Captions.ofCatalog(catalog, category);
        }
        if (clicks == null) {
            if (subject == Subject.USERS) {
                throw wrongUsage("--clicks is needed to know the users by");
            }
            return Captions.none();
        }
        ClickLog log = ClickLog.of(clicks, format);
        return subject == Subject.USERS
                ? Captions.ofUsers(log, category)
                : Captions.ofItems(log, category);
    }

    private Embeddings embeddings(ModelFolder folder, Captions captions)
            throws IOException, CommandException {
        if (subject == Subject.ITEMS) {
            return ModelEmbeddings.ofItems(folder)
                    .orElseThrow(() -> without(folder, ModelEmbeddings.kindsWithItems()));
        }
        return ModelEmbeddings.ofUsers(folder, captions.clicks().keySet())
                .orElseThrow(() -> without(folder, ModelEmbeddings.kindsWithUsers()));
    }

    private CommandException without(ModelFolder folder, Iterable<String> kinds) {
        return new CommandException(
                "a model of kind "
                        + folder.manifest().kind()
                        + " knows no "
                        + subject.noun
                        + "s by vectors; those that do are "
                        + String.join(", ", kinds));
    }

    /** How often the training log has an item, and the log that was given a user. */
    private ToDoubleFunction<String> clicked(ModelFolder folder, Captions captions)
            throws IOException {
        if (subject == Subject.USERS) {
            return user -> captions.clicks().getOrDefault(user, 0L);
        }
        Popularity popularity = folder.popularity();
        return item -> popularity.count(folder.vocabulary().row(item));
    }

    private Embeddings mostClicked(Embeddings all, ToDoubleFunction<String> clicked) {
        int[] rows =
                IntStream.range(0, all.size())
                        .boxed()
                        .sorted(
                                Comparator.comparingDouble(
                                        row -> -clicked.applyAsDouble(all.ids().get(row))))
                        .limit(points)
                        .mapToInt(Integer::intValue)
                        .sorted()
                        .toArray();
        return all.only(rows);
    }

    private void inRange(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw wrongUsage(
                    option + " is " + value + ", it must be in [" + least + ", " + most + "]");
        }
    }

    private ParameterException wrongUsage(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }
}
