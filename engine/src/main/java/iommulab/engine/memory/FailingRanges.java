package iommulab.engine.memory;

import iommulab.engine.memory.PhysicalMemory.Failure;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Ranges of RAM that fail. Where several overlap, the first counts.
record FailingRanges(List<One> ranges) {
    static final FailingRanges NONE = new FailingRanges(List.of());

    /// One range and what goes wrong in it.
    record One(AddressRange range, Failure failure) {}

    FailingRanges {
        ranges = List.copyOf(ranges);
    }

    FailingRanges with(AddressRange range, Failure failure) {
        var more = new ArrayList<>(ranges);
        more.add(new One(range, failure));
        return new FailingRanges(more);
    }

    /// What fails in the aligned 64-bit word that holds the addressed byte.
    @Nullable Failure at(long hpa) {
        if (ranges.isEmpty()) {
            return null;
        }
        var word = AddressRange.of(hpa & -8L, 8);
        for (var one : ranges) {
            if (one.range.overlaps(word)) {
                return one.failure;
            }
        }
        return null;
    }

    boolean failsReads(long hpa) {
        var failure = at(hpa);
        return failure != null && failure != Failure.WRITE;
    }

    boolean overlap(AddressRange range) {
        for (var one : ranges) {
            if (one.range.overlaps(range)) {
                return true;
            }
        }
        return false;
    }

    long hash() {
        long hash = 0;
        for (var one : ranges) {
            hash = FrameHash.mix(hash ^ one.range.start()) + FrameHash.mix(one.range.last());
            hash += one.failure.ordinal();
        }
        return hash;
    }
}
