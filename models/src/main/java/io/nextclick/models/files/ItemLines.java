package io.nextclick.models.files;

import io.nextclick.models.session.ItemVocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A vocabulary as text: the item id of row n on line n, in UTF-8; {@code \} is written {@code \\},
 * a line feed {@code \n}, a carriage return {@code \r}. So ids of any characters come back as they
 * were, and a list can be made by hand.
 */
final class ItemLines {

    private static final int BUFFER_BYTES = 1 << 16;

    /** Bytes of heap that an item of a vocabulary takes, however short it is. */
    private static final int LEAST_ITEM_MEMORY = 100;

    /** No line needs more: three bytes a unit, twice if all of it is escaped. */
    private static final int LONGEST_LINE_BYTES = 6 * ModelFolder.LONGEST_ITEM;

    private ItemLines() {}

    /**
     * Reads a model's items: line by line, so that nothing but the items themselves is on the heap.
     */
    static ItemVocabulary read(InputStream in) throws IOException {
        ItemVocabulary vocabulary = new ItemVocabulary();
        byte[] buffer = new byte[BUFFER_BYTES];
        byte[] line = new byte[LONGEST_LINE_BYTES];
        int length = 0;
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    addItem(vocabulary, line, length);
                    length = 0;
                } else if (length < line.length) {
                    line[length++] = buffer[i];
                } else {
                    throw new ModelFileException(
                            ModelFolder.ITEMS,
                            "line "
                                    + (vocabulary.size() + 1)
                                    + " is longer than "
                                    + LONGEST_LINE_BYTES
                                    + " bytes");
                }
            }
        }
        if (length > 0) {
            throw new ModelFileException(ModelFolder.ITEMS, "its last line is not ended");
        }
        return vocabulary;
    }

    private static void addItem(ItemVocabulary vocabulary, byte[] line, int length)
            throws ModelFileException {
        int number = vocabulary.size() + 1;
        if (number > Runtime.getRuntime().maxMemory() / LEAST_ITEM_MEMORY) {
            throw new ModelFileException(
                    ModelFolder.ITEMS,
                    "more than "
                            + vocabulary.size()
                            + " items, which is all that a heap of "
                            + Runtime.getRuntime().maxMemory()
                            + " bytes has room for");
        }
        String text;
        try {
            text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(line, 0, length))
                            .toString();
        } catch (CharacterCodingException e) {
            throw new ModelFileException(ModelFolder.ITEMS, "line " + number + " is not UTF-8", e);
        }
        String item =
                requireShort(ModelFolder.ITEMS, unescaped(ModelFolder.ITEMS, text, number), number);
        if (vocabulary.rowOrAdd(item) != number - 1) {
            throw new ModelFileException(
                    ModelFolder.ITEMS, "item '" + item + "' occurs twice in the vocabulary");
        }
    }

    private static String requireShort(String file, String item, int number)
            throws ModelFileException {
        if (item.length() > ModelFolder.LONGEST_ITEM) {
            throw new ModelFileException(
                    file,
                    "the item of line "
                            + number
                            + " has "
                            + item.length()
                            + " characters, "
                            + ModelFolder.LONGEST_ITEM
                            + " are the most");
        }
        return item;
    }

    /** Reads a list that another has made, see {@link ModelFolder#readItems}. */
    static ItemVocabulary readForeign(Path file) throws IOException {
        String name = String.valueOf(file.getFileName());
        if (Files.size(file) > ModelFolder.LARGEST_ITEMS_BYTES) {
            throw new ModelFileException(
                    name, "larger than " + ModelFolder.LARGEST_ITEMS_BYTES + " bytes");
        }
        List<String> items = new ArrayList<>();
        for (String line : decoded(name, Files.readAllBytes(file)).lines().toList()) {
            if (line.isEmpty()) {
                throw new ModelFileException(name, "line " + (items.size() + 1) + " is empty");
            }
            int number = items.size() + 1;
            items.add(requireShort(name, unescaped(name, line, number), number));
        }
        return vocabulary(name, items);
    }

    private static String decoded(String file, byte[] bytes) throws ModelFileException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFileException(file, "not UTF-8", e);
        }
    }

    private static ItemVocabulary vocabulary(String file, List<String> items)
            throws ModelFileException {
        try {
            return new ItemVocabulary(items);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(file, e.getMessage(), e);
        }
    }

    private static String unescaped(String file, String line, int number)
            throws ModelFileException {
        if (line.indexOf('\\') < 0) {
            return line;
        }
        StringBuilder item = new StringBuilder(line.length());
        int next = 0;
        while (next < line.length()) {
            char c = line.charAt(next++);
            if (c != '\\') {
                item.append(c);
                continue;
            }
            char escaped = next < line.length() ? line.charAt(next++) : ' ';
            switch (escaped) {
                case '\\' -> item.append('\\');
                case 'n' -> item.append('\n');
                case 'r' -> item.append('\r');
                default ->
                        throw new ModelFileException(
                                file, "line " + number + " has an unknown escape");
            }
        }
        return item.toString();
    }

    private static String escaped(String item) {
        return item.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    static void write(ItemVocabulary vocabulary, OutputStream out) throws IOException {
        int number = 0;
        for (String item : vocabulary.items()) {
            requireShort(ModelFolder.ITEMS, item, ++number);
            ByteBuffer bytes =
                    StandardCharsets.UTF_8
                            .newEncoder()
                            .encode(CharBuffer.wrap(escaped(item) + '\n'));
            out.write(bytes.array(), bytes.arrayOffset(), bytes.remaining());
        }
    }
}
