package io.nextclick.jobs.retrieve;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The item vectors, the query tower, the ranker and the catalogue as they are now: once in each
 * process, shared by its subtasks, kept up to date by a thread that reads compacted topics from
 * their beginning.
 *
 * <p>It is no Flink state. Every process needs all of it, it can be made anew at any time from the
 * topics, and an answer takes it as it is: in a checkpoint it would be a copy of the topics, once a
 * subtask. What a restored job answers may therefore differ from what it answered before the
 * failure, as vectors have moved on.
 *
 * <p>A feed that fails is opened anew, after a pause, and read from the beginning; until that has
 * caught up, what there was before stays in use.
 */
public final class LiveItems implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveItems.class);

    private static final Duration POLL = Duration.ofMillis(200);
    private static final long FIRST_PAUSE_MILLIS = 1_000;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;
    private static final long CLOSING_MILLIS = 10_000;

    /** Guarded by itself. */
    private static final Map<Identity, Shared> SHARED = new HashMap<>();

    private final Identity identity;
    private final Shared shared;
    private boolean closed;

    private LiveItems(Identity identity, Shared shared) {
        this.identity = identity;
        this.shared = shared;
    }

    /**
     * Begins to read, or joins those who read the same in this process. Doesn't wait.
     *
     * @param source what to read
     * @param loader where query towers and rankers come from
     */
    public static LiveItems acquire(TopicFeed.Source source, TowerLoader loader) {
        Identity identity = new Identity(source, loader.getClass());
        synchronized (SHARED) {
            Shared shared = SHARED.get(identity);
            if (shared == null) {
                shared = new Shared(source, loader);
                SHARED.put(identity, shared);
                shared.thread.start();
            }
            shared.users++;
            return new LiveItems(identity, shared);
        }
    }

    /** The tower to ask from now on; null while there is none. */
    public LiveTower tower() {
        return shared.tower;
    }

    /** What orders candidates from now on; null while nothing does. */
    public LiveRanker ranker() {
        return shared.ranker;
    }

    /** What the catalogue says; empty while nothing has been read of one. */
    public LiveCatalog catalog() {
        return shared.catalog;
    }

    /**
     * Waits until everything has been read that the topics held at the start.
     *
     * @return whether it has, in this time
     */
    public boolean awaitCaughtUp(Duration longest) throws InterruptedException {
        return shared.caughtUp.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Shows on a dashboard what the process has and how far behind it is. */
    public void register(MetricGroup group) {
        group.gauge("items", (Gauge<Integer>) () -> tower() == null ? 0 : tower().items());
        group.gauge(
                "towerVersion", (Gauge<String>) () -> tower() == null ? "none" : tower().version());
        if (identity.source().rankers()) {
            group.gauge(
                    "rankerVersion",
                    (Gauge<String>) () -> ranker() == null ? "none" : ranker().version());
            group.gauge("refusedRankers", (Gauge<Long>) this::refusedRankers);
        }
        group.gauge("catalogItems", (Gauge<Integer>) () -> catalog().size());
        group.gauge("lagRecords", (Gauge<Long>) () -> shared.lag);
        group.gauge("ageMillis", (Gauge<Long>) this::ageMillis);
        group.gauge("brokenRecords", (Gauge<Long>) this::brokenRecords);
        group.gauge("refusedTowers", (Gauge<Long>) this::refusedTowers);
        group.gauge("interruptions", (Gauge<Long>) shared.figures::interruptionCount);
    }

    /** How long ago the newest vector in use was made; -1 without one. */
    private long ageMillis() {
        long newest = shared.newestMillis;
        return newest == Long.MIN_VALUE ? -1 : Math.max(0, System.currentTimeMillis() - newest);
    }

    /** Records that couldn't be read. */
    public long brokenRecords() {
        return shared.figures.brokenCount();
    }

    /** Attempts to use a query tower that failed. */
    public long refusedTowers() {
        return shared.figures.refusedTowerCount();
    }

    /** Attempts to use a ranker that failed. */
    public long refusedRankers() {
        return shared.figures.refusedRankerCount();
    }

    /** The last to close ends the reading, and waits for it. */
    @Override
    public void close() {
        synchronized (SHARED) {
            if (closed) {
                return;
            }
            closed = true;
            if (--shared.users > 0) {
                return;
            }
            SHARED.remove(identity);
        }
        shared.end();
    }

    /** How many are read in this process. */
    static int count() {
        synchronized (SHARED) {
            return SHARED.size();
        }
    }

    private record Identity(TopicFeed.Source source, Class<?> loader) {

        Identity {
            Objects.requireNonNull(source, "source");
        }
    }

    /** The reading thread and what it has made. */
    private static final class Shared {

        final TopicFeed.Source source;
        final TowerLoader loader;
        final LiveItemsFigures figures = new LiveItemsFigures();
        final CountDownLatch caughtUp = new CountDownLatch(1);
        final Thread thread = new Thread(this::run, "nextclick live items");

        /** Guarded by {@link #SHARED}. */
        int users;

        volatile LiveTower tower;
        volatile LiveRanker ranker;
        volatile LiveCatalog catalog = new LiveCatalog(false);
        volatile long newestMillis = Long.MIN_VALUE;
        volatile long lag;

        /** Guarded by this object. */
        private boolean ended;

        /** The feed being read; null between two. Guarded by this object. */
        private TopicFeed feed;

        Shared(TopicFeed.Source source, TowerLoader loader) {
            this.source = source;
            this.loader = loader;
            thread.setDaemon(true);
        }

        private void run() {
            long pauseMillis = FIRST_PAUSE_MILLIS;
            while (!isEnded()) {
                try (TopicFeed opened = source.open()) {
                    if (begin(opened)) {
                        Materialised materialised =
                                new Materialised(
                                        loader, figures, source.rankers(), source.writers());
                        while (!isEnded()) {
                            opened.poll(POLL, materialised::receive);
                            materialised.settle(System.nanoTime());
                            publish(materialised, opened);
                            pauseMillis = FIRST_PAUSE_MILLIS;
                        }
                    }
                } catch (RuntimeException e) {
                    if (isEnded()) {
                        break;
                    }
                    LOG.warn(
                            "Reading live items failed for the {}. time, again in {} ms",
                            figures.interruption(),
                            pauseMillis,
                            e);
                    pause(pauseMillis);
                    pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
                } finally {
                    begin(null);
                }
            }
        }

        private void publish(Materialised materialised, TopicFeed feed) {
            boolean isComplete = feed.isCaughtUp();
            boolean isFirst = caughtUp.getCount() > 0;
            lag = feed.lag();
            // After a failure the old is better than what has been read so far of the new.
            if (isComplete || isFirst) {
                catalog = materialised.catalog();
                if (materialised.ranker() != null) {
                    ranker = materialised.ranker();
                }
                if (materialised.tower() != null) {
                    tower = materialised.tower();
                    newestMillis = materialised.newestMillis();
                }
            }
            if (isComplete && isFirst) {
                LOG.info(
                        "Live items have been read: {} catalogue entries, {}, {}",
                        catalog.size(),
                        tower == null
                                ? "no query tower"
                                : tower.items() + " items of query tower " + tower.version(),
                        ranker == null ? "no ranker" : "ranker " + ranker.version());
                caughtUp.countDown();
            }
        }

        /** Returns whether there is to be any reading. */
        private synchronized boolean begin(TopicFeed next) {
            feed = next;
            return !ended;
        }

        private synchronized boolean isEnded() {
            return ended;
        }

        private synchronized void pause(long millis) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            long left = millis;
            while (!ended && left > 0) {
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    ended = true;
                }
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            }
        }

        void end() {
            synchronized (this) {
                ended = true;
                if (feed != null) {
                    feed.wakeUp();
                }
                notifyAll();
            }
            boolean interrupted = false;
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSING_MILLIS);
            long left = CLOSING_MILLIS;
            while (thread.isAlive() && left > 0) {
                try {
                    thread.join(left);
                } catch (InterruptedException e) {
                    // Flink interrupts a task that is slow to end; the thread must end even so.
                    interrupted = true;
                    break;
                }
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (thread.isAlive()) {
                LOG.warn("The thread that reads live items has not ended yet");
            }
        }
    }
}
