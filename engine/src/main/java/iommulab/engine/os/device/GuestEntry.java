package iommulab.engine.os.device;

/// The entry that a guest's driver has written for a device into its own table of devices, as far as the
/// host takes it over: where the guest's table of PASIDs is, or that requests pass or stop. For an SMMUv3
/// the first two words of a stream table entry, with S1ContextPtr as gpa; for AMD-Vi the first three of a
/// device table entry, with the root of the GCR3 table as gpa. Source: kernel
/// `struct iommu_hwpt_arm_smmuv3`, `struct iommu_hwpt_amd_guest`.
///
/// @param low bits 63:0
/// @param high bits 127:64
/// @param third bits 191:128
public record GuestEntry(long low, long high, long third) {
    /// Of two words.
    public GuestEntry(long low, long high) {
        this(low, high, 0);
    }
}
