package io.nextclick.jobs.demo;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.simulation.Shop;
import io.nextclick.models.simulation.ShopSimulator;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Instant;
import java.util.AbstractList;
import java.util.List;
import java.util.Properties;

/**
 * A synthetic shop that is open: its items go to the catalogue's topic as they come on sale, its
 * visitors' clicks to theirs at the time at which they happen.
 */
public final class ShopStream implements AutoCloseable {

    private final ShopSimulator simulator;
    private final CatalogPublisher catalogue;
    private final ClickPublisher clicks;
    private final long nowMillis;
    private final long startNanos = System.nanoTime();

    /**
     * @param client properties of Kafka's producer, {@code bootstrap.servers} among them
     * @param topic of the clicks
     * @param simulator at its beginning
     * @param now the event time that is now: clicks before it are published at once
     * @throws org.apache.kafka.common.KafkaException if the properties make no producer
     */
    public ShopStream(Properties client, String topic, ShopSimulator simulator, Instant now) {
        this.simulator = simulator;
        nowMillis = now.toEpochMilli();
        catalogue = new CatalogPublisher(client, itemsOf(simulator.shop()), (item, time) -> {});
        clicks =
                new ClickPublisher(
                        client,
                        topic,
                        DetectingCodec.of(Topics.CLICKS, Encoding.JSON),
                        ClickPublisher.Listener.none());
    }

    /** The items there are by now, and are going to be. */
    private static List<Shop.Item> itemsOf(Shop shop) {
        return new AbstractList<>() {
            @Override
            public Shop.Item get(int index) {
                return shop.item(index);
            }

            @Override
            public int size() {
                return shop.size();
            }
        };
    }

    /**
     * Waits for the next click's time and publishes it, after the items that are on sale by then.
     *
     * @param idPrefix put before the ids of its event and session
     * @throws IOException if an earlier one could not be published
     * @throws InterruptedException if the thread is interrupted while it waits; the click is lost
     */
    public void publishNext(String idPrefix) throws IOException, InterruptedException {
        LoggedClick click = simulator.next();
        Pace.multipleOfItsOwn(1, nowMillis).await(startNanos, clicks.sent(), click);
        catalogue.publishUntil(click.eventTimeMillis());
        clicks.publish(
                new LoggedClick(
                        idPrefix + click.eventId(),
                        idPrefix + click.sessionId(),
                        click.userId(),
                        click.itemId(),
                        click.eventTimeMillis(),
                        click.attributes()),
                0);
    }

    /**
     * Waits until all that was published stands in the log.
     *
     * @throws IOException if something could not be published
     */
    public void flush() throws IOException {
        catalogue.flush();
        clicks.flush();
    }

    @Override
    public void close() {
        catalogue.close();
        clicks.close();
    }
}
