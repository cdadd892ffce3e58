package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.A;
import static iommulab.engine.iommu.amdvi.AmdLab.D;
import static iommulab.engine.iommu.amdvi.AmdLab.GUEST_MEMORY;
import static iommulab.engine.iommu.amdvi.AmdLab.NONE;
import static iommulab.engine.iommu.amdvi.AmdLab.NX;
import static iommulab.engine.iommu.amdvi.AmdLab.P;
import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;

/// Guest tables, alone and behind a host table; ATS.
class AmdGuestTest {
    private static final int GPU = 0x0300;
    private static final int PASID = 0x2a;
    private static final long IOVA = 0x7f12_3456_7000L;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);

    /// Guest tables in host memory, no host table.
    private long direct(int levels, long more) {
        long gcr3 = lab.table();
        long root = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, gcr3, 1, levels, more);
        lab.setGcr3(gcr3, 1, PASID, root);
        return root;
    }

    private long nested(int levels, int mode, int hostLeaf) {
        long gcr3 = lab.table();
        long root = lab.guestTable();
        long host = lab.hostTableOfGuest(mode, hostLeaf);
        lab.attachGuest(GPU, 7, mode, host, gcr3, 1, levels, 0);
        lab.setGcr3(gcr3, 1, PASID, root);
        return root;
    }

    // ---- GCR3 table

    @ParameterizedTest
    @CsvSource({"1, 0x1ff", "2, 0x3ffff", "3, 0xfffff"})
    void aPasidIsFoundThroughEachDepthOfTheGcr3Table(int levels, String last) {
        int pasid = Integer.decode(last);
        long gcr3 = lab.table();
        long root = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, gcr3, levels, 4, 0);
        lab.setGcr3(gcr3, levels, pasid, root);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        assertThat(lab.write(GPU, pasid, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.unit.lastReads()).isEqualTo(1 + levels + 4);
        assertThat(lab.write(GPU, pasid, IOVA | 8)).isEqualTo(0x5000_0008L);
        assertThat(lab.unit.lastReads()).isZero();
        if (pasid != 0xf_ffff) {
            assertThat(lab.read(GPU, pasid + 1, IOVA)).isEqualTo(-AmdEvent.IO_PAGE_FAULT);
            assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.BEYOND_TABLE);
        }
    }

    @Test
    void aPasidWithoutTableIsAFaultOfTheGuest() {
        direct(4, 0);
        assertThat(lab.read(GPU, PASID + 1, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.PASID_NOT_PRESENT);
        var event = lab.event().orElseThrow();
        assertThat(event.flags()).isEqualTo(AmdEvent.GUEST | AmdEvent.USER);
        assertThat(event.number()).isEqualTo(PASID + 1);
        assertThat(event.high()).isEqualTo(IOVA);
    }

    @Test
    void withoutGuestTablesAPasidIsAnInvalidRequest() {
        lab.attach(GPU, 7, 3, lab.table());
        assertThat(lab.read(GPU, PASID, 0)).isEqualTo(-AmdEvent.INVALID_DEVICE_REQUEST);
    }

    @Test
    void aRequestWithoutPasidTakesPasidZeroOnlyIfToldSo() {
        long root = direct(4, AmdLab.GIOV);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        assertThat(lab.read(GPU, IOVA)).isEqualTo(-2);
        assertThat(lab.event().orElseThrow().number()).isZero();
        long gcr3 = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, gcr3, 1, 4, AmdLab.GIOV);
        lab.setGcr3(gcr3, 1, 0, root);
        lab.submit(AmdCommand.invalidateDeviceEntry(GPU));
        assertThat(lab.read(GPU, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.read(GPU, 0, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void withMorePasidsThanTheCachesCanTellApartTheyStartAnew() {
        long gcr3 = lab.table();
        long root = lab.guestTable();
        lab.attachGuest(GPU, 7, 3, lab.hostTableOfGuest(3, 3), gcr3, 2, 4, 0);
        lab.mapGuest(root, 4, IOVA, 0x4000_0000L, 1, W | U, GUEST_MEMORY);
        for (int pasid = 0; pasid < 1 << 16; pasid++) {
            lab.setGcr3(gcr3, 2, pasid, root);
            assertThat(lab.read(GPU, pasid, IOVA)).isEqualTo(0x4000_0000L + GUEST_MEMORY);
        }
        assertThat(lab.stale()).isEmpty();
        assertThat(lab.read(GPU, 0, IOVA)).isEqualTo(0x4000_0000L + GUEST_MEMORY);
        assertThat(lab.unit.lastDomain()).isEqualTo(7);
    }

    // ---- rights and marks

    @Test
    void supervisorPagesAreForPrivilegedRequests() {
        long root = direct(4, 0);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W, 0);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.event().orElseThrow().flags())
                .isEqualTo(AmdEvent.GUEST | AmdEvent.USER | AmdEvent.PRESENT | AmdEvent.PERMISSION);
        int privileged = Iommu.WRITE | Iommu.PRIVILEGED;
        assertThat(lab.unit.translate(GPU, PASID, IOVA, privileged)).isEqualTo(0x5000_0000L);
    }

    @Test
    void aSupervisorCannotWriteWhatIsReadOnly() {
        long root = direct(4, 0);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, U, 0);
        int privileged = Iommu.WRITE | Iommu.PRIVILEGED;
        assertThat(lab.unit.translate(GPU, PASID, IOVA, privileged)).isEqualTo(-2);
    }

    @Test
    void whatMayNotBeExecutedMayBeRead() {
        long root = direct(4, 0);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U | NX, 0);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(0x5000_0000L);
        int fetch = Iommu.READ | Iommu.EXECUTE;
        assertThat(lab.unit.translate(GPU, PASID, IOVA, fetch)).isEqualTo(-2);
        assertThat(lab.event().orElseThrow().flags() & AmdEvent.EXECUTE).isNotZero();
    }

    @Test
    void walkingMarksEntriesUsedAndAWriteMarksTheLeafDirty() {
        long root = direct(4, 0);
        long leaf = lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        lab.read(GPU, PASID, IOVA);
        assertThat(lab.memory.read64(leaf) & (A | D)).isEqualTo(A);
        assertThat(lab.memory.read64(AmdLab.slot(root, 4, IOVA)) & (A | D)).isEqualTo(A);
        lab.read(GPU, PASID, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
        lab.write(GPU, PASID, IOVA);
        assertThat(lab.unit.lastHit()).isFalse();
        assertThat(lab.memory.read64(leaf) & (A | D)).isEqualTo(A | D);
        lab.write(GPU, PASID, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.stale()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"4, 0x0000800000000000", "4, 0xffff7fffffffffff", "5, 0x0100000000000000"})
    void anAddressThatIsNotCanonicalIsStopped(int levels, String iova) {
        long root = direct(levels, 0);
        lab.mapGuest(root, levels, 0, 0x5000_0000L, 1, W | U, 0);
        lab.read(GPU, PASID, 0);
        long address = Long.parseUnsignedLong(iova.substring(2), 16);
        assertThat(lab.read(GPU, PASID, address)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.BEYOND_TABLE);
    }

    @ParameterizedTest
    @CsvSource({"4, 0xffff800000003000", "5, 0xff00000000003000"})
    void theUpperHalfIsTranslated(int levels, String iova) {
        long root = direct(levels, 0);
        long address = Long.parseUnsignedLong(iova.substring(2), 16);
        lab.mapGuest(root, levels, address, 0x5000_0000L, 1, W | U, 0);
        assertThat(lab.write(GPU, PASID, address | 4)).isEqualTo(0x5000_0004L);
        assertThat(lab.write(GPU, PASID, address | 4)).isEqualTo(0x5000_0004L);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"2, 0x2000, 0x080", "3, 0x20000000, 0x080", "4, 0x80, 0x080"})
    void aReservedBitIsTold(int level, String bit, String flag) {
        long root = direct(4, 0);
        lab.mapGuest(root, 4, IOVA, 0x4000_0000L, level, W | U | Long.decode(bit), 0);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.TABLE_RESERVED);
        assertThat(lab.event().orElseThrow().flags() & 0xc0).isEqualTo(Integer.decode(flag));
    }

    // ---- nested

    @Test
    void fourTimesFourLevelsAreTwentyFourReads() {
        var bare = new AmdLab(CacheShapes.NONE);
        long gcr3 = bare.table();
        long root = bare.guestTable();
        long host = bare.hostTableOfGuest(4, 1);
        bare.attachGuest(GPU, 7, 4, host, gcr3, 1, 4, 0);
        bare.setGcr3(gcr3, 1, PASID, root);
        long gpa = bare.guestTable();
        bare.mapGuest(root, 4, IOVA, gpa, 1, W | U | A | D, GUEST_MEMORY);
        assertThat(bare.read(GPU, PASID, IOVA | 0x10)).isEqualTo(GUEST_MEMORY + gpa + 0x10);
        bare.read(GPU, PASID, IOVA);
        // Device entry, GCR3 entry, and the grid.
        assertThat(bare.unit.lastReads()).isEqualTo(2 + 24);
    }

    @Test
    void theCombinedPageIsTheSmallerOneWithTheRightsOfBoth() {
        long root = nested(4, 4, 2);
        lab.mapGuest(root, 4, 0x4000_0000L, 0x4000_0000L, 3, W | U, GUEST_MEMORY);
        assertThat(lab.write(GPU, PASID, 0x4123_4567L)).isEqualTo(GUEST_MEMORY + 0x4123_4567L);
        assertThat(lab.unit.lastPageBytes()).isEqualTo(1 << 21);
        assertThat(lab.write(GPU, PASID, 0x4123_4567L)).isEqualTo(GUEST_MEMORY + 0x4123_4567L);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void aPageThatTheHostDoesNotMapIsAFaultOfTheHostAtItsGuestAddress() {
        long root = nested(4, 3, 3);
        lab.mapGuest(root, 4, IOVA, 0x12_0000_0000L, 1, W | U, GUEST_MEMORY);
        assertThat(lab.write(GPU, PASID, IOVA | 0x18)).isEqualTo(-2);
        var event = lab.event().orElseThrow();
        assertThat(event.flags()).isEqualTo(AmdEvent.WRITE);
        assertThat(event.number()).isEqualTo(7);
        assertThat(event.high()).isEqualTo(0x12_0000_0018L);
    }

    @Test
    void aGuestTableThatTheHostDoesNotMapIsAFaultAtItsEntry() {
        nested(4, 3, 3);
        long gcr3 = lab.table();
        lab.attachGuest(GPU, 7, 3, lab.hostTableOfGuest(3, 3), gcr3, 1, 4, 0);
        lab.setGcr3(gcr3, 1, PASID, 0x12_0000_0000L);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.event().orElseThrow().high())
                .isEqualTo(0x12_0000_0000L + (IOVA >>> 39 & 511) * 8);
    }

    @Test
    void aGuestAddressBeyondTheHostTableIsStopped() {
        long root = nested(4, 3, 3);
        lab.mapGuest(root, 4, IOVA, 1L << 40, 1, W | U, GUEST_MEMORY);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.BEYOND_TABLE);
    }

    @Test
    void markingAnEntryNeedsTheRightToWriteItsTable() {
        long root = nested(4, 4, 1);
        long gpa = lab.guestTable();
        lab.mapGuest(root, 4, IOVA, gpa, 1, W | U, GUEST_MEMORY);
        long host = lab.memory.read64(AmdLab.DEVICES + GPU * 32L) & (1L << 52) - 4096;
        lab.map(host, 4, root, root + GUEST_MEMORY, 1, AmdLab.IR);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.RIGHT_MISSING);
        assertThat(lab.explain(GPU, PASID, IOVA, Access.READ).outcome())
                .isInstanceOf(Walk.Outcome.Faulted.class);
    }

    @Test
    void theWalkShowsTheGrid() {
        long root = nested(4, 4, 1);
        long gpa = lab.guestTable();
        long leaf = lab.mapGuest(root, 4, IOVA, gpa, 1, W | U | A, GUEST_MEMORY);
        lab.unit.caches().removeAll();
        long before = lab.memory.version();
        var walk = lab.explain(GPU, PASID, IOVA, Access.WRITE);
        assertThat(walk.outcome()).isInstanceOf(Walk.Outcome.Reached.class);
        assertThat(walk.addressBits()).isEqualTo(48);
        for (int row = 4; row >= 0; row--) {
            for (int column = row == 0 ? 1 : 0; column <= 4; column++) {
                var cell = new Cell(row, column);
                var there = walk.steps().stream().filter(s -> s.cell().equals(cell)).findFirst();
                assertThat(there).as("row %d, column %d", row, column).isPresent();
                // The nested caches save the upper host levels of all rows but the first.
                assertThat(there.orElseThrow().givenBy() == Walk.GivenBy.SAVED)
                        .as("row %d, column %d was saved", row, column)
                        .isEqualTo(row != 4 && column > 2);
            }
        }
        assertThat(lab.memory.version()).isEqualTo(before);
        assertThat(lab.memory.read64(leaf) & D).isZero();
        assertThat(walk.cycles())
                .isEqualTo(walk.steps().stream().mapToLong(Walk.Step::cycles).sum());
    }

    @Test
    void memoryTellsWhichFrameIsWhichTable() {
        long root = nested(4, 3, 3);
        long leaf = lab.mapGuest(root, 4, IOVA, 0x4000_0000L, 1, W | U, GUEST_MEMORY);
        var tables = new ArrayList<TableUse>();
        lab.unit.forEachTable(tables::add);
        assertThat(tables)
                .extracting(TableUse::what)
                .containsExactly(
                        "device table",
                        "level 3 table of domain 7",
                        "level 1 GCR3 table of 03:00.0",
                        "level 4 table of domain 7, PASID 42",
                        "level 3 table of domain 7, PASID 42",
                        "level 2 table of domain 7, PASID 42",
                        "level 1 table of domain 7, PASID 42",
                        "command buffer",
                        "event log",
                        "page request log");
        var last = tables.get(tables.size() - 4);
        assertThat(last.hpa()).isEqualTo(leaf & -4096L);
        assertThat(last.entries().targets(new long[] {lab.memory.read64(leaf)}))
                .containsExactly(0x4000_0000L + GUEST_MEMORY);
    }

    // ---- ATS

    @Test
    void aTranslationRequestGetsThePageWithItsRights() {
        long root = direct(4, 0);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, U, 0);
        long leaf = lab.unit.translate(GPU, PASID, IOVA, Iommu.READ | Iommu.WRITE | Iommu.ASKS);
        assertThat(leaf & -4096 & 0xff_ffff_ffffL).isEqualTo(0x5000_0000L);
        assertThat(leaf & 3).isEqualTo(Iommu.READ);
        assertThat(lab.unit.translate(GPU, PASID, IOVA + 0x1000, Iommu.READ | Iommu.ASKS)).isZero();
        assertThat(lab.event()).isEmpty();
    }

    @Test
    void whoAsksToWriteGetsADirtyPage() {
        long root = direct(4, 0);
        long entry = lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        assertThat(lab.unit.translate(GPU, PASID, IOVA, Iommu.READ | Iommu.ASKS) & 3)
                .isEqualTo(Iommu.READ);
        assertThat(lab.memory.read64(entry) & D).isZero();
        int both = Iommu.READ | Iommu.WRITE | Iommu.ASKS;
        assertThat(lab.unit.translate(GPU, PASID, IOVA, both) & 3).isEqualTo(3);
        assertThat(lab.memory.read64(entry) & D).isNotZero();
    }

    @Test
    void onlyWithItsBitMayADeviceAskOrUseTranslations() {
        long table = lab.table();
        lab.attach(GPU, 7, 3, table);
        assertThat(lab.unit.translate(GPU, NONE, 0x1234, Iommu.READ | Iommu.TRANSLATED))
                .isEqualTo(0x1234);
        lab.deviceEntry(GPU, table | 3 << 9 | AmdLab.RW | 3, 7, 0);
        lab.submit(AmdCommand.invalidateDeviceEntry(GPU));
        assertThat(lab.unit.translate(GPU, NONE, 0x1234, Iommu.READ | Iommu.TRANSLATED))
                .isEqualTo(-AmdEvent.INVALID_DEVICE_REQUEST);
        assertThat(lab.unit.translate(GPU, NONE, 0x1234, Iommu.READ | Iommu.ASKS))
                .isEqualTo(-AmdEvent.INVALID_DEVICE_REQUEST);
        assertThat(lab.event().orElseThrow().flags() >>> 9).isEqualTo(AmdEvent.TYPE_TRANSLATED);
        assertThat(lab.event().orElseThrow().flags() & AmdEvent.TRANSLATION).isNotZero();
    }

    @Test
    void aGuestEntryOfGarbageIsSimplyNotPresent() {
        long root = direct(4, 0);
        lab.memory.write64(AmdLab.slot(root, 4, IOVA), ~P);
        assertThat(lab.read(GPU, PASID, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.PAGE_NOT_PRESENT);
    }
}
