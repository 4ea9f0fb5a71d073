package io.nextclick.models.simulation;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.Iterator;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The clicks of a {@link Shop}'s visitors, without end, in the order of their event times, sessions
 * interleaved. Deterministic: equal options give equal clicks.
 *
 * <p>The shop always holds the same number of visitors; each clicks at the times of a Poisson
 * process, all with the same rate, and is replaced by a new visitor when the session ends. So the
 * next click comes after an exponential time and from a visitor chosen evenly, which needs no
 * queue: a click costs constant time. A session has two clicks and then goes on with the same
 * probability after each, whatever its taste; it never has the same item twice in a row.
 *
 * <p>Event ids are {@code e0, e1, …}, session ids {@code s0, s1, …}; attributes are {@code
 * category} and {@code price}. Not safe for use by several threads.
 */
public final class ShopSimulator implements Iterator<LoggedClick> {

    private final Shop shop;
    private final SplittableRandom random;
    private final double meanPauseMillis;
    private final double goesOn;

    // The visitors present, by place.
    private final String[] sessionIds;
    private final int[] tastes;
    private final int[] beforeLast;
    private final int[] last;
    private final int[] clicks;

    private double elapsedMillis;
    private long sessions;
    private long produced;

    /** A simulator at the start of event time. */
    public ShopSimulator(ShopOptions options) {
        shop = new Shop(options);
        // Another stream than the shop's own, which is seeded with the seed itself.
        random = new SplittableRandom(options.seed() ^ 0x5DEE_CE66_D123_4567L);
        meanPauseMillis = 1_000 / options.clicksPerSecond();
        double length = options.meanSessionLength();
        goesOn = (length - 2) / (length - 1);
        int visitors = options.concurrentSessions();
        sessionIds = new String[visitors];
        tastes = new int[visitors];
        beforeLast = new int[visitors];
        last = new int[visitors];
        clicks = new int[visitors];
    }

    /** The shop as it is at the last click. */
    public Shop shop() {
        return shop;
    }

    /** Clicks so far. */
    public long produced() {
        return produced;
    }

    /** Sessions begun so far. */
    public long sessions() {
        return sessions;
    }

    /** Always true. */
    @Override
    public boolean hasNext() {
        return true;
    }

    @Override
    public LoggedClick next() {
        elapsedMillis += -StrictMath.log(1 - AliasTables.unit(random.nextLong())) * meanPauseMillis;
        long time = shop.options().start().toEpochMilli() + (long) elapsedMillis;
        shop.advanceTo(time);

        int visitor = AliasTables.below(sessionIds.length, random.nextLong());
        int item;
        if (clicks[visitor] == 0) {
            sessionIds[visitor] = "s" + sessions++;
            tastes[visitor] = shop.drawTaste(random);
            item = shop.drawFirst(tastes[visitor], random);
            beforeLast[visitor] = item;
        } else {
            item = shop.drawNext(tastes[visitor], beforeLast[visitor], last[visitor], random);
            beforeLast[visitor] = last[visitor];
        }
        last[visitor] = item;
        clicks[visitor]++;
        String session = sessionIds[visitor];
        if (clicks[visitor] >= 2 && AliasTables.unit(random.nextLong()) >= goesOn) {
            clicks[visitor] = 0;
        }
        Shop.Item described = shop.item(item);
        return new LoggedClick(
                "e" + produced++, session, null, described.id(), time, described.attributes());
    }

    /** The next {@code count} clicks. */
    public Stream<LoggedClick> clicks(long count) {
        return LongStream.range(0, count).mapToObj(click -> next());
    }
}
