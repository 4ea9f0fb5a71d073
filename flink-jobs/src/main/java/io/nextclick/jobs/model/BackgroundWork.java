package io.nextclick.jobs.model;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * A thread beside a task's own, for what would hold the task up: loading, trying out and freeing
 * models. It starts with the first work, and again after a pause. Results go back through the
 * task's mailbox.
 */
public final class BackgroundWork implements AutoCloseable {

    private static final Duration CLOSING_PATIENCE = Duration.ofMinutes(5);

    /** The thread goes when there has been no work for so long. */
    private static final Duration IDLE = Duration.ofMinutes(1);

    private final MailboxExecutor task;
    private final ExecutorService executor;
    private final CountDownLatch closing = new CountDownLatch(1);

    /**
     * @param task the task's mailbox
     * @param name the thread's
     */
    public BackgroundWork(MailboxExecutor task, String name) {
        this.task = task;
        ThreadPoolExecutor single =
                new ThreadPoolExecutor(
                        1,
                        1,
                        IDLE.toMillis(),
                        TimeUnit.MILLISECONDS,
                        new LinkedBlockingQueue<>(),
                        work -> {
                            Thread thread = new Thread(work, name);
                            thread.setDaemon(true);
                            return thread;
                        });
        single.allowCoreThreadTimeOut(true);
        executor = single;
    }

    /** Has something done after all that was given before; also when this is closing. */
    public void run(Runnable work) {
        executor.execute(work);
    }

    /**
     * Has something done by the task, between two records.
     *
     * @return false if the task has ended
     */
    public boolean tell(ThrowingRunnable<? extends Exception> mail, String description) {
        try {
            task.execute(mail, description);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** Whether what isn't done yet had better be given up. */
    public boolean isClosing() {
        return closing.getCount() == 0;
    }

    /** Waits, but no longer than until this is closing. Returns whether it is. */
    public boolean pause(Duration pause) {
        try {
            return closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /**
     * Waits for all work, interrupted or not: native code must not run on when the process may end.
     *
     * @throws IllegalStateException if it takes longer than anybody can wait
     */
    @Override
    public void close() {
        closing.countDown();
        executor.shutdown();
        boolean interrupted = false;
        long end = System.nanoTime() + CLOSING_PATIENCE.toNanos();
        while (!executor.isTerminated() && System.nanoTime() < end) {
            try {
                executor.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!executor.isTerminated()) {
            throw new IllegalStateException(
                    "work on a model has been going on for " + CLOSING_PATIENCE);
        }
    }
}
