package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.Participation;

/** A session with clicks in the bundle. */
final class BundledVisit {

    /** Where its state is kept; null for one that is only made up. */
    final HotSessions.Hot session;

    final boolean isNew;

    /** Null until an unknown session's first click has been judged. */
    SessionState state;

    /** Whether any of its clicks was not a duplicate. */
    boolean isChanged;

    /** The recurrent state after the last click judged; null before the first known item. */
    float[] hidden;

    /** The round in which its next click advances. */
    int round;

    /** Rows to rebuild from; null if the stored state is good. */
    int[] replay;

    /** What answers its next click: the job's own model or a variant's; null for none. */
    ActiveModel model;

    /** The part that it takes in an experiment, after the last click judged; null for none. */
    Participation participation;

    BundledVisit(HotSessions.Hot session) {
        this.session = session;
        this.isNew = session.state == null;
        this.state = session.state;
    }

    /** A session that is nowhere kept. */
    BundledVisit(SessionState state) {
        this.session = null;
        this.isNew = false;
        this.state = state;
    }
}
