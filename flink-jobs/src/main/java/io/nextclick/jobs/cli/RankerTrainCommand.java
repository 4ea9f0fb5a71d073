package io.nextclick.jobs.cli;

import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankerTraining;
import io.nextclick.models.session.SessionRules;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick ranker train}: a ranker's folder from a log of ratings. */
@Command(
        name = "train",
        description = "Train a ranker on a log of ratings; write it as a folder.",
        footer = {
            "",
            "A rating is an example: would its user like the item, by what was known right before?"
                    + " The last ratings by time validate: they choose the number of epochs, then all"
                    + " are learnt once more.",
            "",
            "A feature is FACT[.NAME][/hash:BUCKETS|/bins:N|/values:N]. Facts: user, context.NAME,"
                    + " hour, weekday, session-length, session-dwell, last-item, last-categories,"
                    + " session-lowest-price, session-highest-price; item, category, price, available,"
                    + " attribute.NAME, popularity, age."
        })
final class RankerTrainCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "KIND",
            completionCandidates = Kinds.class,
            description = "What to train: ${COMPLETION-CANDIDATES}.")
    private String kind;

    @Mixin private RankerLogArguments log;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out ratings at or after this time, such as 1998-03-07.")
    private Instant until;

    @Option(
            names = "--features",
            paramLabel = "FIELD",
            split = ",",
            defaultValue =
                    "user,hour,weekday,session-length,session-dwell,last-item,last-categories,item,"
                            + "category,popularity,age",
            description = "What it reads. Default: ${DEFAULT-VALUE}.")
    private List<String> features;

    @Option(
            names = "--factors",
            paramLabel = "N",
            description = "Length of a feature's vector. Default: 8; ffm 4, for each field.")
    private Integer factors;

    @Option(
            names = "--hidden",
            paramLabel = "N",
            split = ",",
            description =
                    "Widths of the network's layers: deepfm, wide-and-deep, neumf-ranker. Default:"
                            + " 32,16.")
    private List<Integer> hidden;

    @Option(
            names = "--crosses",
            paramLabel = "FIELD*FIELD",
            split = ",",
            description = "wide-and-deep: fields that are crossed. Default: none.")
    private List<String> crosses;

    @Option(
            names = "--linear-rate",
            paramLabel = "RATE",
            description = "Alpha of FTRL-proximal, which learns weights.")
    private Double linearRate;

    @Option(
            names = "--rate",
            paramLabel = "RATE",
            description = "Rate of AdaGrad, which learns vectors and networks.")
    private Double rate;

    @Option(
            names = "--lasso",
            paramLabel = "LAMBDA",
            description = "Weights that matter less than this are zero. Default: 0.")
    private Double lasso;

    @Option(names = "--ridge", paramLabel = "LAMBDA", description = "Pull towards zero.")
    private Double ridge;

    @Option(names = "--batch", paramLabel = "N", description = "Examples of a step.")
    private Integer batch;

    @Option(
            names = "--negative-rate",
            paramLabel = "SHARE",
            description =
                    "Share of the negative examples that is learnt from; what it says is corrected"
                            + " for it. Default: 1.")
    private Double negativeRate;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            defaultValue = "20",
            description = "The most epochs.")
    private int epochs;

    @Option(
            names = "--patience",
            paramLabel = "N",
            defaultValue = "3",
            description = "Epochs without a lower log-loss in validation that end the choice.")
    private int patience;

    @Option(
            names = "--validation",
            paramLabel = "SHARE",
            defaultValue = "0.1",
            description = "Share of the ratings that validates; 0: all epochs are learnt.")
    private double validation;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Same seed and log: same ranker.")
    private long seed;

    @Mixin private ModelFolderArguments written;
    @Mixin private SessionArguments sessions;

    /** For the help. */
    static final class Kinds implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return RankerKind.labels().iterator();
        }
    }

    @Override
    public Integer call() throws Exception {
        RankerOptions options = wrongUsageOf(this::options);
        RankerTraining training =
                wrongUsageOf(() -> new RankerTraining(epochs, validation, patience));
        List<Field> fields = wrongUsageOf(() -> features.stream().map(Field::parse).toList());
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        Instant now = Instant.now();
        RankerLogArguments.Rated rated = log.read(spec, fields, rules, null, until);
        PrintWriter err = spec.commandLine().getErr();
        RankerTraining.Result result =
                wrongUsageOf(
                        () ->
                                training.train(
                                        fields,
                                        rated.examples(),
                                        options,
                                        (epoch, logLoss) -> report(err, epoch, logLoss)));
        String named = written.version(now);
        boolean isValidated = !Double.isNaN(result.logLoss());
        result.learner()
                .folder(
                        kind,
                        named,
                        rules,
                        "",
                        isValidated ? Map.of("log_loss", result.logLoss()) : Map.of(),
                        now)
                .write(out);
        PrintWriter results = spec.commandLine().getOut();
        results.printf(
                Locale.ROOT,
                "%s: %s %s, %,d examples, %s, %d epochs, in %s%n",
                out,
                kind,
                named,
                rated.examples().size(),
                result.learner().space(),
                result.epochs(),
                TaskProgress.clock(Duration.between(now, Instant.now())));
        if (isValidated) {
            results.printf(Locale.ROOT, "validation: log-loss %.4f%n", result.logLoss());
        }
        return Nextclick.DONE;
    }

    private static void report(PrintWriter err, int epoch, double logLoss) {
        if (Double.isNaN(logLoss)) {
            err.printf(Locale.ROOT, "epoch %d on all examples%n", epoch);
        } else {
            err.printf(Locale.ROOT, "epoch %d: validation log-loss %.4f%n", epoch, logLoss);
        }
        err.flush();
    }

    private RankerOptions options() {
        RankerOptions usual = RankerOptions.of(RankerKind.labelled(kind));
        return new RankerOptions(
                usual.kind(),
                Objects.requireNonNullElse(factors, usual.factors()),
                Objects.requireNonNullElse(hidden, usual.hidden()),
                Objects.requireNonNullElse(crosses, usual.crosses()),
                usual.crossBuckets(),
                Objects.requireNonNullElse(linearRate, usual.linearRate()),
                Objects.requireNonNullElse(rate, usual.rate()),
                Objects.requireNonNullElse(lasso, usual.lasso()),
                Objects.requireNonNullElse(ridge, usual.ridge()),
                Objects.requireNonNullElse(batch, usual.batch()),
                Objects.requireNonNullElse(negativeRate, usual.negativeRate()),
                seed);
    }

    private <T> T wrongUsageOf(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
