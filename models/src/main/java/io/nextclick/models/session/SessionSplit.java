package io.nextclick.models.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * Sessions to learn from and later ones to validate on.
 *
 * @param training what the model learns from
 * @param validation what decides when it stops; may be empty
 */
public record SessionSplit(List<Session> training, List<Session> validation) {

    public SessionSplit {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
    }

    /**
     * The latest sessions, by start, validate; the others train. Logs without times are split by
     * their order, since there a session's start is its line.
     *
     * @param fraction share of the sessions that validate, in [0, 1). Some session always trains
     */
    public static SessionSplit byTime(List<Session> sessions, double fraction) {
        if (!(fraction >= 0 && fraction < 1)) {
            throw new IllegalArgumentException(
                    "validation fraction is " + fraction + ", it must be in [0, 1)");
        }
        List<Session> ordered = new ArrayList<>(sessions);
        ordered.sort(Comparator.comparingLong(Session::startMillis));
        int validating = (int) Math.round(ordered.size() * fraction);
        validating = Math.max(0, Math.min(validating, ordered.size() - 1));
        int cut = ordered.size() - validating;
        return new SessionSplit(ordered.subList(0, cut), ordered.subList(cut, ordered.size()));
    }

    /**
     * SHA-256, in hexadecimal, over the items of the sessions in order: what a model was trained
     * on. Ids and times of the sessions do not count.
     */
    public static String fingerprint(List<Session> sessions) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (Session session : sessions) {
            for (String item : session.items()) {
                byte[] bytes = item.getBytes(StandardCharsets.UTF_8);
                // Lengths in front keep ["ab"], ["a", "b"] and two sessions apart.
                updateLength(digest, bytes.length);
                digest.update(bytes);
            }
            updateLength(digest, -1);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void updateLength(MessageDigest digest, int length) {
        digest.update((byte) (length >>> 24));
        digest.update((byte) (length >>> 16));
        digest.update((byte) (length >>> 8));
        digest.update((byte) length);
    }
}
