package io.nextclick.jobs.cli;

import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * How GMF, MLP and NeuMF are trained, beside what they share with other networks; what is left out
 * is as {@link NeuralCfOptions#defaults} says.
 */
final class NeuralCfArguments {

    /** Of every kind, with those that mean the same for other models. */
    private static final Set<String> OF_ALL =
            Set.of(
                    "--factors",
                    "--epochs",
                    "--patience",
                    "--batch",
                    "--learning-rate",
                    "--regularization",
                    "--negatives",
                    "--validation",
                    "--refit",
                    "--seed",
                    "--test-share",
                    "--split-seed",
                    "--leave-last-out");

    private static final Set<String> OF_LAYERED = Set.of("--layers");

    private static final Set<String> OF_FUSED =
            Set.of("--pretrain", "--fusion-alpha", "--fusion-rate");

    @Option(
            names = "--pretrain",
            negatable = true,
            fallbackValue = "true",
            description = "Begin a neumf with a gmf and an mlp that are trained alone first.")
    private Boolean pretrain;

    @Option(
            names = "--fusion-alpha",
            paramLabel = "SHARE",
            description = "The gmf's share in a pre-trained neumf's first scores.")
    private Double fusionAlpha;

    @Option(
            names = "--fusion-rate",
            description =
                    "Learning rate of the gradient descent that a pre-trained neumf goes on by.")
    private Double fusionRate;

    /** Whether this is an option of the kind. */
    static boolean has(String kind, String option) {
        return NeuralCfKind.named(kind)
                .filter(
                        named ->
                                OF_ALL.contains(option)
                                        || (named.layered() && OF_LAYERED.contains(option))
                                        || (named == NeuralCfKind.NEUMF
                                                && OF_FUSED.contains(option)))
                .isPresent();
    }

    /** The kind's defaults, with what was asked for in their place. */
    NeuralCfOptions options(
            CommandSpec spec,
            NeuralCfKind kind,
            TrainingArguments shared,
            RatingArguments ofUsers) {
        NeuralCfOptions usual = NeuralCfOptions.defaults(kind);
        boolean validation = either(shared.validationFraction(), 1.0) > 0;
        try {
            return new NeuralCfOptions(
                    kind,
                    either(ofUsers.factors(), usual.factors()),
                    either(shared.layers(), usual.layers()),
                    either(shared.negatives(), usual.negatives()),
                    either(shared.epochs(), usual.epochs()),
                    either(shared.patience(), usual.patience()),
                    either(shared.batch(), usual.batch()),
                    either(shared.learningRate(), usual.learningRate()),
                    either(ofUsers.regularization(), usual.regularization()),
                    either(pretrain, usual.pretrain()),
                    either(fusionAlpha, usual.fusionAlpha()),
                    either(fusionRate, usual.fusionRate()),
                    validation,
                    either(shared.refit(), validation),
                    either(shared.seed(), usual.seed()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static <V> V either(V asked, V usual) {
        return asked == null ? usual : asked;
    }
}
