package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.Permissions;

/// One mapping of an address space: iova to bytes of shared pages. Source: kernel `struct iopt_area`.
///
/// @param iova first address
/// @param bytes not 0
/// @param pages the memory
/// @param offset of its first byte in the memory
/// @param pageOffset of its first byte in a page of 4 KiB
record MappedArea(
        long iova,
        long bytes,
        SharedPages pages,
        long offset,
        long pageOffset,
        Permissions permissions) {
    long last() {
        return iova + bytes - 1;
    }

    IovaRange range() {
        return new IovaRange(iova, last());
    }

    @Override
    public String toString() {
        return "%s %s at %s, offset 0x%x".formatted(range(), permissions, pages, offset);
    }
}
