package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ScatteredFrames;
import iommulab.engine.memory.PhysicalMemory;

/// Tables of scalable mode for benchmarks, in frames that lie scattered as an operating system's would.
/// Accessed and dirty bits are set already.
final class ScalableBenchmarkTables {
    static final int RID_PASID = 9;
    static final long ADDRESS = (1L << 52) - 4096;

    private static final long ROOT = 0x1000_0000;
    private static final long POOL = 1L << 37;
    /* Where a guest believes its tables to be. */
    private static final long GUEST = 1L << 32;
    private static final long FIRST_TABLE = 0x27;
    private static final long FIRST_LEAF = 0x67;

    private final ScatteredFrames frames;
    private final PhysicalMemory memory;
    private long guestTaken;

    ScalableBenchmarkTables() {
        this(ScatteredFrames.USUAL);
    }

    /// @param poolFrames a power of two
    ScalableBenchmarkTables(int poolFrames) {
        frames = new ScatteredFrames(POOL, poolFrames);
        memory = frames.memory();
    }

    PhysicalMemory memory() {
        return memory;
    }

    VtdUnit unit(CacheShapes shapes) {
        var unit = new VtdUnit(VtdCapabilities.SCALABLE, memory, shapes, 1);
        unit.registers().write64(VtdRegisters.ROOT_TABLE_ADDRESS, ROOT | 1 << 10);
        unit.registers()
                .write32(
                        VtdRegisters.GLOBAL_COMMAND,
                        VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
        return unit;
    }

    /// The next frame of a pool, in an order without pattern.
    long frame() {
        return frames.next();
    }

    /// A context entry with a PASID directory of one table.
    void attach(int requester) {
        long root = ROOT + (requester >>> 8) * 16L + ((requester & 0x80) == 0 ? 0 : 8);
        if (memory.read64(root) == 0) {
            memory.write64(root, frame() | 1);
        }
        long directory = frame();
        long entry = contextEntry(requester);
        memory.write64(entry, directory | 1 << 3 | 1);
        memory.write64(entry + 8, RID_PASID);
        memory.write64(directory, frame() | 1);
    }

    private long contextEntry(int requester) {
        long root = ROOT + (requester >>> 8) * 16L + ((requester & 0x80) == 0 ? 0 : 8);
        return (memory.read64(root) & ADDRESS) + (requester & 0x7f) * 32L;
    }

    /// @param pasid below 64
    private long pasidEntry(int requester, int pasid) {
        long directory = memory.read64(contextEntry(requester)) & ADDRESS;
        return (memory.read64(directory) & ADDRESS) + pasid * 64L;
    }

    /// @return hpa of an empty first-stage table
    long firstStage(int requester, int pasid, int domain) {
        long tree = frame();
        long entry = pasidEntry(requester, pasid);
        memory.write64(entry, 1 << 6 | 1);
        memory.write64(entry + 8, domain | 1 << 23);
        memory.write64(entry + 16, tree);
        return tree;
    }

    /// @param second hpa of an empty second-stage table
    /// @return gpa of an empty first-stage table behind it
    long nested(int requester, int pasid, int domain, long second) {
        long tree = guestFrame(second);
        long entry = pasidEntry(requester, pasid);
        memory.write64(entry, second | 3 << 6 | 2 << 2 | 1);
        memory.write64(entry + 8, domain | 1 << 23);
        memory.write64(entry + 16, tree);
        return tree;
    }

    /// A frame of the guest's, mapped by the second stage.
    private long guestFrame(long second) {
        long gpa = GUEST + guestTaken++ * 4096;
        mapSecond(second, gpa, frame());
        return gpa;
    }

    void mapFirst(long tree, long iova, long hpa) {
        map(tree, iova, hpa, FIRST_TABLE, FIRST_LEAF);
    }

    private void mapSecond(long tree, long gpa, long hpa) {
        map(tree, gpa, hpa, 3, 3);
    }

    private void map(long tree, long address, long page, long tableBits, long leafBits) {
        long table = tree;
        for (int shift = 39; shift > 12; shift -= 9) {
            long slot = slot(table, shift, address);
            if (memory.read64(slot) == 0) {
                memory.write64(slot, frame() | tableBits);
            }
            table = memory.read64(slot) & ADDRESS;
        }
        memory.write64(slot(table, 12, address), page | leafBits);
    }

    /// Maps a page in both stages.
    void mapNested(long tree, long second, long iova, long gpa, long hpa) {
        long table = tree;
        for (int shift = 39; shift > 12; shift -= 9) {
            long slot = hostOf(second, slot(table, shift, iova));
            if (memory.read64(slot) == 0) {
                memory.write64(slot, guestFrame(second) | FIRST_TABLE);
            }
            table = memory.read64(slot) & ADDRESS;
        }
        memory.write64(hostOf(second, slot(table, 12, iova)), gpa | FIRST_LEAF);
        mapSecond(second, gpa, hpa);
    }

    private long hostOf(long second, long gpa) {
        return walk(memory, second, gpa);
    }

    /// Four dependent reads that decode nothing.
    static long walk(PhysicalMemory memory, long tree, long address) {
        long at = tree;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(slot(at, shift, address)) & ADDRESS;
        }
        return at | address & 4095;
    }

    /// Twenty-four: each table of the first stage, and what it maps, through the second.
    static long nestedWalk(PhysicalMemory memory, long first, long second, long iova) {
        long at = first;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(walk(memory, second, slot(at, shift, iova))) & ADDRESS;
        }
        return walk(memory, second, at | iova & 4095);
    }

    private static long slot(long table, int shift, long address) {
        return table + (address >>> shift & 511) * 8;
    }
}
