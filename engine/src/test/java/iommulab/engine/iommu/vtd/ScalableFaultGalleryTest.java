package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.GUEST;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.P;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RW;
import static iommulab.engine.iommu.vtd.ScalableBench.US;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;
import static iommulab.engine.iommu.vtd.ScalableBench.slot;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/// Every reason for which scalable mode stops a request, caused once.
class ScalableFaultGalleryTest {
    private static final int PASID = 5;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;
    private static final long NO_RAM = 1L << 40;
    private static final long RESERVED_PAGE = 1L << 51;

    /// A device whose PASID has a nested address space with one page, a second PASID with a second stage
    /// alone, a third with a first stage alone.
    private static final class World {
        final ScalableBench lab = new ScalableBench(capabilities(), CacheShapes.USUAL);
        final long first = lab.table();
        final long second = lab.table();
        final long tree = lab.table();
        final long leaf;

        World() {
            lab.attach(DEVICE, PASIDE);
            lab.nest(DEVICE, 1, 30, first, second, 0);
            lab.mapNested(first, second, IOVA, 0x7000, PAGE);
            lab.mapSecond(second, 0x7000, HOME, R | W);
            lab.secondStage(DEVICE, 2, 30, second, 4, 0);
            lab.firstStage(
                    DEVICE, PASID, 7, tree, PasidEntry.SRE | PasidEntry.ERE | PasidEntry.NXE);
            leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        }

        /// A host of 46 bits, so that addresses have reserved bits.
        private static VtdCapabilities capabilities() {
            var all = VtdCapabilities.SCALABLE;
            return new VtdCapabilities(all.cap(), all.ecap(), 46);
        }

        void flip(long hpa, long bits) {
            lab.memory.write64(hpa, lab.memory.read64(hpa) ^ bits);
        }

        void set(long hpa, long word) {
            lab.memory.write64(hpa, word);
        }

        long entry(int pasid) {
            return lab.pasidEntry(DEVICE, pasid);
        }

        long directoryEntry() {
            return lab.memory.read64(lab.contextEntry(DEVICE)) & -4096L;
        }

        /// @param level of the first stage of [#PASID]
        long firstEntry(int level) {
            long table = tree;
            for (int at = 4; at > level; at--) {
                table = lab.memory.read64(slot(table, at, IOVA)) & (1L << 46) - 4096;
            }
            return slot(table, level, IOVA);
        }

        void ask() {
            ask(PASID, READ);
        }

        void ask(int pasid, int access) {
            lab.ask(pasid, IOVA, access);
        }

        void root(long bits) {
            var registers = lab.unit.registers();
            registers.write64(VtdRegisters.ROOT_TABLE_ADDRESS, bits);
            registers.write32(
                    VtdRegisters.GLOBAL_COMMAND,
                    VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        }

        void pageRequest() {
            lab.unit.requestPage(
                    new PageRequest(DEVICE, PasidPrefix.of(PASID), IOVA, true, false, 0, true));
        }
    }

    private interface Scenario {
        void play(World world);
    }

    private static final long ROOT = 0x1000_0000;
    private static final Map<VtdFault, Scenario> SCENARIOS = new EnumMap<>(VtdFault.class);

    static {
        devices();
        pasids();
        firstStage();
        secondStage();
        nested();
    }

