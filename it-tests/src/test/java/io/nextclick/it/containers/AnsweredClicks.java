package io.nextclick.it.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.Await;
import io.nextclick.jobs.demo.ClickPublisher;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Publishes a shop's clicks to a broker and waits for the answers. Belongs to one thread. */
final class AnsweredClicks implements AutoCloseable {

    private final Iterator<LoggedClick> clicks;
    private final ClickPublisher publisher;
    private final RecommendationReader reader;
    private final Set<String> published = ConcurrentHashMap.newKeySet();
    private final Map<String, Recommendation> answers = new HashMap<>();
    private int received;

    /** On topics that are there. */
    AnsweredClicks(Broker broker, String topic, String answersTopic, List<LoggedClick> clicks)
            throws IOException {
        this.clicks = clicks.iterator();
        reader = new RecommendationReader(broker.client(), answersTopic, true);
        publisher =
                new ClickPublisher(
                        broker.client(),
                        topic,
                        Topics.CLICKS.codec(Encoding.AVRO),
                        (index, partition, offset, millis) ->
                                published.add(topic + "-" + partition + "-" + offset));
    }

    /** Publishes the next clicks, and returns when they stand in the topic. */
    void publish(int count) throws IOException {
        for (int click = 0; click < count; click++) {
            publisher.publish(clicks.next(), 0);
        }
        publisher.flush();
    }

    /** Waits until all clicks that were published have been answered. */
    void awaitAnswers() throws Exception {
        Await.until(
                "answers to " + published.size() + " clicks",
                () -> {
                    poll();
                    return answers.size() >= published.size();
                });
    }

    private void poll() {
        for (RecommendationReader.Received each : reader.poll()) {
            assertThat(each.problem()).isNull();
            answers.put(each.recommendation().id(), each.recommendation());
            received++;
        }
    }

    /** All answers so far by their ids. */
    Map<String, Recommendation> answers() throws IOException {
        do {
            poll();
        } while (!reader.isAtEnd());
        return answers;
    }

    /** Every click that was published has one answer, and nothing else was answered. */
    void assertEachAnsweredOnce() throws IOException {
        assertThat(answers().keySet()).isEqualTo(published);
        assertThat(received).as("answers").isEqualTo(published.size());
    }

    @Override
    public void close() throws IOException {
        try (reader;
                publisher) {
            // Closed in the opposite order, whatever fails.
        }
    }
}
