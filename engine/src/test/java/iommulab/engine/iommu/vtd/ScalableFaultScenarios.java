package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.GUEST;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RW;
import static iommulab.engine.iommu.vtd.ScalableBench.US;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;
import static iommulab.engine.iommu.vtd.ScalableBench.slot;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.HOME;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.IOVA;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.PASID;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import java.util.EnumMap;
import java.util.Map;

/// What causes each of the faults of scalable mode, in a [ScalableFaultWorld].
final class ScalableFaultScenarios {
    private static final long NO_RAM = 1L << 40;
    private static final long RESERVED_PAGE = 1L << 51;

    private ScalableFaultScenarios() {}

    interface Scenario {
        void play(ScalableFaultWorld world);
    }

    private static final long ROOT = 0x1000_0000;
    static final Map<VtdFault, Scenario> OF = new EnumMap<>(VtdFault.class);

    static {
        devices();
        pasids();
        firstStage();
        secondStage();
        nested();
    }

    private static void devices() {
        OF.put(
                VtdFault.ROOT_MODE_INVALID,
                w -> {
                    w.root(ROOT | 2 << 10);
                    w.ask(NONE, READ);
                });
        OF.put(
                VtdFault.PASID_IN_LEGACY_MODE,
                w -> {
                    w.root(ROOT);
                    w.ask();
                });
        OF.put(
                VtdFault.PAGE_REQUEST_IN_LEGACY_MODE,
                w -> {
                    w.root(ROOT);
                    w.pageRequest();
                });
        OF.put(
                VtdFault.SM_ROOT_UNREADABLE,
                w -> {
                    w.root(NO_RAM | 1 << 10);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_ROOT_NOT_PRESENT,
                w -> {
                    w.set(ROOT, 0);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_ROOT_RESERVED,
                w -> {
                    w.flip(ROOT, 2);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_CONTEXT_UNREADABLE,
                w -> {
                    w.set(ROOT, NO_RAM | 1);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_CONTEXT_NOT_PRESENT,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 1);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_CONTEXT_RESERVED,
                w -> {
                    w.set(w.lab.contextEntry(DEVICE) + 24, 1);
                    w.ask();
                });
        OF.put(
                VtdFault.SM_CONTEXT_INVALID,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 7 << 9);
                    w.set(w.lab.contextEntry(DEVICE) + 8, 1 << 19);
                    w.ask(NONE, READ);
                });
        OF.put(VtdFault.DEVICE_TLB_OFF, w -> w.ask(PASID, READ | Iommu.ASKS));
        OF.put(
                VtdFault.PASIDS_OFF,
                w -> {
                    w.lab.attachFlags(DEVICE, 0);
                    w.ask();
                });
        OF.put(
                VtdFault.PASID_TOO_LARGE,
                w -> {
                    w.flip(w.lab.contextEntry(DEVICE), 7 << 9);
                    w.ask(1 << 19, READ);
                });
        OF.put(VtdFault.PAGE_REQUESTS_OFF, ScalableFaultWorld::pageRequest);
    }

    private static void pasids() {
        OF.put(
                VtdFault.DIRECTORY_UNREADABLE,
                w -> {
                    w.set(w.lab.contextEntry(DEVICE), NO_RAM | PASIDE | 1);
                    w.ask();
                });
        OF.put(
                VtdFault.DIRECTORY_NOT_PRESENT,
                w -> {
                    w.set(w.directoryEntry(), 0);
                    w.ask();
                });
        OF.put(
                VtdFault.DIRECTORY_RESERVED,
                w -> {
                    w.flip(w.directoryEntry(), 4);
                    w.ask();
                });
        OF.put(
                VtdFault.PASID_UNREADABLE,
                w -> {
                    w.set(w.directoryEntry(), NO_RAM | 1);
                    w.ask();
                });
        OF.put(VtdFault.PASID_NOT_PRESENT, w -> w.ask(PASID + 1, READ));
        OF.put(
                VtdFault.PASID_RESERVED,
                w -> {
                    w.set(w.entry(PASID) + 56, 1);
                    w.ask();
                });
        OF.put(
                VtdFault.PASID_INVALID,
                w -> {
                    w.set(w.entry(PASID), 5 << 6 | 1);
                    w.ask();
                });
        OF.put(
                VtdFault.EXECUTE_OFF,
                w -> {
                    w.flip(w.entry(PASID) + 16, PasidEntry.ERE);
                    w.ask(PASID, READ | Iommu.EXECUTE);
                });
        OF.put(
                VtdFault.SUPERVISOR_OFF,
                w -> {
                    w.flip(w.entry(PASID) + 16, PasidEntry.SRE);
                    w.ask(PASID, READ | Iommu.PRIVILEGED);
                });
        OF.put(
                VtdFault.BEYOND_HOST,
                w -> {
                    w.set(w.entry(PASID), 4 << 6 | 1);
                    w.lab.ask(PASID, 1L << 46, READ);
                });
    }

    private static void firstStage() {
        OF.put(
                VtdFault.FIRST_TABLE_UNREADABLE,
                w -> {
                    w.set(w.firstEntry(3), NO_RAM | PAGE);
                    w.ask();
                });
        OF.put(
                VtdFault.FIRST_NOT_PRESENT,
                w -> {
                    w.set(w.leaf, 0);
                    w.ask();
                });
        OF.put(
                VtdFault.FIRST_RESERVED,
                w -> {
                    w.flip(w.leaf, RESERVED_PAGE);
                    w.ask();
                });
        OF.put(
                VtdFault.FIRST_TOP_UNREADABLE,
                w -> {
                    w.set(w.entry(PASID) + 16, NO_RAM);
                    w.ask();
                });
        OF.put(VtdFault.NOT_CANONICAL, w -> w.lab.ask(PASID, 1L << 47, READ));
        OF.put(
                VtdFault.NOT_FOR_USERS,
                w -> {
                    w.flip(w.leaf, US);
                    w.ask();
                });
        OF.put(
                VtdFault.NO_EXECUTE_RIGHT,
                w -> {
                    w.flip(w.leaf, ScalableBench.XD);
                    w.ask(PASID, READ | Iommu.EXECUTE);
                });
        OF.put(
                VtdFault.SM_NO_WRITE_RIGHT,
                w -> {
                    w.flip(w.leaf, RW);
                    w.ask(PASID, WRITE);
                });
        OF.put(
                VtdFault.SM_OUTPUT_IS_INTERRUPT,
                w -> {
                    w.set(w.leaf, 0xfee0_0000L | PAGE);
                    w.ask();
                });
        OF.put(
                VtdFault.FIRST_UNMARKED,
                w -> {
                    w.flip(w.entry(PASID) + 8, 1 << 23);
                    w.ask();
                });
        OF.put(
                VtdFault.FIRST_NOT_UPDATED,
                w -> {
                    w.lab.memory.fail(
                            AddressRange.of(w.leaf & -4096L, 4096), PhysicalMemory.Failure.WRITE);
                    w.ask();
                });
    }

    private static void secondStage() {
        OF.put(VtdFault.SM_BEYOND_WIDTH, w -> w.lab.ask(2, 1L << 48, READ));
        OF.put(VtdFault.SECOND_NOT_PRESENT, w -> w.lab.ask(2, 0x9000, READ));
        OF.put(
                VtdFault.SM_NO_READ_RIGHT,
                w -> {
                    w.lab.mapSecond(w.second, 0x7000, HOME, W);
                    w.lab.ask(2, 0x7000, READ);
                });
        OF.put(
                VtdFault.SECOND_RESERVED,
                w -> {
                    w.lab.mapSecond(w.second, 0x7000, RESERVED_PAGE, R);
                    w.lab.ask(2, 0x7000, READ);
                });
        OF.put(
                VtdFault.SECOND_TABLE_UNREADABLE,
                w -> {
                    w.set(slot(w.second, 4, 0), NO_RAM | R);
                    w.lab.ask(2, 0x7000, READ);
                });
        OF.put(
                VtdFault.SECOND_TOP_UNREADABLE,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, NO_RAM, 4, 0);
                    w.lab.ask(2, 0x7000, READ);
                });
        OF.put(
                VtdFault.SECOND_UNMARKED,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, w.second, 4, 1 << 9);
                    w.set(w.entry(2) + 8, 30);
                    w.lab.ask(2, 0x7000, READ);
                });
        OF.put(
                VtdFault.SECOND_NOT_UPDATED,
                w -> {
                    w.lab.secondStage(DEVICE, 2, 30, w.second, 4, 1 << 9);
                    w.lab.memory.fail(
                            AddressRange.of(w.second, 4096), PhysicalMemory.Failure.WRITE);
                    w.lab.ask(2, 0x7000, READ);
                });
    }

    private static void nested() {
        OF.put(
                VtdFault.FIRST_BEYOND_SECOND,
                w -> {
                    w.set(slot(w.first + GUEST, 4, IOVA), NO_RAM | PAGE);
                    // Three levels of the second stage translate 39 bits.
                    long lower = w.lab.memory.read64(slot(w.second, 4, 0)) & -4096L;
                    w.set(w.entry(1), lower | 3 << 6 | 1 << 2 | 1);
                    w.ask(1, READ);
                });
        OF.put(
                VtdFault.TOP_NOT_READABLE_BELOW,
                w -> {
                    w.lab.mapSecond(w.second, w.first, 0, 0);
                    w.ask(1, READ);
                });
        OF.put(
                VtdFault.TABLE_NOT_READABLE_BELOW,
                w -> {
                    long next = w.lab.memory.read64(slot(w.first + GUEST, 4, IOVA)) & -4096L;
                    w.lab.mapSecond(w.second, next, 0, 0);
                    w.ask(1, READ);
                });
        OF.put(
                VtdFault.TABLE_NOT_WRITABLE_BELOW,
                w -> {
                    w.lab.mapSecond(w.second, w.first, w.first + GUEST, R);
                    w.ask(1, READ);
                });
    }
}
