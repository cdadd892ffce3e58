package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import java.util.Optional;

/// Which domain is a table that a guest keeps and the kernel knows as an object.
public final class GuestTable {
    private GuestTable() {}

    /// Key of the nested page table that a domain is for hardware.
    public static Optional<String> of(MachineSnapshot machine, int domain) {
        return machine.software().nodes().stream()
                .filter(node -> node.domain() == domain && node.type().equals("HWPT_NESTED"))
                .map(node -> node.key())
                .findFirst();
    }
}
