package io.nextclick.schemas;

import io.nextclick.schemas.RankingFacts.SourceFacts;
import java.io.IOException;
import java.util.List;

/** The field {@code facts} of an item that is recommended or shown. */
final class RankingFactsFormat {

    private static final String NAME = "facts";

    private final RecordShape shape;
    private final RecordShape source;

    /**
     * @param item the record that has the field
     */
    RankingFactsFormat(RecordShape item) {
        shape = item.nested(NAME);
        source = shape.nested("sources");
    }

    void writeOptional(RankingFacts facts, RecordOutput out) {
        out.optionalRecord(NAME, facts, RankingFactsFormat::write);
    }

    private static void write(RankingFacts facts, RecordOutput out) {
        out.beginRecord();
        out.list("sources", facts.sources(), RankingFactsFormat::writeSource);
        out.doubleNumber("blend_score", facts.blendScore());
        out.integer("blend_rank", facts.blendRank());
        out.optionalNumber("popularity", facts.popularity());
        out.optionalNumber("age_days", facts.ageDays());
        out.endRecord();
    }

    private static void writeSource(SourceFacts facts, RecordOutput out) {
        out.beginRecord();
        out.text("source", facts.source());
        out.integer("rank", facts.rank());
        out.number("probability", facts.probability());
        out.endRecord();
    }

    RankingFacts readOptional(RecordInput in) throws IOException, MalformedRecordException {
        return in.isNull() ? null : read(in);
    }

    private RankingFacts read(RecordInput in) throws IOException, MalformedRecordException {
        List<SourceFacts> sources = null;
        Double blendScore = null;
        int blendRank = -1;
        Double popularity = null;
        Double ageDays = null;
        in.beginRecord(shape);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "sources" -> sources = readSources(in);
                case "blend_score" -> blendScore = notNegative(in.doubleNumber(), in);
                case "blend_rank" -> blendRank = in.integerFrom(0);
                case "popularity" -> popularity = notNegative(in.optionalNumber(), in);
                case "age_days" -> ageDays = notNegative(in.optionalNumber(), in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(blendRank >= 0, "facts.blend_rank");
        return new RankingFacts(
                in.required(sources, "facts.sources"),
                in.required(blendScore, "facts.blend_score"),
                blendRank,
                popularity,
                ageDays);
    }

    private List<SourceFacts> readSources(RecordInput in)
            throws IOException, MalformedRecordException {
        List<SourceFacts> sources = in.list(this::readSource);
        if (sources.size() > RankingFacts.MOST_SOURCES) {
            throw in.malformed(sources.size() + " sources, more than " + RankingFacts.MOST_SOURCES);
        }
        return sources;
    }

    private SourceFacts readSource(RecordInput in) throws IOException, MalformedRecordException {
        String name = null;
        int rank = -1;
        Double probability = null;
        in.beginRecord(source);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "source" -> name = in.word();
                case "rank" -> rank = in.integerFrom(0);
                case "probability" -> probability = notNegative((double) in.number(), in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(rank >= 0, "facts.sources[].rank");
        return new SourceFacts(
                in.required(name, "facts.sources[].source"),
                rank,
                in.required(probability, "facts.sources[].probability").floatValue());
    }

    private static Double notNegative(Double value, RecordInput in)
            throws MalformedRecordException {
        if (value != null && value < 0) {
            throw in.malformed("the number " + value + ", less than 0");
        }
        return value;
    }
}
