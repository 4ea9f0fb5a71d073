package io.nextclick.models.serving;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A model folder of somebody who means harm.
 *
 * @param words what it is
 * @param model which model is forged, by its kind
 * @param forgery what is done to it
 * @param refusal what the message has to say
 */
record Attack(String words, String model, Forgery forgery, String refusal) {

    /** The model that is forged where any would do. */
    static final String ANY = "gru4rec";

    /** A table with an attack a line and bars between its cells, blanks around them left out. */
    static List<Attack> table(String table, Function<List<String>, Attack> row) {
        return table.lines()
                .map(line -> Arrays.stream(line.split("\\|", -1)).map(String::strip).toList())
                .map(row)
                .toList();
    }
}
