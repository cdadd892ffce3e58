package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.FrameView.Place;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/// What holds of the map of structures in memory on every architecture: hardware reads nothing that is not
/// in it, and the driver keeps nothing that is not in it.
class EveryAtlasTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;
    private static final long GUEST_RAM = 0x200_0000L;
    private static final int NUMBER = 0x2a;
    private static final PasidPrefix PASID = PasidPrefix.of(NUMBER);

    static Stream<IommuUnit> units() {
        var legacy = VtdCapabilities.EVERYTHING;
        return Stream.concat(
                Stream.of(IommuUnit.of("dmar1", 0, legacy.cap(), legacy.ecap())), withPasids());
    }

    static Stream<IommuUnit> withPasids() {
        return EveryArchitectureTest.units();
    }

    // ---- what hardware reads

    @ParameterizedTest
    @MethodSource("units")
    void theWayOfARequestIsInTheMap(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int domain = domain(bench);
        bench.map(domain, IOVA, PAGE, 0x20_0000, Permissions.READ_WRITE);
        bench.map(domain, IOVA + 0x40_0000, PAGE, 0x3000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        requireInMap(bench, IOVA + 0x1000, PasidPrefix.NONE);
        requireInMap(bench, IOVA + 0x40_1000, PasidPrefix.NONE);
        requireInMap(bench, IOVA + 0x3000_0000L, PasidPrefix.NONE);
    }

    @ParameterizedTest
    @MethodSource("withPasids")
    void theWayOfARequestWithAPasidIsInTheMap(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        bench.passThrough();
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.map(space, IOVA, PAGE, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, NUMBER, space));
        requireInMap(bench, IOVA, PASID);
        requireInMap(bench, IOVA + 0x1000, PASID);
        requireInMap(bench, IOVA, PasidPrefix.of(0x2b));
    }

    @ParameterizedTest
    @MethodSource("withPasids")
    void theWayThroughBothStagesIsInTheMap(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        nested(bench);
        requireInMap(bench, IOVA, PasidPrefix.NONE);
        requireInMap(bench, IOVA + 0x1000, PasidPrefix.NONE);
    }

    @ParameterizedTest
    @MethodSource("withPasids")
    void theWayOfAPasidThroughBothStagesIsInTheMap(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int parent = guest(bench);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, parent));
        int nested =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(nested, IOVA, 0x5000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, NUMBER, nested));
        requireInMap(bench, IOVA, PASID);
        requireInMap(bench, 0x5000, PasidPrefix.NONE);
    }

    private static void requireInMap(ArchitectureBench bench, long iova, PasidPrefix prefix)
            throws CommandRefused {
        var question =
                new WalkQuestion(ArchitectureBench.DEVICE, iova, 4, Access.READ, prefix, false);
        var walk = Explanation.of(bench.machine, question);
        var read =
                walk.steps().stream()
                        .filter(step -> step.givenBy() == GivenBy.MEMORY && !step.raw().isEmpty())
                        .toList();
        assertThat(read).as("entries on the way of 0x%x", iova).hasSizeGreaterThan(1);
        for (var step : read) {
            requireInMap(bench, step);
        }
    }

    private static void requireInMap(ArchitectureBench bench, Walk.Step step) {
        assertThat(MemoryLook.places(bench.machine))
                .as("%s, %s, at 0x%x", step.name(), step.detail(), step.entryHpa())
                .anyMatch(place ->
                        place.hpa() == step.entryHpa() - (long) step.index() * step.entryBytes());
        if (step.raw().stream().allMatch(word -> word == 0)) {
            return;
        }
        var frame = MemoryLook.frame(bench.machine, step.entryHpa());
        assertThat(frame.parts().stream().flatMap(part -> part.entries().stream()))
                .as("%s, %s, at 0x%x", step.name(), step.detail(), step.entryHpa())
                .anyMatch(entry -> isSame(entry, step));
    }

    /// Whether the map and the walk read the same entry the same way.
    private static boolean isSame(Entry entry, Walk.Step step) {
        return entry.hpa() == step.entryHpa()
                && entry.index() == step.index()
                && words(entry.fields()).equals(words(step.fields()));
    }

    private static List<String> words(List<Field> fields) {
        return fields.stream()
                .map(field ->
                        "%d %d:%d %s = 0x%x, %s"
                                .formatted(
                                        field.word(),
                                        field.high(),
                                        field.low(),
                                        field.name(),
                                        field.value(),
                                        field.meaning()))
                .toList();
    }

    // ---- pointers

    @ParameterizedTest
    @MethodSource("withPasids")
    void aTableIsReachedFromTheEntryThatPointsToIt(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        nested(bench);
        for (var place : MemoryLook.places(bench.machine)) {
            assertThat(MemoryLook.frame(bench.machine, place.hpa()).parts())
                    .as(place.what())
                    .anyMatch(part -> part.what().equals(place.what()));
            if (place.pointer() >= 0) {
                assertThat(targets(bench, place.pointer()))
                        .as("where 0x%x leads, %s", place.pointer(), place.what())
                        .anyMatch(target -> (target & -8) == place.hpa());
            }
        }
    }

    private static Stream<Long> targets(ArchitectureBench bench, long pointer) {
        return MemoryLook.frame(bench.machine, pointer).parts().stream()
                .flatMap(part -> part.entries().stream())
                .filter(entry ->
                        entry.hpa() <= pointer && pointer < entry.hpa() + 8L * entry.raw().size())
                .flatMap(entry -> entry.targets().stream());
    }

    @ParameterizedTest
    @MethodSource("units")
    void whatIsWrittenToAQueueIsReadAsWhatItIs(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        bench.dma(IOVA, Access.READ, PasidPrefix.NONE);
        var hardware = bench.machine.units.getFirst().hardware();
        assertThat(hardware.queues()).isNotEmpty();
        for (var queue : hardware.queues()) {
            var part =
                    MemoryLook.frame(bench.machine, queue.base()).parts().stream()
                            .filter(found -> found.what().equals(queue.name()))
                            .findFirst()
                            .orElseThrow();
            assertThat(part.entries()).as(queue.name()).isNotEmpty();
            assertThat(part.entries())
                    .flatExtracting(Entry::fields)
                    .allSatisfy(field -> assertThat(field.meaning()).isNotEmpty());
        }
    }

    // ---- what the driver keeps

    @ParameterizedTest
    @MethodSource("withPasids")
    void theDriverHasNoTableThatIsNotInTheMap(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        nested(bench);
        assertThat(unexplained(bench)).isEmpty();
    }

    @Property(tries = 20)
    void whateverIsDoneEveryTableOfTheDriverIsInTheMap(
            @ForAll("anyUnit") IommuUnit unit,
            @ForAll @Size(max = 12) List<@IntRange(max = 6) Integer> deeds,
            @ForAll Random random)
            throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        var domains = new ArrayList<Integer>();
        domains.add(guest(bench));
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domains.getFirst()));
        for (int deed : deeds) {
            try {
                perform(bench, deed, domains, random);
            } catch (CommandRefused _) {
                // What an architecture refuses leaves nothing behind.
            }
        }
        assertThat(unexplained(bench)).isEmpty();
    }

    @Provide
    Arbitrary<IommuUnit> anyUnit() {
        return Arbitraries.of(withPasids().toList());
    }

    /// Domains that nobody uses are not for hardware to find: each new one is attached at once.
    private static void perform(
            ArchitectureBench bench, int deed, List<Integer> domains, Random random)
            throws CommandRefused {
        int parent = domains.getFirst();
        int some = domains.get(random.nextInt(domains.size()));
        long iova = random.nextInt(16) * 0x10_0000L + (long) random.nextInt(4) * 0x8000_0000L;
        int pasid = 1 + random.nextInt(3) * 100;
        switch (deed) {
            case 0, 1 -> {
                int space =
                        bench.created(
                                new Command.CreateFirstStage(
                                        ArchitectureBench.DEVICE, deed == 0 ? 0 : parent, 0));
                try {
                    bench.map(space, IOVA + iova, 0x5000, 0x1000, Permissions.READ);
                    bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, pasid, space));
                    domains.add(space);
                } catch (CommandRefused refused) {
                    bench.run(new Command.DeleteDomain(space));
                    throw refused;
                }
            }
            case 2, 3 ->
                    bench.map(
                            some,
                            IOVA + iova,
                            0x5000,
                            0x1000 << random.nextInt(9),
                            Permissions.READ);
            case 4 -> bench.run(new Command.UnmapPages(some, IOVA + iova, 0x10_0000, true));
            case 5 -> bench.dma(IOVA + iova, Access.READ, PasidPrefix.of(pasid));
            default -> bench.dma(iova, Access.READ, PasidPrefix.NONE);
        }
    }

    /// Frames with content that the driver took for tables and hardware does not find.
    private static List<String> unexplained(ArchitectureBench bench) {
        var machine = bench.machine;
        var places = MemoryLook.places(machine);
        var tables = TableMemory.in(machine.memory.map());
        var frames = new ArrayList<String>();
        for (long hpa = tables.start(); hpa < tables.last(); hpa += 4096) {
            if (machine.frames.isTaken(hpa) && !isZero(bench, hpa) && !isIn(places, hpa)) {
                frames.add("0x%x".formatted(hpa));
            }
        }
        return frames;
    }

    private static boolean isIn(List<Place> places, long frame) {
        return places.stream()
                .anyMatch(
                        place -> place.hpa() < frame + 4096 && frame < place.hpa() + place.bytes());
    }

    private static boolean isZero(ArchitectureBench bench, long frame) {
        long any = 0;
        for (long hpa = frame; hpa < frame + 4096; hpa += 8) {
            any |= bench.machine.memory.read64(hpa);
        }
        return any == 0;
    }

    // ---- broken tables

    @Property(tries = 20)
    void brokenTablesEndSomewhere(@ForAll("anyUnit") IommuUnit unit, @ForAll Random random)
            throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        nested(bench);
        var places = MemoryLook.places(bench.machine);
        for (int i = 0; i < 200; i++) {
            var place = places.get(random.nextInt(places.size()));
            var other = places.get(random.nextInt(places.size()));
            long at = place.hpa() + random.nextInt(place.bytes() / 8) * 8L;
            long garbage =
                    switch (random.nextInt(3)) {
                        case 0 -> random.nextLong();
                        case 1 -> other.hpa() | random.nextInt(4096);
                        default -> bench.machine.memory.read64(at) ^ 1L << random.nextInt(64);
                    };
            bench.machine.memory.write64(at, garbage);
        }
        assertThat(MemoryLook.places(bench.machine)).isNotEmpty();
        for (var place : places) {
            assertThat(MemoryLook.frame(bench.machine, place.hpa()).words()).hasSize(512);
        }
    }

    @ParameterizedTest
    @MethodSource("withPasids")
    void aMemoryOfPointersToItselfHasAnEnd(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        nested(bench);
        var memory = bench.machine.memory;
        var places = MemoryLook.places(bench.machine);
        for (int flags : new int[] {1, 3, 7, 0x401}) {
            for (var place : places) {
                for (int offset = 0; offset < Math.min(4096, place.bytes()); offset += 8) {
                    memory.write64(place.hpa() + offset, place.hpa() | flags);
                }
            }
            assertThat(MemoryLook.frame(bench.machine, places.getFirst().hpa()).words())
                    .hasSize(512);
        }
    }

    // ---- the bench

    private static int domain(ArchitectureBench bench) throws CommandRefused {
        return bench.created(
                new Command.CreateDomain(ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
    }

    /// A guest with 8 MiB of memory from guest-physical 0 on.
    private static int guest(ArchitectureBench bench) throws CommandRefused {
        int parent = domain(bench);
        bench.map(parent, 0, GUEST_RAM, 0x80_0000, Permissions.READ_WRITE);
        return parent;
    }

    private static void nested(ArchitectureBench bench) throws CommandRefused {
        int parent = guest(bench);
        int nested =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(nested, IOVA, 0x5000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, nested));
    }
}
