package io.nextclick.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** The fields of one record type in the order of its Avro schema, which JSON shares. */
final class RecordShape {

    private final Schema schema;
    private final String[] names;
    private final Map<String, Integer> positions = new HashMap<>();

    RecordShape(Schema schema) {
        this.schema = schema;
        List<Schema.Field> fields = schema.getFields();
        names = new String[fields.size()];
        for (Schema.Field field : fields) {
            names[field.pos()] = field.name();
            positions.put(field.name(), field.pos());
        }
        if (names.length > Long.SIZE) {
            throw new IllegalArgumentException(schema.getFullName() + " has more than 64 fields");
        }
    }

    /** Reads a schema that lies beside this class. */
    static RecordShape ofResource(String name) {
        try (InputStream in = RecordShape.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no Avro schema " + name + " on the class path");
            }
            return new RecordShape(SchemaText.parse(in));
        } catch (IOException e) {
            throw new UncheckedIOException("reading the Avro schema " + name, e);
        }
    }

    /** The record that the field holds: as it is, in a union with null, or in an array. */
    RecordShape nested(String field) {
        Schema type = schema.getField(field).schema();
        if (type.isUnion()) {
            type = type.getTypes().get(1);
        } else if (type.getType() == Schema.Type.ARRAY) {
            type = type.getElementType();
        }
        return new RecordShape(type);
    }

    Schema schema() {
        return schema;
    }

    int size() {
        return names.length;
    }

    String name(int position) {
        return names[position];
    }

    /** Position of the field, or -1 when there is none of this name. */
    int position(String name) {
        Integer position = positions.get(name);
        return position == null ? -1 : position;
    }
}
