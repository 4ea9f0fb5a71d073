package io.nextclick.models.prequential;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.simulation.Shop;
import io.nextclick.models.simulation.ShopSimulator;
import io.nextclick.models.tower.ItemAttributes;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/** What a recommender that learns from a stream hears of, in the order of time. */
public sealed interface StreamEvent {

    /** When it happened, milliseconds since the epoch. */
    long timeMillis();

    /** A visitor's click. */
    record Clicked(LoggedClick click) implements StreamEvent {

        @Override
        public long timeMillis() {
            return click.eventTimeMillis();
        }
    }

    /** An entry of the catalogue, as it is published when the item comes on sale. */
    record Described(String itemId, ItemAttributes attributes, long timeMillis)
            implements StreamEvent {}

    /** A log: clicks in order of time, without a catalogue. */
    static Iterator<StreamEvent> of(List<LoggedClick> clicks) {
        Iterator<LoggedClick> each = clicks.iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return each.hasNext();
            }

            @Override
            public StreamEvent next() {
                return new Clicked(each.next());
            }
        };
    }

    /**
     * A log whose clicks carry what a catalogue would say of their items: each item is described
     * right before its first click.
     *
     * @param itemAttributes attributes of a click that are its item's, besides {@code category} and
     *     {@code price}
     */
    static Iterator<StreamEvent> of(List<LoggedClick> clicks, Collection<String> itemAttributes) {
        Iterator<LoggedClick> each = clicks.iterator();
        return new Iterator<>() {
            private final Set<String> described = new HashSet<>();
            private StreamEvent due;

            @Override
            public boolean hasNext() {
                return due != null || each.hasNext();
            }

            @Override
            public StreamEvent next() {
                StreamEvent event = due;
                due = null;
                if (event == null) {
                    LoggedClick click = each.next();
                    event = new Clicked(click);
                    if (described.add(click.itemId())) {
                        due = event;
                        event = describe(click, itemAttributes);
                    }
                }
                return event;
            }
        };
    }

    private static Described describe(LoggedClick click, Collection<String> itemAttributes) {
        Map<String, String> attributes = new HashMap<>(click.attributes());
        String category = attributes.get("category");
        Double price = null;
        try {
            price =
                    attributes.containsKey("price")
                            ? Double.valueOf(attributes.get("price"))
                            : null;
        } catch (NumberFormatException e) {
            // A price in words is none.
            price = null;
        }
        attributes.keySet().retainAll(itemAttributes);
        return new Described(
                click.itemId(),
                new ItemAttributes(
                        category == null ? List.of() : List.of(category), price, attributes),
                click.eventTimeMillis());
    }

    /** A shop: its catalogue, then its clicks without end, new items described before them. */
    static Iterator<StreamEvent> of(ShopSimulator simulator) {
        return new Iterator<>() {
            private final Queue<StreamEvent> due = new ArrayDeque<>();
            private int described;

            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public StreamEvent next() {
                if (due.isEmpty()) {
                    LoggedClick click = simulator.next();
                    for (; described < simulator.shop().size(); described++) {
                        due.add(describe(simulator.shop().item(described)));
                    }
                    due.add(new Clicked(click));
                }
                return due.remove();
            }
        };
    }

    private static Described describe(Shop.Item item) {
        return new Described(
                item.id(),
                new ItemAttributes(
                        List.of(item.category()), Double.valueOf(item.price()), Map.of()),
                item.availableFrom());
    }
}
