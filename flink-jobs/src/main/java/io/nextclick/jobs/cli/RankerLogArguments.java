package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogException;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.LoggedExamples;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.session.SessionRules;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The log of ratings that a ranker learns from or is measured on, and how it is read. */
final class RankerLogArguments {

    @Option(
            names = "--clicks",
            required = true,
            paramLabel = "FILE",
            description = "Log of ratings to read; may be gzipped, or zipped.")
    private Path file;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    @Option(
            names = "--liked",
            paramLabel = "RATING",
            defaultValue = "4",
            description = "Ratings from this one on are positive examples.")
    private double liked;

    @Option(
            names = "--rating-attribute",
            paramLabel = "NAME",
            defaultValue = "rating",
            description = "Attribute of a click that holds its rating.")
    private String rating;

    @Option(
            names = "--category-attribute",
            paramLabel = "NAME",
            description =
                    "Attribute that holds the item's categories, separated by |. Default: genres for"
                            + " movielens, category for the other formats.")
    private String category;

    @Option(
            names = "--price-attribute",
            paramLabel = "NAME",
            defaultValue = "price",
            description = "Attribute that holds the item's price.")
    private String price;

    /** The log's examples in order of time, and whose each is. */
    record Rated(List<RankingExample> examples, List<String> users) {}

    ClickLogFormat format() {
        return format;
    }

    /**
     * Reads examples. Earlier ratings than those asked for are read, too: sessions and popularity
     * begin with them.
     *
     * @param from leaves out the examples before; null for none
     * @param until leaves out the ratings at or after; null for none
     */
    Rated read(
            CommandSpec spec, List<Field> fields, SessionRules rules, Instant from, Instant until)
            throws CommandException {
        Rated rated = new Rated(new ArrayList<>(), new ArrayList<>());
        List<LoggedClick> clicks;
        LoggedExamples reader;
        try {
            clicks = ClickLog.of(file, format).until(until).clicks();
            reader =
                    new LoggedExamples(
                            fields,
                            new LoggedExamples.Reading(rating, liked, category(), price),
                            rules);
        } catch (ClickLogException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        for (LoggedClick click : clicks) {
            boolean isWanted = from == null || click.eventTimeMillis() >= from.toEpochMilli();
            try {
                reader.next(click)
                        .filter(example -> isWanted)
                        .ifPresent(
                                example -> {
                                    rated.examples().add(example);
                                    String user = click.userId();
                                    rated.users().add(user == null ? click.sessionId() : user);
                                });
            } catch (IllegalArgumentException e) {
                CommandException failure = new CommandException(file + ": " + e.getMessage());
                failure.initCause(e);
                throw failure;
            }
        }
        if (rated.examples().isEmpty()) {
            throw new CommandException("there is no rating to read in " + file);
        }
        return rated;
    }

    private String category() {
        if (category != null) {
            return category;
        }
        return format == ClickLogFormat.MOVIELENS ? "genres" : "category";
    }
}
