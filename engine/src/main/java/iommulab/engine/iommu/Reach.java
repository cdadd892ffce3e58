package iommulab.engine.iommu;

import java.util.Optional;

/// What a command makes caches forget, in the numbers of whoever gives it: a guest's command names the
/// guest's own devices and address spaces. What is to be done with the command is told by its unit; this is
/// the same reading of its fields, for those who want to know before.
/// Spec: SMMUv3, "Commands"; AMD IOMMU, "Commands"; kernel `struct iommu_hwpt_vtd_s1_invalidate`.
public sealed interface Reach {
    /// No cache, and why.
    record Nothing(String why) implements Reach {}

    /// Nothing, because the call would refuse it.
    ///
    /// @param errno of the call; empty if it cannot be read as one
    record Refused(String errno, String rule) implements Reach {}

    /// Everything of whoever gives it.
    ///
    /// @param leavesOnly entries that point to tables stay
    record Everything(boolean leavesOnly) implements Reach {}

    /// All translations of one address space.
    record Space(AddressSpace space) implements Reach {}

    /// Translations of a range.
    ///
    /// @param space none if the command holds for all
    /// @param start first address
    /// @param bytes multiple of 4096; 0 for all addresses
    /// @param leavesOnly entries that point to tables stay
    record Pages(Optional<AddressSpace> space, long start, long bytes, boolean leavesOnly)
            implements Reach {}

    /// The entry of a device in the table of devices.
    record DeviceEntry(long device) implements Reach {}

    /// Entries of PASIDs, which SMMUv3 calls context descriptors.
    ///
    /// @param pasid none for all of the device
    record PasidEntries(long device, Optional<Long> pasid) implements Reach {}

    /// What a device keeps itself.
    ///
    /// @param bytes 0 for all addresses
    record DeviceTlb(long device, long start, long bytes) implements Reach {}

    /// A word of the kernel's self-test, which stands for a cache.
    ///
    /// @param device whose word it is; none for a word of the table
    /// @param word none for all
    record Word(Optional<Long> device, Optional<Long> word) implements Reach {}

    /// What the command calls an address space.
    ///
    /// @param kind such as `ASID`, `domain`, `PASID`
    record AddressSpace(String kind, long number) {
        @Override
        public String toString() {
            return "%s %d".formatted(kind, number);
        }
    }
}
