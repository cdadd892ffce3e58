package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.device.DeviceRequests;
import iommulab.engine.os.device.PhysicalDevice;

import java.util.List;

/// Where page requests of devices go: to the queue of the table that the device, or the PASID, is attached
/// to. Source: kernel `iommu_report_device_fault`, `drivers/iommu/io-pgfault.c`.
public final class PageRequests {
    private PageRequests() {}

    /// A device asks for pages. If nobody wants to hear of it, it is answered as invalid at once.
    ///
    /// @param pasid 0 for requests without PASID
    /// @param pages iova of each
    static void report(PhysicalDevice device, int pasid, List<Long> pages) {
        int index = device.hooks().nextRequestGroup();
        var attachment = GroupAttachments.of(device, pasid);
        var queue = attachment.flatMap(found -> found.table().faults());
        if (queue.isEmpty()) {
            device.hooks().answered(PageResponse.INVALID_REQUEST);
            return;
        }
        queue.get()
                .deliver(
                        device,
                        reporter(attachment.get(), device),
                        device.group().orElseThrow().id(),
                        pasid,
                        index,
                        pages,
                        false);
    }

    /// Takes over what a device has asked for by hardware, where a queue wants to hear of it; else it is
    /// left to whoever drives the machine.
    public static void collect(DeviceRequests requests, PhysicalDevice device) {
        for (var ask : requests.openPageRequests(device.address())) {
            var attachment = GroupAttachments.of(device, ask.pasid());
            var queue = attachment.flatMap(found -> found.table().faults());
            if (queue.isPresent() && !device.pagesAsked().has(ask.group())) {
                device.pagesAsked().set(ask.group(), true);
                queue.get()
                        .deliver(
                                device,
                                reporter(attachment.get(), device),
                                device.group().orElseThrow().id(),
                                ask.pasid(),
                                ask.group(),
                                ask.pages(),
                                true);
            }
        }
    }

    /// The device itself, or the member of its group that was attached.
    private static int reporter(GroupAttachments.Attachment attachment, PhysicalDevice device) {
        return attachment.devices().stream()
                .filter(bound -> bound.device() == device)
                .findFirst()
                .orElseGet(() -> attachment.devices().iterator().next())
                .id();
    }
}
