package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.JsonCodec;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What people call items or users, what category they are of and how often they come in a log: what
 * ids alone don't say. Later records of a catalogue or a log hold over earlier ones.
 */
final class Captions {

    private static final String TITLE = "title";

    /** Attributes that tell a category, the first that an item has. */
    private static final List<String> CATEGORIES = List.of("category", "genres");

    private final Map<String, String> titles = new HashMap<>();
    private final Map<String, String> categories = new HashMap<>();

    /** By user, in the order in which the log first names them. */
    private final Map<String, Long> clicks = new LinkedHashMap<>();

    /** Nothing but ids. */
    static Captions none() {
        return new Captions();
    }

    /**
     * The entries of a catalogue, as {@code item-catalog} has them in JSON, one a line.
     *
     * @param category the attribute that tells the category; null for the first of the categories
     * @throws CommandException if a line isn't one
     */
    static Captions ofCatalog(Path file, String category) throws IOException, CommandException {
        Captions captions = new Captions();
        Codec<CatalogItem> codec = JsonCodec.of(Topics.ITEM_CATALOG);
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                try {
                    captions.add(codec.decode(line.getBytes(StandardCharsets.UTF_8)), category);
                } catch (MalformedRecordException e) {
                    throw new CommandException(file + ", line " + number + ": " + e.getMessage());
                }
            }
        } catch (CharacterCodingException e) {
            throw new CommandException(file + " is not UTF-8");
        }
        return captions;
    }

    private void add(CatalogItem item, String category) {
        put(titles, item.itemId(), item.title());
        put(
                categories,
                item.itemId(),
                category != null
                        ? item.attributes().get(category)
                        : item.categories().isEmpty() ? null : item.categories().get(0));
    }

    /**
     * What a log's attributes tell of items.
     *
     * @param category the attribute that tells the category; null for {@code category}, or where
     *     there is none {@code genres}. Of several values, separated by |, the first counts
     */
    static Captions ofItems(ClickLog log, String category) {
        Captions captions = new Captions();
        log.forEach(
                click -> {
                    captions.addCategory(
                            click.itemId(),
                            click,
                            category == null ? CATEGORIES : List.of(category));
                    put(captions.titles, click.itemId(), click.attributes().get(TITLE));
                });
        return captions;
    }

    /**
     * What a log's attributes tell of users; clicks without a user are passed over.
     *
     * @param category as with items; a user has none unless it is given
     */
    static Captions ofUsers(ClickLog log, String category) {
        Captions captions = new Captions();
        log.forEach(
                click -> {
                    if (click.userId() != null) {
                        captions.clicks.merge(click.userId(), 1L, Long::sum);
                        captions.addCategory(
                                click.userId(),
                                click,
                                category == null ? List.of() : List.of(category));
                    }
                });
        return captions;
    }

    private void addCategory(String id, LoggedClick click, List<String> names) {
        for (String name : names) {
            String values = click.attributes().get(name);
            if (values != null) {
                int end = values.indexOf('|');
                put(categories, id, end < 0 ? values : values.substring(0, end));
                return;
            }
        }
    }

    private static void put(Map<String, String> texts, String id, String text) {
        if (text != null && !text.isBlank()) {
            texts.put(id, text);
        }
    }

    /** Null if it isn't known. */
    String title(String id) {
        return titles.get(id);
    }

    /** Null if it isn't known. */
    String category(String id) {
        return categories.get(id);
    }

    /** Clicks of each user, the first named first; empty if not of users. */
    Map<String, Long> clicks() {
        return clicks;
    }
}
