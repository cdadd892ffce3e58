package iommulab.engine.os;

import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.OptionalInt;

/// Which software may put which PASID on the bus, and how it gets there: numbers of processes, the register
/// of each thread, bonds with devices, and what a proposal that Linux never got adds. Deeply immutable.
///
/// @param owned PASIDs of address spaces: one allocator hands them out for the whole machine
/// @param registers what threads have loaded; a thread without one loads at its first submission
/// @param bonds processes and devices that share an address space
/// @param rights proposal: PASIDs that a process was given beside its own
/// @param links proposal: what PASIDs of a guest are on the bus
public record SharedPasids(
        List<Owned> owned,
        List<Register> registers,
        List<SharedSpace> bonds,
        List<Right> rights,
        List<Link> links) {
    /// Nobody uses any.
    public static final SharedPasids NONE =
            new SharedPasids(List.of(), List.of(), List.of(), List.of(), List.of());

    public SharedPasids {
        owned = List.copyOf(owned);
        registers = List.copyOf(registers);
        bonds = List.copyOf(bonds);
        rights = List.copyOf(rights);
        links = List.copyOf(links);
    }

    /// The PASID of a process's address space.
    public record Owned(String process, int pasid) {}

    /// @param pasid what the CPU puts into the thread's submissions
    public record Register(String process, String thread, int pasid) {}

    /// @param handle what unbinding takes
    /// @param references how often it was bound
    public record SharedSpace(
            String handle, String process, PciAddress device, int pasid, int references) {}

    /// A process may use a PASID that is not its own.
    public record Right(String process, int pasid) {}

    /// @param machine handle of the virtual machine
    /// @param process whose machine it is
    public record Link(String machine, String process, int guestPasid, int hostPasid) {}

    /// The PASID of a process; empty if it has none.
    public OptionalInt of(String process) {
        return owned.stream()
                .filter(own -> own.process().equals(process))
                .mapToInt(Owned::pasid)
                .findFirst();
    }
}
