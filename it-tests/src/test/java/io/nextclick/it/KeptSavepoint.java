package io.nextclick.it;

import io.nextclick.jobs.JobOptions;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A savepoint of the session recommender, with what it takes to go on from it, and what the version
 * that wrote it went on to answer:
 *
 * <pre>
 * savepoint/      in Flink's canonical format, of parallelism 2
 * model/          the model that answered
 * clicks.jsonl    {@link #BEFORE} clicks that the savepoint has seen, and those after it
 * answers.jsonl   to the clicks after it, without the time; in the order of their ids
 * </pre>
 *
 * The name of its folder is that of the topic its clicks stood in, which the savepoint holds
 * offsets of; so ids are the same whenever they are answered.
 */
record KeptSavepoint(Path folder) {

    /** Where kept savepoints are, from the module's folder. */
    static final Path ALL = Path.of("src", "test", "resources", "savepoints");

    /** What the names of their folders begin with. */
    static final String PREFIX = "recommender-";

    /** Clicks before the savepoint. */
    static final int BEFORE = 500;

    /** Clicks of the shop behind it, many of them of sessions that began before it. */
    static final int AFTER = 200;

    /** Sessions that begin when all others have ended, hours later. */
    static final int LATE_SESSIONS = 16;

    private static final int PARTITIONS = 2;
    private static final long HOURS = Duration.ofHours(3).toMillis();

    /** Savepoints of all versions. */
    static List<KeptSavepoint> all() throws IOException {
        try (Stream<Path> folders = Files.list(ALL)) {
            return folders.filter(each -> each.getFileName().toString().startsWith(PREFIX))
                    .sorted()
                    .map(KeptSavepoint::new)
                    .toList();
        }
    }

    /** What the current version writes, answers and leaves; for the versions to come. */
    static void write(LiveSystem system, Path folder) throws Exception {
        KeptSavepoint kept = new KeptSavepoint(folder);
        TrainedShop shop = TrainedShop.train(kept.model());
        List<LoggedClick> clicks = new ArrayList<>(shop.clicks().subList(0, BEFORE + AFTER));
        long late = clicks.get(clicks.size() - 1).eventTimeMillis() + HOURS;
        for (int i = 0; i < LATE_SESSIONS; i++) {
            String item = clicks.get(i).itemId();
            clicks.add(new LoggedClick(null, "late-" + i, null, item, late + i, Map.of()));
        }
        kept.writeLines(
                kept.clicksFile(), Topics.CLICKS, clicks.stream().map(KeptSavepoint::click));

        ClicksTopic topic = kept.topic(system);
        topic.publish(clicks.subList(0, BEFORE), Encoding.JSON);
        try (JobRun run = kept.run(system, topic).withParallelism(2)) {
            String savepoint = run.start().awaitAnswers(BEFORE).stopWithSavepoint();
            copy(Path.of(URI.create(savepoint)), kept.savepoint());
            topic.publish(clicks.subList(BEFORE, clicks.size()), Encoding.JSON);
            run.restore(savepoint, 2).awaitAnswers(clicks.size());
            TreeMap<String, Recommendation> answers = new TreeMap<>();
            for (Recommendation answer : run.answers().subList(BEFORE, clicks.size())) {
                answers.put(answer.id(), Answers.withoutTime(answer));
            }
            kept.writeLines(
                    kept.folder.resolve("answers.jsonl"),
                    Topics.RECOMMENDATIONS,
                    answers.values().stream());
        }
    }

    /** The topic as it was when the savepoint was written; clicks after it are yet to come. */
    ClicksTopic topic(LiveSystem system) throws IOException, InterruptedException {
        return topic(system, PARTITIONS);
    }

    ClicksTopic topic(LiveSystem system, int partitions) throws IOException, InterruptedException {
        String name = folder.getFileName().toString();
        system.kafka().createTopic(name, partitions);
        return new ClicksTopic(system, name);
    }

    /** A run as it was then, but for the savepoint. */
    JobRun run(LiveSystem system, ClicksTopic topic) throws IOException, InterruptedException {
        return new JobRun(system, topic)
                .withModel(model())
                .with(JobOptions.RECOMMENDATIONS_COUNT, 10)
                .unending(Duration.ofSeconds(1));
    }

    /** Its path, as Flink takes it. */
    String path() {
        return savepoint().toUri().toString();
    }

    /** Clicks before the savepoint and after it. */
    List<LoggedClick> clicks() throws Exception {
        List<LoggedClick> clicks = new ArrayList<>();
        for (Click click : readLines(clicksFile(), Topics.CLICKS)) {
            clicks.add(
                    new LoggedClick(
                            click.eventId(),
                            click.sessionId(),
                            click.userId(),
                            click.itemId(),
                            click.eventType(),
                            click.eventTimeMillis(),
                            click.attributes()));
        }
        return clicks;
    }

    /** What was answered after the savepoint, by id. */
    Map<String, Recommendation> answers() throws Exception {
        Map<String, Recommendation> answers = new TreeMap<>();
        Path file = folder.resolve("answers.jsonl");
        for (Recommendation answer : readLines(file, Topics.RECOMMENDATIONS)) {
            answers.put(answer.id(), answer);
        }
        return answers;
    }

    private Path savepoint() {
        return folder.toAbsolutePath().resolve("savepoint");
    }

    private Path model() {
        return folder.toAbsolutePath().resolve("model");
    }

    Path clicksFile() {
        return folder.resolve("clicks.jsonl");
    }

    <T> void writeLines(Path file, Topic<T> contract, Stream<T> values) throws IOException {
        Codec<T> codec = contract.codec(Encoding.JSON);
        List<String> lines =
                values.map(value -> new String(codec.encode(value), StandardCharsets.UTF_8))
                        .toList();
        Files.createDirectories(folder);
        Files.write(file, lines);
    }

    static <T> List<T> readLines(Path file, Topic<T> contract)
            throws IOException, MalformedRecordException {
        Codec<T> codec = contract.codec(Encoding.JSON);
        List<T> values = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            values.add(codec.decode(line.getBytes(StandardCharsets.UTF_8)));
        }
        return values;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    static Click click(LoggedClick click) {
        return new Click(
                click.eventId(),
                click.sessionId(),
                click.userId(),
                click.itemId(),
                click.eventType(),
                click.eventTimeMillis(),
                click.attributes());
    }
}
