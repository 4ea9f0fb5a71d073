package io.nextclick.models.rating;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model of users and items that learnt from {@link Ratings}, as a model folder. Beside what its
 * kind says, the folder holds its users as {@link UserKeys}.
 */
public interface RatingModel extends UserScorer {

    /** The kind of its folder. */
    String kind();

    /** The items that it knows, in the order of rows. */
    ItemVocabulary vocabulary();

    /** Ratings per item, whatever the kind. */
    Popularity popularity();

    /** What its manifest says beside the scale. */
    Map<String, Object> parameters();

    /** Its tensors, without the fallbacks. */
    Map<String, Tensor> tensors();

    /**
     * The model as a folder, ready to be written.
     *
     * @param version its version
     * @param rules the session rules under which it is to be served
     * @param log the sessions it learnt from, for the fallbacks and the fingerprint
     * @param createdAt when it was trained
     */
    default ModelFolder folder(
            String version, SessionRules rules, List<Session> log, Instant createdAt) {
        Map<String, Tensor> all =
                new LinkedHashMap<>(
                        ModelFolder.fallbackTensors(
                                popularity(), CoVisitation.of(log, vocabulary())));
        // In a fixed order, so that the same ratings give the same file.
        all.putAll(new TreeMap<>(tensors()));
        Map<String, Object> said = new LinkedHashMap<>(parameters());
        scale().ifPresent(scale -> Scales.write(scale, said));
        return new ModelFolder(
                new ModelManifest(
                        kind(),
                        kind(),
                        version,
                        said,
                        rules,
                        SessionSplit.fingerprint(log),
                        Map.of(),
                        createdAt),
                vocabulary(),
                all);
    }

    /**
     * A model from its folder.
     *
     * @throws ModelFileException if its kind is none of {@link Factorization#KINDS} and {@link
     *     Neighbourhood#KINDS}, or a parameter or a tensor is missing or doesn't fit
     */
    static RatingModel read(ModelFolder folder) throws ModelFileException {
        String kind = folder.manifest().kind();
        try {
            if (Factorization.KINDS.contains(kind)) {
                return Factorization.read(folder);
            }
            if (Neighbourhood.KINDS.contains(kind)) {
                return Neighbourhood.read(folder);
            }
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
        throw new ModelFileException(
                ModelFolder.MANIFEST,
                "kind is '"
                        + kind
                        + "', of ratings learn "
                        + Factorization.KINDS
                        + " and "
                        + Neighbourhood.KINDS);
    }
}
