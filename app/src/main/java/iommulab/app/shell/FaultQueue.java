package iommulab.app.shell;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.Optional;

/// The ring in memory in which an IOMMU records faults, if it has no registers for them. Pure.
///
/// @param ring as the unit's registers have it
public record FaultQueue(QueueState ring) {
    /// The first ring that hardware writes: page requests come after faults.
    public static Optional<FaultQueue> of(Unit unit) {
        return unit.faultRecords().isEmpty()
                ? unit.queues().stream()
                        .filter(ring -> !ring.toHardware())
                        .findFirst()
                        .map(FaultQueue::new)
                : Optional.empty();
    }

    /// Entries that software has not read yet.
    public int waiting() {
        return Math.floorMod(ring.tail() - ring.head(), ring.bytes()) / ring.entryBytes();
    }

    public int length() {
        return ring.bytes() / ring.entryBytes();
    }

    /// How full it is, in words.
    public String words() {
        return ring.overflowed() ? "overflow" : "%d of %d".formatted(waiting(), length());
    }

    /// Where the newest entry lies, if one waits; else where the next one will.
    public long newest() {
        int back = waiting() == 0 ? 0 : ring.entryBytes();
        return ring.base() + Math.floorMod(ring.tail() - back, ring.bytes());
    }
}
