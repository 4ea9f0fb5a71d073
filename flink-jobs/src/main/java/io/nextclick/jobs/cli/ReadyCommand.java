package io.nextclick.jobs.cli;

import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.ready.Readiness;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick ready}: whether a job runs with warm models, as an exit code. */
@Command(
        name = "ready",
        description =
                "Say whether a job answers at full speed: all subtasks run, and their models are"
                        + " loaded and warm. For health checks and scripts.",
        footer = {
            "",
            "Ends with 0 if the job is ready and with 1 if not; one line says why. In a container"
                    + " without this program: java -cp nextclick-job.jar"
                    + " io.nextclick.jobs.ready.Readiness URL [JOB]."
        })
final class ReadyCommand implements Callable<Integer> {

    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(1);

    @Spec private CommandSpec spec;

    @Option(
            names = "--dashboard",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8081",
            description = "Address of Flink's dashboard.")
    private URI dashboard;

    @Option(
            names = "--job",
            paramLabel = "NAME",
            defaultValue = SessionRecommenderJob.NAME,
            description = "The job's name on the dashboard.")
    private String job;

    @Option(
            names = "--wait",
            converter = DurationConverter.class,
            defaultValue = "0s",
            description = "How long to wait until it is ready.")
    private Duration patience;

    @Option(
            names = "--timeout",
            converter = DurationConverter.class,
            defaultValue = "5s",
            description = "Longest that the dashboard may take to answer.")
    private Duration timeout;

    @Override
    public Integer call() throws InterruptedException {
        String scheme = dashboard.getScheme();
        if (dashboard.getHost() == null
                || !("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--dashboard is '" + dashboard + "', it must be like http://host:8081");
        }
        if (timeout.isZero()) {
            throw new ParameterException(spec.commandLine(), "--timeout must be more than 0");
        }
        Readiness readiness = new Readiness(dashboard, timeout);
        long end = System.nanoTime() + patience.toNanos();
        Readiness.Verdict verdict = readiness.look(job);
        while (!verdict.isReady() && System.nanoTime() < end) {
            TimeUnit.NANOSECONDS.sleep(BETWEEN_LOOKS.toNanos());
            verdict = readiness.look(job);
        }
        if (!verdict.isReady()) {
            return Nextclick.fail(spec, verdict.because());
        }
        spec.commandLine().getOut().println(verdict.because());
        return Nextclick.DONE;
    }
}
