package io.nextclick.it.containers;

import com.github.dockerjava.api.exception.NotFoundException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Tests that run where Docker does and the images are there; elsewhere they say what is missing, or
 * fail where {@code NEXTCLICK_REQUIRE_DOCKER=true} says that nothing may be.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresDocker.Condition.class)
@interface RequiresDocker {

    /** Looks for Docker and the images, once a JVM. */
    final class Condition implements ExecutionCondition {

        private static final Path SOCKET = Path.of("/var/run/docker.sock");

        private static String missing;

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String missing = missing();
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("Docker and its images are there");
            }
            if (Boolean.parseBoolean(System.getenv("NEXTCLICK_REQUIRE_DOCKER"))) {
                throw new IllegalStateException(missing);
            }
            System.out.println(
                    context.getRequiredTestClass().getSimpleName() + " is skipped: " + missing);
            return ConditionEvaluationResult.disabled(missing);
        }

        private static synchronized String missing() {
            if (missing == null) {
                missing = look();
            }
            return missing;
        }

        private static String look() {
            // Testcontainers tries every way to Docker that there is, for seconds.
            if (!Files.exists(SOCKET) && System.getenv("DOCKER_HOST") == null) {
                return "there is no Docker: neither " + SOCKET + " nor DOCKER_HOST";
            }
            if (!DockerClientFactory.instance().isDockerAvailable()) {
                return "Docker doesn't answer";
            }
            for (String image : Images.required()) {
                try {
                    DockerClientFactory.instance().client().inspectImageCmd(image).exec();
                } catch (NotFoundException e) {
                    return "there is no image "
                            + image
                            + "; `docker pull "
                            + image
                            + "` gets it, `.ci/images/build` makes a stand-in";
                }
            }
            return "";
        }
    }
}
