package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.RequestBatch;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.List;

class BatchTest {
    private static final int NIC = 0x0320;
    private static final long IOVA = 0x7f3a_9c5d_2000L;
    private static final long HPA = 0x2_4000_0000L;

    @Property(tries = 100)
    void aBatchAnswersAsItsRequestsOneByOne(
            @ForAll @Size(min = 1, max = 80) List<@IntRange(max = 0x1_ffff) Integer> offsets) {
        var together = aNicInDomainSeven();
        var oneByOne = aNicInDomainSeven();
        var batch = new RequestBatch(80);
        for (int offset : offsets) {
            batch.add(offset % 5 == 0 ? NIC + 1 : NIC, Iommu.NO_PASID, IOVA + offset, VtdUnit.READ);
        }
        together.unit.translate(batch);
        for (int i = 0; i < batch.size(); i++) {
            assertThat(batch.answer(i))
                    .isEqualTo(
                            oneByOne.unit.translate(
                                    batch.requester(i), batch.iova(i), batch.access(i)));
        }
        assertThat(together.unit.stateHash()).isEqualTo(oneByOne.unit.stateHash());
    }

    /// Every second page of 32 is mapped.
    private static VtdBench aNicInDomainSeven() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        for (int page = 0; page < 32; page += 2) {
            bench.map(tree, 4, IOVA + page * 4096L, HPA + page * 4096L, 1, VtdBench.R);
        }
        return bench;
    }
}
