package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.retrieve.TopicFeed;
import io.nextclick.jobs.retrieve.TopicFeed.Kind;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.Topics;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RelatedCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void printsTheNearestItemsOfTheLatestTrainingRunWithTheirTitles() throws Exception {
        try (RelatedCommand.Contents contents = new RelatedCommand.Contents()) {
            vector(contents, "old", "run-1", 1, 1, 0);
            vector(contents, "a", "run-1", 2, 0, 1);
            vector(contents, "a", "run-2", 3, 1, 0);
            vector(contents, "b", "run-2", 4, .8f, .6f);
            vector(contents, "c", "run-2", 5, .6f, .8f);
            vector(contents, "gone", "run-2", 5, 1, 0);
            contents.receive(entry(Kind.EMBEDDINGS, "gone", null));
            contents.receive(entry(Kind.EMBEDDINGS, "x", new byte[] {'{'}));
            contents.receive(
                    entry(
                            Kind.CATALOG,
                            "b",
                            Topics.ITEM_CATALOG
                                    .codec(Encoding.JSON)
                                    .encode(
                                            new CatalogItem(
                                                    "b",
                                                    "Blue trousers",
                                                    List.of(),
                                                    null,
                                                    true,
                                                    Map.of()))));
            print(contents, List.of("a", "old"), 2);
        }
        assertThat(out.toString().lines())
                .containsExactly(
                        "3 items of training run run-2, the latest vector of"
                                + " 1970-01-01T00:00:00.005Z",
                        "a",
                        "   0.800  b  Blue trousers",
                        "   0.600  c");
        assertThat(err.toString())
                .contains("1 unreadable records have been left out", "old has no vector");
    }

    @Test
    void saysWhenThereIsNothingToPrint() throws Exception {
        try (RelatedCommand.Contents contents = new RelatedCommand.Contents()) {
            assertThatThrownBy(() -> print(contents, List.of("a"), 2))
                    .isInstanceOf(CommandException.class)
                    .hasMessage("there are no item vectors in the topic");
            vector(contents, "b", "run-1", 1, 1, 0);
            assertThatThrownBy(() -> print(contents, List.of("a"), 2))
                    .isInstanceOf(CommandException.class)
                    .hasMessage("none of the items has a vector");
        }
    }

    private void print(RelatedCommand.Contents contents, List<String> items, int count)
            throws CommandException {
        contents.print(items, count, new PrintWriter(out), new PrintWriter(err));
        assertThat(out.toString()).isNotEmpty();
    }

    private static void vector(
            RelatedCommand.Contents contents, String item, String run, long at, float x, float y) {
        ItemEmbedding embedding = new ItemEmbedding(item, new float[] {x, y}, run, at);
        contents.receive(
                entry(
                        Kind.EMBEDDINGS,
                        item,
                        Topics.ITEM_EMBEDDINGS.codec(Encoding.AVRO).encode(embedding)));
    }

    private static TopicFeed.Entry entry(Kind kind, String key, byte[] value) {
        return new TopicFeed.Entry(
                kind, key.getBytes(StandardCharsets.UTF_8), value, "topic", 0, 0, -1);
    }
}
