package io.hbone.node;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;

/** Which way the arrows between the modules run. It lives here because only the node has all of them on its class path. */
@AnalyzeClasses(
        packages = "io.hbone",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleArrowsTest.NoFixtures.class})
class ModuleArrowsTest {
    /** What modules hand to each other's tests comes in jars of its own, where ArchUnit does not know it for tests. */
    static final class NoFixtures implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    private static final Pattern MODULE = Pattern.compile("io\\.hbone\\.(\\w+)(\\..*)?");

    @ArchTest
    static final ArchRule core_knows_no_transport_and_no_control_plane = noClasses()
            .that()
            .resideInAPackage("io.hbone.core..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.grpc..", "com.google.protobuf..", "io.kubernetes..", "io.fabric8..")
            .because("the contracts must fit every transport and every control plane");

    @ArchTest
    static final ArchRule core_depends_on_no_other_module = classes()
            .that()
            .resideInAPackage("io.hbone.core..")
            .should(dependOnNoModuleBut("core"))
            .because("all other modules meet in it");

    @ArchTest
    static final ArchRule netty_depends_on_core_alone = classes()
            .that()
            .resideInAPackage("io.hbone.netty..")
            .should(dependOnNoModuleBut("core"))
            .because("the tunnel works without xDS, ZDS and SPIRE");

    @ArchTest
    static final ArchRule identity_depends_on_core_alone = classes()
            .that()
            .resideInAPackage("io.hbone.identity..")
            .should(dependOnNoModuleBut("core"))
            .because("certificates are got and issued without the tunnel");

    @ArchTest
    static final ArchRule identity_knows_no_netty_but_the_one_inside_of_grpc = noClasses()
            .that()
            .resideInAPackage("io.hbone.identity..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.kubernetes..", "io.fabric8..")
            .because("who embeds it brings the Netty of his choice");

    @ArchTest
    static final ArchRule zds_depends_on_no_other_module = classes()
            .that()
            .resideInAPackage("io.hbone.zds..")
            .should(dependOnNoModuleBut("zds"))
            .because("it is of use to any agent and any node");

    @ArchTest
    static final ArchRule zds_knows_no_transport = noClasses()
            .that()
            .resideInAPackage("io.hbone.zds..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.grpc..", "io.kubernetes..", "io.fabric8..")
            .because("its sockets are of a kind that they do not have");

    @ArchTest
    static final ArchRule enrollment_depends_on_the_two_control_planes_alone = classes()
            .that()
            .resideInAPackage("io.hbone.enrollment..")
            .should(dependOnNoModuleBut("core", "xds", "zds"))
            .because("who is in the mesh is decided without the data path and without certificates");

    @ArchTest
    static final ArchRule nobody_depends_on_the_node = noClasses()
            .that()
            .resideOutsideOfPackages("io.hbone.node..", "io.hbone.bench..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.hbone.node..")
            .because("the node is wiring: a library user never needs it");

    @ArchTest
    static final ArchRule internal_packages_stay_inside_their_module =
            classes().should(useInternalsOfTheirOwnModuleOnly()).because("internal packages change without notice");

    @ArchTest
    static final ArchRule every_package_is_null_marked = classes()
            .that()
            .resideOutsideOfPackage("..proto..")
            .should(liveInANullMarkedPackage())
            .because("NullAway looks at marked packages only; what protoc makes has no marks");

    private static ArchCondition<JavaClass> dependOnNoModuleBut(String... allowed) {
        return eachDependency("depend on no module but itself and " + String.join(", ", allowed), dependency -> {
            String target = module(dependency.getTargetClass());
            return target.isEmpty()
                    || List.of(allowed).contains(target)
                    || target.equals(module(dependency.getOriginClass()));
        });
    }

    private static ArchCondition<JavaClass> useInternalsOfTheirOwnModuleOnly() {
        return eachDependency("use the internal packages of their own module only", dependency -> {
            String target = module(dependency.getTargetClass());
            boolean internal = (dependency.getTargetClass().getPackageName() + ".").contains(".internal.");
            return target.isEmpty() || !internal || target.equals(module(dependency.getOriginClass()));
        });
    }

    private static ArchCondition<JavaClass> eachDependency(String description, Predicate<Dependency> allowed) {
        return new ArchCondition<>(description) {
            @Override
            public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                    if (!allowed.test(dependency)) {
                        events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                    }
                }
            }
        };
    }

    private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
        return new ArchCondition<>("live in a @NullMarked package") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage()
                        .tryGetPackageInfo()
                        .map(info -> info.isAnnotatedWith(NullMarked.class))
                        .orElse(false);
                if (!marked) {
                    events.add(SimpleConditionEvent.violated(
                            type, type.getName() + " is in a package without a @NullMarked package-info.java"));
                }
            }
        };
    }

    /** The module that a class belongs to: {@code core} for {@code io.hbone.core.internal.X}; empty for foreign classes. */
    private static String module(JavaClass type) {
        Matcher matcher = MODULE.matcher(type.getPackageName());
        return matcher.matches() ? matcher.group(1) : "";
    }
}
