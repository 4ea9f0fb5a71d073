package io.nextclick.schemas;

import java.io.IOException;
import java.util.Map;

/** The fields of a {@link ModelRelease}. */
final class ModelReleaseFormat implements RecordFormat<ModelRelease> {

    static final ModelReleaseFormat INSTANCE = new ModelReleaseFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("ModelRelease.avsc");

    private ModelReleaseFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public void write(ModelRelease release, RecordOutput out) {
        out.beginRecord();
        out.text("name", release.name());
        out.text("version", release.version());
        out.text("uri", release.uri());
        out.text("sha256", release.sha256());
        out.text("kind", release.kind());
        out.numberMap("metrics", release.metrics());
        out.time("created_at", release.createdAtMillis());
        out.endRecord();
    }

    @Override
    public ModelRelease read(RecordInput in) throws IOException, MalformedRecordException {
        String name = null;
        String version = null;
        String uri = null;
        String sha256 = null;
        String kind = null;
        Map<String, Double> metrics = Map.of();
        long createdAt = -1;
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "name" -> name = in.id();
                case "version" -> version = in.word();
                case "uri" -> uri = in.word();
                case "sha256" -> {
                    sha256 = in.word();
                    if (!ModelRelease.isSha256(sha256)) {
                        throw in.malformed("not 64 hexadecimal digits in lower case");
                    }
                }
                case "kind" -> kind = in.word();
                case "metrics" -> metrics = in.numberMap();
                case "created_at" -> createdAt = in.time();
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(createdAt >= 0, "created_at");
        return new ModelRelease(
                in.required(name, "name"),
                in.required(version, "version"),
                in.required(uri, "uri"),
                in.required(sha256, "sha256"),
                in.required(kind, "kind"),
                metrics,
                createdAt);
    }
}
