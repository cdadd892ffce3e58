package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

/// Invalidations that ignore low bits of the VMID (CR0.VMW).
/// Spec: SMMUv3, "VMID Wildcards".
class VmidWildcardTest {
    private static final int GUESTS = 20;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;

    /// Guests with VMIDs 0 to 19, each with a page of its own.
    private static SmmuLab guests(SmmuCapabilities capabilities, int field) {
        var lab = new SmmuLab(capabilities, CacheShapes.USUAL);
        int control = lab.unit.registers().read32(SmmuRegisters.CR0);
        lab.unit
                .registers()
                .write32(SmmuRegisters.CR0, control | field << SmmuRegisters.VMID_WILDCARD_AT);
        for (int vmid = 0; vmid < GUESTS; vmid++) {
            long tree = lab.table();
            lab.second(vmid, vmid, tree);
            lab.map(tree, IOVA, page(vmid), 1, SmmuLab.RW2);
            lab.read(vmid, IOVA);
        }
        return lab;
    }

    private static long page(int vmid) {
        return PAGE + vmid * 0x1000L;
    }

    private static void expectKept(SmmuLab lab, int named, int ignored) {
        for (int vmid = 0; vmid < GUESTS; vmid++) {
            assertThat(lab.read(vmid, IOVA)).as("VMID %d", vmid).isEqualTo(page(vmid));
            assertThat(lab.unit.lastHit())
                    .as("VMID %d after %d without its %d low bits", vmid, named, ignored)
                    .isEqualTo(vmid >>> ignored != named >>> ignored);
        }
    }

    @Property(tries = 100)
    void anInvalidationReachesTheGroupOfItsVmid(
            @ForAll @IntRange(max = 4) int field,
            @ForAll @IntRange(max = GUESTS - 1) int vmid,
            @ForAll boolean byAddress) {
        var lab = guests(SmmuCapabilities.EVERYTHING, field);
        lab.command(
                byAddress
                        ? SmmuCommand.tlbIntermediate(vmid, IOVA, true)
                        : SmmuCommand.tlbVmid(vmid));
        expectKept(lab, vmid, field);
    }

    @Property(tries = 20)
    void whatIsReservedMatchesExactly(@ForAll @IntRange(min = 5, max = 7) int field) {
        var lab = guests(SmmuCapabilities.EVERYTHING, field);
        lab.command(SmmuCommand.tlbVmid(6));
        expectKept(lab, 6, 0);
    }

    @Test
    void aUnitWithoutWildcardsMatchesExactly() {
        var all = SmmuCapabilities.EVERYTHING;
        var lab =
                guests(
                        new SmmuCapabilities(
                                all.idr0() & ~(1 << 17),
                                all.idr1(),
                                all.idr3(),
                                all.idr5(),
                                all.aidr()),
                        3);
        lab.command(SmmuCommand.tlbVmid(6));
        expectKept(lab, 6, 0);
    }
}
