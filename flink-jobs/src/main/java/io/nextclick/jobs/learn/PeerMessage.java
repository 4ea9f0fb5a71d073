package io.nextclick.jobs.learn;

import io.nextclick.models.tower.TowerChanges;
import java.util.Objects;

/** What trainers that average tell each other; see {@link PeerGroup}. */
public sealed interface PeerMessage {

    /** Changes in more pieces than this fill no array. */
    int MOST_PIECES = 1 << 12;

    /**
     * A trainer is there.
     *
     * @param lineage what the trainers learn in common
     * @param sender the trainer's own name, which it takes anew at each start
     * @param shard which of the trainers it is
     * @param shards how many there are
     */
    record Join(String lineage, String sender, int shard, int shards) implements PeerMessage {

        public Join {
            Objects.requireNonNull(lineage, "lineage");
            Objects.requireNonNull(sender, "sender");
            requirePart(shard, shards, "shard");
        }
    }

    /**
     * A piece of what a trainer changed.
     *
     * @param group the trainers that average, all of them by their senders
     * @param round how often these have averaged before
     * @param shard which of the trainers sends it
     * @param piece which piece it is
     * @param pieces how many pieces there are
     * @param bytes of {@link TowerChanges}; not copied
     */
    @SuppressWarnings("ArrayRecordComponent") // Megabytes, which nobody compares.
    record Changes(long group, int round, int shard, int piece, int pieces, byte[] bytes)
            implements PeerMessage {

        public Changes {
            Objects.requireNonNull(bytes, "bytes");
            requirePart(piece, pieces, "piece");
            if (pieces > MOST_PIECES) {
                throw new IllegalArgumentException(
                        pieces + " pieces, there are at most " + MOST_PIECES);
            }
            if (round < 0 || shard < 0) {
                throw new IllegalArgumentException(
                        "round " + round + " of shard " + shard + ": neither may be negative");
            }
        }
    }

    private static void requirePart(int part, int parts, String name) {
        if (part < 0 || part >= parts) {
            throw new IllegalArgumentException(
                    name + " is " + part + ", it must be in [0, " + parts + ")");
        }
    }
}
