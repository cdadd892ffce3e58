package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

class VtdWalkTest {
    private static final int NIC = 0x0320;
    private static final long IOVA = 0x7f3a_9c5d_2e40L;
    private static final long HPA = 0x2_4000_0000L;

    private final VtdBench bench = new VtdBench(CacheShapes.USUAL);
    private long tree;
    private long leaf;

    @BeforeEach
    void aNicInDomainSeven() {
        tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        leaf = bench.map(tree, 4, IOVA, HPA, 1, VtdBench.R);
    }

    @Test
    void aColdWalkReadsRootContextAndFourLevels() {
        var walk = bench.explain(NIC, IOVA, Access.READ);
        assertThat(kinds(walk))
                .containsExactly(
                        Kind.ROOT_ENTRY,
                        Kind.DEVICE_ENTRY,
                        Kind.IOTLB_PROBE,
                        Kind.TABLE_ENTRY,
                        Kind.TABLE_ENTRY,
                        Kind.TABLE_ENTRY,
                        Kind.LEAF_ENTRY,
                        Kind.ACCESS);
        assertThat(walk.reads()).isEqualTo(6);
        assertThat(walk.cycles()).isEqualTo(6 * 110 + 4 + 6 + 3 * 4);
        assertThat(walk.steps().stream().mapToLong(Step::cycles).sum()).isEqualTo(walk.cycles());
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Reached(HPA | 0xe40, 4096, Permissions.READ, false));
        assertThat(walk.domain()).isEqualTo(7);
        assertThat(walk.addressBits()).isEqualTo(48);
    }

    @Test
    void everyStepStandsWhereItsIndexSaysAndShowsTheWordThatLiesThere() {
        for (var step : bench.explain(NIC, IOVA, Access.READ).steps()) {
            if (!step.raw().isEmpty()) {
                assertThat(step.entryHpa())
                        .isEqualTo(step.tableHpa() + (long) step.index() * step.entryBytes());
                assertThat(step.raw().getFirst()).isEqualTo(bench.memory.read64(step.entryHpa()));
                long number = step.indexSource() == Walk.IndexSource.IOVA ? IOVA : NIC;
                int width = step.indexHigh() - step.indexLow() + 1;
                assertThat(step.index())
                        .isEqualTo((int) (number >>> step.indexLow()) & (1 << width) - 1);
            }
        }
    }

    @Test
    void afterOneRequestTheIotlbSavesEverything() {
        bench.read(NIC, IOVA);
        var walk = bench.explain(NIC, IOVA, Access.READ);
        assertThat(walk.reads()).isZero();
        assertThat(walk.cycles()).isEqualTo(4 + 6);
        assertThat(givenBy(walk))
                .containsExactly(
                        GivenBy.SAVED,
                        GivenBy.DEVICE_CACHE,
                        GivenBy.IOTLB,
                        GivenBy.SAVED,
                        GivenBy.SAVED,
                        GivenBy.SAVED,
                        GivenBy.SAVED,
                        GivenBy.NOBODY);
        assertThat(step(walk, "IOTLB probe").detail()).isEqualTo("hit");
    }

    @Test
    void theNeighbourPageIsOneReadBehindThePagingCache() {
        bench.map(tree, 4, IOVA + 4096, HPA, 1, VtdBench.R);
        bench.read(NIC, IOVA);
        var walk = bench.explain(NIC, IOVA + 4096, Access.READ);
        assertThat(walk.reads()).isEqualTo(1);
        assertThat(step(walk, "Level 2").givenBy()).isEqualTo(GivenBy.PAGING_CACHE);
        assertThat(step(walk, "Level 3").givenBy()).isEqualTo(GivenBy.SAVED);
        assertThat(step(walk, "Level 1").givenBy()).isEqualTo(GivenBy.MEMORY);
    }

    @Test
    void aStaleTableCacheIsShownAlsoWhereMemoryLeadsNowhereAnyMore() {
        bench.map(tree, 4, IOVA + 4096, HPA, 1, VtdBench.R);
        bench.read(NIC, IOVA);
        bench.memory.write64(VtdBench.slot(tree, 4, IOVA), 0);
        var walk = bench.explain(NIC, IOVA + 4096, Access.READ);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Reached(HPA | 0xe40, 4096, Permissions.READ, true));
        assertThat(step(walk, "Level 2").givenBy()).isEqualTo(GivenBy.PAGING_CACHE);
        assertThat(step(walk, "Level 1").givenBy()).isEqualTo(GivenBy.MEMORY);
    }

    @Test
    void aMissingRightIsBlamedOnItsBit() {
        var walk = bench.explain(NIC, IOVA, Access.WRITE);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(VtdFault.NO_WRITE_RIGHT, 6, true));
        var blamed =
                walk.steps().get(6).fields().stream()
                        .filter(field -> field.role() == Field.Role.OFFENDING)
                        .toList();
        assertThat(blamed).extracting(Field::name).containsExactly("W");
        assertThat(walk.steps().getLast().kind()).isEqualTo(Kind.FAULT);
        assertThat(walk.steps().getLast().detail()).isEqualTo("PTE Write access is not set");
    }

    @Test
    void aMissingRightInTheIotlbIsBlamedOnTheProbe() {
        bench.read(NIC, IOVA);
        var walk = bench.explain(NIC, IOVA, Access.WRITE);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(VtdFault.NO_WRITE_RIGHT, 2, true));
    }

    @Test
    void anUnknownDeviceEndsAtItsContextEntry() {
        var walk = bench.explain(NIC + 1, IOVA, Access.READ);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(VtdFault.CONTEXT_NOT_PRESENT, 1, true));
        assertThat(kinds(walk)).containsExactly(Kind.ROOT_ENTRY, Kind.DEVICE_ENTRY, Kind.FAULT);
        assertThat(walk.domain()).isEqualTo(-1);
    }

    @Test
    void aTableThatIsNotInMemoryShowsNoBits() {
        bench.memory.write64(VtdBench.slot(tree, 4, IOVA), 1L << 40 | VtdBench.RW);
        var walk = bench.explain(NIC, IOVA, Access.READ);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(VtdFault.TABLE_UNREADABLE, 4, true));
        assertThat(walk.steps().get(4).raw()).isEmpty();
    }

    @Test
    void reservedBitsAreBlamedBitByBit() {
        bench.memory.write64(leaf, HPA | VtdBench.R | 1L << 62);
        var walk = bench.explain(NIC, IOVA, Access.READ);
        assertThat(walk.outcome())
                .isEqualTo(new Walk.Outcome.Faulted(VtdFault.TABLE_RESERVED, 6, true));
        var blamed =
                walk.steps().get(6).fields().stream()
                        .filter(field -> field.role() == Field.Role.OFFENDING)
                        .toList();
        assertThat(blamed).extracting(Field::high).containsExactly(62);
    }

    @Test
    void theInterruptWindowIsNeverRemapped() {
        var walk = bench.explain(NIC, 0xfee0_1000L, Access.WRITE);
        assertThat(walk.steps()).isEmpty();
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.NotTranslated.class);
    }

    @Test
    void withTranslationOffAddressesStayAsTheyAre() {
        bench.unit.registers().write32(VtdRegisters.GLOBAL_COMMAND, 0);
        assertThat(bench.explain(NIC, IOVA, Access.READ).outcome())
                .isEqualTo(
                        new Walk.Outcome.NotTranslated("Translation is off.", Optional.of(IOVA)));
    }

    @Test
    void askingChangesNothing() {
        bench.read(NIC, IOVA);
        long before = bench.unit.stateHash();
        bench.explain(NIC, IOVA, Access.WRITE);
        bench.explain(NIC + 1, IOVA + 4096, Access.READ);
        bench.unit.cacheSnapshots();
        assertThat(bench.unit.stateHash()).isEqualTo(before);
    }

    private static List<Kind> kinds(Walk walk) {
        return walk.steps().stream().map(Step::kind).toList();
    }

    private static List<GivenBy> givenBy(Walk walk) {
        return walk.steps().stream().map(Step::givenBy).toList();
    }

    private static Step step(Walk walk, String name) {
        return walk.steps().stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
    }
}
