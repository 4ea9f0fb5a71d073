package io.nextclick.schemas;

import java.util.Objects;

/** The checks which the records' constructors share. Each names the field at fault. */
final class RecordChecks {

    private RecordChecks() {}

    static void requireText(String value, String field) {
        Objects.requireNonNull(value, field);
        if (value.isEmpty()) {
            throw new IllegalArgumentException(field + " is empty");
        }
    }

    static void requireFinite(double value, String field) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(field + " is " + value + ", not a finite number");
        }
    }
}
