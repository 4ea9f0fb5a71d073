package io.nextclick.jobs.recommend;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;

/**
 * How a ranker takes part in answers.
 *
 * @param bundleBudget longest that the clicks of a bundle are ranked for
 * @param overrunBudget age by the record's timestamp that a click may reach by being ranked; zero:
 *     any
 * @param logsFacts whether recommendations carry what rankers read of their items
 */
public record RankingSettings(Duration bundleBudget, Duration overrunBudget, boolean logsFacts)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    public RankingSettings {
        Objects.requireNonNull(bundleBudget, "bundleBudget");
        Objects.requireNonNull(overrunBudget, "overrunBudget");
    }
}
