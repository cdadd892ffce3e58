package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Walk;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// A VT-d unit in scalable mode on a bench, with structures written word by word as the specification
/// draws them.
final class ScalableBench {
    static final int NONE = Iommu.NO_PASID;
    static final int DEVICE = 0x0020;
    static final int RID_PASID = 9;
    static final int READ = Iommu.READ;
    static final int WRITE = Iommu.WRITE;

    /* Context entry */
    static final long FPD = 1 << 1;
    static final long DTE = 1 << 2;
    static final long PASIDE = 1 << 3;
    static final long PRE = 1 << 4;
    static final long RID_PRIV = 1 << 20;

    /* First-stage entries */
    static final long P = 1;
    static final long RW = 1 << 1;
    static final long US = 1 << 2;
    static final long A = 1 << 5;
    static final long D = 1 << 6;
    static final long PS = 1 << 7;
    static final long G = 1 << 8;
    static final long EA = 1 << 10;
    static final long XD = 1L << 63;
    static final long PAGE = P | RW | US;

    /* Second-stage entries */
    static final long R = 1;
    static final long W = 1 << 1;
    static final long X = 1 << 2;
    static final long SECOND_A = 1 << 8;
    static final long SECOND_D = 1 << 9;

    /// Guest-physical address n lies at host address n + this, in trees that [#nest] makes.
    static final long GUEST = 0x4000_0000L;

    private static final long ROOT = 0x1000_0000;
    private static final long RING = 0x0f00_0000;
    private static final long RAM_BYTES = 1L << 36;

    final PhysicalMemory memory = new PhysicalMemory(map());
    final VtdUnit unit;
    private long nextTable = ROOT + 0x1000;
    private int tail;

    ScalableBench(CacheShapes shapes) {
        this(VtdCapabilities.SCALABLE, shapes);
    }

    ScalableBench(VtdCapabilities capabilities, CacheShapes shapes) {
        unit = new VtdUnit(capabilities, memory, shapes, 7);
        var registers = unit.registers();
        registers.write64(VtdRegisters.ROOT_TABLE_ADDRESS, ROOT | 1 << 10);
        registers.write64(VtdRegisters.QUEUE_ADDRESS, RING | 1 << 11);
        registers.write32(
                VtdRegisters.GLOBAL_COMMAND,
                VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
    }

    private static AddressMap map() {
        return new AddressMap(
                List.of(
                        new Region(
                                AddressRange.of(0, RAM_BYTES),
                                RegionKind.RAM,
                                "System RAM",
                                Optional.empty())));
    }

    long table() {
        long table = nextTable;
        nextTable += 0x1000;
        return table;
    }

    // ---- structures

    /// A context entry with an empty PASID directory for 2^20 PASIDs.
    ///
    /// @param flags of word 0
    /// @return hpa of the context entry
    long attach(int requester, long flags) {
        long directory = nextTable;
        nextTable += 1 << 17;
        long entry = contextEntry(requester);
        memory.write64(entry, directory | 7 << 9 | flags | 1);
        memory.write64(entry + 8, RID_PASID);
        return entry;
    }

    /// Gives a context entry other flags.
    void attachFlags(int requester, long flags) {
        long entry = contextEntry(requester);
        memory.write64(entry, memory.read64(entry) & ~0x1eL | flags);
    }

    long contextEntry(int requester) {
        long root = ROOT + (requester >>> 8) * 16L + ((requester & 0x80) == 0 ? 0 : 8);
        if (memory.read64(root) == 0) {
            memory.write64(root, table() | 1);
        }
        return (memory.read64(root) & -4096L) + (requester & 0x7f) * 32L;
    }

    /// @return hpa of the PASID table entry
    long pasidEntry(int requester, int pasid) {
        long directory = memory.read64(contextEntry(requester)) & -4096L;
        long slot = directory + (pasid >>> 6) * 8L;
        if (memory.read64(slot) == 0) {
            memory.write64(slot, table() | 1);
        }
        return (memory.read64(slot) & -4096L) + (pasid & 63) * 64L;
    }

    /// @return hpa of the PASID table entry
    long firstStage(int requester, int pasid, int domain, long tree, long flags) {
        long entry = pasidEntry(requester, pasid);
        memory.write64(entry, 1 << 6 | 1);
        memory.write64(entry + 8, domain | 1 << 23);
        memory.write64(entry + 16, tree | flags);
        return entry;
    }

    /// @param levels 3 to 5
    /// @param flags of word 0
    /// @return hpa of the PASID table entry
    long secondStage(int requester, int pasid, int domain, long tree, int levels, long flags) {
        long entry = pasidEntry(requester, pasid);
        memory.write64(entry, tree | 2 << 6 | levels - 2 << 2 | flags | 1);
        memory.write64(entry + 8, domain | 1 << 23);
        return entry;
    }

    /// A first stage of 4 levels behind a second of 4.
    ///
    /// @param first gpa of the first-stage table
    /// @return hpa of the PASID table entry
    long nest(int requester, int pasid, int domain, long first, long second, long flags) {
        long entry = pasidEntry(requester, pasid);
        memory.write64(entry, second | 3 << 6 | 2 << 2 | flags | 1);
        memory.write64(entry + 8, domain | 1 << 23);
        memory.write64(entry + 16, first);
        return entry;
    }

    // ---- tables

    /// Maps a page by writing entries on the way, where there are none.
    ///
    /// @param above bits of entries that point to tables
    /// @param leaf bits of the leaf, without PS
    /// @return hpa of the leaf
    long map(long tree, int levels, long iova, long hpa, int leafLevel, long above, long leaf) {
        long table = tree;
        for (int level = levels; level > leafLevel; level--) {
            long entry = slot(table, level, iova);
            if ((memory.read64(entry) & 7) == 0) {
                memory.write64(entry, table() | above);
            }
            table = memory.read64(entry) & (1L << 52) - 4096;
        }
        long entry = slot(table, leafLevel, iova);
        memory.write64(entry, hpa | leaf | (leafLevel > 1 ? PS : 0));
        return entry;
    }

    /// @return hpa of the leaf
    long mapFirst(long tree, long iova, long hpa, long leaf) {
        return map(tree, 4, iova, hpa, 1, PAGE, leaf);
    }

    /// @return hpa of the leaf
    long mapSecond(long tree, long gpa, long hpa, long leaf) {
        return map(tree, 4, gpa, hpa, 1, R | W | X, leaf);
    }

    /// Maps a page in tables that lie in guest-physical memory, and these tables in the second stage.
    ///
    /// @param first gpa of the first-stage table
    /// @return hpa of the leaf
    long mapNested(long first, long second, long iova, long gpa, long leaf) {
        long table = first;
        for (int level = 4; level > 1; level--) {
            mapSecond(second, table, table + GUEST, R | W | X);
            long entry = slot(table + GUEST, level, iova);
            if (memory.read64(entry) == 0) {
                memory.write64(entry, table() | PAGE);
            }
            table = memory.read64(entry) & (1L << 52) - 4096;
        }
        mapSecond(second, table, table + GUEST, R | W | X);
        long entry = slot(table + GUEST, 1, iova);
        memory.write64(entry, gpa | leaf);
        return entry;
    }

    static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }

