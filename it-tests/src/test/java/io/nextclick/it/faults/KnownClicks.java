package io.nextclick.it.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.nextclick.it.faults.Account.Expected;
import io.nextclick.it.faults.Account.Line;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Clicks of many sessions at an even rate, every one of which is booked in an {@link Account}
 * before it is sent and when it is acknowledged. The same seed gives the same clicks in the same
 * order, but for what faults of the workload put among them. Goes on through whatever befalls the
 * broker: what isn't acknowledged is sent until it is.
 */
public final class KnownClicks implements FaultInjector, AutoCloseable {

    private static final int LIVE_SESSIONS = 200;
    private static final double CLICKS_PER_SESSION = 8;
    private static final double UNKNOWN_ITEMS = 0.05;
    private static final int BOT_CLICKS = 100_000;
    private static final int REORDERED = 40;
    private static final long START_MILLIS = 1_704_067_200_000L;
    private static final Duration TOLERATED_SKEW = Duration.ofHours(20);
    private static final Duration INTOLERABLE_SKEW = Duration.ofDays(3);

    private static final Codec<Click> AVRO = Topics.CLICKS.codec(Encoding.AVRO);
    private static final Codec<Click> JSON = Topics.CLICKS.codec(Encoding.JSON);
    private static final Codec<Click> READER = DetectingCodec.of(Topics.CLICKS, Encoding.JSON);

    private final Account account;
    private final String topic;
    private final List<String> items;
    private final double clicksPerSecond;
    private final SplittableRandom random;
    private final Properties client;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Thread thread;
    private final String[] sessions = new String[LIVE_SESSIONS];
    private final AtomicLong events = new AtomicLong();
    private final List<Prepared> heldBack = new ArrayList<>();
    private long begunSessions;
    private volatile FaultKind mode = FaultKind.NOTHING;
    private volatile String hotSession;
    private volatile boolean stopped;

    /** A record that waits to be sent. */
    private record Prepared(Expected expected, ProducerRecord<byte[], byte[]> record) {}

    /**
     * @param account where all is booked
     * @param client properties of Kafka's producer
     * @param topic of clicks; must exist
     * @param items that are clicked; some unknown ones come on top
     */
    KnownClicks(
            Account account,
            Properties client,
            String topic,
            List<String> items,
            double clicksPerSecond,
            long seed) {
        this.account = account;
        this.topic = topic;
        this.items = items;
        this.clicksPerSecond = clicksPerSecond;
        this.client = client;
        random = new SplittableRandom(seed);
        producer = producer();
        thread = new Thread(this::publish, "known clicks");
        thread.setDaemon(true);
    }

