package io.nextclick.models.tower;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Two towers that learn from a log rather than from a stream: several times over the same clicks,
 * in a new order each time, with every item of the catalogue known from the beginning. With {@link
 * TwoTowerOptions#ids} off these are content-based towers: an item that nobody has clicked stands
 * where its attributes put it, beside items alike that were clicked.
 */
public final class LoggedTowers implements AutoCloseable {

    /** The attribute that is a price in numbers. */
    private static final String PRICE = "price";

    /** Attributes whose values are categories, as a catalogue's are, several separated by |. */
    private static final List<String> CATEGORIES = List.of("category", "categories", "genres");

    /** Further than any log reaches: rows don't expire while it is read again. */
    private static final Duration NEVER = Duration.ofDays(365_000);

    /**
     * One time over the log.
     *
     * @param number from 1
     * @param loss mean of the batches' losses, each before its update
     * @param examplesPerSecond trained on
     */
    public record Epoch(int number, double loss, double examplesPerSecond) {}

    private final List<Session> log;
    private final TwoTowerLearner learner;
    private final int epochs;
    private final double loss;
    private final Duration elapsed;

    private LoggedTowers(
            List<Session> log, TwoTowerLearner learner, int epochs, double loss, Duration elapsed) {
        this.log = log;
        this.learner = learner;
        this.epochs = epochs;
        this.loss = loss;
        this.elapsed = elapsed;
    }

    /**
     * What clicks say of their items: the catalogue of a log that has none. Of an item's clicks the
     * last in the list counts.
     *
     * @param names attributes of clicks that are the item's: {@code price} is its price; {@code
     *     category}, {@code categories} and {@code genres} hold categories separated by {@code |};
     *     any other is an attribute of the item
     * @throws IllegalArgumentException if no click has one of them, or a price is no number
     */
    public static Map<String, ItemAttributes> catalogue(
            List<LoggedClick> clicks, List<String> names) {
        for (String name : names) {
            if (clicks.stream().noneMatch(click -> click.attributes().containsKey(name))) {
                throw new IllegalArgumentException("no click has an attribute '" + name + "'");
            }
        }
        Map<String, ItemAttributes> catalogue = new LinkedHashMap<>();
        for (LoggedClick click : clicks) {
            List<String> categories = new ArrayList<>();
            Double price = null;
            Map<String, String> others = new TreeMap<>();
            for (String name : names) {
                String value = click.attributes().get(name);
                if (value == null || value.isEmpty()) {
                    continue;
                }
                if (CATEGORIES.contains(name)) {
                    categories.addAll(List.of(value.split("\\|")));
                } else if (name.equals(PRICE)) {
                    price = price(value);
                } else {
                    others.put(name, value);
                }
            }
            catalogue.put(click.itemId(), new ItemAttributes(categories, price, others));
        }
        return catalogue;
    }

    private static Double price(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a click's price is '" + text + "', no number", e);
        }
    }

    /**
     * Learns.
     *
     * @param log each session's clicks but the first are to be found from those before them
     * @param catalogue what is known of items by id, those that the log doesn't hold included
     * @param options idle rows don't expire, whatever they say, and items need no second click
     * @param epochs how many times over the log
     * @param listener hears of each, on this thread
     * @throws IllegalArgumentException if no session has two items that are known
     */
    public static LoggedTowers train(
            List<Session> log,
            Map<String, ItemAttributes> catalogue,
            TwoTowerOptions options,
            int epochs,
            Consumer<Epoch> listener) {
        if (epochs < 1) {
            throw new IllegalArgumentException("epochs is " + epochs + ", it must be at least 1");
        }
        long began = System.nanoTime();
        TwoTowerLearner learner =
                new TwoTowerLearner(
                        options.toBuilder().idleExpiry(NEVER).admission(1).build(),
                        "log-" + options.seed());
        try {
            catalogue.forEach(learner::describe);
            SplittableRandom random = new SplittableRandom(options.seed());
            double loss = 0;
            for (int epoch = 1; epoch <= epochs; epoch++) {
                long start = System.nanoTime();
                Sums sums = new Sums();
                for (int[] place : shuffled(log, random)) {
                    learner.add(example(log.get(place[0]), place[1], options.history()))
                            .ifPresent(sums::add);
                }
                learner.flush().ifPresent(sums::add);
                if (sums.examples == 0) {
                    throw new IllegalArgumentException(
                            "no session of " + log.size() + " has two items that are known");
                }
                loss = sums.loss / sums.examples;
                double seconds = (System.nanoTime() - start) / 1e9;
                listener.accept(new Epoch(epoch, loss, sums.examples / seconds));
            }
            return new LoggedTowers(
                    List.copyOf(log),
                    learner,
                    epochs,
                    loss,
                    Duration.ofNanos(System.nanoTime() - began));
        } catch (RuntimeException e) {
            learner.close();
            throw e;
        }
    }

    private static final class Sums {
        private double loss;
        private long examples;

        void add(TowerStep step) {
            loss += step.loss() * step.examples();
            examples += step.examples();
        }
    }

    /** Every target of the log as its session and its place there. */
    private static List<int[]> shuffled(List<Session> log, SplittableRandom random) {
        List<int[]> targets = new ArrayList<>();
        for (int session = 0; session < log.size(); session++) {
            for (int place = 1; place < log.get(session).items().size(); place++) {
                int[] target = {session, place};
                int other = random.nextInt(targets.size() + 1);
                if (other == targets.size()) {
                    targets.add(target);
                } else {
                    targets.add(targets.get(other));
                    targets.set(other, target);
                }
            }
        }
        return targets;
    }

    private static TowerExample example(Session session, int place, int history) {
        return new TowerExample(
                session.items().subList(Math.max(0, place - history), place),
                null,
                Map.of(),
                session.items().get(place),
                session.startMillis());
    }

    /** Items that it knows. */
    public int items() {
        return learner.items();
    }

    /** Of the last epoch. */
    public double loss() {
        return loss;
    }

    /** How long it learnt. */
    public Duration elapsed() {
        return elapsed;
    }

    /**
     * The model as a folder of the kind {@code two-tower}, ready to be written, served and trained
     * on; its fallbacks are counted from the log.
     *
     * @param name its name
     * @param version its version
     * @param rules the session rules under which it is to be served
     * @param createdAt when it was trained
     */
    public ModelFolder folder(String name, String version, SessionRules rules, Instant createdAt) {
        ModelFolder learnt = learner.toFolder(name, version, rules, createdAt);
        ModelManifest manifest = learnt.manifest();
        Map<String, Object> parameters = new LinkedHashMap<>(manifest.parameters());
        parameters.put("ids", learner.options().ids());
        parameters.put("epochs", epochs);
        parameters.put("seed", learner.options().seed());
        Map<String, Double> metrics = new LinkedHashMap<>(manifest.metrics());
        metrics.put("training_loss", loss);
        metrics.put("training_seconds", elapsed.toMillis() / 1e3);
        Map<String, Tensor> tensors = new LinkedHashMap<>(learnt.tensors());
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        Popularity.of(log, learnt.vocabulary()),
                        CoVisitation.of(log, learnt.vocabulary())));
        return new ModelFolder(
                new ModelManifest(
                        manifest.kind(),
                        name,
                        version,
                        parameters,
                        rules,
                        SessionSplit.fingerprint(log),
                        metrics,
                        createdAt),
                learnt.vocabulary(),
                tensors);
    }

    @Override
    public void close() {
        learner.close();
    }
}
