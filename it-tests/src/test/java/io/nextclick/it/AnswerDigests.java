package io.nextclick.it;

import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Properties;

/**
 * What a topic of recommendations holds, eight bytes an answer: millions can be compared between
 * runs. Of each click its answer's digest, all but the time of it; 0 where there is none.
 */
final class AnswerDigests implements AutoCloseable {

    private final RecommendationReader reader;
    private final Codec<Recommendation> codec = Topics.RECOMMENDATIONS.codec(Encoding.AVRO);
    private final MessageDigest sha256;

    /** By partition and offset of the click. */
    private final long[][] digests;

    private int answered;
    private long again;
    private long otherwise;

    /**
     * @param clicks how many each partition holds
     */
    AnswerDigests(LiveSystem system, String topic, int[] clicks)
            throws IOException, NoSuchAlgorithmException {
        Properties client = system.client();
        client.setProperty("isolation.level", "read_committed");
        client.setProperty("max.poll.records", "5000");
        reader = new RecommendationReader(client, topic, true);
        sha256 = MessageDigest.getInstance("SHA-256");
        digests = new long[clicks.length][];
        for (int partition = 0; partition < clicks.length; partition++) {
            digests[partition] = new long[clicks[partition]];
        }
    }

    /** Reads on, and says how many different clicks have been answered by now. */
    int read() {
        for (RecommendationReader.Received received : reader.poll()) {
            if (received.recommendation() == null) {
                throw new AssertionError(received.problem());
            }
            add(received.recommendation());
        }
        return answered;
    }

    private void add(Recommendation answer) {
        long[] partition = digests[answer.trigger().partition()];
        int offset = Math.toIntExact(answer.trigger().offset());
        long digest =
                ByteBuffer.wrap(sha256.digest(codec.encode(Answers.withoutTime(answer)))).getLong()
                        | 1;
        if (partition[offset] == 0) {
            partition[offset] = digest;
            answered++;
        } else {
            again++;
            if (partition[offset] != digest) {
                otherwise++;
            }
        }
    }

    /** Whether all that the topic holds now has been read. */
    boolean isAtEnd() {
        return reader.isAtEnd();
    }

    /** Answers to clicks that had been answered before. */
    long again() {
        return again;
    }

    /** Of these, how many said something else than the first time. */
    long otherwise() {
        return otherwise;
    }

    /** How many clicks are answered otherwise than here, or only here, or only there. */
    int differencesTo(AnswerDigests other) {
        int differences = 0;
        for (int partition = 0; partition < digests.length; partition++) {
            for (int offset = 0; offset < digests[partition].length; offset++) {
                if (digests[partition][offset] != other.digests[partition][offset]) {
                    differences++;
                }
            }
        }
        return differences;
    }

    @Override
    public void close() {
        reader.close();
    }
}
