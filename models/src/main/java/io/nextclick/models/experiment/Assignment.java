package io.nextclick.models.experiment;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Which variant of an experiment a session or a visitor gets: a function of the experiment's salt
 * and the unit's id alone, so that it is the same in every process, after every restart, and
 * whatever was assigned before.
 *
 * <p>SHA-256 of the salt and the id yields two numbers in [0, {@value #BUCKETS}). The first says
 * whether the unit takes part, the second which variant it gets, in proportion to the shares. So an
 * experiment that is given more traffic at the same proportions leaves everyone who takes part
 * where they are; other proportions move some. Shares are exact to 1 / {@value #BUCKETS}.
 * Experiments of different salts are independent of each other.
 *
 * <p>Takes about a third of a microsecond. Immutable.
 */
public final class Assignment {

    /** The unit takes no part in the experiment. */
    public static final int NONE = -1;

    /** How finely traffic is shared out. */
    public static final int BUCKETS = 10_000;

    /** Sums of shares may miss 1 by rounding. */
    private static final double ROUNDING = 1e-9;

    private static final byte END_OF_SALT = 0;
    private static final byte END_OF_UNIT = 1;

    /** Has read the salt; never read from or written to, only copied. */
    private final MessageDigest salted;

    /** Buckets that take part. */
    private final int participating;

    /** Where each variant's buckets end among those of the participants. */
    private final int[] ends;

    /**
     * @param salt tells experiments apart; not empty
     * @param shares share of all traffic that each variant gets, each in (0, 1], together at most 1
     * @throws IllegalArgumentException if that isn't so
     */
    public Assignment(String salt, double... shares) {
        if (salt.isEmpty()) {
            throw new IllegalArgumentException("the salt is empty");
        }
        double total = requireShares(shares);
        salted = sha256();
        salted.update(salt.getBytes(StandardCharsets.UTF_8));
        salted.update(END_OF_SALT);
        participating = (int) Math.round(Math.min(1, total) * BUCKETS);
        ends = new int[shares.length];
        double cumulative = 0;
        for (int variant = 0; variant < shares.length; variant++) {
            cumulative += shares[variant];
            ends[variant] = (int) Math.round(cumulative / total * BUCKETS);
        }
    }

    /**
     * Refuses shares that traffic can't be divided by.
     *
     * @return their sum
     * @throws IllegalArgumentException if there is none, one isn't in [1 / {@value #BUCKETS}, 1],
     *     or their sum is above 1
     */
    static double requireShares(double... shares) {
        if (shares.length == 0) {
            throw new IllegalArgumentException("there is no variant");
        }
        double total = 0;
        for (double share : shares) {
            // Written so that NaN is refused.
            if (!(share >= 1.0 / BUCKETS && share <= 1)) {
                throw new IllegalArgumentException(
                        "a variant's share is "
                                + share
                                + ", it must be in ["
                                + 1.0 / BUCKETS
                                + ", 1]");
            }
            total += share;
        }
        if (total > 1 + ROUNDING) {
            throw new IllegalArgumentException(
                    "the shares " + Arrays.toString(shares) + " are more than 1 together");
        }
        return total;
    }

    /**
     * The variant of a unit, by its place among the shares, or {@link #NONE}.
     *
     * @param unit id of the session or the visitor
     */
    public int variantOf(String unit) {
        ByteBuffer digest = ByteBuffer.wrap(digest(unit).digest());
        if (bucket(digest.getLong()) >= participating) {
            return NONE;
        }
        int bucket = bucket(digest.getLong());
        int variant = 0;
        while (bucket >= ends[variant]) {
            variant++;
        }
        return variant;
    }

    /**
     * The seed of what is drawn for one step of a unit, such as the coins of a {@link TeamDraft}: a
     * click that is answered again gets the same list.
     *
     * @param step number of the step within the unit
     */
    public long seed(String unit, int step) {
        MessageDigest digest = digest(unit);
        digest.update(END_OF_UNIT);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, step));
        return ByteBuffer.wrap(digest.digest()).getLong();
    }

    private MessageDigest digest(String unit) {
        try {
            MessageDigest digest = (MessageDigest) salted.clone();
            digest.update(unit.getBytes(StandardCharsets.UTF_8));
            return digest;
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the JDK's SHA-256 can be copied", e);
        }
    }

    /** Uniform up to {@value #BUCKETS} / 2^64. */
    private static int bucket(long bits) {
        return (int) Long.remainderUnsigned(bits, BUCKETS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
