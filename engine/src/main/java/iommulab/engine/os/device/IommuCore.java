package iommulab.engine.os.device;

/// The kernel's IOMMU core as its other parts use it: all executed by the real drivers on the real tables.
/// Source: kernel `include/linux/iommu.h`.
///
/// A refusal half-way leaves things half done: the caller of the kernel restores the machine.
///
/// @param inventory what there is
/// @param paging domains whose tables the kernel fills
/// @param guests domains whose tables guests fill
/// @param attachments which domain groups and PASIDs use
/// @param requests DMA and page requests of functions
public record IommuCore(
        Inventory inventory,
        PagingDomains paging,
        GuestDomains guests,
        Attachments attachments,
        DeviceRequests requests) {}
