package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.stream.Stream;

/// A nested walk told as a grid: the same cells on every architecture, whoever gave their entries.
class NestedGridTest {
    private static final long IOVA = 0x4000_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(0x2a);

    /// Four levels of both stages, pages of 4 KiB in both.
    private static ArchitectureBench nested(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int parent =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(parent, 0, 0x200_1000L, 0x40_0000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, parent));
        int guest =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(guest, IOVA, 0x5000, 0x2000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), guest));
        return bench;
    }

    private static Walk walk(ArchitectureBench bench, boolean withCaches) throws CommandRefused {
        return bench.machine.explain(
                new WalkQuestion(
                        ArchitectureBench.DEVICE, IOVA, 4, Access.READ, PASID, withCaches));
    }

    /// Cells of the page tables, those of device and PASID structures left out.
    private static List<Step> cells(Walk walk) {
        return walk.steps().stream()
                .filter(s -> s.cell().row() >= 0 && s.cell().row() <= 5)
                .toList();
    }

    private static long given(Walk walk, GivenBy by) {
        return cells(walk).stream().filter(s -> s.givenBy() == by).count();
    }

    static Stream<IommuUnit> withFourLevels() {
        return EveryArchitectureTest.units().filter(unit -> !unit.isSelftest());
    }

    @Test
    void threeByThreeLevelsHaveFifteenCells() throws CommandRefused {
        var bench = nested(Architecture.SELFTEST.unit());
        assertThat(cells(walk(bench, false))).hasSize(15);
        bench.read(IOVA + 0x1000, PASID);
        var warm = walk(bench, true);
        assertThat(cells(warm)).as("with caches that know the neighbour").hasSize(15);
        assertThat(given(warm, GivenBy.MEMORY))
                .as("no cache knows upper entries: those of the first stage, and the last address")
                .isEqualTo(6);
        bench.read(IOVA, PASID);
        assertThat(given(walk(bench, true), GivenBy.MEMORY)).as("after a hit").isZero();
    }

    @ParameterizedTest
    @MethodSource("withFourLevels")
    void fourByFourLevelsHaveTwentyFourCells(IommuUnit unit) throws CommandRefused {
        var bench = nested(unit);
        assertThat(cells(walk(bench, false))).hasSize(24);
        bench.read(IOVA + 0x1000, PASID);
        var warm = walk(bench, true);
        assertThat(cells(warm)).as("with caches that know the neighbour").hasSize(24);
        assertThat(given(warm, GivenBy.MEMORY)).isEqualTo(2);
        bench.read(IOVA, PASID);
        assertThat(given(walk(bench, true), GivenBy.MEMORY)).as("after a hit").isZero();
    }

    @ParameterizedTest
    @MethodSource("iommulab.engine.session.EveryArchitectureTest#units")
    void everyCellTellsWhereItsEntryLies(IommuUnit unit) throws CommandRefused {
        var bench = nested(unit);
        bench.read(IOVA + 0x1000, PASID);
        for (var step : cells(walk(bench, true))) {
            assertThat(step.raw()).as(step.name() + " " + step.cell()).isNotEmpty();
            assertThat(bench.machine.memory.read64(step.entryHpa()))
                    .as("%s %s at %x", step.name(), step.cell(), step.entryHpa())
                    .isNotZero();
        }
    }

    @ParameterizedTest
    @MethodSource("iommulab.engine.session.EveryArchitectureTest#units")
    void whatWasSavedCostsNothing(IommuUnit unit) throws CommandRefused {
        var bench = nested(unit);
        bench.read(IOVA + 0x1000, PASID);
        assertThat(cells(walk(bench, true)))
                .filteredOn(step -> step.givenBy() == GivenBy.SAVED)
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.cycles()).isZero());
    }
}
