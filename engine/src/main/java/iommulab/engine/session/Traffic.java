package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.traffic.TrafficSource;

import java.util.List;
import java.util.Map;

/// The devices that do DMA. One engine thread owns it.
final class Traffic {
    private final Machine machine;
    private final Dma dma = new Dma();

    Traffic(Machine machine) {
        this.machine = machine;
    }

    List<TrafficSource> sources() {
        return List.of();
    }

    Map<Integer, Long> served() {
        return Map.of();
    }

    void set(TrafficSource source) throws CommandRefused {
        throw new CommandRefused("EOPNOTSUPP", "Traffic sources come later.");
    }

    void remove(int id) throws CommandRefused {
        throw new CommandRefused("ENOENT", "There is no traffic source %d.".formatted(id));
    }

    void dropSourcesOfMissing() {}

    void requireSources() throws CommandRefused {
        throw new CommandRefused("ENODATA", "No device sends anything. Add a traffic source.");
    }

    void run(long requests) throws CommandRefused {
        requireSources();
    }

    /// One request of one function.
    DmaEvent issueOne(PciAddress device, long iova, int bytes, Access access) {
        dma.iova = iova;
        dma.bytes = bytes;
        dma.access = access;
        machine.path.issue(dma, machine.path.originOf(device));
        var event = dma.toEvent();
        machine.events.add(event);
        return event;
    }

    record Checkpoint() {}

    Checkpoint checkpoint() {
        return new Checkpoint();
    }

    void restore(Checkpoint then) {}

    void addTo(Fingerprint hash) {}
}
