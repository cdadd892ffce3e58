package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.IR;
import static iommulab.engine.iommu.amdvi.AmdLab.IW;
import static iommulab.engine.iommu.amdvi.AmdLab.NONE;
import static iommulab.engine.iommu.amdvi.AmdLab.P;
import static iommulab.engine.iommu.amdvi.AmdLab.RW;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Host tables alone, the device table, addresses with a meaning of their own.
class AmdUnitTest {
    private static final int NIC = 0x0300;
    private static final int DISK = 0x0088;
    private static final long IOVA = 0x40_0030_2000L;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);

    // ---- host tables

    @ParameterizedTest
    @CsvSource({
        "1, 0x1f_f000",
        "2, 0x3fff_f000",
        "3, 0x7f_ffff_f000",
        "4, 0xffff_ffff_f000",
        "5, 0x1ff_ffff_ffff_f000",
        "6, 0xffff_ffff_ffff_f000"
    })
    void aTableOfEachModeTranslatesAsManyBits(int mode, String last) {
        long iova = Long.parseUnsignedLong(last.replace("_", "").substring(2), 16);
        long table = lab.table();
        lab.attach(NIC, 7, mode, table);
        lab.map(table, mode, iova, 0x5000_0000L, 1, RW);
        for (int again = 0; again < 2; again++) {
            assertThat(lab.read(NIC, iova | 0x123)).isEqualTo(0x5000_0123L);
        }
        if (mode < 6) {
            assertThat(lab.read(NIC, iova + 0x1000)).isEqualTo(-AmdEvent.IO_PAGE_FAULT);
            assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.BEYOND_TABLE);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 21", "3, 30", "4, 39", "5, 48"})
    void aLeafOfEachLevelMapsAPageOfItsSize(int level, int shift) {
        long table = lab.table();
        lab.attach(NIC, 7, 6, table);
        lab.map(table, 6, 1L << 57, 1L << shift, level, RW);
        long within = (1L << shift) - 0x678;
        for (int again = 0; again < 2; again++) {
            assertThat(lab.read(NIC, 1L << 57 | within)).isEqualTo(1L << shift | within);
            assertThat(lab.unit.lastPageBytes()).isEqualTo(1L << shift);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14, 17, 20, 21})
    void aPageOfAnySizeIsFoundInEachOfItsSlots(int shift) {
        long table = lab.table();
        lab.attach(NIC, 7, 3, table);
        lab.map(table, 3, IOVA & 0x3fffffffL, 0, 1, RW);
        long first = (IOVA & 0x3fffffffL) & -1L << shift;
        long sized = 0x4000_0000L | (1L << shift - 1) - 4096 | 7L << 9 | RW | P;
        for (long page = first; page < first + (1L << shift); page += 4096) {
            long leaf = lab.map(table, 3, page, 0, 1, RW);
            lab.memory.write64(leaf, sized);
        }
        lab.submit(AmdCommand.invalidateAll());
        for (long page = first; page < first + (1L << shift); page += 4096) {
            assertThat(lab.write(NIC, page | 8)).isEqualTo(0x4000_0008L | page - first);
        }
        assertThat(lab.unit.lastPageBytes()).isEqualTo(1L << shift);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void aSkippedLevelTranslatesOnlyWhereItsBitsAreZero() {
        long table = lab.table();
        long bottom = lab.table();
        lab.attach(NIC, 7, 4, table);
        long iova = 5L << 39 | 0x7000;
        lab.memory.write64(AmdLab.slot(table, 4, iova), bottom | 1 << 9 | RW | P);
        lab.memory.write64(AmdLab.slot(bottom, 1, iova), 0x5000_0000L | RW | P);
        long skipped = iova | 1L << 25;
        assertThat(lab.read(NIC, iova)).isEqualTo(0x5000_0000L);
        assertThat(lab.unit.lastReads()).isEqualTo(3);
        // The upper entry is cached now: that must not let the next address through.
        assertThat(lab.read(NIC, skipped)).isEqualTo(-AmdEvent.IO_PAGE_FAULT);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.LEVEL_SKIPPED);
    }

    @Test
    void aNextLevelThatIsNotBelowIsIllegal() {
        long table = lab.table();
        lab.attach(NIC, 7, 3, table);
        lab.memory.write64(AmdLab.slot(table, 3, 0), lab.table() | 3 << 9 | RW | P);
        assertThat(lab.read(NIC, 0)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.LEVEL_ILLEGAL);
        assertThat(lab.event().orElseThrow().flags()).isEqualTo(AmdEvent.PRESENT);
    }

    @Test
    void rightsAreThoseOfTheDeviceAndOfAllLevels() {
        long table = lab.table();
        lab.attach(NIC, 7, 4, table);
        lab.deviceEntry(DISK, table | 4 << 9 | IR | 3, 7, 0);
        lab.map(table, 4, IOVA, 0x5000_0000L, 1, RW);
        lab.map(table, 4, IOVA + 0x1000, 0x5000_1000L, 1, IW);
        assertThat(lab.write(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.write(DISK, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.read(DISK, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.read(NIC, IOVA + 0x1000)).isEqualTo(-2);
        long upper = AmdLab.slot(table, 4, IOVA);
        lab.memory.write64(upper, lab.memory.read64(upper) & ~IW);
        lab.submit(AmdCommand.invalidateDomain(7));
        assertThat(lab.write(NIC, IOVA)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.RIGHT_MISSING);
    }

    @Test
    void aHitStillLetsNobodyWriteWhoMayOnlyRead() {
        long table = lab.table();
        lab.attach(NIC, 7, 4, table);
        lab.map(table, 4, IOVA, 0x5000_0000L, 1, IR);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.write(NIC, IOVA)).isEqualTo(-2);
        var event = lab.event().orElseThrow();
        assertThat(event.flags())
                .isEqualTo(AmdEvent.PRESENT | AmdEvent.PERMISSION | AmdEvent.WRITE);
        assertThat(event.number()).isEqualTo(7);
        assertThat(event.high()).isEqualTo(IOVA);
    }

    @Test
    void hardwareMarksHostPagesWhereTheDeviceEntrySaysSo() {
        long table = lab.table();
        lab.deviceEntry(NIC, table | 3 << 9 | 3 << 7 | RW | 3, 7, 0);
        long leaf = lab.map(table, 3, 0x1000, 0x5000_0000L, 1, RW);
        assertThat(lab.read(NIC, 0x1000)).isEqualTo(0x5000_0000L);
        assertThat(lab.memory.read64(leaf) & (AmdLab.A | AmdLab.D)).isEqualTo(AmdLab.A);
        assertThat(lab.write(NIC, 0x1000)).isEqualTo(0x5000_0000L);
        assertThat(lab.memory.read64(leaf) & (AmdLab.A | AmdLab.D)).isEqualTo(AmdLab.A | AmdLab.D);
        assertThat(lab.unit.lastHit()).isFalse();
        lab.write(NIC, 0x1000);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    // ---- device table

    @Test
    void aDeviceWithoutValidEntryKeepsItsAddresses() {
        assertThat(lab.write(NIC, IOVA)).isEqualTo(IOVA);
        assertThat(lab.write(NIC, IOVA)).isEqualTo(IOVA);
        assertThat(lab.unit.lastDeviceHit()).isTrue();
    }

    @Test
    void withoutValidTranslationRequestsEndSilently() {
        lab.deviceEntry(NIC, RW | 1, 7, 0);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(Iommu.ABORTED);
        assertThat(lab.event()).isEmpty();
    }

    @Test
    void withoutHostTableTheRightsOfTheDeviceHold() {
        lab.deviceEntry(NIC, IR | 3, 7, 0);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(IOVA);
        assertThat(lab.write(NIC, IOVA)).isEqualTo(-2);
    }

    @ParameterizedTest
    @CsvSource({"0x4, 0x080", "0x40, 0x080", "0x8000000000000000, 0x080", "0xe00, 0x000"})
    void aSpoiltEntryIsAnIllegalOne(String bits, String flags) {
        long spoilt = Long.parseUnsignedLong(bits.substring(2), 16);
        lab.deviceEntry(NIC, RW | 3 | spoilt, 7, 0);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(-1);
        var event = lab.event().orElseThrow();
        assertThat(event.code()).isEqualTo(AmdEvent.ILLEGAL_DEV_TABLE_ENTRY);
        assertThat(event.flags()).isEqualTo(Integer.decode(flags));
    }

    @Test
    void aDeviceBeyondTheTableHasAnIllegalEntry() {
        lab.setRegister(AmdRegisters.DEVICE_TABLE, AmdLab.DEVICES);
        assertThat(lab.read(0x80, IOVA)).isEqualTo(-1);
        assertThat(lab.read(0x7f, IOVA)).isEqualTo(IOVA);
    }

    @Test
    void aDeviceTableWithoutMemoryIsAHardwareError() {
        lab.setRegister(AmdRegisters.DEVICE_TABLE, 1L << 40 | 0x1ff);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(-AmdEvent.DEV_TAB_HARDWARE_ERROR);
        assertThat(lab.event().orElseThrow().high()).isEqualTo((1L << 40) + NIC * 32);
    }

    @Test
    void aTableWithoutMemoryIsAHardwareErrorAtItsEntry() {
        lab.attach(NIC, 7, 3, 1L << 40);
        assertThat(lab.read(NIC, 0)).isEqualTo(-AmdEvent.PAGE_TAB_HARDWARE_ERROR);
        assertThat(lab.event().orElseThrow().high()).isEqualTo(1L << 40);
    }

    // ---- addresses with a meaning of their own

    @Test
    void theInterruptWindowIsNotTranslated() {
        assertThat(lab.write(NIC, 0xfee0_1000L)).isEqualTo(Iommu.INTERRUPT_WINDOW);
    }

    @Test
    void theExclusionRangeStaysForDevicesThatHaveIt() {
        long table = lab.table();
        lab.attach(NIC, 7, 3, table);
        lab.deviceEntry(DISK, table | 3 << 9 | RW | 3, 7 | AmdLab.EX, 0);
        lab.map(table, 3, 0x20_0000, 0x4000_0000L, 2, RW);
        lab.setRegister(AmdRegisters.EXCLUSION_BASE, 0x20_3000 | 1);
        lab.setRegister(AmdRegisters.EXCLUSION_LIMIT, 0x20_4000);
        for (int again = 0; again < 2; again++) {
            assertThat(lab.read(NIC, 0x20_3008)).isEqualTo(0x4000_3008L);
            assertThat(lab.read(DISK, 0x20_3008)).isEqualTo(0x20_3008L);
            assertThat(lab.read(DISK, 0x20_4fff)).isEqualTo(0x20_4fffL);
            assertThat(lab.read(DISK, 0x20_5000)).isEqualTo(0x4000_5000L);
        }
        lab.setRegister(AmdRegisters.EXCLUSION_BASE, 0x20_3000 | 3);
        assertThat(lab.read(NIC, 0x20_3008)).isEqualTo(0x20_3008L);
    }

    @ParameterizedTest
    @CsvSource({
        "0, stopped, stopped",
        "1, stopped, as it is",
        "2, stopped, stopped",
        "3, translated, translated"
    })
    void theManagementRangeGoesAsTheEntrySays(long control, String read, String write) {
        long table = lab.table();
        lab.deviceEntry(NIC, table | 4 << 9 | RW | 3, 7 | control << 40, 0);
        long iova = 0xfd_f910_0008L;
        lab.map(table, 4, iova & -4096L, 0x5000_0000L, 1, RW);
        assertThat(words(lab.read(NIC, iova), iova)).isEqualTo(read);
        assertThat(words(lab.write(NIC, iova), iova)).isEqualTo(write);
    }

    @ParameterizedTest
    @CsvSource({
        "0, stopped, stopped",
        "1, as it is, as it is",
        "2, translated, translated",
        "3, stopped, stopped"
    })
    void thePortRangeGoesAsTheEntrySays(long control, String read, String write) {
        long table = lab.table();
        lab.deviceEntry(NIC, table | 4 << 9 | RW | 3, 7 | control << 35, 0);
        long iova = 0xfd_fc00_0008L;
        lab.map(table, 4, iova & -4096L, 0x5000_0000L, 1, RW);
        assertThat(words(lab.read(NIC, iova), iova)).isEqualTo(read);
        assertThat(words(lab.write(NIC, iova), iova)).isEqualTo(write);
    }

    @Test
    void theExclusionRangeAsksForNoRights() {
        lab.deviceEntry(DISK, lab.table() | 3 << 9 | 3, 7 | AmdLab.EX, 0);
        lab.setRegister(AmdRegisters.EXCLUSION_BASE, 0x20_3000 | 1);
        lab.setRegister(AmdRegisters.EXCLUSION_LIMIT, 0x20_3000);
        assertThat(lab.write(DISK, 0x20_3008)).isEqualTo(0x20_3008L);
        assertThat(lab.write(DISK, 0x20_2ff8)).isNegative();
        assertThat(lab.write(DISK, 0x20_4000)).isNegative();
        assertThat(lab.write(DISK, 0x20_3008)).as("again").isEqualTo(0x20_3008L);
    }

    private static String words(long answer, long iova) {
        if (answer == -AmdEvent.INVALID_DEVICE_REQUEST) {
            return "stopped";
        }
        return answer == iova ? "as it is" : answer == 0x5000_0008L ? "translated" : "" + answer;
    }

    // ---- what it found

    @Test
    void withTranslationOffEverythingStays() {
        lab.setRegister(AmdRegisters.CONTROL, 0);
        assertThat(lab.write(NIC, IOVA)).isEqualTo(IOVA);
        assertThat(lab.write(NIC, -1)).isEqualTo(Iommu.NOWHERE);
    }

    @Test
    void theFirstRequestReadsWhatTheSecondHasCached() {
        long table = lab.table();
        lab.attach(NIC, 7, 4, table);
        lab.map(table, 4, IOVA, 0x5000_0000L, 1, RW);
        lab.read(NIC, IOVA);
        assertThat(lab.unit.lastReads()).isEqualTo(5);
        assertThat(lab.unit.lastHit()).isFalse();
        assertThat(lab.unit.lastDomain()).isEqualTo(7);
        lab.read(NIC, IOVA | 0x80);
        assertThat(lab.unit.lastReads()).isZero();
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.lastCycles(AmdLab.COSTS)).isEqualTo(10);
    }

    @Test
    void anotherDeviceOfTheDomainFindsWhatTheFirstWalkedFor() {
        long table = lab.table();
        lab.attach(NIC, 7, 4, table);
        lab.attach(DISK, 7, 4, table);
        lab.map(table, 4, IOVA, 0x5000_0000L, 1, RW);
        lab.read(NIC, IOVA);
        lab.read(DISK, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.translate(DISK, NONE, IOVA, Iommu.READ)).isEqualTo(0x5000_0000L);
    }
}
