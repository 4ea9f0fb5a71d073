package io.nextclick.jobs.cli;

import io.nextclick.models.training.TrainingOptions;

/** Training for a demo: short, and on all there is, since the stream validates. */
final class DemoTraining {

    private static final int SHOP_EPOCHS = 8;
    private static final int LOG_EPOCHS = 10;

    private DemoTraining() {}

    static TrainingOptions options(long seed, boolean logged) {
        return TrainingOptions.DEFAULTS.toBuilder()
                .epochs(logged ? LOG_EPOCHS : SHOP_EPOCHS)
                .validationFraction(0)
                .refit(false)
                .seed(seed)
                // The engine's threads wait for each other spinning: where others need the
                // processors too, as the starting broker does here, two are slower than one.
                .threads(1)
                .build();
    }
}
