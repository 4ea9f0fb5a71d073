package io.nextclick.models.neuralcf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SessionVectorsTest {

    private static TakenItems taken(int... itemsOfUsers) {
        List<Session> sessions = new ArrayList<>();
        for (int user = 0; user < itemsOfUsers.length; user++) {
            List<String> items = new ArrayList<>();
            for (char digit : Integer.toString(itemsOfUsers[user]).toCharArray()) {
                items.add("" + digit);
            }
            sessions.add(new Session("" + user, user, items));
        }
        return TakenItems.of(sessions, new LinkedHashMap<>(), new ItemVocabulary());
    }

    /** Two users of an item each: y = (p − m) / (1 + λ), with λ = .3. */
    @Test
    void ofAnItemAUserItIsAShareOfTheUser() {
        SessionVectors vectors = SessionVectors.of(taken(1, 2), new float[] {1, 5, 3, -5}, 2);
        assertThat(vectors.mean()).containsExactly(2, 0);
        assertThat(vectors.items())
                .containsExactly(
                        new float[] {-1 / 1.3f, 5 / 1.3f, 1 / 1.3f, -5 / 1.3f}, within(1e-4f));
    }

    /** The slope of the sum of squares is zero in each of its unknowns. */
    @Test
    void isTheMinimumOfTheSquares() {
        TakenItems taken = taken(1234, 25, 1678, 345, 27, 8);
        SplittableRandom random = new SplittableRandom(4);
        int size = 3;
        float[] users = new float[taken.users() * size];
        for (int i = 0; i < users.length; i++) {
            users[i] = (float) random.nextGaussian();
        }
        SessionVectors vectors = SessionVectors.of(taken, users, size);
        float[] y = vectors.items();
        for (int i = 0; i < y.length; i++) {
            assertThat(
                            (squares(taken, users, vectors.mean(), y, i, 0.01f)
                                            - squares(taken, users, vectors.mean(), y, i, -0.01f))
                                    / 0.02)
                    .as("value %d", i)
                    .isCloseTo(0, within(2e-3));
        }
    }

    private static double squares(
            TakenItems taken, float[] users, float[] mean, float[] y, int moved, float by) {
        float[] at = y.clone();
        at[moved] += by;
        int size = mean.length;
        double sum = 0;
        for (float value : at) {
            sum += 0.3 * value * value;
        }
        for (int user = 0; user < taken.users(); user++) {
            for (int d = 0; d < size; d++) {
                double foretold = mean[d];
                for (int item : taken.of(user)) {
                    foretold += at[item * size + d] / Math.sqrt(taken.of(user).length);
                }
                double error = users[user * size + d] - foretold;
                sum += error * error;
            }
        }
        return sum;
    }
}
