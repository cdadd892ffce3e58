package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ScatteredFrames;
import iommulab.engine.memory.PhysicalMemory;

/// Tables for benchmarks, in frames that lie scattered as an operating system's would.
final class BenchmarkTables {
    private static final long DEVICES = 0x1000_0000;
    private static final long POOL = 1L << 37;
    private static final long RIGHTS = 3L << 61;
    private static final long GUEST_RIGHTS = 7 | 3 << 5;
    private static final int LEVELS = 4;

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

    AmdUnit unit(CacheShapes shapes) {
        var unit = new AmdUnit(AmdCapabilities.EVERYTHING, memory, shapes, 1);
        unit.registers().write64(AmdRegisters.DEVICE_TABLE, DEVICES | 0x1ff);
        unit.registers()
                .write64(
                        AmdRegisters.CONTROL, AmdRegisters.ENABLE | AmdRegisters.GUEST_TRANSLATION);
        return unit;
    }

    /// The next frame of a pool, in an order without pattern.
    long frame() {
        return frames.next();
    }

    /// @return hpa of an empty top table
    long attach(int device, int domain) {
        long table = frame();
        memory.write64(DEVICES + device * 32L, table | LEVELS << 9 | RIGHTS | 3);
        memory.write64(DEVICES + device * 32L + 8, domain);
        return table;
    }

    /// @param host 0 for none
    /// @param roots of the guest tables of PASIDs 0, 1 ...
    void attachGuest(int device, int domain, long host, long... roots) {
        long gcr3 = frame();
        for (int pasid = 0; pasid < roots.length; pasid++) {
            memory.write64(gcr3 + pasid * 8L, roots[pasid] | 1);
        }
        long mode = host == 0 ? 0 : LEVELS << 9;
        long first = host | mode | RIGHTS | 1L << 55 | (gcr3 >>> 12 & 7) << 58 | 3;
        long second = domain | (gcr3 >>> 15 & 0xffff) << 16 | gcr3 >>> 31 << 43;
        memory.write64(DEVICES + device * 32L, first);
        memory.write64(DEVICES + device * 32L + 8, second);
    }

    void map(long tree, long iova, long hpa) {
        long table = tree;
        for (int level = LEVELS; level > 1; level--) {
            long slot = slot(table, level, iova);
            if (memory.read64(slot) == 0) {
                memory.write64(slot, frame() | (level - 1L) << 9 | RIGHTS | 1);
            }
            table = memory.read64(slot) & (1L << 52) - 4096;
        }
        memory.write64(slot(table, 1, iova), hpa | RIGHTS | 1);
    }

    /// Maps a page of a guest table.
    ///
    /// @param host that maps the guest's memory; 0 if its addresses are host addresses
    void mapGuest(long root, long host, long iova, long gpa) {
        long table = root;
        for (int level = LEVELS; level > 1; level--) {
            long slot = hpa(host, slot(table, level, iova));
            if (memory.read64(slot) == 0) {
                memory.write64(slot, guestFrame(host) | GUEST_RIGHTS);
            }
            table = memory.read64(slot) & (1L << 52) - 4096;
        }
        memory.write64(hpa(host, slot(table, 1, iova)), gpa | GUEST_RIGHTS);
    }

    /// A frame in the memory of the guest.
    long guestFrame(long host) {
        long hpa = frame();
        if (host == 0) {
            return hpa;
        }
        long gpa = hpa - POOL;
        map(host, gpa, hpa);
        return gpa;
    }

    /// Through the host table, if there is one.
    private long hpa(long host, long gpa) {
        return host == 0 ? gpa : memoryWalk(memory, host, gpa);
    }

    /// The reads that a walk of four levels must make, and nothing else.
    static long memoryWalk(PhysicalMemory memory, long tree, long address) {
        long at = tree;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(at + (address >>> shift & 511) * 8) & (1L << 52) - 4096;
        }
        return at | address & 4095;
    }

    private static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }
}
