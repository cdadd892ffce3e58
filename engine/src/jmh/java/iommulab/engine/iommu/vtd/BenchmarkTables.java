package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ScatteredFrames;
import iommulab.engine.memory.PhysicalMemory;

/// Tables for benchmarks, in frames that lie scattered as an operating system's would.
final class BenchmarkTables {
    private static final long ROOT = 0x1000_0000;
    private static final long POOL = 1L << 37;

    private final ScatteredFrames frames;
    private final PhysicalMemory memory;

    BenchmarkTables() {
        this(ScatteredFrames.USUAL);
    }

    /// @param poolFrames a power of two
    BenchmarkTables(int poolFrames) {
        frames = new ScatteredFrames(POOL, poolFrames);
        memory = frames.memory();
    }

    PhysicalMemory memory() {
        return memory;
    }

    VtdUnit unit(CacheShapes shapes) {
        var unit = new VtdUnit(VtdCapabilities.EVERYTHING, memory, shapes, 1);
        unit.registers().write64(VtdRegisters.ROOT_TABLE_ADDRESS, ROOT);
        unit.registers()
                .write32(
                        VtdRegisters.GLOBAL_COMMAND,
                        VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
        return unit;
    }

    /// The next frame of a pool, in an order without pattern.
    private long frame() {
        return frames.next();
    }

    /// @return hpa of an empty top table
    long attach(int requester, int domain, int levels) {
        long rootEntry = ROOT + (requester >>> 8) * 16L;
        if (memory.read64(rootEntry) == 0) {
            memory.write64(rootEntry, frame() | 1);
        }
        long tree = frame();
        long entry = (memory.read64(rootEntry) & -4096L) + (requester & 0xff) * 16L;
        memory.write64(entry, tree | 1);
        memory.write64(entry + 8, levels - 2 | (long) domain << 8);
        return tree;
    }

    void map(long tree, int levels, long iova, long hpa) {
        long table = tree;
        for (int level = levels; level > 1; level--) {
            long slot = slot(table, level, iova);
            if (memory.read64(slot) == 0) {
                memory.write64(slot, frame() | 3);
            }
            table = memory.read64(slot) & -4096L;
        }
        memory.write64(slot(table, 1, iova), hpa | 3);
    }

    private static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }
}
