package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ScatteredFrames;
import iommulab.engine.memory.PhysicalMemory;

/// Tables for benchmarks, in frames that lie scattered as an operating system's would: 4 KiB pages, 48 bits,
/// from level 0 in both stages.
final class SmmuBenchTables {
    static final long FIRST_LEAF = 1 << 11 | 1 << 10 | 1 << 6 | 3;

    private static final long SECOND_LEAF = 1 << 10 | 3 << 6 | 3;
    private static final long STREAMS = 0x1000_0000;
    private static final long POOL = 1L << 37;
    /* Where a guest believes its tables to be. */
    private static final long GUEST = 1L << 32;
    private static final long ADDRESS = (1L << 48) - 4096;
    private static final long DESCRIPTOR =
            1L << 31 | 1L << 41 | 1L << 45 | 1L << 46 | 5L << 32 | 1 << 30 | 16;

    private final ScatteredFrames frames;
    private final PhysicalMemory memory;
    private long guestTaken;

    SmmuBenchTables() {
        this(ScatteredFrames.USUAL);
    }

    /// @param poolFrames a power of two
    SmmuBenchTables(int poolFrames) {
        frames = new ScatteredFrames(POOL, poolFrames);
        memory = frames.memory();
    }

    PhysicalMemory memory() {
        return memory;
    }

    SmmuUnit unit(CacheShapes shapes) {
        var unit = new SmmuUnit(SmmuCapabilities.EVERYTHING, memory, shapes, 1);
        unit.registers().write64(SmmuRegisters.STRTAB_BASE, STREAMS);
        unit.registers().write32(SmmuRegisters.STRTAB_BASE_CFG, 10);
        unit.registers().write32(SmmuRegisters.CR0, SmmuRegisters.ENABLED);
        return unit;
    }

    /// The next frame of a pool, in an order without pattern.
    long frame() {
        return frames.next();
    }

    /// Gives a stream two address spaces of stage 1: one for requests without substream, one for a
    /// substream.
    void attach(int stream, int asid, long tree, int substream, int otherAsid, long other) {
        long descriptors = frame();
        descriptor(descriptors, asid, tree);
        descriptor(descriptors + substream * 64L, otherAsid, other);
        long entry = STREAMS + stream * 64L;
        memory.write64(entry, 4L << 59 | descriptors | 5 << 1 | 1);
        memory.write64(entry + 8, StreamEntry.DSS_ZERO);
    }

    private void descriptor(long hpa, int asid, long tree) {
        memory.write64(hpa, DESCRIPTOR | (long) asid << 48);
        memory.write64(hpa + 8, tree);
    }

    /// Gives a stream both stages.
    ///
    /// @return intermediate address of the tree of stage 1
    long attachNested(int stream, int vmid, long second) {
        long descriptor = guestFrame(second);
        long tree = guestFrame(second);
        descriptor(place(second, descriptor), 7, tree);
        long entry = STREAMS + stream * 64L;
        memory.write64(entry, descriptor | 7 << 1 | 1);
        memory.write64(entry + 16, vmid | 16L << 32 | 2L << 38 | 5L << 48 | 1L << 51 | 1L << 58);
        memory.write64(entry + 24, second);
        return tree;
    }

    private long guestFrame(long second) {
        long ipa = GUEST + 4096 * guestTaken++;
        map(second, ipa, frame(), SECOND_LEAF);
        return ipa;
    }

    private long place(long second, long ipa) {
        long at = second;
        for (int level = 4; level >= 1; level--) {
            at = memory.read64(slot(at, level, ipa)) & ADDRESS;
        }
        return at | ipa & 4095;
    }

    void map(long tree, long iova, long hpa, long leaf) {
        long table = tree;
        for (int level = 4; level > 1; level--) {
            long slot = slot(table, level, iova);
            if (memory.read64(slot) == 0) {
                memory.write64(slot, frame() | 3);
            }
            table = memory.read64(slot) & ADDRESS;
        }
        memory.write64(slot(table, 1, iova), hpa | leaf);
    }

    /// Maps an address in a tree whose tables lie behind stage 2, and what it maps to there.
    void mapNested(long tree, long second, long iova, long ipa, long hpa) {
        long table = tree;
        for (int level = 4; level > 1; level--) {
            long slot = place(second, slot(table, level, iova));
            if (memory.read64(slot) == 0) {
                memory.write64(slot, guestFrame(second) | 3);
            }
            table = memory.read64(slot) & ADDRESS;
        }
        memory.write64(place(second, slot(table, 1, iova)), ipa | FIRST_LEAF);
        map(second, ipa, hpa, SECOND_LEAF);
    }

    private static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }
}
