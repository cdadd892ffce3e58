package iommulab.engine.os.iommufd;

import iommulab.engine.os.device.GuestEvent;
import iommulab.engine.os.device.PhysicalDevice;

import java.util.Optional;

/// Where events of devices go that use a table of a guest: to the queue of its virtual IOMMU. Source: kernel
/// `iommufd_viommu_report_event`.
public final class GuestEvents {
    private GuestEvents() {}

    /// The number that a device has in the guest whose table it uses.
    static Optional<VirtualDevice> guestsOf(PhysicalDevice device) {
        return GroupAttachments.of(device, 0)
                .map(GroupAttachments.Attachment::table)
                .filter(NestedTable.class::isInstance)
                .flatMap(table -> ((NestedTable) table).viommu())
                .flatMap(guest -> guest.of(device));
    }

    /// Tells the guest that uses a device, if its virtual IOMMU has a queue for such events.
    ///
    /// @return whether it was told; a queue that is full counts
    public static boolean report(PhysicalDevice device, GuestEvent event) {
        var guests = guestsOf(device);
        var queue = guests.map(VirtualDevice::viommu).flatMap(guest -> guest.events(guest.model()));
        queue.ifPresent(found -> {
            long virtualId = guests.get().virtualId();
            found.report(new EventQueue.Words(event.words(virtualId)));
        });
        return queue.isPresent();
    }
}
