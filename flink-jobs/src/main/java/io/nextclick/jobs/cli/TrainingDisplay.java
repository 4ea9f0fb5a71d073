package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.training.TrainingListener;
import java.io.PrintWriter;
import java.util.Locale;

/** Shows a training on standard error. */
final class TrainingDisplay implements TrainingListener, AutoCloseable {

    private final PrintWriter err;
    private final ExitSignal exit;
    private TaskProgress bar;

    TrainingDisplay(PrintWriter err, ExitSignal exit) {
        this.err = err;
        this.exit = exit;
    }

    @Override
    public boolean enough() {
        return exit.requested();
    }

    @Override
    public void started(TrainingPlan plan) {
        err.printf(
                Locale.ROOT,
                "%,d sessions to learn from (%,d predictions an epoch), %,d to validate on;"
                        + " %,d items, %s; seed %d%n",
                plan.trainingSessions(),
                plan.predictions(),
                plan.validationSessions(),
                plan.items(),
                plan.fullSoftmax() ? "all scored at every step" : "negatives sampled",
                plan.seed());
        err.flush();
    }

    @Override
    public void stepped(Progress progress) {
        long steps = (long) progress.epochs() * progress.steps();
        if (bar == null) {
            bar = new TaskProgress("train", "steps", steps, err);
        }
        bar.maximum(steps);
        bar.remark(
                String.format(
                        Locale.ROOT,
                        "epoch %d, loss %.3f, %,.0f clicks/s",
                        progress.epoch(),
                        progress.loss(),
                        progress.clicksPerSecond()));
        bar.to((long) (progress.epoch() - 1) * progress.steps() + progress.step());
    }

    @Override
    public void epochEnded(Epoch epoch) {
        String validation =
                epoch.validation() == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", validation recall@20 %.4f, MRR@20 %.4f%s",
                                epoch.validation().recall20(),
                                epoch.validation().mrr20(),
                                epoch.best() ? ", the best so far" : "");
        say(
                String.format(
                        Locale.ROOT,
                        "epoch %d: loss %.4f%s, %,.0f clicks/s, %s",
                        epoch.epoch(),
                        epoch.loss(),
                        validation,
                        epoch.clicksPerSecond(),
                        TaskProgress.clock(epoch.elapsed())));
    }

    @Override
    public void resumed(int epoch, boolean refitting) {
        say(
                "going on after epoch "
                        + epoch
                        + (refitting ? " of the training on all sessions" : ""));
    }

    @Override
    public void refitting(int epochs) {
        endBar();
        say("once more on all sessions, for " + epochs + " epochs");
    }

    private void say(String line) {
        if (bar == null) {
            err.println(line);
            err.flush();
        } else {
            bar.say(line);
        }
    }

    @Override
    public void close() {
        endBar();
    }

    void endBar() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
