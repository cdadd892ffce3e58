package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Interned;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.CacheShapes;

/// All caches of the self-test's IOMMU: entries of devices and PASIDs, finished translations by domain, and
/// below a first stage the second stage's by its domain. It has none of upper page-table entries.
final class SelftestCaches {
    private CacheShapes shapes;
    private final Interned<TranslationEntry> entries;
    private DeviceEntryCache devices;
    private PasidEntryCache pasids;
    private Iotlb iotlb;
    private Iotlb nested;

    /// @param seed of random replacement
    SelftestCaches(CacheShapes shapes, long seed) {
        this.shapes = shapes;
        entries = new Interned<>();
        devices = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        pasids = new PasidEntryCache(shapes.of(CacheKind.PASID_ENTRY), seed + 1);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 2);
        nested = new Iotlb(shapes.of(CacheKind.NESTED), seed + 3);
    }

    private SelftestCaches(SelftestCaches other) {
        shapes = other.shapes;
        entries = other.entries.copy();
        devices = other.devices.copy();
        pasids = other.pasids.copy();
        iotlb = other.iotlb.copy();
        nested = other.nested.copy();
    }

    SelftestCaches copy() {
        return new SelftestCaches(this);
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        shapes = shapes.with(kind, geometry);
        switch (kind) {
            case DEVICE_ENTRY -> devices = devices.reshaped(geometry);
            case PASID_ENTRY -> pasids = pasids.reshaped(geometry);
            case IOTLB -> iotlb = iotlb.reshaped(geometry);
            case NESTED -> nested = nested.reshaped(geometry);
            case PAGING_STRUCTURE, NESTED_PAGING, DEVICE_TLB -> {
                // It has none.
            }
        }
    }

    DeviceEntryCache devices() {
        return devices;
    }

    PasidEntryCache pasids() {
        return pasids;
    }

    Iotlb iotlb() {
        return iotlb;
    }

    /// Guest-physical to host pages.
    Iotlb nested() {
        return nested;
    }

    /// The word by which a line names an entry; not 0.
    long word(TranslationEntry entry) {
        if (entries.isFull()) {
            removeAll();
        }
        return entries.of(entry) + 1L;
    }

    TranslationEntry entry(long word) {
        return entries.value((int) word - 1);
    }

    // ---- invalidations

    void removeAll() {
        devices.removeAll();
        pasids.removeAll();
        iotlb.removeAll();
        nested.removeAll();
        entries.clear();
    }

    /// The entry of a device, and those of its PASIDs.
    void removeDevice(int requester) {
        devices.remove((other, _) -> other == requester);
        pasids.remove((other, _, _) -> other == requester);
    }

    void removePasid(int requester, int pasid) {
        pasids.remove((other, number, _) -> other == requester && number == pasid);
    }

    /// All translations of a domain.
    void removeDomain(int tag) {
        iotlb.removeSpace(tag);
        nested.removeSpace(tag);
    }

    /// The translations of some pages of a domain.
    ///
    /// @param addressMask 2^addressMask pages of 4 KiB, aligned to their size
    void removePages(int tag, long address, int addressMask) {
        iotlb.removePages(tag, address, addressMask);
        nested.removePages(tag, address, addressMask);
    }

    long stateHash() {
        long hash = devices.lines().stateHash() * 31 + pasids.lines().stateHash();
        hash = hash * 31 + iotlb.lines().stateHash();
        hash = hash * 31 + nested.lines().stateHash();
        return hash * 31 + entries.hashCode();
    }
}
