package iommulab.engine.os.device;

/// The entry that a guest's driver has written for a device into its own table of devices, as far as the
/// host takes it over: where the guest's table of PASIDs is, or that requests pass or stop. For an SMMUv3
/// the first two words of a stream table entry, with S1ContextPtr as gpa. Source: kernel
/// `struct iommu_hwpt_arm_smmuv3`.
///
/// @param low bits 63:0
/// @param high bits 127:64
public record GuestEntry(long low, long high) {}
