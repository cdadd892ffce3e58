package iommulab.app.shell;

import iommulab.engine.os.SharedPasids;

import java.util.List;
import java.util.stream.Stream;

/// The calls by which processes and guests come to PASIDs: binding devices to memory, and in proposal mode
/// rights of processes and links of guests.
///
/// @param choices what there is to choose from
public record PasidDeeds(KernelChoices choices) {
    private static final String THREAD = "t0";

    private SharedPasids pasids() {
        return choices.software().pasids();
    }

    /// Of a process.
    public List<KernelDeed> process(String process) {
        return List.of(
                KernelDeed.of("Bind a device to its memory…", "sva.bind")
                        .asking("device", choices.devices())
                        .with("process", process),
                KernelDeed.of("Unbind a device…", "sva.unbind")
                        .asking("handle", bonds(process), "none"),
                KernelDeed.of("Submit work by ENQCMD…", "enqcmd.submit")
                        .with("process", process)
                        .asking("thread", List.of(THREAD))
                        .asking("device", choices.devices()),
                KernelDeed.of("Authorize a PASID…", "enqcmd.authorize")
                        .with("process", process)
                        .asking("pasid", numbers()),
                KernelDeed.of("Revoke a PASID…", "enqcmd.revoke")
                        .with("process", process)
                        .asking("pasid", rights(process), "1"));
    }

    /// Of a virtual machine.
    public List<KernelDeed> machine(String vm) {
        return List.of(
                KernelDeed.of("Submit work as its guest…", "enqcmd.guest_submit")
                        .with("vm", vm)
                        .asking("device", choices.devices())
                        .offering("guest_pasid", List.of("1", "")),
                KernelDeed.of("Link a guest's PASID…", "enqcmd.vm_map")
                        .with("vm", vm)
                        .asking("guest_pasid", List.of("1"))
                        .asking("host_pasid", numbers()),
                KernelDeed.of("Unlink a guest's PASID…", "enqcmd.vm_unmap")
                        .with("vm", vm)
                        .asking("guest_pasid", linked(vm), "1"));
    }

    private List<String> bonds(String process) {
        return pasids().bonds().stream()
                .filter(bond -> bond.process().equals(process))
                .map(SharedPasids.SharedSpace::handle)
                .toList();
    }

    /// Numbers that mean something already; 1 if none does.
    private List<String> numbers() {
        var known =
                Stream.concat(
                                pasids().owned().stream().map(SharedPasids.Owned::pasid),
                                pasids().rights().stream().map(SharedPasids.Right::pasid))
                        .distinct()
                        .map(String::valueOf)
                        .toList();
        return known.isEmpty() ? List.of("1") : known;
    }

    private List<String> rights(String process) {
        return pasids().rights().stream()
                .filter(right -> right.process().equals(process))
                .map(right -> Integer.toString(right.pasid()))
                .toList();
    }

    private List<String> linked(String vm) {
        return pasids().links().stream()
                .filter(link -> link.machine().equals(vm))
                .map(link -> Integer.toString(link.guestPasid()))
                .toList();
    }
}
