package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.PageCounts;
import iommulab.engine.memory.AddressRange;

import java.util.ArrayList;
import java.util.List;

/// Counts leaves by size and joins what they map to ranges.
final class Tally {
    private final long[] byLevel = new long[SecondStageBits.LARGEST_LEAF + 1];
    private final List<AddressRange> ranges = new ArrayList<>();
    private long start;
    private long end;

    /// Leaves come by rising iova.
    void add(long iova, int level) {
        if (isEmpty()) {
            start = iova;
        } else if (iova != end) {
            ranges.add(new AddressRange(start, end - 1));
            start = iova;
        }
        end = iova + SecondStageBits.bytes(level);
        byLevel[level]++;
    }

    boolean isEmpty() {
        return byLevel[1] + byLevel[2] + byLevel[3] == 0;
    }

    PageCounts counts() {
        return new PageCounts(byLevel[1], byLevel[2], byLevel[3]);
    }

    /// What all leaves map, adjacent ones joined.
    List<AddressRange> ranges() {
        var all = new ArrayList<>(ranges);
        if (!isEmpty()) {
            all.add(new AddressRange(start, end - 1));
        }
        return all;
    }
}
