package iommulab.app.software;

import iommulab.app.shell.Words;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import java.util.Optional;
import java.util.OptionalLong;

/// Where the first table of a domain lies in memory. A guest's own table has an address of the guest (gpa):
/// the domain that it is nested in leads to the place. Pure.
///
/// @param hpa of the table; empty if it is nowhere
/// @param remark what there is to say of it, empty if nothing
record TablePlace(OptionalLong hpa, String remark) {
    static TablePlace of(MachineSnapshot machine, Domain domain) {
        if (domain.parent() == 0) {
            return domain.table() == 0
                    ? new TablePlace(OptionalLong.empty(), "It has no table in memory.")
                    : new TablePlace(OptionalLong.of(domain.table()), "");
        }
        return throughParent(machine, domain)
                .map(mapping ->
                        new TablePlace(
                                OptionalLong.of(mapping.hpa() + domain.table() - mapping.iova()),
                                "The guest keeps it, at gpa %s."
                                        .formatted(Words.hex(domain.table()))))
                .orElseGet(() ->
                        new TablePlace(
                                OptionalLong.empty(),
                                "The guest keeps it at gpa %s, which domain %d does not map."
                                        .formatted(Words.hex(domain.table()), domain.parent())));
    }

    private static Optional<Mapping> throughParent(MachineSnapshot machine, Domain domain) {
        return machine.domains().stream()
                .filter(other -> other.id() == domain.parent())
                .flatMap(other -> other.mappings().stream())
                .filter(mapping ->
                        Long.compareUnsigned(domain.table() - mapping.iova(), mapping.bytes()) < 0)
                .findFirst();
    }
}
