package io.nextclick.jobs.experiment;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What a session that takes part in an experiment has come to so far; becomes its {@link
 * ExperimentOutcome}. A part of the session's state.
 *
 * <p>A list counts once a click has followed it, and only if the experiment made it: not where the
 * experiment had ended, or its variant couldn't answer.
 */
public final class ExperimentTally {

    /** In {@link #teams}: the place is nobody's. */
    private static final byte NOBODY = -1;

    private static final byte[] NO_TEAMS = {};

    /** Bytes of a digest that make an id. */
    private static final int ID_BYTES = 16;

    private static final byte END_OF_TEXT = 0;

    /** This object, its texts and the heads of its arrays. */
    private static final int OBJECT_BYTES = 400;

    private final String experiment;
    private final String salt;

    /** Null where lists are interleaved. */
    private final String variant;

    /** Null for the session. */
    private final String unit;

    /** The id of the first answer that it counts: the same when its click is answered again. */
    private final String firstAnswer;

    private final long startedAtMillis;
    private long endedAtMillis;
    private int clicks;
    private int lists;
    private int hits;

    /** Whether the session's last list was made by the experiment, and no click has followed it. */
    private boolean isOpen;

    /**
     * Where lists are interleaved: for each of the last list's places a number in {@link #names}.
     */
    private byte[] teams = NO_TEAMS;

    /** Names of the variants that put something into a list, in the order of their first time. */
    private final List<String> names;

    /** The credit of each of {@link #names}. */
    private int[] credits;

    private ExperimentTally(
            String experiment,
            String salt,
            String variant,
            String unit,
            String firstAnswer,
            long startedAtMillis,
            List<String> names,
            int[] credits) {
        this.experiment = experiment;
        this.salt = salt;
        this.variant = variant;
        this.unit = unit;
        this.firstAnswer = firstAnswer;
        this.startedAtMillis = startedAtMillis;
        this.endedAtMillis = startedAtMillis;
        this.names = names;
        this.credits = credits;
    }

    /**
     * Of a session that begins.
     *
     * @param firstAnswer the id of the answer to its first click
     * @param timeMillis that click's event time, in milliseconds since the epoch
     */
    public static ExperimentTally begin(
            Participation participation, String sessionId, String firstAnswer, long timeMillis) {
        String unit = participation.unit();
        return new ExperimentTally(
                participation.experiment().name(),
                participation.experiment().record().salt(),
                participation.variantName(),
                unit.equals(sessionId) ? null : unit,
                firstAnswer,
                timeMillis,
                new ArrayList<>(),
                new int[0]);
    }

    String experiment() {
        return experiment;
    }

    String salt() {
        return salt;
    }

    /** Null where lists are interleaved. */
    String variant() {
        return variant;
    }

    /** What was assigned. */
    String unitOr(String sessionId) {
        return unit == null ? sessionId : unit;
    }

    /**
     * A click has followed the session's last list.
     *
     * @param rank the clicked item's place in it, from 0; negative if it wasn't there
     */
    public void followed(int rank) {
        if (!isOpen) {
            return;
        }
        isOpen = false;
        lists++;
        if (rank < 0) {
            return;
        }
        hits++;
        if (rank < teams.length && teams[rank] != NOBODY) {
            credits[teams[rank]]++;
        }
    }

    /**
     * A click has been answered by the experiment's variant, or with an interleaved list.
     *
     * @param timeMillis the click's event time, in milliseconds since the epoch
     */
    public void answered(long timeMillis) {
        clicks++;
        endedAtMillis = Math.max(endedAtMillis, timeMillis);
        isOpen = true;
    }

    /**
     * A click has been answered with an interleaved list.
     *
     * @param timeMillis the click's event time, in milliseconds since the epoch
     * @param drafted by place the name of the variant that is credited; null for nobody
     */
    public void answered(long timeMillis, List<String> drafted) {
        answered(timeMillis);
        teams = new byte[drafted.size()];
        for (int place = 0; place < teams.length; place++) {
            teams[place] = drafted.get(place) == null ? NOBODY : (byte) team(drafted.get(place));
        }
    }

    private int team(String name) {
        int team = names.indexOf(name);
        if (team < 0) {
            team = names.size();
            names.add(name);
            credits = Arrays.copyOf(credits, names.size());
        }
        return team;
    }

