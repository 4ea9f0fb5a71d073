package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.prequential.StreamEvent;
import io.nextclick.models.simulation.Oracle;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;

/**
 * Clicks to learn from and to foresee.
 *
 * @param description for a person
 * @param first clicks that are learnt from before the test
 * @param events these and all that follow; of a shop its catalogue too
 * @param tested clicks to foresee
 * @param oracle knows what visitors of a shop want; null for a log
 * @param testFromMillis time of the first click that is foreseen
 * @param lastThirdMillis time of a log's first click of the last third; -1 for a shop
 * @param shiftMillis when everything changes; -1 if never
 * @param window length of the stretches of time that are shown
 */
record LearningStream(
        String description,
        List<LoggedClick> first,
        Iterator<StreamEvent> events,
        int tested,
        Oracle oracle,
        long testFromMillis,
        long lastThirdMillis,
        long shiftMillis,
        Duration window) {}
