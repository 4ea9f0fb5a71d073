package io.nextclick.jobs.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The command line of the all-in-one jar: {@code nextclick COMMAND}. Results go to standard output,
 * progress and errors to standard error; exit codes are {@value #DONE}, {@value #FAILED} and
 * {@value #WRONG_USAGE}.
 */
@Command(
        name = "nextclick",
        description = "A streaming session recommender on Flink, Kafka, RocksDB and DJL.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Nextclick.Version.class,
        showDefaultValues = true,
        usageHelpAutoWidth = true,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed, one line on standard error says why", "2:wrong usage"})
public final class Nextclick implements Runnable {

    /** The command did what it was asked to. */
    public static final int DONE = 0;

    /** It could not. */
    public static final int FAILED = 1;

    /** It was not asked properly. */
    public static final int WRONG_USAGE = 2;

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log what goes on inside, and show the stack trace of a failure.")
    private boolean verbose;

    public static void main(String[] args) {
        CommandLine commandLine = commandLine();
        int exitCode = commandLine.execute(args);
        commandLine.getOut().flush();
        commandLine.getErr().flush();
        System.exit(exitCode);
    }

    /** The whole command line, ready to execute. */
    public static CommandLine commandLine() {
        Nextclick nextclick = new Nextclick();
        CommandLine commandLine = new CommandLine(nextclick);
        // One line a command.
        commandLine.addSubcommand(new TrainCommand());
        commandLine.addSubcommand(new TuneCommand());
        commandLine.addSubcommand(new ImportCommand());
        commandLine.addSubcommand(new EvaluateCommand());
        commandLine.addSubcommand(new MapCommand());
        commandLine.addSubcommand(new RankerCommand());
        commandLine.addSubcommand(new ReleaseCommand());
        commandLine.addSubcommand(new ExperimentCommand());
        commandLine.addSubcommand(new ReadyCommand());
        commandLine.addSubcommand(new TopicsCommand());
        commandLine.addSubcommand(new ReplayCommand());
        commandLine.addSubcommand(new WatchCommand());
        commandLine.addSubcommand(new RelatedCommand());
        commandLine.addSubcommand(new SimulateCommand());
        commandLine.addSubcommand(new DemoCommand());
        commandLine.addSubcommand(new BenchCommand());
        for (CommandLine command : commandLine.getSubcommands().values()) {
            // The options are listed below it; there are too many to read twice.
            command.getCommandSpec().usageMessage().abbreviateSynopsis(true);
        }
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler(new OneLineUsageError());
        commandLine.setExecutionExceptionHandler(nextclick.new OneLineFailure());
        commandLine.setExecutionStrategy(nextclick::prepareAndRun);
        return commandLine;
    }

    /** Everything here has to happen before the first logger and the first tensor. */
    private int prepareAndRun(ParseResult parsed) {
        if (verbose) {
            System.setProperty("nextclick.log.level", "INFO");
            System.setProperty("nextclick.log.failures", "full");
        }
        // DJL neither looks for models on the network nor reports its use.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        return new CommandLine.RunLast().execute(parsed);
    }

    /** Without a command there is nothing to do. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }

    /** The error, and where to read on; the whole help would push the error off the screen. */
    private static final class OneLineUsageError implements IParameterExceptionHandler {

        @Override
        public int handleParseException(CommandLine.ParameterException error, String[] args) {
            CommandLine command = error.getCommandLine();
            PrintWriter err = command.getErr();
            String name = command.getCommandSpec().qualifiedName();
            err.println(name + ": " + error.getMessage());
            CommandLine.UnmatchedArgumentException.printSuggestions(error, err);
            err.println("Try '" + name + " --help'.");
            return WRONG_USAGE;
        }
    }

    private final class OneLineFailure implements IExecutionExceptionHandler {

        @Override
        public int handleExecutionException(
                Exception failure, CommandLine command, ParseResult parsed) {
            int exitCode = fail(command.getCommandSpec(), explain(failure));
            if (verbose) {
                failure.printStackTrace(command.getErr());
            }
            return exitCode;
        }
    }

    /**
     * Says on one line why a command could not. A command that was asked to end calls this before
     * it lets go of its {@link io.nextclick.jobs.demo.ExitSignal}; an exception would be printed
     * after that, when the process may be gone.
     */
    static int fail(CommandLine.Model.CommandSpec command, String message) {
        PrintWriter err = command.commandLine().getErr();
        err.println(command.qualifiedName() + ": " + message);
        err.flush();
        return FAILED;
    }

    /** What a person can do something about: the message where there is one, on one line. */
    static String explain(Throwable failure) {
        String message = failure.getMessage();
        if (failure instanceof java.nio.file.NoSuchFileException) {
            return "there is no file " + message;
        }
        if (failure instanceof java.nio.file.AccessDeniedException) {
            return "no permission for " + message;
        }
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName();
        }
        String line = message.strip().replaceAll("\\s*\\R\\s*", "; ");
        return failure instanceof NullPointerException || failure instanceof ClassCastException
                ? failure.getClass().getSimpleName() + ": " + line
                : line;
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            String version = Nextclick.class.getPackage().getImplementationVersion();
            return new String[] {
                "nextclick " + (version == null ? "(from classes)" : version),
                "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
            };
        }
    }
}
