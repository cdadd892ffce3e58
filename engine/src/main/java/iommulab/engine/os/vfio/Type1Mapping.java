package iommulab.engine.os.vfio;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.process.LockedPages;

import java.util.List;

/// One mapping of a container. Source: kernel `struct vfio_dma`.
///
/// @param va of the process that pays
/// @param bill where its pages are written down
/// @param pieces the memory as it was pinned; none while no IOMMU needs it
record Type1Mapping(
        long iova,
        long bytes,
        long va,
        Permissions permissions,
        LockedPages.Bill bill,
        List<PinnedPiece> pieces) {
    Type1Mapping {
        pieces = List.copyOf(pieces);
    }

    /// Its last iova, inclusive.
    long last() {
        return iova + bytes - 1;
    }

    boolean isPinned() {
        return !pieces.isEmpty();
    }

    Type1Mapping with(List<PinnedPiece> pinned) {
        return new Type1Mapping(iova, bytes, va, permissions, bill, pinned);
    }

    boolean overlaps(long first, long end) {
        return Long.compareUnsigned(iova, end) <= 0 && Long.compareUnsigned(first, last()) <= 0;
    }

    boolean isWithin(long first, long end) {
        return Long.compareUnsigned(iova, first) >= 0 && Long.compareUnsigned(last(), end) <= 0;
    }

    /// `0x1000-0x4fff`
    String range() {
        return "0x%x-0x%x".formatted(iova, last());
    }
}
