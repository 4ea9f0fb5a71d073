package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Folders of somebody who forged manifest and tensors alike are refused. */
class RatingModelTest {

    private static final List<LoggedClick> CLICKS = RatedClicks.simulated(12, 10, 0.5, 1);

    private static ModelFolder folder(RatingModel model) {
        SessionRules rules = SessionRules.AS_LOGGED;
        return model.folder("1", rules, ClickLog.sessions(CLICKS, rules), Instant.EPOCH);
    }

    private static ModelFolder als() {
        return folder(
                AlsFactorization.train(
                        Ratings.explicit(CLICKS), new AlsFactorization.Options(3, 2, 0.1, 1, 1)));
    }

    private static ModelFolder neighbours() {
        return folder(
                Neighbourhood.train(
                        Neighbourhood.OF_ITEMS,
                        Ratings.explicit(CLICKS),
                        Neighbourhood.Options.DEFAULTS));
    }

    private static void refusesParameter(ModelFolder good, String name, Object value, String why) {
        Map<String, Object> forged = new LinkedHashMap<>(good.manifest().parameters());
        assertThat(forged.put(name, value)).isNotNull();
        ModelManifest manifest = good.manifest();
        refuses(
                new ModelFolder(
                        new ModelManifest(
                                manifest.kind(),
                                manifest.name(),
                                manifest.version(),
                                forged,
                                manifest.sessionRules(),
                                manifest.dataFingerprint(),
                                manifest.metrics(),
                                manifest.createdAt()),
                        good.vocabulary(),
                        good.tensors()),
                why);
    }

    private static void refusesTensor(ModelFolder good, String name, Tensor tensor, String why) {
        Map<String, Tensor> forged = new LinkedHashMap<>(good.tensors());
        assertThat(forged.put(name, tensor)).isNotNull();
        refuses(new ModelFolder(good.manifest(), good.vocabulary(), forged), why);
    }

    private static void refuses(ModelFolder folder, String why) {
        assertThatThrownBy(() -> RatingModel.read(folder))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(why);
    }

    @Test
    void factorsThatDoNotFitAreRefused() throws Exception {
        ModelFolder good = als();
        assertThat(RatingModel.read(good).kind()).isEqualTo("als");
        refusesParameter(good, "factors", 4, "has shape");
        refusesParameter(good, "factors", -4, "factors is -4.0");
        refusesParameter(good, "user_features", Integer.MAX_VALUE, "user features is");
        refusesParameter(good, "regularization", 0, "must be above 0");
        refusesParameter(good, "rating_deviation", -1, "are no scale");
        refusesParameter(good, "mean", "three", "a number is needed");
        refusesTensor(good, "item.vectors", new Tensor.Floats(new float[9], 3, 3), "has shape");
        refusesTensor(good, "user.keys", new Tensor.Ints(new int[12], 12), "64-bit integers");
        refusesTensor(good, "user.keys", new Tensor.Longs(new long[12], 12), "two users");
    }

    @Test
    void neighboursThatDoNotFitAreRefused() throws Exception {
        ModelFolder good = neighbours();
        assertThat(RatingModel.read(good).kind()).isEqualTo("item-neighbours");
        refusesParameter(good, "similarity", "love", "No enum constant");
        refusesParameter(good, "nearest", 0, "nearest is 0.0");
        int[] rows = ((Tensor.Ints) good.tensors().get("neighbours.rows")).values().clone();
        rows[1] = 10;
        refusesTensor(
                good,
                "neighbours.rows",
                new Tensor.Ints(rows, rows.length),
                "don't fit each other");
        int[] starts = ((Tensor.Ints) good.tensors().get("rating.starts")).values().clone();
        starts[1] = starts[2] + 1;
        refusesTensor(
                good, "rating.starts", new Tensor.Ints(starts, starts.length), "don't fit each");
        refusesTensor(good, "rating.items", new Tensor.Ints(new int[3], 3), "don't fit each other");
    }

    @Test
    void biasesAloneAnswerSessionsToo() {
        Factorization model =
                AlsFactorization.train(
                        Ratings.explicit(CLICKS), new AlsFactorization.Options(0, 2, 0.1, 1, 1));
        float[] query = new float[model.folding().dimension()];
        model.folding().fold(new int[] {1, 2}, query);

        assertThat(query).containsExactly(0);
    }
}
