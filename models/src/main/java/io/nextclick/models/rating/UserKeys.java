package io.nextclick.models.rating;

import io.nextclick.models.scoring.UserScorer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.Map;

/**
 * The users of a model by 64 bits of the SHA-256 of their ids: a model folder tells known users
 * from others without holding a list of names. Two of 100 million users share a key with
 * probability 3 in 10,000. Immutable.
 */
final class UserKeys {

    private final long[] keys;
    private final Map<Long, Integer> rows;

    /**
     * @param keys one a user, in the order of rows; not copied
     * @throws IllegalArgumentException if one occurs twice
     */
    UserKeys(long[] keys) {
        this.keys = keys;
        rows = new HashMap<>(keys.length * 2);
        for (int row = 0; row < keys.length; row++) {
            if (rows.putIfAbsent(keys[row], row) != null) {
                throw new IllegalArgumentException("two users have the key " + keys[row]);
            }
        }
    }

    static UserKeys of(Iterable<String> ids, int count) {
        long[] keys = new long[count];
        int row = 0;
        for (String id : ids) {
            keys[row++] = key(id);
        }
        return new UserKeys(keys);
    }

    private static long key(String id) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(id.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    int size() {
        return keys.length;
    }

    long[] keys() {
        return keys;
    }

    int row(String id) {
        return rows.getOrDefault(key(id), UserScorer.UNKNOWN);
    }
}
