package io.nextclick.jobs.report;

import io.nextclick.models.evaluation.EvaluationReport;
import io.nextclick.models.evaluation.Outcomes;

/**
 * A model that was measured.
 *
 * @param name what it is called on the page
 * @param description one line for a person; may be empty
 * @param outcomes what it made of the log
 * @param report its figures, with intervals
 * @param answers its lists for the sample sessions
 */
public record Contestant(
        String name,
        String description,
        Outcomes outcomes,
        EvaluationReport report,
        SampleSessions.Answers answers) {}
