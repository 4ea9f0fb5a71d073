package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.Sessioniser;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingListener;
import io.nextclick.models.training.TrainingOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The sequence model of a run on a stream: trained on its first clicks, or given. */
final class SequenceModelArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Use this sequence model instead of training one.")
    private Path model;

    @Option(
            names = "--keep",
            paramLabel = "DIR",
            description = "Leave the trained sequence model here.")
    private Path keep;

    @Option(names = "--seed", defaultValue = "42", description = "Seed of the training.")
    private long seed;

    /**
     * The model, which the caller closes.
     *
     * @param clicks to train on
     * @param logged whether they are a log's
     * @throws CancellationException if somebody wanted to end before it was trained
     */
    ServableModel model(
            List<LoggedClick> clicks, boolean logged, SessionRules rules, ExitSignal exit)
            throws IOException {
        if (model != null) {
            return ServableModels.load(ModelFolder.read(model));
        }
        Sessioniser sessioniser = new Sessioniser(rules);
        for (LoggedClick click : clicks) {
            sessioniser.add(
                    click.sessionId(), click.eventId(), click.itemId(), click.eventTimeMillis());
        }
        List<Session> sessions = sessioniser.sessions();
        TrainingOptions options = DemoTraining.options(seed, logged);
        TrainedModel trained =
                Trainer.train(
                        sessions,
                        options,
                        new TrainingListener() {
                            @Override
                            public boolean enough() {
                                return exit.requested();
                            }
                        });
        if (exit.requested()) {
            throw new CancellationException("ended before the sequence model was trained");
        }
        PrintWriter out = command.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "sequence model trained on %,d sessions in %.1f s%n",
                trained.sessions(),
                trained.elapsed().toMillis() / 1e3);
        out.flush();
        ModelFolder folder = trained.folder("bench-1", rules, sessions, Instant.now());
        if (keep != null) {
            folder.write(keep);
        }
        return ServableModels.load(folder);
    }
}