    private static void devices() {
        SCENARIOS.put(
                VtdFault.ROOT_MODE_INVALID,
                w -> {
                    w.root(ROOT | 2 << 10);
                    w.ask(NONE, READ);
                });
        SCENARIOS.put(
                VtdFault.PASID_IN_LEGACY_MODE,
                w -> {
                    w.root(ROOT);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.PAGE_REQUEST_IN_LEGACY_MODE,
                w -> {
                    w.root(ROOT);
                    w.pageRequest();
                });
        SCENARIOS.put(
                VtdFault.SM_ROOT_UNREADABLE,
                w -> {
                    w.root(NO_RAM | 1 << 10);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_ROOT_NOT_PRESENT,
                w -> {
                    w.set(ROOT, 0);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_ROOT_RESERVED,
                w -> {
                    w.flip(ROOT, 2);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_CONTEXT_UNREADABLE,
                w -> {
                    w.set(ROOT, NO_RAM | 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_CONTEXT_NOT_PRESENT,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_CONTEXT_RESERVED,
                w -> {
                    w.set(w.lab.contextEntry(DEVICE) + 24, 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.SM_CONTEXT_INVALID,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 7 << 9);
                    w.set(w.lab.contextEntry(DEVICE) + 8, 1 << 19);
                    w.ask(NONE, READ);
                });
        SCENARIOS.put(VtdFault.DEVICE_TLB_OFF, w -> w.ask(PASID, READ | Iommu.ASKS));
        SCENARIOS.put(
                VtdFault.PASIDS_OFF,
                w -> {
                    w.lab.attachFlags(DEVICE, 0);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.PASID_TOO_LARGE,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 7 << 9);
                    w.ask(1 << 19, READ);
                });
        SCENARIOS.put(VtdFault.PAGE_REQUESTS_OFF, World::pageRequest);
    }

    private static void pasids() {
        SCENARIOS.put(
                VtdFault.DIRECTORY_UNREADABLE,
                w -> {
                    w.set(w.lab.contextEntry(DEVICE), NO_RAM | PASIDE | 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.DIRECTORY_NOT_PRESENT,
                w -> {
                    w.set(w.directoryEntry(), 0);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.DIRECTORY_RESERVED,
                w -> {
                    w.flip(w.directoryEntry(), 4);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.PASID_UNREADABLE,
                w -> {
                    w.set(w.directoryEntry(), NO_RAM | 1);
                    w.ask();
                });
        SCENARIOS.put(VtdFault.PASID_NOT_PRESENT, w -> w.ask(PASID + 1, READ));
        SCENARIOS.put(
                VtdFault.PASID_RESERVED,
                w -> {
                    w.set(w.entry(PASID) + 56, 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.PASID_INVALID,
                w -> {
                    w.set(w.entry(PASID), 5 << 6 | 1);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.EXECUTE_OFF,
                w -> {
                    w.flip(w.entry(PASID) + 16, PasidEntry.ERE);
                    w.ask(PASID, READ | Iommu.EXECUTE);
                });
        SCENARIOS.put(
                VtdFault.SUPERVISOR_OFF,
                w -> {
                    w.flip(w.entry(PASID) + 16, PasidEntry.SRE);
                    w.ask(PASID, READ | Iommu.PRIVILEGED);
                });
        SCENARIOS.put(
                VtdFault.BEYOND_HOST,
                w -> {
                    w.set(w.entry(PASID), 4 << 6 | 1);
                    w.lab.ask(PASID, 1L << 46, READ);
                });
    }

    private static void firstStage() {
        SCENARIOS.put(
                VtdFault.FIRST_TABLE_UNREADABLE,
                w -> {
                    w.set(w.firstEntry(3), NO_RAM | PAGE);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.FIRST_NOT_PRESENT,
                w -> {
                    w.set(w.leaf, 0);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.FIRST_RESERVED,
                w -> {
                    w.flip(w.leaf, RESERVED_PAGE);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.FIRST_TOP_UNREADABLE,
                w -> {
                    w.set(w.entry(PASID) + 16, NO_RAM);
                    w.ask();
                });
        SCENARIOS.put(VtdFault.NOT_CANONICAL, w -> w.lab.ask(PASID, 1L << 47, READ));
        SCENARIOS.put(
                VtdFault.NOT_FOR_USERS,
                w -> {
                    w.flip(w.leaf, US);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.NO_EXECUTE_RIGHT,
                w -> {
                    w.flip(w.leaf, ScalableBench.XD);
                    w.ask(PASID, READ | Iommu.EXECUTE);
                });
        SCENARIOS.put(
                VtdFault.SM_NO_WRITE_RIGHT,
                w -> {
                    w.flip(w.leaf, RW);
                    w.ask(PASID, WRITE);
                });
        SCENARIOS.put(
                VtdFault.SM_OUTPUT_IS_INTERRUPT,
                w -> {
                    w.set(w.leaf, 0xfee0_0000L | PAGE);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.FIRST_UNMARKED,
                w -> {
                    w.flip(w.entry(PASID) + 8, 1 << 23);
                    w.ask();
                });
        SCENARIOS.put(
                VtdFault.FIRST_NOT_UPDATED,
                w -> {
                    w.lab.memory.fail(
                            AddressRange.of(w.leaf & -4096L, 4096), PhysicalMemory.Failure.WRITE);
                    w.ask();
                });
    }

    private static void secondStage() {
        SCENARIOS.put(VtdFault.SM_BEYOND_WIDTH, w -> w.lab.ask(2, 1L << 48, READ));
        SCENARIOS.put(VtdFault.SECOND_NOT_PRESENT, w -> w.lab.ask(2, 0x9000, READ));
        SCENARIOS.put(
                VtdFault.SM_NO_READ_RIGHT,
                w -> {
                    w.lab.mapSecond(w.second, 0x7000, HOME, W);
                    w.lab.ask(2, 0x7000, READ);
                });
        SCENARIOS.put(
                VtdFault.SECOND_RESERVED,
                w -> {
                    w.lab.mapSecond(w.second, 0x7000, RESERVED_PAGE, R);
                    w.lab.ask(2, 0x7000, READ);
                });
        SCENARIOS.put(
                VtdFault.SECOND_TABLE_UNREADABLE,
                w -> {
                    w.set(slot(w.second, 4, 0), NO_RAM | R);
                    w.lab.ask(2, 0x7000, READ);
                });
        SCENARIOS.put(
                VtdFault.SECOND_TOP_UNREADABLE,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, NO_RAM, 4, 0);
                    w.lab.ask(2, 0x7000, READ);
                });
        SCENARIOS.put(
                VtdFault.SECOND_UNMARKED,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, w.second, 4, 1 << 9);
                    w.set(w.entry(2) + 8, 30);
                    w.lab.ask(2, 0x7000, READ);
                });
        SCENARIOS.put(
                VtdFault.SECOND_NOT_UPDATED,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, w.second, 4, 1 << 9);
                    w.lab.memory.fail(
                            AddressRange.of(w.second, 4096), PhysicalMemory.Failure.WRITE);
                    w.lab.ask(2, 0x7000, READ);
                });
    }

    private static void nested() {
        SCENARIOS.put(
                VtdFault.FIRST_BEYOND_SECOND,
                w -> {
                    w.set(slot(w.first + GUEST, 4, IOVA), NO_RAM | PAGE);
                    // Three levels of the second stage translate 39 bits.
                    long lower = w.lab.memory.read64(slot(w.second, 4, 0)) & -4096L;
                    w.set(w.entry(1), lower | 3 << 6 | 1 << 2 | 1);
                    w.ask(1, READ);
                });
        SCENARIOS.put(
                VtdFault.TOP_NOT_READABLE_BELOW,
                w -> {
                    w.lab.mapSecond(w.second, w.first, 0, 0);
                    w.ask(1, READ);
                });
        SCENARIOS.put(
                VtdFault.TABLE_NOT_READABLE_BELOW,
                w -> {
                    long next = w.lab.memory.read64(slot(w.first + GUEST, 4, IOVA)) & -4096L;
                    w.lab.mapSecond(w.second, next, 0, 0);
                    w.ask(1, READ);
                });
        SCENARIOS.put(
                VtdFault.TABLE_NOT_WRITABLE_BELOW,
                w -> {
                    w.lab.mapSecond(w.second, w.first, w.first + GUEST, R);
                    w.ask(1, READ);
                });
    }

    @ParameterizedTest
    @EnumSource(VtdFault.class)
    void everyReasonIsRecordedForWhatCausesIt(VtdFault fault) {
        var scenario = SCENARIOS.get(fault);
        if (scenario == null) {
            assertThat(fault.code()).as("only legacy mode has it").isLessThan(0x30);
            return;
        }
        var world = new World();
        scenario.play(world);
        long recorded = world.lab.unit.faults().high(0);
        assertThat(recorded).as("a record is filled").isNegative();
        assertThat(recorded >>> 32 & 0xff).as("%s", fault).isEqualTo(fault.code());
    }

    @Test
    void noTwoReasonsHaveOneCode() {
        assertThat(Arrays.stream(VtdFault.values()).map(VtdFault::code)).doesNotHaveDuplicates();
    }

    @Test
    void aReadOnlyWorldStillReads() {
        var world = new World();
        world.flip(world.leaf, RW);
        assertThat(world.lab.memory.read64(world.leaf) & P).isEqualTo(P);
        assertThat(world.lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }
}
