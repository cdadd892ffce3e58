package iommulab.app.faults;

import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Fault;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Faults that differ only in their time: one line of the inbox.
///
/// @param newest the last of them
/// @param count how many of those kept
/// @param first the tick of the oldest of those kept
record FaultKind(Fault newest, int count, long first) {
    private static final long PAGE = 4096;

    private record Key(PciAddress device, int reason, long page, Access access) {}

    /// The kinds of the faults that a snapshot keeps, newest first.
    static List<FaultKind> of(MachineSnapshot machine) {
        var byKey = new LinkedHashMap<Key, List<Fault>>();
        for (var fault : machine.faults()) {
            var key =
                    new Key(
                            fault.device(),
                            fault.reason().code(),
                            fault.iova() / PAGE,
                            fault.access());
            byKey.computeIfAbsent(key, _ -> new ArrayList<>()).add(fault);
        }
        return byKey.values().stream()
                .map(same -> new FaultKind(same.getFirst(), same.size(), same.getLast().tick()))
                .toList();
    }

    /// `05h`
    String code() {
        return "%02xh".formatted(newest.reason().code());
    }

    /// The device, and the name under which the IOMMU saw it if that is another.
    String device() {
        return isAlias()
                ? "%s as %s".formatted(name(newest.device()), newest.requester())
                : name(newest.device());
    }

    boolean isAlias() {
        return !newest.requester().equals(newest.device().requesterId());
    }

    static String name(PciAddress device) {
        return device.domain() == 0 ? device.withoutDomain() : device.toString();
    }

    /// `write 0xffdc2000`
    String what() {
        return switch (newest.type()) {
            case UNTRANSLATED ->
                    "%s 0x%x"
                            .formatted(
                                    newest.reason().isOfPageRequest()
                                            ? "page request"
                                            : newest.access().word(),
                                    newest.iova());
            case TRANSLATION_REQUEST -> "question 0x%x".formatted(newest.iova());
            case TRANSLATED ->
                    "translated %s 0x%x".formatted(newest.access().word(), newest.iova());
        };
    }

    boolean holds(long sequence, MachineSnapshot machine) {
        return machine.faults().stream()
                .filter(f -> f.sequence() == sequence)
                .anyMatch(f ->
                        f.device().equals(newest.device())
                                && f.reason().code() == newest.reason().code()
                                && f.iova() / PAGE == newest.iova() / PAGE
                                && f.access() == newest.access());
    }
}
