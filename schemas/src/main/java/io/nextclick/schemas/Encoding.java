package io.nextclick.schemas;

/** How a record is written. Readers tell the two apart by the first bytes. */
public enum Encoding {
    /** Avro single-object encoding: compact, and the contract. */
    AVRO,
    /** JSON of the same fields: for people and for publishers without Avro. */
    JSON
}
