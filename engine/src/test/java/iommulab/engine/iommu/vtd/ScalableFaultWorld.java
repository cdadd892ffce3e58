package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.slot;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PasidPrefix;

/// A device whose PASID has a nested address space with one page, a second PASID with a second stage
/// alone, a third with a first stage alone.
final class ScalableFaultWorld {
    static final int PASID = 5;
    static final long IOVA = 0x12_3456_7000L;
    static final long HOME = 0x8_0000_0000L;

    final ScalableBench lab = new ScalableBench(capabilities(), CacheShapes.USUAL);
    final long first = lab.table();
    final long second = lab.table();
    final long tree = lab.table();
    final long leaf;

    ScalableFaultWorld() {
        lab.attach(DEVICE, PASIDE);
        lab.nest(DEVICE, 1, 30, first, second, 0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.mapSecond(second, 0x7000, HOME, R | W);
        lab.secondStage(DEVICE, 2, 30, second, 4, 0);
        lab.firstStage(DEVICE, PASID, 7, tree, PasidEntry.SRE | PasidEntry.ERE | PasidEntry.NXE);
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
