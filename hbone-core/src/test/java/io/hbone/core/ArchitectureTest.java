package io.hbone.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.net.InetAddress;

@AnalyzeClasses(packages = "io.hbone.core", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    /** design.md, "Modules": no Netty, gRPC, Kubernetes or protobuf, and no other module. */
    @ArchTest
    static final ArchRule core_knowsOnlyTheJdkAndTheLoggingApi = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "org.jspecify..", "org.slf4j..", "io.hbone.core..");

    /** Values are made on event loops: nothing in here may wait for a resolver. */
    @ArchTest
    static final ArchRule core_neverAsksDns = noClasses()
            .should()
            .callMethod(InetAddress.class, "getByName", String.class)
            .orShould()
            .callMethod(InetAddress.class, "getAllByName", String.class)
            .orShould()
            .callConstructor(java.net.InetSocketAddress.class, String.class, int.class);
}
