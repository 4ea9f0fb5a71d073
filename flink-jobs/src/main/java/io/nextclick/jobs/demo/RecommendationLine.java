package io.nextclick.jobs.demo;

import io.nextclick.schemas.Recommendation;
import java.util.List;
import java.util.Locale;

/** A recommendation on one line, for a person. */
public final class RecommendationLine {

    /** An answer later than this was not given to a click that just happened. */
    private static final long LIVE_MILLIS = 3_600_000;

    private RecommendationLine() {}

    /**
     * Session, step, best items, model, fallback, and the time from click to answer if the click
     * happened just then.
     *
     * @param shown how many items are shown
     */
    public static String of(RecommendationReader.Received received, int shown) {
        Recommendation recommendation = received.recommendation();
        StringBuilder line = new StringBuilder(160);
        line.append(String.format(Locale.ROOT, "%-12s", recommendation.sessionId()))
                .append(String.format(Locale.ROOT, " step %-3d ->", recommendation.step()));
        List<Recommendation.RecommendedItem> items = recommendation.items();
        for (int i = 0; i < Math.min(shown, items.size()); i++) {
            Recommendation.RecommendedItem item = items.get(i);
            line.append(String.format(Locale.ROOT, "  %s %.3g", item.itemId(), item.score()));
        }
        if (items.size() > shown) {
            line.append("  +").append(items.size() - shown);
        }
        if (recommendation.model() != null) {
            line.append("  [")
                    .append(recommendation.model().name())
                    .append(' ')
                    .append(recommendation.model().version())
                    .append(']');
        }
        if (recommendation.fallback() != null) {
            line.append("  fallback: ").append(recommendation.fallback());
        }
        long millis = received.timestampMillis() - recommendation.trigger().eventTimeMillis();
        if (millis >= 0 && millis <= LIVE_MILLIS) {
            line.append("  ").append(millis).append(" ms");
        }
        return line.toString();
    }
}
