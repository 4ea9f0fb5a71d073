package io.nextclick.models.rating;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.UserScorer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * The users of a model by 64 bits of the SHA-256 of their ids: a model folder tells known users
 * from others without holding a list of names. Two of 100 million users share a key with
 * probability 3 in 10,000. A folder holds them as the tensor {@value #TENSOR} [U] I64. Immutable.
 *
 * <p>Shapes: U = users.
 */
public final class UserKeys {

    /** Their tensor. */
    public static final String TENSOR = "user.keys";

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

    /**
     * Those of users.
     *
     * @param ids in the order of rows
     */
    public static UserKeys of(Collection<String> ids) {
        return new UserKeys(ids.stream().mapToLong(UserKeys::key).toArray());
    }

    /**
     * Those of a model folder.
     *
     * @throws ModelFileException if it has none
     * @throws IllegalArgumentException if one occurs twice
     */
    public static UserKeys read(ModelFolder folder) throws ModelFileException {
        if (folder.tensors().get(TENSOR) instanceof Tensor.Longs keys) {
            return new UserKeys(keys.values());
        }
        throw new ModelFileException(
                ModelFolder.WEIGHTS, "has no tensor " + TENSOR + " of 64-bit integers");
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

    /** U. */
    public int size() {
        return keys.length;
    }

    /** To be written into a folder. */
    public Tensor tensor() {
        return new Tensor.Longs(keys, keys.length);
    }

    /** The row of a user, or {@link UserScorer#UNKNOWN}. */
    public int row(String id) {
        return rows.getOrDefault(key(id), UserScorer.UNKNOWN);
    }
}
