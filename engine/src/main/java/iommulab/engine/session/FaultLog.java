package iommulab.engine.session;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.Fault;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;

/// The last faults, newest first, at most so many; older ones are only counted. The words are made when
/// somebody looks. One engine thread owns it.
final class FaultLog {
    private final ArrayDeque<Raw> newestFirst = new ArrayDeque<>();
    private final ArrayDeque<Fault> told = new ArrayDeque<>();
    private long count;
    private int journal;
    private List<Fault> view = List.of();

    private record Raw(
            long sequence,
            long tick,
            Unit unit,
            PciAddress device,
            int requester,
            long iova,
            Access access,
            PasidPrefix prefix,
            AddressType type,
            FaultReason reason,
            int domain,
            boolean recorded,
            FaultRecord record,
            boolean toGuest,
            int journal) {
        Fault tell() {
            var name = new RequesterId(requester);
            return new Fault(
                    sequence,
                    tick,
                    unit.name(),
                    device,
                    name,
                    iova,
                    access,
                    prefix,
                    type,
                    reason,
                    domain,
                    recorded,
                    kernelLines(name),
                    journal);
        }

        private List<String> kernelLines(RequesterId name) {
            return toGuest
                    ? List.of()
                    : unit.driver().kernelLines(name, prefix, iova, access, reason, record);
        }
    }

    /// @param position of the command that is about to run
    void setJournal(int position) {
        journal = position;
    }

    /// @param toGuest whether a guest was told instead of the kernel's log
    void add(Dma dma, Unit unit, FaultRecord record, boolean toGuest) {
        if (newestFirst.size() == MachineSnapshot.FAULTS_KEPT) {
            newestFirst.removeLast();
        }
        newestFirst.addFirst(
                new Raw(
                        ++count,
                        dma.tick,
                        unit,
                        dma.device,
                        dma.requester,
                        dma.iova,
                        dma.access,
                        dma.prefix,
                        dma.type,
                        Objects.requireNonNull(dma.fault),
                        dma.domain,
                        dma.recorded,
                        record,
                        toGuest,
                        journal));
    }

    List<Fault> view() {
        long toldUpTo = told.isEmpty() ? 0 : told.getFirst().sequence();
        if (!newestFirst.isEmpty() && newestFirst.getFirst().sequence() != toldUpTo) {
            var fresh = newestFirst.stream().takeWhile(raw -> raw.sequence() > toldUpTo).toList();
            fresh.reversed().forEach(raw -> told.addFirst(raw.tell()));
            while (told.size() > newestFirst.size()) {
                told.removeLast();
            }
            view = List.copyOf(told);
        }
        return view;
    }

    /// The log at one instant.
    record Checkpoint(List<Raw> newestFirst, long count) {}

    Checkpoint checkpoint() {
        return new Checkpoint(List.copyOf(newestFirst), count);
    }

    void restore(Checkpoint then) {
        newestFirst.clear();
        newestFirst.addAll(then.newestFirst());
        count = then.count();
        told.clear();
        view = List.of();
    }
}
