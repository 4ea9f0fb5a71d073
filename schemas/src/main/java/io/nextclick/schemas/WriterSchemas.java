package io.nextclick.schemas;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;

/**
 * Avro schemas of writers that this build doesn't know by itself: those of a later version of it,
 * or a publisher's own. Avro's single-object encoding names the writer's schema by its fingerprint
 * alone, so a reader must have been given the schema before the first record comes.
 *
 * @param schemas their JSON; each is a record of the name and namespace of one of {@link
 *     Topics#ALL}'s, and what it writes can be read as that
 */
public record WriterSchemas(List<String> schemas) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** None but those that come with this build. */
    public static final WriterSchemas NONE = new WriterSchemas(List.of());

    /**
     * @throws IllegalArgumentException if a schema isn't one, is of no topic's record, or can't be
     *     read as this build's
     */
    public WriterSchemas {
        schemas = List.copyOf(schemas);
        for (String schema : schemas) {
            requireOfSomeTopic(parse(schema));
        }
    }

    /** Those of a topic's records. */
    Schema[] of(Topic<?> topic) {
        List<Schema> own = new ArrayList<>();
        for (String text : schemas) {
            Schema schema = parse(text);
            if (schema.getFullName().equals(topic.format().shape().schema().getFullName())) {
                own.add(schema);
            }
        }
        return own.toArray(new Schema[0]);
    }

    private static Schema parse(String text) {
        Schema schema;
        try {
            schema = SchemaText.parse(text);
        } catch (SchemaParseException e) {
            throw new IllegalArgumentException("not an Avro schema: " + e.getMessage(), e);
        }
        if (schema.getType() != Schema.Type.RECORD) {
            throw new IllegalArgumentException(
                    "not the schema of a record but of a value of type " + schema.getType());
        }
        return schema;
    }

    private static void requireOfSomeTopic(Schema schema) {
        List<String> names = new ArrayList<>();
        for (Topic<?> topic : Topics.ALL) {
            Schema current = topic.format().shape().schema();
            if (current.getFullName().equals(schema.getFullName())) {
                AvroCodec.requireReadable(current, schema);
                return;
            }
            names.add(current.getFullName());
        }
        throw new IllegalArgumentException(
                "a schema of " + schema.getFullName() + ", which is none of " + names);
    }
}
