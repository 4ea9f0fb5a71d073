package io.nextclick.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/**
 * What each module may import. The build bans the artifacts; this bans the imports, so that what
 * comes along with a permitted artifact stays out too.
 *
 * <pre>
 *   schemas     Avro, Jackson and the JDK, nothing else
 *   models      DJL and index libraries; neither Flink nor Kafka nor schemas
 *   flink-jobs  schemas, models, Flink and its connectors; not the integration tests
 *   it-tests    everything; imported by nobody
 * </pre>
 */
@AnalyzeClasses(packages = "io.nextclick", importOptions = ImportOption.DoNotIncludeTests.class)
class ModuleTableTest {

    private static final String SCHEMAS = "io.nextclick.schemas..";
    private static final String MODELS = "io.nextclick.models..";
    private static final String JOBS = "io.nextclick.jobs..";
    private static final String INTEGRATION_TESTS = "io.nextclick.it..";
    private static final String FLINK = "org.apache.flink..";
    private static final String KAFKA = "org.apache.kafka..";
    private static final String KRYO = "com.esotericsoftware..";

    @ArchTest
    static final ArchRule everyClassBelongsToAModule =
            classes().should().resideInAnyPackage(SCHEMAS, MODELS, JOBS);

    @ArchTest
    static final ArchRule schemasNeedsAvroAndJacksonOnly =
            classes()
                    .that()
                    .resideInAPackage(SCHEMAS)
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            SCHEMAS, "java..", "org.apache.avro..", "com.fasterxml.jackson..");

    @ArchTest
    static final ArchRule modelsRunsWithoutFlinkKafkaAndSchemas =
            noClasses()
                    .that()
                    .resideInAPackage(MODELS)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            FLINK, KAFKA, SCHEMAS, JOBS, INTEGRATION_TESTS, "org.apache.avro..");

    @ArchTest
    static final ArchRule jobsKnowsNothingOfTheIntegrationTests =
            noClasses()
                    .that()
                    .resideInAPackage(JOBS)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(INTEGRATION_TESTS);

    @ArchTest
    static final ArchRule nothingIsDeserialisedByJava =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .areAssignableTo(ObjectInputStream.class)
                    .orShould()
                    .dependOnClassesThat()
                    .areAssignableTo(ObjectOutputStream.class)
                    .because("data is read by codecs that say what is malformed, never as objects");

    @ArchTest
    static final ArchRule nobodyUsesKryo =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(KRYO)
                    .because("each state type has a serializer of its own");

    @ArchTest
    static final ArchRule packagesOfModelsAreFreeOfCycles =
            slices().matching("io.nextclick.models.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule packagesOfJobsAreFreeOfCycles =
            slices().matching("io.nextclick.jobs.(*)..").should().beFreeOfCycles();
}
