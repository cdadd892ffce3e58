package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// A VT-d unit on a bench, with tables written word by word as the specification draws them, by code that
/// shares nothing with the table builder.
final class VtdBench {
    static final int READ = VtdUnit.READ;
    static final int WRITE = VtdUnit.WRITE;
    static final long R = 1;
    static final long W = 2;
    static final long RW = 3;
    static final long PS = 1 << 7;
    static final WalkCosts COSTS = new WalkCosts(110, 4, 6, 4);

    private static final long ROOT = 0x1000_0000;
    private static final long RAM_BYTES = 1L << 36;

    final PhysicalMemory memory = new PhysicalMemory(map());
    final VtdUnit unit;
    private long nextTable = ROOT + 0x1000;

    VtdBench(CacheShapes shapes) {
        this(VtdCapabilities.EVERYTHING, shapes);
    }

    VtdBench(VtdCapabilities capabilities, CacheShapes shapes) {
        unit = new VtdUnit(capabilities, memory, shapes, 7);
        unit.registers().write64(VtdRegisters.ROOT_TABLE_ADDRESS, ROOT);
        unit.registers()
                .write32(
                        VtdRegisters.GLOBAL_COMMAND,
                        VtdRegisters.ROOT_POINTER | VtdRegisters.TRANSLATION);
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

    /// Gives a requester a tree.
    ///
    /// @return hpa of its context entry
    long attach(int requester, int domain, int levels, long tree) {
        return writeContext(requester, tree | 1, levels - 2 | (long) domain << 8);
    }

    /// @return hpa of the context entry
    long writeContext(int requester, long low, long high) {
        long rootEntry = ROOT + (requester >>> 8) * 16L;
        if (memory.read64(rootEntry) == 0) {
            memory.write64(rootEntry, table() | 1);
        }
        long entry = (memory.read64(rootEntry) & -4096L) + (requester & 0xff) * 16L;
        memory.write64(entry, low);
        memory.write64(entry + 8, high);
        return entry;
    }

    /// Maps a page of 4 KiB, 2 MiB or 1 GiB by writing entries on the way, where there are none.
    ///
    /// @param leafLevel 1, 2 or 3
    /// @return hpa of the leaf
    long map(long tree, int levels, long iova, long hpa, int leafLevel, long rights) {
        long table = tree;
        for (int level = levels; level > leafLevel; level--) {
            long entry = slot(table, level, iova);
            if ((memory.read64(entry) & RW) == 0) {
                memory.write64(entry, table() | RW);
            }
            table = memory.read64(entry) & -4096L;
        }
        long leaf = slot(table, leafLevel, iova);
        memory.write64(leaf, hpa | rights | (leafLevel > 1 ? PS : 0));
        return leaf;
    }

    static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }

    long read(int requester, long iova) {
        return unit.translate(requester, iova, READ);
    }

    long write(int requester, long iova) {
        return unit.translate(requester, iova, WRITE);
    }

    Walk explain(int requester, long iova, Access access) {
        var request =
                new DmaRequest(
                        PciAddress.parse("0000:00:04.0"),
                        new RequesterId(requester),
                        iova,
                        64,
                        access);
        return unit.explain("dmar0", request, COSTS, true);
    }

    // ---- invalidation by register

    void forgetContexts() {
        unit.registers().write64(VtdRegisters.CONTEXT_COMMAND, 1L << 63 | 1L << 61);
    }

    void forgetEverything() {
        forgetContexts();
        iotlb(1, 0, 0);
    }

    void forgetDomain(int domain) {
        iotlb(2, domain, 0);
    }

    /// @param address with address mask and hint in the low bits, as IVA_REG has them
    void forgetPages(int domain, long address) {
        iotlb(3, domain, address);
    }

    private void iotlb(long granularity, long domain, long address) {
        int offset = unit.capabilities().iotlbRegisterOffset();
        unit.registers().write64(offset, address);
        unit.registers().write64(offset + 8, 1L << 63 | granularity << 60 | domain << 32);
    }
}
