package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.prequential.StreamEvent;
import io.nextclick.models.simulation.Oracle;
import io.nextclick.models.simulation.ShopOptions;
import io.nextclick.models.simulation.ShopSimulator;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The stream that is learnt from and foreseen: a log's clicks, or a synthetic shop's. */
final class LearningStreamArguments {

    private static final int WARM_UP = 100_000;
    private static final int STREAM = 300_000;
    private static final double SHIFT = 0.5;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "Click log to use instead of a synthetic shop.")
    private Path log;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out the log's clicks at or after this time.")
    private Instant until;

    @Option(
            names = "--warm-up",
            paramLabel = "CLICKS",
            description =
                    "Clicks that train the sequence model and warm the towers up. Default: 100000,"
                            + " of a log a third.")
    private Integer warmUp;

    @Option(
            names = "--clicks",
            paramLabel = "N",
            description = "Clicks to foresee. Default: 300000, of a log all the others.")
    private Integer clicks;

    /** Whether it is a log's. */
    boolean isLog() {
        return log != null;
    }

    /** What it is called where there is room for a few words. */
    String title() {
        return log == null ? "A shop that changes" : log.getFileName().toString();
    }

    /**
     * The stream.
     *
     * @param shop that clicks if there is no log
     * @param windows stretches of time that the test is shown in
     * @param cutoff length of the oracle's lists
     */
    LearningStream stream(ShopArguments shop, int windows, int cutoff) {
        return stream(shop, windows, cutoff, null);
    }

    /**
     * The stream.
     *
     * @param itemAttributes of a log's clicks: those of their items, from which a catalogue is
     *     made; null: a log has no catalogue
     */
    LearningStream stream(
            ShopArguments shop, int windows, int cutoff, Collection<String> itemAttributes) {
        if ((log == null) != (format == null)) {
            throw new ParameterException(command.commandLine(), "--log and --format go together");
        }
        return log == null ? ofShop(shop, windows, cutoff) : ofLog(shop, windows, itemAttributes);
    }

    private LearningStream ofShop(ShopArguments shop, int windows, int cutoff) {
        int learnt = warmUp == null ? WARM_UP : warmUp;
        int tested = clicks == null ? STREAM : clicks;
        OptionBounds.requireAtLeast(command, "--warm-up", learnt, 1);
        OptionBounds.requireAtLeast(command, "--clicks", tested, 1);
        // A third of the way, at the border of two stretches.
        long first = Math.round(learnt / shop.clicksPerSecond());
        long stretch = Math.max(1, Math.round(tested / shop.clicksPerSecond() / windows));
        Duration shiftAfter = Duration.ofSeconds(first + stretch * (windows / 3));
        ShopOptions options = shop.wrongUsageOf(command, () -> shop.options(SHIFT, shiftAfter));
        Oracle oracle = new Oracle(options, cutoff);
        ShopSimulator training = new ShopSimulator(options);
        List<LoggedClick> material = training.clicks(learnt).toList();
        long start = options.start().toEpochMilli();
        return new LearningStream(
                text(
                        "a synthetic shop of %,d items, seed %d: %,d clicks to warm up, %,d to"
                                + " foresee; drift %.3g and %.4g new items per hour%s",
                        options.items(),
                        options.seed(),
                        learnt,
                        tested,
                        options.driftPerHour(),
                        options.newItemsPerHour(),
                        options.shift().share() == 0
                                ? ""
                                : text(
                                        ", a shift of %.0f %% after %.1f min",
                                        100 * options.shift().share(),
                                        (options.shift().after().toSeconds() - first) / 60.0)),
                material,
                StreamEvent.of(new ShopSimulator(options)),
                tested,
                oracle,
                start + first * 1_000,
                -1,
                options.shift().share() == 0 ? -1 : start + options.shift().after().toMillis(),
                Duration.ofSeconds(stretch));
    }

    private LearningStream ofLog(
            ShopArguments shop, int windows, Collection<String> itemAttributes) {
        List<LoggedClick> all =
                shop.wrongUsageOf(command, () -> ClickLog.of(log, format).until(until)).clicks();
        OptionBounds.requireAtLeast(command, "the number of clicks of " + log, all.size(), 3);
        int learnt = warmUp == null ? all.size() / 3 : Math.min(warmUp, all.size() - 1);
        int tested = clicks == null ? all.size() - learnt : Math.min(clicks, all.size() - learnt);
        OptionBounds.requireAtLeast(command, "--warm-up", learnt, 1);
        OptionBounds.requireAtLeast(command, "--clicks", tested, 1);
        List<LoggedClick> used = all.subList(0, learnt + tested);
        return new LearningStream(
                text(
                        "%s (%s): %,d clicks to warm up, %,d to foresee",
                        log.getFileName(), format, learnt, tested),
                used.subList(0, learnt),
                itemAttributes == null
                        ? StreamEvent.of(used)
                        : StreamEvent.of(used, itemAttributes),
                tested,
                null,
                used.get(learnt).eventTimeMillis(),
                used.get(used.size() * 2 / 3).eventTimeMillis(),
                -1,
                Duration.ofMillis(
                        (used.get(used.size() - 1).eventTimeMillis()
                                                - used.get(learnt).eventTimeMillis())
                                        / windows
                                + 1));
    }

    private static String text(String pattern, Object... arguments) {
        return String.format(Locale.ROOT, pattern, arguments);
    }
}
