package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.RequestBatch;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.List;

/// Requests that come at the same time, on every architecture: what is read ahead for them shows nowhere.
class EveryBatchTest {
    private static final int DEVICE = 0x0600;
    private static final int PASID = 0x2a;
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;
    private static final int MOST = 80;

    @Property(tries = 40)
    void aBatchAnswersAsItsRequestsOneByOne(
            @ForAll Architecture architecture,
            @ForAll boolean wanted,
            @ForAll @Size(min = 1, max = MOST) List<@IntRange(max = 0x4_ffff) Integer> offsets)
            throws CommandRefused {
        boolean pasids = wanted && architecture != Architecture.VTD_LEGACY;
        var together = everySecondPageMapped(architecture, pasids);
        var oneByOne = everySecondPageMapped(architecture, pasids);
        var batch = new RequestBatch(MOST);
        for (int round = 0; round < 2; round++) {
            batch.clear();
            for (int offset : offsets) {
                // Now and then a device that nobody attached, an address that is too wide, an
                // interrupt.
                int requester = offset % 7 == 0 ? DEVICE + 9 : DEVICE;
                int pasid = pasids && offset % 3 != 0 ? PASID : Iommu.NO_PASID;
                long iova =
                        switch (offset % 11) {
                            case 1 -> -1L << 40 | offset;
                            case 2 -> 0xfee0_0000L + offset;
                            default -> IOVA + offset;
                        };
                batch.add(requester, pasid, iova, offset % 2 == 0 ? Iommu.READ : Iommu.WRITE);
            }
            together.translate(batch);
            for (int i = 0; i < batch.size(); i++) {
                assertThat(batch.answer(i))
                        .as("%s, request %d for 0x%x", architecture, i, batch.iova(i))
                        .isEqualTo(
                                oneByOne.translate(
                                        batch.requester(i),
                                        batch.pasid(i),
                                        batch.iova(i),
                                        batch.access(i)));
            }
            assertThat(together.stateHash()).as("%s", architecture).isEqualTo(oneByOne.stateHash());
        }
    }

    /// The IOMMU of a machine whose device has every second page of 64, in its own domain or in that of a PASID.
    private static Iommu everySecondPageMapped(Architecture architecture, boolean pasid)
            throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        if (pasid) {
            int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
            mapEverySecondPage(bench, space);
            bench.passThrough();
            bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID, space));
        } else {
            int domain =
                    bench.created(
                            new Command.CreateDomain(
                                    ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
            mapEverySecondPage(bench, domain);
            bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        }
        return bench.machine.units.getFirst().hardware();
    }

    private static void mapEverySecondPage(ArchitectureBench bench, int domain)
            throws CommandRefused {
        for (int page = 0; page < 64; page += 2) {
            long at = page * 4096L;
            bench.map(domain, IOVA + at, PAGE + at, 4096, Permissions.READ_WRITE);
        }
    }
}
