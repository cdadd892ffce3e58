package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ScatteredFrames;
import iommulab.engine.memory.PhysicalMemory;

/// Tables for benchmarks, in frames that lie scattered as an operating system's would. Guest-physical
/// addresses are host addresses less [#GUEST_OFFSET].
final class RiscvBenchTables {
    static final long GUEST_OFFSET = 1L << 39;

    private static final int LEAF = 0xdf;
    private static final int ONE_LEVEL = 2;
    private static final long SV48 = 9L << 60;
    private static final long ROOT = 0x1000_0000;
    private static final long POOL = (1L << 37) + GUEST_OFFSET;

    private final ScatteredFrames frames;
    private final PhysicalMemory memory;

    RiscvBenchTables() {
        this(ScatteredFrames.USUAL);
    }

    /// @param poolFrames a power of two
    RiscvBenchTables(int poolFrames) {
        frames = new ScatteredFrames(POOL, poolFrames);
        memory = frames.memory();
    }

    PhysicalMemory memory() {
        return memory;
    }

    RiscvUnit unit(CacheShapes shapes) {
        var unit = new RiscvUnit(RiscvCapabilities.EVERYTHING, memory, shapes, 1);
        unit.registers().write64(RiscvRegisters.DDTP, ROOT >>> 12 << 10 | ONE_LEVEL);
        return unit;
    }

    /// The next frame of a pool, in an order without pattern.
    long frame() {
        return frames.next();
    }

    /// A second-stage root, four frames one behind the other.
    long guestRoot() {
        return 0x2000_0000;
    }

    /// A device with a first stage.
    ///
    /// @param device below 64
    void attach(int device, int pscid, long tree) {
        context(device, 0, 0, pscid, tree >>> 12 | SV48);
    }

    /// A device with a process directory, whose process 7 has a first stage.
    void attachProcess(int device, int pscid, long tree) {
        long directory = frame();
        memory.write64(directory + 16 * 7, (long) pscid << 12 | 1);
        memory.write64(directory + 16 * 7 + 8, tree >>> 12 | SV48);
        context(device, DeviceContext.PDTV, 0, 0, directory >>> 12 | 1L << 60);
    }

    /// A device with both stages.
    ///
    /// @param tree hpa of the first stage's root
    void attachNested(int device, int gscid, int pscid, long tree, long guestRoot) {
        long iohgatp = guestRoot >>> 12 | (long) gscid << 44 | SV48;
        context(device, 0, iohgatp, pscid, tree - GUEST_OFFSET >>> 12 | SV48);
    }

    private void context(int device, long tc, long iohgatp, int pscid, long fsc) {
        long at = ROOT + 64L * device;
        memory.write64(at, tc | 1);
        memory.write64(at + 8, iohgatp);
        memory.write64(at + 16, (long) pscid << 12);
        memory.write64(at + 24, fsc);
    }

    void map(long tree, long iova, long hpa) {
        map(tree, iova, hpa, 0, 0);
    }

    /// Maps in a first stage whose tables are the guest's, and these and the page in the second stage.
    void mapNested(long tree, long guestRoot, long iova, long hpa) {
        map(tree, iova, hpa, GUEST_OFFSET, guestRoot);
        map(guestRoot, tree - GUEST_OFFSET, tree);
        map(guestRoot, hpa - GUEST_OFFSET, hpa);
    }

    private void map(long tree, long iova, long hpa, long offset, long guestRoot) {
        long table = tree;
        for (int shift = 39; shift > 12; shift -= 9) {
            long slot = slot(table, shift, iova, tree == guestRoot || offset == 0);
            if (memory.read64(slot) == 0) {
                long next = frame();
                memory.write64(slot, next - offset >>> 12 << 10 | 1);
                if (offset != 0) {
                    map(guestRoot, next - offset, next);
                }
            }
            table = (memory.read64(slot) >>> 10 << 12) + offset;
        }
        memory.write64(slot(table, 12, iova, false), hpa - offset >>> 12 << 10 | LEAF);
    }

    private static long slot(long table, int shift, long iova, boolean wide) {
        return table + (iova >>> shift & (wide && shift == 39 ? 2047 : 511)) * 8;
    }
}
