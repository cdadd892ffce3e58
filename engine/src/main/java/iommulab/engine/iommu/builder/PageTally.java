package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.AddressRange;

import java.util.ArrayList;
import java.util.List;

/// Counts leaves by size and joins what they map to ranges.
final class PageTally {
    private final TableShape shape;
    private final long[] byShift = new long[Long.SIZE];
    private final List<AddressRange> ranges = new ArrayList<>();
    private long start;
    private long end;
    private boolean filled;

    PageTally(TableShape shape) {
        this.shape = shape;
    }

    /// Leaves come by rising iova.
    void add(long iova, int level) {
        if (isEmpty()) {
            start = iova;
        } else if (iova != end) {
            ranges.add(new AddressRange(start, end - 1));
            start = iova;
        }
        filled = true;
        end = iova + (1L << shape.shiftAt(level));
        byShift[shape.shiftAt(level)]++;
    }

    boolean isEmpty() {
        return !filled;
    }

    PageCounts counts() {
        return PageCounts.byShift(byShift);
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