    // ---- requests

    long ask(int pasid, long iova, int access) {
        return unit.translate(DEVICE, pasid, iova, access);
    }

    Walk explain(int pasid, long iova, int access) {
        var request =
                new DmaRequest(
                        PciAddress.parse("0000:00:04.0"),
                        new RequesterId(DEVICE),
                        new PasidPrefix(
                                pasid,
                                (access & Iommu.EXECUTE) != 0,
                                (access & Iommu.PRIVILEGED) != 0),
                        iova,
                        64,
                        (access & WRITE) != 0 ? Access.WRITE : Access.READ);
        return unit.explain("dmar0", request, VtdBench.COSTS, true);
    }

    // ---- invalidation by queue

    void invalidate(InvalidationDescriptor descriptor) {
        memory.write64(RING + tail, descriptor.low());
        memory.write64(RING + tail + 8, descriptor.high());
        tail = (tail + 32) % 4096;
        unit.registers().write64(VtdRegisters.QUEUE_TAIL, tail);
        if (unit.faults().hasQueueError()) {
            throw new AssertionError("the queue stopped at " + descriptor);
        }
    }

    void forgetEverything() {
        invalidate(InvalidationDescriptor.contextGlobal());
        invalidate(InvalidationDescriptor.pasidGlobal());
        invalidate(InvalidationDescriptor.iotlbGlobal());
    }

    /// A device that may use PASIDs, and one PASID with an empty first stage.
    ///
    /// @return its top table
    long emptyFirstStage(int pasid, long flags) {
        attach(DEVICE, PASIDE);
        long tree = table();
        firstStage(DEVICE, pasid, 7, tree, flags);
        return tree;
    }

    void assertFault(long answer, VtdFault wanted) {
        assertThat(answer).as("the answer").isEqualTo(-wanted.code());
        assertThat(unit.lastFault()).isEqualTo(wanted);
    }
}
