package iommulab.engine.os.iommufd;

import iommulab.engine.os.device.PhysicalDevice;

import java.util.List;

/// Pages that a device asks for together, and of which it gets one answer. Source: kernel
/// `struct iopf_group`.
///
/// @param arrival ascending in the order of arrival at a queue
/// @param device who asks
/// @param reporter number of the bound device that is told to user space
/// @param group number of the device's IOMMU group
/// @param pasid 0 for requests without PASID
/// @param index page request group index, 9 bits
/// @param pages iova of each page that is asked for
/// @param byHardware whether the device waits for its answer by way of its IOMMU
record PageRequestGroup(
        long arrival,
        PhysicalDevice device,
        int reporter,
        int group,
        int pasid,
        int index,
        List<Long> pages,
        boolean byHardware) {
    PageRequestGroup {
        pages = List.copyOf(pages);
    }

    boolean isOf(int someGroup, int somePasid) {
        return group == someGroup && pasid == somePasid;
    }
}
