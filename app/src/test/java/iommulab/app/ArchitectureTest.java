package iommulab.app;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

import iommulab.engine.ImmutableValue;

import java.util.Set;
import java.util.function.UnaryOperator;

/// Which part may know which. A rule that stands in the way of a good change is a rule to discuss, not to
/// silence.
@AnalyzeClasses(packages = "iommulab", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule theEngineKnowsNoScreen =
            noClasses()
                    .that()
                    .resideInAPackage("iommulab.engine..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("iommulab.app..", "javafx..", "java.awt..", "javax.swing..")
                    .because(
                            "the engine also runs in tests, in benchmarks and from the command"
                                    + " line");

    @ArchTest
    static final ArchRule onlyValuesCrossTheBorder =
            noClasses()
                    .that()
                    .resideInAPackage("iommulab.app..")
                    .should()
                    .dependOnClassesThat(
                            resideInAPackage("iommulab.engine..")
                                    .and(
                                            not(
                                                    resideInAnyPackage(
                                                            "iommulab.engine.session..",
                                                            "iommulab.engine.io..")))
                                    .and(not(values()))
                                    .and(not(readersOfValues())))
                    .because("panels read snapshots and send commands; they hold no engine part");

    @ArchTest
    static final ArchRule theEngineIsBuiltFromTheGroundUp =
            layeredArchitecture()
                    .consideringOnlyDependenciesInLayers()
                    .withOptionalLayers(true)
                    .layer("ground")
                    .definedBy("iommulab.engine.pci..", "iommulab.engine.memory..")
                    .layer("firmware")
                    .definedBy("iommulab.engine.firmware..")
                    .layer("cache")
                    .definedBy("iommulab.engine.cache..")
                    .layer("iommu")
                    .definedBy("iommulab.engine.iommu")
                    .layer("formats")
                    .definedBy("iommulab.engine.iommu.(*)..")
                    .layer("system")
                    .definedBy("iommulab.engine.group..", "iommulab.engine.traffic..")
                    .layer("session")
                    .definedBy("iommulab.engine.session..")
                    .layer("io")
                    .definedBy("iommulab.engine.io..")
                    .layer("app")
                    .definedBy("iommulab.app..")
                    .whereLayer("app")
                    .mayNotBeAccessedByAnyLayer()
                    .whereLayer("io")
                    .mayOnlyBeAccessedByLayers("app")
                    .whereLayer("session")
                    .mayOnlyBeAccessedByLayers("io", "app")
                    .whereLayer("system")
                    .mayOnlyBeAccessedByLayers("session", "io", "app")
                    .whereLayer("formats")
                    .mayOnlyBeAccessedByLayers("session", "io")
                    .whereLayer("iommu")
                    .mayOnlyBeAccessedByLayers("formats", "system", "session", "io", "app")
                    .whereLayer("cache")
                    .mayOnlyBeAccessedByLayers("iommu", "formats", "session", "io", "app")
                    .because(
                            "hardware does not know the system that runs on it, and a machine does"
                                    + " not know the file it came from");

    @ArchTest
    static final ArchRule noPartOfTheEngineNeedsItself =
            slices().matching("iommulab.engine.(*)..")
                    .should()
                    .beFreeOfCycles()
                    .because("two packages that need each other are one package");

    @ArchTest
    static final ArchRule noPartOfTheWindowNeedsItself =
            slices().matching("iommulab.app.(*)..")
                    .should()
                    .beFreeOfCycles()
                    .because("two packages that need each other are one package");

    @ArchTest
    static final ArchRule formatsDoNotKnowEachOther =
            slices().matching("iommulab.engine.iommu.(*)..")
                    .should()
                    .notDependOnEachOther()
                    // The driver's half of what is shared: it knows no format either.
                    .ignoreDependency(
                            alwaysTrue(), resideInAPackage("iommulab.engine.iommu.builder"))
                    .because(
                            "what two architectures share belongs to the neutral walker and the"
                                    + " neutral builder")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule panelsDoNotKnowEachOther =
            slices().assignedFrom(panels())
                    .should()
                    .notDependOnEachOther()
                    .because("what two panels share is a value in the selection");

    @ArchTest
    static final ArchRule onlyTheCommandLineSpeaksToTheTerminal =
            noClasses()
                    .that()
                    .resideOutsideOfPackages("iommulab.app.cli..")
                    .and()
                    .doNotHaveFullyQualifiedName("iommulab.app.Main")
                    .should(ACCESS_STANDARD_STREAMS)
                    .because("a window has no terminal, and a library has no business with one");

    @ArchTest
    static final ArchRule onlyTheFrontDoorEndsTheProgram =
            noClasses()
                    .that()
                    .doNotHaveFullyQualifiedName("iommulab.app.Main")
                    .should()
                    .callMethod(System.class, "exit", int.class)
                    .orShould()
                    .callMethod(Runtime.class, "exit", int.class)
                    .orShould()
                    .callMethod(Runtime.class, "halt", int.class)
                    .because("whoever ends the program takes everybody's unsaved work along");

    @ArchTest
    static final ArchRule nobodySleeps =
            noClasses()
                    .should()
                    .callMethodWhere(
                            describe(
                                    "Thread.sleep",
                                    call ->
                                            call.getTargetOwner().isEquivalentTo(Thread.class)
                                                    && call.getName().equals("sleep")))
                    .because("a pause that is long enough here is too short elsewhere");

    @ArchTest
    static final ArchRule theEngineReadsNoClockOfTheWall =
            noClasses()
                    .that()
                    .resideInAPackage("iommulab.engine..")
                    .should()
                    .dependOnClassesThat()
                    .haveFullyQualifiedName("java.util.Date")
                    .orShould()
                    .dependOnClassesThat()
                    .resideInAPackage("java.time..")
                    .orShould()
                    .callMethod(System.class, "currentTimeMillis")
                    .orShould()
                    .callMethod(Math.class, "random")
                    .because("same file, same commands, same machine to the bit");

    @ArchTest
    static final ArchRule nobodyLooksThroughReflection =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("java.lang.reflect..")
                    .because("what the compiler cannot see, it cannot check")
                    .allowEmptyShould(true);

    @ArchTest
    static final ArchRule everyClassOfTheEngineIsFinalSealedOrAValue =
            classes()
                    .that()
                    .resideInAPackage("iommulab.engine..")
                    .and()
                    .areTopLevelClasses()
                    .and()
                    .areNotInterfaces()
                    .should()
                    .haveModifier(JavaModifier.FINAL)
                    .orShould()
                    .haveModifier(JavaModifier.ABSTRACT)
                    .because("what can happen is a closed list");

    private static DescribedPredicate<JavaClass> values() {
        return describe(
                "are values",
                c ->
                        c.isRecord()
                                || c.isEnum()
                                || c.isInterface()
                                || c.isAnnotatedWith(ImmutableValue.class));
    }

    /// Nothing but functions: `PciExpress.portType(config)` reads bytes that are a value and keeps none.
    private static DescribedPredicate<JavaClass> readersOfValues() {
        return describe(
                "only read values",
                c ->
                        c.getFields().stream().allMatch(f -> isConstant(f.getModifiers()))
                                && c.getMethods().stream().allMatch(ArchitectureTest::isStatic));
    }

    private static boolean isConstant(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.STATIC) && modifiers.contains(JavaModifier.FINAL);
    }

    private static boolean isStatic(JavaMethod method) {
        return method.getModifiers().contains(JavaModifier.STATIC);
    }

    /// Everything in a package of its own below `app` that is neither shared ground nor the command line.
    private static SliceAssignment panels() {
        var shared = Set.of("shell", "theme", "cli");
        return slicedBy("panels", "iommulab.app.", part -> shared.contains(part) ? "" : part);
    }

    /// @param slice names the slice of a package directly below `above`; empty for none
    private static SliceAssignment slicedBy(
            String description, String above, UnaryOperator<String> slice) {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass c) {
                var name = c.getPackageName();
                if (!name.startsWith(above)) {
                    return SliceIdentifier.ignore();
                }
                var part = slice.apply(name.substring(above.length()).split("\\.")[0]);
                return part.isEmpty() ? SliceIdentifier.ignore() : SliceIdentifier.of(part);
            }

            @Override
            public String getDescription() {
                return description;
            }
        };
    }
}
