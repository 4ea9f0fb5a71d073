package io.nextclick.schemas;

import java.io.IOException;

/**
 * How one record type is laid out in fields, said once for all encodings. Stateless.
 *
 * <p>To change a record: copy its schema as it is into {@code history/NAME-N.avsc}, name that copy
 * in {@link #history}, change the schema so that every version reads every other (new fields with
 * defaults; what had none stays), change the format's two methods, add golden bytes of the new
 * version beside the old ones, and keep the new schema among the tests' {@code versions}.
 *
 * @param <T> the record
 */
interface RecordFormat<T> {

    /** The fields of the current version. */
    RecordShape shape();

    /** Resources of the schemas of earlier versions, oldest first. */
    default String[] history() {
        return new String[0];
    }

    /** Writes all fields in the schema's order. */
    void write(T value, RecordOutput out);

    /** Reads fields in any order. */
    T read(RecordInput in) throws IOException, MalformedRecordException;
}