    /** A click has been answered otherwise: whatever follows that list is not the variant's. */
    public void passedOver() {
        isOpen = false;
    }

    /** What the session came to; null if the experiment answered none of its clicks. */
    public ExperimentOutcome outcome(String sessionId) {
        if (clicks == 0) {
            return null;
        }
        List<Credit> earned = new ArrayList<>();
        for (int team = 0; team < credits.length; team++) {
            if (credits[team] > 0) {
                earned.add(new Credit(names.get(team), credits[team]));
            }
        }
        return new ExperimentOutcome(
                id(),
                experiment,
                salt,
                variant,
                sessionId,
                unitOr(sessionId),
                startedAtMillis,
                endedAtMillis,
                clicks,
                lists,
                hits,
                earned,
                Map.of());
    }

    /** Made of the run and of the place of the session's first click in its topic. */
    private String id() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (String part : new String[] {experiment, salt, firstAnswer}) {
            digest.update(part.getBytes(StandardCharsets.UTF_8));
            digest.update(END_OF_TEXT);
        }
        return HexFormat.of().formatHex(digest.digest(), 0, ID_BYTES);
    }

    /** One that shares nothing that changes. */
    public ExperimentTally copy() {
        ExperimentTally copy =
                new ExperimentTally(
                        experiment,
                        salt,
                        variant,
                        unit,
                        firstAnswer,
                        startedAtMillis,
                        new ArrayList<>(names),
                        credits.clone());
        copy.endedAtMillis = endedAtMillis;
        copy.clicks = clicks;
        copy.lists = lists;
        copy.hits = hits;
        copy.isOpen = isOpen;
        // Never changed, only replaced.
        copy.teams = teams;
        return copy;
    }

    /** The heap that this takes, about. */
    public int approximateBytes() {
        return OBJECT_BYTES + teams.length + Integer.BYTES * credits.length;
    }

    /**
     * Writes it, texts and counts as in {@link Bytes}, times as longs:
     *
     * <pre>
     * experiment, salt, variant or null, unit or null, first answer
     * started at, ended at
     * clicks, lists, hits
     * a byte: whether the last list is open
     * count of names, then for each: name, credit
     * count of places, then a byte for each
     * </pre>
     */
    public void write(DataOutputView out) throws IOException {
        Bytes.writeText(experiment, out);
        Bytes.writeText(salt, out);
        Bytes.writeText(variant, out);
        Bytes.writeText(unit, out);
        Bytes.writeText(firstAnswer, out);
        out.writeLong(startedAtMillis);
        out.writeLong(endedAtMillis);
        Bytes.writeCount(clicks, out);
        Bytes.writeCount(lists, out);
        Bytes.writeCount(hits, out);
        out.writeBoolean(isOpen);
        Bytes.writeCount(names.size(), out);
        for (int team = 0; team < names.size(); team++) {
            Bytes.writeText(names.get(team), out);
            Bytes.writeCount(credits[team], out);
        }
        Bytes.writeCount(teams.length, out);
        out.write(teams);
    }

    /** Reads what {@link #write} wrote. */
    public static ExperimentTally read(DataInputView in) throws IOException {
        String experiment = Bytes.readText(in);
        String salt = Bytes.readText(in);
        String variant = Bytes.readText(in);
        String unit = Bytes.readText(in);
        String firstAnswer = Bytes.readText(in);
        long startedAtMillis = in.readLong();
        long endedAtMillis = in.readLong();
        int clicks = Bytes.readCount(in);
        int lists = Bytes.readCount(in);
        int hits = Bytes.readCount(in);
        boolean isOpen = in.readBoolean();
        int[] credits = new int[Bytes.readCount(in)];
        List<String> names = new ArrayList<>(credits.length);
        for (int team = 0; team < credits.length; team++) {
            names.add(Bytes.readText(in));
            credits[team] = Bytes.readCount(in);
        }
        byte[] teams = new byte[Bytes.readCount(in)];
        in.readFully(teams);
        ExperimentTally tally =
                new ExperimentTally(
                        experiment,
                        salt,
                        variant,
                        unit,
                        firstAnswer,
                        startedAtMillis,
                        names,
                        credits);
        tally.endedAtMillis = endedAtMillis;
        tally.clicks = clicks;
        tally.lists = lists;
        tally.hits = hits;
        tally.isOpen = isOpen;
        tally.teams = teams;
        return tally;
    }
}
