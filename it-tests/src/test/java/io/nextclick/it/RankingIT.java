package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankerFolder;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A released ranker reaches the running job, with what it reads of items. */
@ExtendWith(LiveSystem.Extension.class)
class RankingIT {

    private static final int PRICES = 8;
    private static final long START = Instant.parse("2024-06-01T00:00:00Z").toEpochMilli();

    /** One that has learnt that the dearer an item, the more it is liked. */
    private static ModelFolder dearFirst(String version) {
        List<RankingExample> examples = new ArrayList<>();
        QueryFacts query = QueryFacts.of(null, Map.of(), 1, List.of(), 0, 0, id -> null);
        for (int price = 1; price <= PRICES; price++) {
            for (int i = 0; i < PRICES; i++) {
                ItemFacts item =
                        new ItemFacts(
                                "any", List.of(), price, true, Double.NaN, Double.NaN, Map.of());
                examples.add(new RankingExample(query, item, new float[0], i < price));
            }
        }
        RankerLearner learner =
                new RankerLearner(
                        FeatureSpace.learn(List.of(Field.parse("price")), examples),
                        RankerOptions.of(RankerKind.LOGISTIC_REGRESSION));
        for (int round = 0; round < 50; round++) {
            examples.forEach(learner::learn);
        }
        return learner.folder("ranker", version, SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH);
    }

    private static <T> void publish(ClicksTopic topic, Topic<T> contract, T value) {
        topic.publish(
                List.of(
                        new ProducerRecord<>(
                                topic.name(),
                                contract.key(value).getBytes(StandardCharsets.UTF_8),
                                contract.codec(Encoding.AVRO).encode(value))));
    }

    private static void release(ClicksTopic releases, Path folder, String version)
            throws Exception {
        dearFirst(version).write(folder);
        byte[] manifest = Files.readAllBytes(folder.resolve(ModelFolder.MANIFEST));
        publish(
                releases,
                Topics.MODEL_RELEASES,
                new ModelRelease(
                        "ranker",
                        version,
                        folder.toUri().toString(),
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(manifest)),
                        RankerFolder.KIND,
                        Map.of(),
                        1));
    }

    @Test
    void candidatesComeInTheOrderOfTheRankerReleasedLastWithWhatItReads(LiveSystem system)
            throws Exception {
        TrainedShop shop = system.shop();
        ClicksTopic clicks = system.clicksTopic(2);
        ClicksTopic releases = new ClicksTopic(system, system.topic("model-releases", 1));
        ClicksTopic catalog = new ClicksTopic(system, system.topic("item-catalog", 2));
        List<String> items = shop.model().vocabulary().items();
        Map<String, Double> prices = new HashMap<>();
        for (int row = 0; row < items.size(); row++) {
            double price = 1 + row % PRICES;
            prices.put(items.get(row), price);
            publish(
                    catalog,
                    Topics.ITEM_CATALOG,
                    new CatalogItem(items.get(row), null, List.of("all"), price, true, Map.of()));
        }
        int[] clicked = {0};
        try (JobRun job =
                new JobRun(system, clicks)
                        .unending(Duration.ofSeconds(1))
                        .withParallelism(2)
                        .withModel(shop.folder())
                        .with(JobOptions.RELEASES_TOPIC, releases.name())
                        .with(JobOptions.CATALOG_TOPIC, catalog.name())
                        .with(JobOptions.RANKING_ENABLED, true)
                        // On a busy machine, too.
                        .with(JobOptions.RANKING_BUDGET, Duration.ofMinutes(1))
                        .with(JobOptions.RANKING_LOGS_FACTS, true)) {
            job.start();
            String asked = items.get(3);
            Recommendation retrieved = answer(system, job, clicks, asked, clicked);
            assertThat(retrieved.ranker()).isNull();
            assertThat(retrieved.fallback()).isNull();
            assertThat(retrieved.items())
                    .extracting(item -> item.facts().blendRank())
                    .isSorted()
                    .startsWith(0);

            release(releases, system.folder("rankers").resolve("r1"), "r1");
            Recommendation ranked =
                    await(system, job, clicks, asked, clicked, each -> each.ranker() != null);
            assertThat(ranked.ranker().version()).isEqualTo("r1");
            assertThat(ranked.model()).isEqualTo(retrieved.model());
            assertThat(ranked.fallback()).isNull();
            assertThat(ranked.items())
                    .extracting(item -> prices.get(item.itemId()))
                    .isSortedAccordingTo(Comparator.reverseOrder())
                    .startsWith((double) PRICES);
            // What is clicked is counted, told to all and read; its age is since it was read.
            String dear = ranked.items().get(0).itemId();
            Recommendation[] last = new Recommendation[1];
            Await.until(
                    "clicks on what was recommended are read",
                    () -> {
                        answer(system, job, clicks, dear, clicked);
                        last[0] = answer(system, job, clicks, asked, clicked);
                        return last[0].items().stream()
                                .filter(item -> item.itemId().equals(dear))
                                .anyMatch(item -> item.facts().popularity() > 0);
                    });
            Recommendation counted = last[0];
            assertThat(counted.items())
                    .allSatisfy(
                            item -> {
                                RankingFacts facts = item.facts();
                                assertThat(facts.ageDays()).isNotNull();
                                assertThat(facts.sources()).isNotEmpty();
                            });

            String savepoint = job.stopWithSavepoint();
            release(releases, system.folder("rankers").resolve("r2"), "r2");
            job.restore(savepoint, 1);
            Recommendation restored = answer(system, job, clicks, asked, clicked);
            assertThat(restored.ranker().version()).isEqualTo("r2");
        }
    }

    /** Clicks in a session of its own and waits for the answer. */
    private static Recommendation answer(
            LiveSystem system, JobRun job, ClicksTopic clicks, String item, int[] clicked)
            throws Exception {
        String session = system.unique("session");
        clicks.publish(
                List.of(
                        new LoggedClick(
                                "e" + clicked[0],
                                session,
                                null,
                                item,
                                START + 1_000L * clicked[0]++,
                                Map.of())),
                Encoding.AVRO);
        job.awaitAnswers(clicked[0]);
        return job.answers().stream()
                .filter(answer -> answer.sessionId().equals(session))
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    /** Asks in new sessions until an answer is as wanted. */
    private static Recommendation await(
            LiveSystem system,
            JobRun job,
            ClicksTopic clicks,
            String item,
            int[] clicked,
            Predicate<Recommendation> wanted)
            throws Exception {
        Recommendation[] last = new Recommendation[1];
        Await.until(
                "an answer is as wanted",
                () -> {
                    last[0] = answer(system, job, clicks, item, clicked);
                    return wanted.test(last[0]);
                });
        return last[0];
    }
}
