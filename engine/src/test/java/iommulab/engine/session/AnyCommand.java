package iommulab.engine.session;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.pci.PciAddress;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Every command there is, with any values its records accept: found by their shape, so that a command
/// added tomorrow is tested too.
public final class AnyCommand {
    private static final Set<String> OF_THE_BENCH_TOO =
            Set.of("dma.issue", "driver.bind", "driver.unbind");

    private AnyCommand() {}

    public static Arbitrary<Command> anyCommand() {
        return ofSealed(Command.class);
    }

    private static <T> Arbitrary<T> ofSealed(Class<T> family) {
        var members =
                Arrays.stream(family.getPermittedSubclasses())
                        .filter(Class::isRecord)
                        .map(AnyCommand::ofRecord)
                        .map(arbitrary -> arbitrary.map(family::cast))
                        .toList();
        return Arbitraries.oneOf(members);
    }

    private static Arbitrary<Object> ofRecord(Class<?> type) {
        var parts =
                Arrays.stream(type.getRecordComponents())
                        .map(AnyCommand::ofComponent)
                        .<Arbitrary<Object>>map(Arbitrary::asGeneric)
                        .toList();
        return parts.isEmpty()
                ? Arbitraries.create(() -> make(type, List.of()))
                : Combinators.combine(parts).as(values -> make(type, values));
    }

    private static Arbitrary<?> ofComponent(RecordComponent component) {
        return switch (component.getName()) {
            case "weight" -> Arbitraries.integers().between(1, 1000);
            case "requestBytes" -> Arbitraries.integers().between(1, 4096);
            case "writePercent" -> Arbitraries.integers().between(0, 100);
            default -> ofType(component.getType());
        };
    }

    private static Arbitrary<?> ofType(Class<?> type) {
        if (type == int.class) {
            return Arbitraries.integers();
        }
        if (type == long.class) {
            return Arbitraries.longs();
        }
        if (type == double.class) {
            return Arbitraries.doubles();
        }
        if (type == boolean.class) {
            return Arbitraries.of(true, false);
        }
        if (type == String.class) {
            return Arbitraries.strings().ofMaxLength(12);
        }
        if (type == java.util.Optional.class) {
            return Arbitraries.strings().ofMaxLength(12).optional();
        }
        if (type == OptionalInt.class) {
            return Arbitraries.integers()
                    .optional()
                    .map(value -> value.map(OptionalInt::of).orElse(OptionalInt.empty()));
        }
        if (type == PciAddress.class) {
            return addresses();
        }
        if (type == PasidPrefix.class) {
            return prefixes();
        }
        if (type == Call.class) {
            return kernelCalls();
        }
        if (type == CacheGeometry.class) {
            return geometries();
        }
        if (type.isEnum()) {
            return Arbitraries.of(type.getEnumConstants());
        }
        return type.isRecord() ? ofRecord(type) : ofSealed(type);
    }

    public static Arbitrary<PciAddress> addresses() {
        return Combinators.combine(
                        Arbitraries.integers().greaterOrEqual(0),
                        Arbitraries.integers().between(0, 0xff),
                        Arbitraries.integers().between(0, 0xff))
                .as(PciAddress::of);
    }

    /// Calls of the kernel's vocabulary, with arguments that it may or may not make sense of.
    private static Arbitrary<Call> kernelCalls() {
        return Arbitraries.of(
                        Vocabulary.all().entries().values().stream()
                                .filter(entry -> !OF_THE_BENCH_TOO.contains(entry.name()))
                                .toList())
                .flatMap(entry -> anyValue(entry).map(value -> call(entry, value)));
    }

    private static Arbitrary<List<String>> anyValue(Vocabulary.Entry entry) {
        return Arbitraries.of(
                        "1",
                        "2",
                        "0x1000",
                        "0",
                        "iommufd1",
                        "cdev1",
                        "buf",
                        "buf+0x1000",
                        "p0",
                        "true",
                        "[fixed, read, write]",
                        "{iotlb=1}",
                        "[{addr=0x1000}]",
                        "a word")
                .list()
                .ofSize(entry.parameters().size());
    }

    private static Call call(Vocabulary.Entry entry, List<String> values) {
        var call = Call.of(entry.name());
        for (int i = 0; i < values.size(); i++) {
            call = call.with(entry.parameters().get(i).name(), values.get(i));
        }
        return call;
    }

    private static Arbitrary<PasidPrefix> prefixes() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 0xf_ffff),
                        Arbitraries.of(true, false),
                        Arbitraries.of(true, false))
                .as(PasidPrefix::new)
                .edgeCases(edges -> edges.add(PasidPrefix.NONE));
    }

    private static Arbitrary<CacheGeometry> geometries() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 16),
                        Arbitraries.integers().between(0, 6),
                        Arbitraries.of(Replacement.values()))
                .as((sets, ways, policy) -> new CacheGeometry(1 << sets >> 1, 1 << ways, policy));
    }

    private static Object make(Class<?> type, List<Object> values) {
        try {
            var types =
                    Arrays.stream(type.getRecordComponents())
                            .map(RecordComponent::getType)
                            .toArray(Class<?>[]::new);
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values.toArray());
        } catch (ReflectiveOperationException broken) {
            throw new AssertionError("cannot make a " + type, broken);
        }
    }
}
