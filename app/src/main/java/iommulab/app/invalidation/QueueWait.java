package iommulab.app.invalidation;

import iommulab.engine.os.Invalidation;
import iommulab.engine.session.Command;
import iommulab.engine.session.DeviceSide;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Queue;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The queue of the IOMMU behind a table: whether it waits, for whom, and what can be put into it without
/// waiting. Pure.
///
/// @param unit that has the queue
record QueueWait(Unit unit, Queue queue) {
    private static final int NO_PASID = -1;

    /// Of the IOMMU whose tables hold a domain; none if it has no queue.
    ///
    /// @param domain number of the domain, 0 if hardware walks no table for it
    static Optional<QueueWait> of(MachineSnapshot machine, int domain) {
        return machine.domains().stream()
                .filter(d -> d.id() == domain)
                .flatMap(d -> machine.units().stream().filter(unit -> unit.name().equals(d.unit())))
                .findFirst()
                .flatMap(unit -> unit.queue().map(queue -> new QueueWait(unit, queue)));
    }

    /// Devices whose TLB can be told to forget.
    List<DeviceSide> devices() {
        return unit.devices();
    }

    /// What is told to a device without waiting for its answer.
    Command telling(DeviceSide device) {
        return new Command.Invalidate(
                unit.name(),
                new Invalidation.DeviceTlb(
                        device.requester().raw(), NO_PASID, 0, Invalidation.ALL_PAGES),
                true,
                false);
    }

    /// One sentence while the queue waits; empty while it does not.
    String words() {
        if (!queue.isBusy()) {
            return "";
        }
        return queue.awaited().isEmpty()
                ? "The queue of %s has stopped at 0x%x of 0x%x."
                        .formatted(unit.name(), queue.head(), queue.tail())
                : "The queue of %s waits at 0x%x of 0x%x until %s that it has forgotten."
                        .formatted(unit.name(), queue.head(), queue.tail(), says());
    }

    private String says() {
        return queue.awaited().stream().map(this::name).collect(Collectors.joining(", "))
                + (queue.awaited().size() == 1 ? " says" : " say");
    }

    private String name(int requester) {
        return devices().stream()
                .filter(device -> device.requester().raw() == requester)
                .findFirst()
                .map(device -> device.function().toString())
                .orElseGet(() -> "requester 0x%04x".formatted(requester));
    }
}
