package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.GUEST_MEMORY;
import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Step;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;

/// GCR3 tables that a guest keeps in its own memory (GCR3TRPMode): the host table lies below all of them.
class AmdGuestPointersTest {
    private static final int GPU = 0x0300;
    private static final int PASID = 0x2a;
    private static final long IOVA = 0x7f12_3456_7000L;
    private static final long GPA = 0x4000_0000L;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);
    private long gcr3;
    private long root;
    private long host;

    @BeforeEach
    void gcr3TablesAreTheGuests() {
        long control = lab.unit.registers().control();
        lab.setRegister(AmdRegisters.CONTROL, control | AmdRegisters.GUEST_POINTERS);
        gcr3 = lab.guestTable();
        root = lab.guestTable();
        host = lab.hostTableOfGuest(4, 2);
        lab.mapGuest(root, 4, IOVA, GPA, 1, W | U, GUEST_MEMORY);
    }

    private void attach(int gcr3Levels) {
        lab.attachGuest(GPU, 7, 4, host, gcr3, gcr3Levels, 4, 0);
    }

    /// The guest writes the entry of a PASID.
    private void guestWrites(int gcr3Levels, int pasid, long guestTable) {
        long table = gcr3;
        for (int level = gcr3Levels; level > 1; level--) {
            long entry = GUEST_MEMORY + table + (pasid >>> 9 * (level - 1) & 511) * 8L;
            if (lab.memory.read64(entry) == 0) {
                lab.memory.write64(entry, lab.guestTable() | 1);
            }
            table = lab.memory.read64(entry) & -4096L;
        }
        lab.memory.write64(GUEST_MEMORY + table + (pasid & 511) * 8L, guestTable | 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyLevelOfTheTableIsFoundThroughTheHostTable(int levels) {
        attach(levels);
        guestWrites(levels, PASID, root);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(GPA + GUEST_MEMORY);
    }

    @Test
    void withoutCachesOneLevelCostsAHostWalkAndARead() {
        attach(1);
        guestWrites(1, PASID, root);
        for (var kind : iommulab.engine.cache.CacheKind.values()) {
            lab.unit.reshape(kind, iommulab.engine.cache.CacheGeometry.OFF);
        }
        lab.read(GPU, PASID, IOVA);
        assertThat(lab.unit.lastReads())
                .as(
                        "device table, GCR3, four guest entries and the page, each behind 3 host"
                                + " entries")
                .isEqualTo(1 + (3 + 1) + 4 * (3 + 1) + 3);
    }

    @Test
    void aTableWhereTheHostMapsNothingIsAHostPageFault() {
        attach(1);
        gcr3 = 0x80_0000_0000L;
        attach(1);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-AmdEvent.IO_PAGE_FAULT);
        var event = lab.event().orElseThrow();
        assertThat(event.flags() & (AmdEvent.GUEST | AmdEvent.PRESENT)).isZero();
        assertThat(event.number()).as("domain").isEqualTo(7);
        assertThat(event.high()).as("gpa").isEqualTo(gcr3);
    }

    @Test
    void anEntryThatTheGuestRewritesIsOldUntilTheDeviceEntryIsInvalidated() {
        attach(1);
        guestWrites(1, PASID, root);
        lab.read(GPU, PASID, IOVA);
        long other = lab.guestTable();
        lab.mapGuest(other, 4, IOVA, GPA + 0x5000, 1, W | U, GUEST_MEMORY);
        guestWrites(1, PASID, other);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(GPA + GUEST_MEMORY);
        assertThat(lab.stale()).isNotEmpty();
        lab.submit(AmdCommand.invalidateDeviceEntry(GPU));
        lab.submit(AmdCommand.invalidateGuestPages(7, PASID, AmdCommand.pages(0, 51), true));
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(GPA + 0x5000 + GUEST_MEMORY);
        assertThat(lab.stale()).isEmpty();
    }

    @Test
    void withoutAHostTableAddressesAreTheHostsAsEver() {
        long table = lab.table();
        long guest = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, table, 1, 4, 0);
        lab.setGcr3(table, 1, PASID, guest);
        lab.mapGuest(guest, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(0x5000_0000L);
    }

    @Test
    void switchingTheModeForgetsEverything() {
        attach(1);
        guestWrites(1, PASID, root);
        lab.read(GPU, PASID, IOVA);
        long control = lab.unit.registers().control();
        lab.setRegister(AmdRegisters.CONTROL, control & ~AmdRegisters.GUEST_POINTERS);
        assertThat(lab.read(GPU, PASID, IOVA)).as("host memory has no such table").isNegative();
    }

    @Test
    void theSecondFeatureRegisterTellsOfTheMode() {
        assertThat(lab.unit.registers().read64(AmdRegisters.MORE_FEATURES)).isEqualTo(1 << 3);
    }

    @Test
    void theWalkTellsTheHostEntriesOfEachGcr3Level() {
        attach(2);
        guestWrites(2, PASID, root);
        var walk = lab.explain(GPU, PASID, IOVA, Access.READ);
        assertThat(walk.steps())
                .extracting(Step::kind)
                .containsSubsequence(
                        Walk.Kind.DEVICE_ENTRY,
                        Walk.Kind.PASID_DIRECTORY_ENTRY,
                        Walk.Kind.PASID_ENTRY);
        assertThat(walk.steps().stream().filter(step -> step.cell().row() > 30))
                .as("rows of the two levels: 3 host entries and the one they lead to, or a cache")
                .extracting(step -> step.cell().row())
                .containsOnly(31, 32);
    }

    @Test
    void theMapOfMemoryFindsTheTablesInTheGuest() {
        attach(2);
        guestWrites(2, PASID, root);
        var found = new ArrayList<TableUse>();
        lab.unit.forEachTable(found::add);
        assertThat(found)
                .filteredOn(table -> table.what().contains("GCR3"))
                .extracting(table -> table.hpa() - GUEST_MEMORY)
                .contains(gcr3)
                .hasSize(2);
        assertThat(found)
                .extracting(TableUse::hpa)
                .as("what they lead to")
                .contains(root + GUEST_MEMORY);
    }
}
