package io.nextclick.jobs.recommend;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * Sees to it that a bundle is answered although nothing more arrives: when its first click has
 * waited for the bundle timeout, or, where that is zero, as soon as no other click waits to be
 * read.
 *
 * <p>One timer or mail is on its way at a time, so bundles that fill up quickly cost none of their
 * own. None is ever cancelled: it does no harm to find the bundle empty.
 */
final class BundleWakeUp {

    private final Duration timeout;
    private final MailboxExecutor mailbox;
    private final ProcessingTimeService clock;
    private final BooleanSupplier hasClicks;
    private final ThrowingRunnable<Exception> answer;

    private boolean isSet;
    private long bundleStartMillis;
    private long arrivals;

    /**
     * @param timeout longest a click waits; zero: as long as others are waiting to be read
     * @param mailbox of the task, which reads clicks between its mails
     * @param hasClicks whether there are clicks in the bundle
     * @param answer answers the bundle, which may be empty
     */
    BundleWakeUp(
            Duration timeout,
            MailboxExecutor mailbox,
            ProcessingTimeService clock,
            BooleanSupplier hasClicks,
            ThrowingRunnable<Exception> answer) {
        this.timeout = timeout;
        this.mailbox = mailbox;
        this.clock = clock;
        this.hasClicks = hasClicks;
        this.answer = answer;
    }

    /** A click has been put into the bundle. */
    void clickArrived() {
        arrivals++;
    }

    /** A bundle begins, with the click that arrived last. */
    void bundleBegins() {
        if (timeout.isZero()) {
            if (!isSet) {
                isSet = true;
                answerWhenIdle(arrivals - 1);
            }
        } else {
            bundleStartMillis = clock.getCurrentProcessingTime();
            if (!isSet) {
                isSet = true;
                answerAt(bundleStartMillis + timeout.toMillis());
            }
        }
    }

    private void answerAt(long timeMillis) {
        var unused =
                clock.registerTimer(
                        timeMillis,
                        now -> {
                            long due = bundleStartMillis + timeout.toMillis();
                            if (hasClicks.getAsBoolean() && now < due) {
                                answerAt(due);
                                return;
                            }
                            isSet = false;
                            answer.run();
                        });
    }

    /**
     * The task reads one click between two of its mails, if one is waiting. So when a mail finds
     * that no click came since the last, none was waiting.
     */
    private void answerWhenIdle(long arrivalsBefore) {
        mailbox.execute(
                () -> {
                    if (hasClicks.getAsBoolean() && arrivals != arrivalsBefore) {
                        answerWhenIdle(arrivals);
                        return;
                    }
                    isSet = false;
                    answer.run();
                },
                "answer the bundle if no click is waiting");
    }
}
