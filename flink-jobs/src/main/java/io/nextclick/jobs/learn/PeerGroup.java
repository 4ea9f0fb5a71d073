package io.nextclick.jobs.learn;

import io.nextclick.jobs.types.Fingerprint;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How several trainers agree on what they average, over a log that all of them read in one order.
 *
 * <p>A trainer that starts takes a name of its own and announces it. When the log has announced
 * somebody for every shard, these are the group, and they average in rounds: each puts its changes
 * into the log, and takes the round as complete when it has read those of all. So every trainer
 * averages the same changes after the same place of the log. Nobody waits for anybody: training
 * goes on between the two, and the next round begins after this one is complete.
 *
 * <p>After a failure the log holds records of trainers that are no more, and a trainer may read it
 * again from an earlier place. They do no harm: a group is known by its members' names, and names
 * are never used twice. For the same reason nothing of this is state in a checkpoint. A
 * checkpoint's barriers cut the log at one place for all trainers, so they have completed the same
 * rounds, and what a trainer had not yet averaged is in the learner's own part of the checkpoint.
 *
 * <p>Memory: the changes of one round.
 */
final class PeerGroup {

    /** Well below the largest record that Kafka's brokers take by default. */
    private static final int PIECE_BYTES = 512 << 10;

    private final String lineage;
    private final int shard;
    private final String name;

    /** Who was last announced for each shard; null where nobody was. */
    private final String[] members;

    /** Per shard the pieces of the current round; null where nothing has come. */
    private final byte[][][] pieces;

    private long group;
    private boolean complete;
    private int round;
    private boolean sent;

    /**
     * @param lineage what the trainers learn in common
     * @param shard which of them this is
     * @param shards how many there are
     * @param name never used before
     */
    PeerGroup(String lineage, int shard, int shards, String name) {
        this.lineage = Objects.requireNonNull(lineage, "lineage");
        this.shard = shard;
        this.name = Objects.requireNonNull(name, "name");
        members = new String[shards];
        pieces = new byte[shards][][];
    }

    /** To be put into the log now and then as long as {@link #isMember} is false. */
    PeerMessage.Join join() {
        return new PeerMessage.Join(lineage, name, shard, members.length);
    }

    /** Whether the log has announced every shard, and this trainer for its own. */
    boolean isMember() {
        return complete && name.equals(members[shard]);
    }

    /** Whether this trainer may put its changes into the log. */
    boolean mayBegin() {
        return isMember() && !sent;
    }

    /** Whether this trainer's changes are in the log and the round isn't complete. */
    boolean isWaiting() {
        return sent;
    }

    /** Which round comes next. */
    int round() {
        return round;
    }

    /**
     * Begins a round.
     *
     * @param changes this trainer's, in chunks
     * @return what is to be put into the log, in this order
     */
    List<PeerMessage.Changes> begin(List<byte[]> changes) {
        if (!mayBegin()) {
            throw new IllegalStateException("the last round isn't complete");
        }
        byte[] bytes = framed(changes);
        int count = Math.max(1, (bytes.length + PIECE_BYTES - 1) / PIECE_BYTES);
        List<PeerMessage.Changes> messages = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int from = i * PIECE_BYTES;
            int to = Math.min(bytes.length, from + PIECE_BYTES);
            messages.add(
                    new PeerMessage.Changes(
                            group, round, shard, i, count, Arrays.copyOfRange(bytes, from, to)));
        }
        sent = true;
        return messages;
    }

    /**
     * Reads the log's next message.
     *
     * @return the changes by shard, each in the chunks it was given in, if this completes a round
     */
    Optional<List<List<byte[]>>> receive(PeerMessage message) {
        if (message instanceof PeerMessage.Join join) {
            announce(join);
            return Optional.empty();
        }
        PeerMessage.Changes changes = (PeerMessage.Changes) message;
        if (!complete
                || changes.group() != group
                || changes.round() != round
                || changes.shard() >= members.length) {
            return Optional.empty();
        }
        byte[][] of = pieces[changes.shard()];
        if (of == null || of.length != changes.pieces()) {
            of = new byte[changes.pieces()][];
            pieces[changes.shard()] = of;
        }
        of[changes.piece()] = changes.bytes();
        return isMember() && isRoundComplete() ? Optional.of(completeRound()) : Optional.empty();
    }

    private void announce(PeerMessage.Join join) {
        if (!join.lineage().equals(lineage)
                || join.shards() != members.length
                || join.sender().equals(members[join.shard()])) {
            return;
        }
        members[join.shard()] = join.sender();
        Arrays.fill(pieces, null);
        round = 0;
        sent = false;
        complete = true;
        for (String member : members) {
            complete &= member != null;
        }
        group = Fingerprint.of(lineage + Arrays.toString(members));
    }

    private boolean isRoundComplete() {
        for (byte[][] of : pieces) {
            if (of == null) {
                return false;
            }
            for (byte[] piece : of) {
                if (piece == null) {
                    return false;
                }
            }
        }
        return true;
    }

    private List<List<byte[]>> completeRound() {
        List<List<byte[]>> all = new ArrayList<>(pieces.length);
        for (byte[][] of : pieces) {
            all.add(unframed(of));
        }
        Arrays.fill(pieces, null);
        round++;
        sent = false;
        return all;
    }

    /** The changes' chunks one after the other, each behind its length in 4 bytes. */
    private static byte[] framed(List<byte[]> chunks) {
        int size = 0;
        for (byte[] chunk : chunks) {
            size = Math.addExact(size, Integer.BYTES + chunk.length);
        }
        ByteBuffer bytes = ByteBuffer.allocate(size);
        for (byte[] chunk : chunks) {
            bytes.putInt(chunk.length).put(chunk);
        }
        return bytes.array();
    }

    private static List<byte[]> unframed(byte[][] pieces) {
        int size = 0;
        for (byte[] piece : pieces) {
            size = Math.addExact(size, piece.length);
        }
        ByteBuffer bytes = ByteBuffer.allocate(size);
        for (byte[] piece : pieces) {
            bytes.put(piece);
        }
        bytes.flip();
        List<byte[]> chunks = new ArrayList<>();
        while (bytes.hasRemaining()) {
            int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw new IllegalArgumentException(
                        "changes with a chunk of "
                                + length
                                + " bytes where "
                                + bytes.remaining()
                                + " are left");
            }
            byte[] chunk = new byte[length];
            bytes.get(chunk);
            chunks.add(chunk);
        }
        return chunks;
    }
}
