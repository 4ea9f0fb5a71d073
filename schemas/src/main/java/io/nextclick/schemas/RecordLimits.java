package io.nextclick.schemas;

/**
 * How much of a record a codec is willing to read. Whatever the bytes say, decoding under the
 * {@linkplain #DEFAULT default limits} allocates less than 1 MB beside them and reads each byte a
 * small fixed number of times. Anything beyond a limit makes the record malformed.
 *
 * <p>The most expensive input is a JSON document of {@code jsonMembers} names never seen before,
 * which the parser enters in its symbol table at about 0.5 to 0.8 kB each.
 *
 * @param recordBytes size of the whole record, in bytes
 * @param idChars length of an id (of sessions, items, visitors, events), in UTF-16 units
 * @param textChars length of any other text or name, in UTF-16 units
 * @param totalTextChars all text kept of one record, in UTF-16 units
 * @param mapEntries entries of one map
 * @param listElements elements of one list
 * @param vectorLength numbers in a vector
 * @param jsonValues members and elements of all objects and arrays of a JSON document together,
 *     ignored ones included
 * @param jsonMembers members of all objects of a JSON document together, ignored ones included
 * @param jsonNameBytes names of these members together, in bytes
 * @param nestingDepth objects and arrays within each other in a JSON document
 */
public record RecordLimits(
        int recordBytes,
        int idChars,
        int textChars,
        int totalTextChars,
        int mapEntries,
        int listElements,
        int vectorLength,
        int jsonValues,
        int jsonMembers,
        int jsonNameBytes,
        int nestingDepth) {

    /** Records of 1 MiB, ids of 1,024 characters, other text of 8,192, 64 Ki of text in all. */
    public static final RecordLimits DEFAULT =
            new RecordLimits(
                    1 << 20, 1_024, 8_192, 1 << 16, 256, 256, 1 << 14, 1 << 16, 1_024, 1 << 15, 64);

    public RecordLimits {
        requirePositive(recordBytes, "recordBytes");
        requirePositive(idChars, "idChars");
        requirePositive(textChars, "textChars");
        requirePositive(totalTextChars, "totalTextChars");
        requirePositive(mapEntries, "mapEntries");
        requirePositive(listElements, "listElements");
        requirePositive(vectorLength, "vectorLength");
        requirePositive(jsonValues, "jsonValues");
        requirePositive(jsonMembers, "jsonMembers");
        requirePositive(jsonNameBytes, "jsonNameBytes");
        requirePositive(nestingDepth, "nestingDepth");
    }

    /** These limits with another size of the whole record. */
    public RecordLimits withRecordBytes(int bytes) {
        return new RecordLimits(
                bytes,
                idChars,
                textChars,
                totalTextChars,
                mapEntries,
                listElements,
                vectorLength,
                jsonValues,
                jsonMembers,
                jsonNameBytes,
                nestingDepth);
    }

    /** Refuses a record that is missing, empty or too large, before anything of it is read. */
    void checkSize(byte[] bytes) throws MalformedRecordException {
        if (bytes == null) {
            throw new MalformedRecordException("byte 0", "the record has no value");
        }
        if (bytes.length == 0) {
            throw new MalformedRecordException("byte 0", "the record is empty");
        }
        if (bytes.length > recordBytes) {
            throw new MalformedRecordException(
                    "byte " + recordBytes,
                    "the record has " + bytes.length + " bytes, more than " + recordBytes);
        }
    }

    private static void requirePositive(int value, String name) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1 but is " + value);
        }
    }
}
