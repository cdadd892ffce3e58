package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import java.util.ArrayList;
import java.util.SplittableRandom;

/// Whatever lies in memory, the IOMMU answers, and whoever looks gets to see it.
class RiscvGarbageTest {
    private static final WalkCosts COSTS = new WalkCosts(110, 4, 6, 4);

    @Property(tries = 100)
    void noContentOfTablesIsADefect(@ForAll long seed, @ForAll @IntRange(max = 7) int control) {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var random = new SplittableRandom(seed);
        lab.unit.registers().write32(RiscvRegisters.FCTL, control);
        for (int device = 0; device < 4; device++) {
            long at = lab.contextOf(device);
            for (int word = 0; word < 8; word++) {
                lab.memory.write64(at + 8 * word, garbage(random, word));
            }
        }
        for (int i = 0; i < 2048; i++) {
            long at = 0x4000_0000L + (random.nextInt(16) << 12) + (random.nextInt(512) << 3);
            lab.memory.write64(at, entry(random));
        }
        for (int i = 0; i < 40; i++) {
            int device = random.nextInt(4);
            int pasid = random.nextBoolean() ? Iommu.NO_PASID : random.nextInt(1 << 20);
            long iova = random.nextLong() >>> random.nextInt(40);
            int access = random.nextInt(1, 256) | 1;
            lab.unit.translate(device, pasid, iova, access);
            explain(lab, device, pasid, iova);
            lab.command(random.nextLong(), random.nextLong());
            lab.unit.registers().write32(RiscvRegisters.CQCSR, 0x701);
        }
        lab.unit.cacheSnapshots();
        lab.unit.queues();
        var found = new ArrayList<TableUse>();
        lab.unit.forEachTable(found::add);
        for (var use : found) {
            use.forEachEntry(
                    lab.memory,
                    (_, _, raw) -> {
                        assertThat(use.entries().structure(raw).words()).isEqualTo(raw.length);
                        use.entries().targets(raw);
                    });
        }
    }

    private static void explain(RiscvLab lab, int device, int pasid, long iova) {
        var prefix = pasid < 0 ? PasidPrefix.NONE : PasidPrefix.of(pasid);
        var request =
                new DmaRequest(
                        new PciAddress(0, 0, 0, 0),
                        new RequesterId(device),
                        prefix,
                        iova,
                        4,
                        Access.WRITE);
        long before = lab.memory.contentHash();
        var walk = lab.unit.explain("iommu0", request, COSTS, true);
        assertThat(walk.steps()).isNotEmpty();
        assertThat(lab.memory.contentHash()).isEqualTo(before);
    }

    /// A word of a device context, not too wild to be accepted now and then.
    private static long garbage(SplittableRandom random, int word) {
        long page = 0x4_0000 + random.nextInt(4) * 4;
        return switch (word) {
            case 0 -> random.nextInt() & (random.nextInt(3) == 0 ? 0xfff : 0xbaf) | 1;
            case 1, 3 -> page | random.nextLong(0, 11) << 60 | random.nextLong(0, 4) << 44;
            case 2 -> (long) random.nextInt(4) << 12;
            case 4 -> page | random.nextLong(0, 2) << 60;
            case 5 -> random.nextInt(512);
            case 6 -> random.nextInt(1 << 20);
            default -> random.nextInt(16) == 0 ? 1 : 0;
        };
    }

    private static long entry(SplittableRandom random) {
        long page = 0x4_0000 + random.nextInt(16);
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> page << 10 | 0xdf;
            default -> page << 10 | 1;
        };
    }
}