    private KafkaProducer<byte[], byte[]> producer() {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.setProperty("enable.idempotence", "true");
        properties.setProperty("linger.ms", "5");
        // Of several in flight to a partition that isn't led for a moment, the first may be refused
        // and the second taken: then the first is out of order for ever.
        properties.setProperty("max.in.flight.requests.per.connection", "1");
        // Longer than any fault: a click that is given up would be in nobody's books.
        properties.setProperty("delivery.timeout.ms", "600000");
        properties.setProperty("max.block.ms", "600000");
        properties.setProperty("request.timeout.ms", "5000");
        properties.setProperty("reconnect.backoff.max.ms", "200");
        return new KafkaProducer<>(
                properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Begins to publish. */
    void start() {
        thread.start();
    }

    private void publish() {
        long start = System.nanoTime();
        for (long index = 0; !stopped; index++) {
            long due = start + (long) (index / clicksPerSecond * 1e9);
            for (long left; (left = due - System.nanoTime()) > 0; ) {
                LockSupport.parkNanos(left);
            }
            try {
                next(mode);
            } catch (IllegalStateException e) {
                if (stopped) {
                    return;
                }
                throw e;
            }
        }
        release();
    }

    private void next(FaultKind now) {
        if (now != FaultKind.PRODUCER_REORDERING) {
            release();
        }
        switch (now) {
            case POISONED_RECORDS -> {
                if (random.nextBoolean()) {
                    send(producer, poison());
                } else {
                    send(producer, click(session(), 0));
                }
            }
            case PRODUCER_DUPLICATES -> {
                Prepared click = click(session(), 0);
                send(producer, click);
                for (int copies = 1 + random.nextInt(2); copies > 0; copies--) {
                    send(producer, new Prepared(Expected.NOTHING, click.record()));
                }
            }
            case PRODUCER_REORDERING -> {
                heldBack.add(click(session(), 0));
                if (heldBack.size() >= REORDERED) {
                    release();
                }
            }
            case CLOCK_SKEW -> send(producer, skewed());
            case HOT_SESSION ->
                    send(producer, click(random.nextBoolean() ? hotSession : session(), 0));
            default -> send(producer, click(session(), 0));
        }
    }

    /** Sends what was held back, in any order. */
    private void release() {
        Collections.shuffle(heldBack, new Random(random.nextLong()));
        heldBack.forEach(each -> send(producer, each));
        heldBack.clear();
    }

    private void send(KafkaProducer<byte[], byte[]> through, Prepared prepared) {
        Line line = account.sending(prepared.expected());
        var unused =
                through.send(
                        prepared.record(),
                        (metadata, failure) -> {
                            if (failure != null) {
                                account.refused(failure);
                            } else {
                                account.acknowledged(line, metadata.partition(), metadata.offset());
                            }
                        });
    }

    private String session() {
        int place = random.nextInt(LIVE_SESSIONS);
        if (sessions[place] == null || random.nextDouble() * CLICKS_PER_SESSION < 1) {
            sessions[place] = "session-" + begunSessions++;
        }
        return sessions[place];
    }

    private Prepared click(String session, long skewMillis) {
        long number = events.getAndIncrement();
        return prepared(random, session, number, START_MILLIS + millis(number) + skewMillis);
    }

    private long millis(long number) {
        return (long) (number / clicksPerSecond * 1e3);
    }

    private Prepared prepared(
            SplittableRandom from, String session, long number, long eventTimeMillis) {
        String item =
                from.nextDouble() < UNKNOWN_ITEMS
                        ? "unknown-" + from.nextInt(1_000)
                        : items.get(from.nextInt(items.size()));
        Click click =
                new Click(
                        "event-" + number,
                        session,
                        null,
                        item,
                        Click.DEFAULT_EVENT_TYPE,
                        eventTimeMillis,
                        Map.of());
        return new Prepared(
                Expected.ANSWER,
                new ProducerRecord<>(
                        topic,
                        session.getBytes(UTF_8),
                        (from.nextBoolean() ? AVRO : JSON).encode(click)));
    }

    private Prepared skewed() {
        int way = random.nextInt(5);
        long tolerated = random.nextLong(TOLERATED_SKEW.toMillis());
        return switch (way) {
            case 0 -> click(session(), tolerated);
            case 1, 2 -> click(session(), -tolerated);
            case 3 -> {
                long future = System.currentTimeMillis() + INTOLERABLE_SKEW.toMillis();
                Prepared click = prepared(random, session(), events.getAndIncrement(), future);
                yield new Prepared(Expected.DEAD_LETTER, click.record());
            }
            default -> click(session(), 0);
        };
    }

    private Prepared poison() {
        Prepared click = click(session(), 0);
        byte[] value;
        do {
            value = damaged(click.record().value());
        } while (decodes(value));
        byte[] key = random.nextInt(4) == 0 ? null : click.record().key();
        return new Prepared(Expected.DEAD_LETTER, new ProducerRecord<>(topic, key, value));
    }

    private byte[] damaged(byte[] good) {
        return switch (random.nextInt(7)) {
            case 0 -> null;
            case 1 -> new byte[0];
            case 2 -> {
                byte[] noise = new byte[random.nextInt(2_000)];
                random.nextBytes(noise);
                yield noise;
            }
            case 3 -> Arrays.copyOf(good, random.nextInt(good.length));
            case 4 -> {
                byte[] flipped = good.clone();
                flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
                yield flipped;
            }
            case 5 -> ("{\"attributes\":" + "[".repeat(5_000)).getBytes(UTF_8);
            default -> {
                // As a schema registry's clients write it.
                byte[] registry = new byte[good.length + 5];
                System.arraycopy(good, 0, registry, 5, good.length);
                yield registry;
            }
        };
    }

    private static boolean decodes(byte[] value) {
        try {
            READER.decode(value);
            return true;
        } catch (MalformedRecordException e) {
            return false;
        }
    }

    @Override
    public boolean supports(FaultKind kind) {
        return kind.isOfWorkload();
    }

    @Override
    public Damage inject(FaultKind kind, SplittableRandom choice) {
        if (kind == FaultKind.BOT_SESSION) {
            bot(choice);
            return () -> {};
        }
        hotSession = "hot-" + choice.nextLong(Long.MAX_VALUE);
        mode = kind;
        return () -> mode = FaultKind.NOTHING;
    }

    /** Through a producer of its own, so that the others' clicks don't wait in this process. */
    private void bot(SplittableRandom choice) {
        String session = "bot-" + choice.nextLong(Long.MAX_VALUE);
        try (KafkaProducer<byte[], byte[]> own = producer()) {
            for (int click = 0; click < BOT_CLICKS; click++) {
                long number = events.get();
                send(
                        own,
                        prepared(
                                choice,
                                session,
                                // Event ids of its own.
                                Long.MAX_VALUE - click,
                                START_MILLIS + millis(number)));
            }
        }
    }

    /** Sends no more; what was sent is acknowledged when this returns. */
    void stop() throws InterruptedException {
        stopped = true;
        thread.join();
        producer.flush();
    }

    /** Sends no more, and gives up what isn't acknowledged. */
    @Override
    public void close() {
        stopped = true;
        producer.close(Duration.ZERO);
    }
}
