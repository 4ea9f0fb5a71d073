package io.nextclick.models.tuning;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Validation;
import io.nextclick.models.training.TrainingOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A search on disk: {@value #SEARCH} says what it is a search of, {@code trial-0001.json} and so on
 * how each trial ended, {@value #TABLE} the same at a glance. Each file appears complete, flushed
 * to disk, in one move; a trial's options are never read back but drawn again from the seed, and
 * compared. One process at a time holds the folder.
 */
final class TrialFolder implements AutoCloseable {

    static final String SEARCH = "search.json";
    static final String TABLE = "trials.csv";

    private static final String LOCK = "search.lock";
    private static final int FORMAT = 1;
    private static final Pattern TRIAL = Pattern.compile("trial-(\\d{4,9})\\.json");
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();

    private final Path folder;
    private final SearchSpace space;
    private final TrainingOptions given;
    private final FileChannel lock;
    private final Map<Integer, Trial> trials = new TreeMap<>();

    private TrialFolder(Path folder, SearchSpace space, TrainingOptions given, FileChannel lock) {
        this.folder = folder;
        this.space = space;
        this.given = given;
        this.lock = lock;
    }

    /**
     * Opens a folder, new or with an earlier part of the same search.
     *
     * @param data fingerprint of the sessions
     * @param given the options of trial 1; their seed is the search's
     * @throws TuningException if another process searches there, if what is there is another search
     *     or no search at all, or if a file of it is damaged
     */
    static TrialFolder open(Path folder, String data, SearchSpace space, TrainingOptions given)
            throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new TuningException(folder + " is a file, a folder is needed");
        }
        Path search = folder.resolve(SEARCH);
        if (Files.isDirectory(folder) && !Files.exists(search)) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.anyMatch(TrialFolder::isForeign)) {
                    throw new TuningException(
                            folder + " is neither empty nor does it hold a search");
                }
            }
        }
        Files.createDirectories(folder);
        FileChannel lock = locked(folder);
        try {
            byte[] description = JSON.writeValueAsBytes(description(data, space, given));
            if (Files.exists(search)) {
                // Through text, since that is how the numbers in the file have come to be.
                requireSame(folder, parse(search), JSON.readTree(description));
            } else {
                write(search, description);
            }
            TrialFolder opened = new TrialFolder(folder, space, given, lock);
            opened.readTrials();
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** Whether a file is none that a search leaves behind that was killed as it began. */
    private static boolean isForeign(Path file) {
        String name = file.getFileName().toString();
        return !name.equals(LOCK) && !name.equals(fresh(SEARCH));
    }

    private static FileChannel locked(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException heldByThisProcess) {
            // The same answer as for another process.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            throw new TuningException("another search is running in " + folder);
        }
        return channel;
    }

    private static ObjectNode description(String data, SearchSpace space, TrainingOptions given) {
        ObjectNode description = JSON.createObjectNode();
        description.put("format", FORMAT);
        description.put("model", given.network().id());
        description.put("data", data);
        description.set("options", JSON.valueToTree(given.asMap()));
        description.set("searched", JSON.valueToTree(space.ranges()));
        return description;
    }

    private static void requireSame(Path folder, JsonNode there, JsonNode here)
            throws TuningException {
        if (there.path("format").asInt() != FORMAT) {
            throw new TuningException(
                    folder.resolve(SEARCH)
                            + " is of format "
                            + there.path("format")
                            + ", "
                            + FORMAT
                            + " is expected");
        }
        for (String part : List.of("model", "data", "options", "searched")) {
            if (!there.path(part).equals(here.path(part))) {
                throw new TuningException(
                        folder
                                + " holds a search "
                                + difference(part, there.path(part), here.path(part))
                                + "; choose another folder");
            }
        }
    }

    private static String difference(String part, JsonNode there, JsonNode here) {
        if (part.equals("data")) {
            return "on other sessions";
        }
        if (part.equals("model")) {
            return "for " + there.asText() + " instead of " + here.asText();
        }
        List<String> differences = new ArrayList<>();
        Set<String> names = new java.util.TreeSet<>();
        there.fieldNames().forEachRemaining(names::add);
        here.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            if (!there.path(name).equals(here.path(name))) {
                differences.add(
                        name
                                + " is "
                                + said(there.path(name))
                                + " there, "
                                + said(here.path(name)));
            }
        }
        return "with other "
                + (part.equals("options") ? "options: " : "ranges: ")
                + String.join("; ", differences)
                + " here";
    }

    private static String said(JsonNode value) {
        return value.isMissingNode() ? "left as it is" : value.asText();
    }

    /** The trials that have ended, by their numbers. */
    List<Trial> trials() {
        return List.copyOf(trials.values());
    }

    /** The number of the first trial that has not ended. */
    int next() {
        int next = 1;
        while (trials.containsKey(next)) {
            next++;
        }
        return next;
    }

    /** Keeps a trial. */
    void add(Trial trial) throws IOException {
        write(folder.resolve(name(trial.number())), JSON.writeValueAsBytes(json(trial)));
        trials.put(trial.number(), trial);
        writeTable();
    }

    private static String name(int number) {
        return String.format(Locale.ROOT, "trial-%04d.json", number);
    }

    private static ObjectNode json(Trial trial) {
        ObjectNode json = JSON.createObjectNode();
        json.put("trial", trial.number());
        json.set("settings", JSON.valueToTree(trial.settings()));
        json.put("outcome", trial.outcome().name().toLowerCase(Locale.ROOT));
        json.put("reason", trial.reason());
        trial.best()
                .ifPresent(
                        best -> {
                            json.put("best_epoch", best.epoch());
                            json.put("recall@20", best.validation().recall20());
                            json.put("mrr@20", best.validation().mrr20());
                        });
        json.put("started_at", trial.startedAt().toString());
        json.put("seconds", seconds(trial.elapsed()));
        ArrayNode epochs = json.putArray("epochs");
        for (Epoch epoch : trial.epochs()) {
            ObjectNode node = epochs.addObject();
            node.put("epoch", epoch.epoch());
            node.put("loss", epoch.loss());
            node.put("predictions", epoch.validation().predictions());
            node.put("recall@20", epoch.validation().recall20());
            node.put("mrr@20", epoch.validation().mrr20());
            node.put("clicks_per_second", Math.round(epoch.clicksPerSecond()));
            node.put("seconds", seconds(epoch.elapsed()));
        }
        json.set("options", JSON.valueToTree(trial.options().asMap()));
        return json;
    }

    private static double seconds(Duration time) {
        return time.toMillis() / 1e3;
    }

    private void readTrials() throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(folder)) {
            files = listed.sorted().toList();
        }
        for (Path file : files) {
            Matcher name = TRIAL.matcher(file.getFileName().toString());
            if (name.matches()) {
                Trial trial = trial(file, Integer.parseInt(name.group(1)));
                trials.put(trial.number(), trial);
            }
        }
    }

    private Trial trial(Path file, int number) throws IOException {
        JsonNode json = parse(file);
        Map<String, Object> settings = space.settings(given.seed(), number);
        JsonNode drawn = JSON.readTree(JSON.writeValueAsBytes(settings));
        if (json.path("trial").asInt() != number || !drawn.equals(json.path("settings"))) {
            throw new TuningException(
                    file + " is not trial " + number + " of this search: its settings are others");
        }
        try {
            List<Epoch> epochs = new ArrayList<>();
            double best = Double.NEGATIVE_INFINITY;
            for (JsonNode node : required(json, "epochs")) {
                Validation validation =
                        new Validation(
                                (int) number(node, "predictions"),
                                number(node, "recall@20"),
                                number(node, "mrr@20"));
                epochs.add(
                        new Epoch(
                                (int) number(node, "epoch"),
                                number(node, "loss"),
                                validation,
                                validation.mrr20() > best,
                                number(node, "clicks_per_second"),
                                duration(number(node, "seconds"))));
                best = Math.max(best, validation.mrr20());
            }
            return new Trial(
                    number,
                    settings,
                    space.options(given, settings),
                    Trial.Outcome.valueOf(
                            required(json, "outcome").asText().toUpperCase(Locale.ROOT)),
                    required(json, "reason").asText(),
                    epochs,
                    Instant.parse(required(json, "started_at").asText()),
                    duration(number(json, "seconds")));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new TuningException(
                    file + " is damaged: " + e.getMessage() + "; without it the trial is run again",
                    e);
        }
    }

    private static JsonNode required(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (value.isMissingNode()) {
            throw new IllegalArgumentException("it has no field " + field);
        }
        return value;
    }

    private static double number(JsonNode json, String field) {
        JsonNode value = required(json, field);
        if (!value.isNumber()) {
            throw new IllegalArgumentException("its field " + field + " is no number");
        }
        return value.asDouble();
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(1e3 * seconds));
    }

    private static JsonNode parse(Path file) throws IOException {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new TuningException(file + " is damaged: " + e.getOriginalMessage(), e);
        }
    }

    /** All trials, the best first, with a column per dimension. */
    private void writeTable() throws IOException {
        StringBuilder table =
                new StringBuilder("trial,outcome,epochs,best_epoch,recall@20,mrr@20,seconds");
        space.ranges().keySet().forEach(name -> table.append(',').append(name));
        table.append('\n');
        for (Trial trial : Tuning.ranked(trials())) {
            Epoch best = trial.best().orElse(null);
            table.append(trial.number())
                    .append(',')
                    .append(trial.outcome().name().toLowerCase(Locale.ROOT))
                    .append(',')
                    .append(trial.epochs().size())
                    .append(',')
                    .append(best == null ? "" : best.epoch())
                    .append(',')
                    .append(best == null ? "" : best.validation().recall20())
                    .append(',')
                    .append(best == null ? "" : best.validation().mrr20())
                    .append(',')
                    .append(seconds(trial.elapsed()));
            space.values(trial.options()).values().forEach(v -> table.append(',').append(v));
            table.append('\n');
        }
        write(folder.resolve(TABLE), table.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String fresh(String name) {
        return "." + name + ".new";
    }

    /** Lets a file appear complete or not at all. */
    private static void write(Path file, byte[] bytes) throws IOException {
        Path fresh = file.resolveSibling(fresh(file.getFileName().toString()));
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
