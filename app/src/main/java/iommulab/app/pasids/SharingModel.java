package iommulab.app.pasids;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Words;
import iommulab.engine.os.SharedPasids;
import iommulab.engine.pci.Pasid;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Call;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.JournalView.Refusal;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Who submits work with which PASID: guests' numbers, what they are on the bus, whose right that is, what an
/// address means then, and which devices know it. Pure.
///
/// @param owners virtual machines, then processes
/// @param proposals whether links of guests can be made at all
record SharingModel(List<Owner> owners, String headline, boolean proposals) {
    private static final String LINK = "enqcmd.vm_map";

    SharingModel {
        owners = List.copyOf(owners);
    }

    /// A virtual machine or a process.
    ///
    /// @param key as in the kernel's view
    /// @param empty what is said while it has no number
    record Owner(String key, String title, String detail, String empty, List<Row> rows) {
        Owner {
            rows = List.copyOf(rows);
        }
    }

    /// One number of an owner.
    ///
    /// @param guest `5`, or `–` where no guest is between
    /// @param from what is said beside it
    /// @param host number on the bus; 0 if there is none
    /// @param hostDetail where the number counts
    /// @param space what an address means with it
    /// @param refusal why the number is none; empty if it is one
    record Row(
            String guest,
            String from,
            int host,
            String hostDetail,
            String space,
            List<Use> uses,
            String refusal) {
        Row {
            uses = List.copyOf(uses);
        }
    }

    /// Whether a device may use a PASID.
    ///
    /// @param domain number of the domain that its entry means, 0 if it has no entry: its requests fault
    record Use(PciAddress device, String name, int domain) {}

    static SharingModel of(MachineSnapshot machine) {
        var owners = new ArrayList<Owner>();
        for (var node : machine.software().nodes()) {
            if (node.key().matches("vm[0-9]+")) {
                owners.add(guest(machine, node.key()));
            }
        }
        for (var node : machine.software().nodes()) {
            boolean gone = node.fact("state").isPresent();
            if (node.type().equals("process") && !gone) {
                owners.add(process(machine, node.key()));
            }
        }
        return new SharingModel(owners, headline(owners), machine.software().proposals());
    }

    private static String headline(List<Owner> owners) {
        long links =
                owners.stream()
                        .flatMap(o -> o.rows().stream())
                        .filter(row -> row.refusal().isEmpty())
                        .count();
        long refused = owners.stream().mapToLong(o -> o.rows().size()).sum() - links;
        return Words.count(links, "number")
                + " in use"
                + (refused == 0 ? "" : ", %d refused".formatted(refused));
    }

    // ---- virtual machines

    private static Owner guest(MachineSnapshot machine, String vm) {
        var pasids = machine.software().pasids();
        var process =
                machine.software().keeping(vm).stream()
                        .map(edge -> edge.from())
                        .filter(from ->
                                machine.software()
                                        .node(from)
                                        .filter(n -> n.type().equals("process"))
                                        .isPresent())
                        .findFirst()
                        .orElse("");
        var rows = new ArrayList<Row>();
        var linked = new TreeSet<Integer>();
        for (var link : pasids.links()) {
            if (link.machine().equals(vm)) {
                linked.add(link.guestPasid());
                rows.add(
                        row(
                                machine,
                                Integer.toString(link.guestPasid()),
                                "set by the guest",
                                link.hostPasid()));
            }
        }
        for (var refusal : machine.journal().refusals()) {
            refusedLink(machine, refusal, vm, linked).ifPresent(rows::add);
        }
        return new Owner(
                vm,
                "Virtual machine " + vm,
                process.isEmpty()
                        ? "its process is gone"
                        : "of %s, which may use %s".formatted(process, mayUse(pasids, process)),
                "No number of the guest leads anywhere yet: link one to a PASID of its process.",
                rows);
    }

    private static String mayUse(SharedPasids pasids, String process) {
        var numbers = new TreeSet<Integer>();
        pasids.of(process).ifPresent(numbers::add);
        pasids.rights().stream()
                .filter(right -> right.process().equals(process))
                .forEach(right -> numbers.add(right.pasid()));
        return numbers.isEmpty()
                ? "no PASID"
                : numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /// A link that was asked for and not made; only the last refusal of each number.
    private static Optional<Row> refusedLink(
            MachineSnapshot machine, Refusal refusal, String vm, TreeSet<Integer> linked) {
        if (!refusal.call().startsWith(LINK + "(")
                || refusal.after() > machine.journal().position()) {
            return Optional.empty();
        }
        try {
            var call = Call.parse(refusal.call());
            var guest = call.arguments().getOrDefault("guest_pasid", "");
            if (!vm.equals(call.arguments().get("vm")) || !guest.matches("[0-9]{1,7}")) {
                return Optional.empty();
            }
            return linked.add(Integer.parseInt(guest))
                    ? Optional.of(
                            new Row(
                                    guest,
                                    "asked for " + call.arguments().getOrDefault("host_pasid", "?"),
                                    0,
                                    "",
                                    "",
                                    List.of(),
                                    refusal.errno() + ": " + refusal.rule()))
                    : Optional.empty();
        } catch (CommandRefused noCall) {
            return Optional.empty();
        }
    }

    // ---- processes

    private static Owner process(MachineSnapshot machine, String process) {
        var pasids = machine.software().pasids();
        var rows = new ArrayList<Row>();
        pasids.of(process)
                .ifPresent(own ->
                        rows.add(
                                row(machine, "–", "register of " + threads(pasids, process), own)));
        for (var right : pasids.rights()) {
            if (right.process().equals(process)) {
                rows.add(row(machine, "–", "given, not in a register", right.pasid()));
            }
        }
        return new Owner(
                process,
                "Process " + process,
                "no guest number; the register of each thread",
                "No PASID yet: bind a device to its memory.",
                rows);
    }

    private static String threads(SharedPasids pasids, String process) {
        var names =
                pasids.registers().stream()
                        .filter(register -> register.process().equals(process))
                        .map(register -> "%s: %d".formatted(register.thread(), register.pasid()))
                        .collect(Collectors.joining(", "));
        return names.isEmpty() ? "no thread yet" : names;
    }

    // ---- what a number is

    private static Row row(MachineSnapshot machine, String guest, String from, int host) {
        var uses =
                machine.topology().functions().stream()
                        .filter(function -> Pasid.of(function.config()).isPresent())
                        .map(function -> use(machine, function.address(), host))
                        .toList();
        var owner =
                machine.software().pasids().owned().stream()
                        .filter(own -> own.pasid() == host)
                        .map(SharedPasids.Owned::process)
                        .findFirst();
        return new Row(
                guest,
                from,
                host,
                owner.isPresent() ? "global, SVA" : "per device",
                owner.map(name -> "memory of process " + name)
                        .orElseGet(() -> spaces(machine, uses)),
                uses,
                "");
    }

    private static Use use(MachineSnapshot machine, PciAddress device, int pasid) {
        int domain =
                machine.domains().stream()
                        .filter(d -> d.pasids().contains(new PasidUse(device, pasid)))
                        .mapToInt(Domain::id)
                        .findFirst()
                        .orElse(0);
        return new Use(device, FunctionNames.address(device), domain);
    }

    private static String spaces(MachineSnapshot machine, List<Use> uses) {
        var names =
                uses.stream()
                        .map(Use::domain)
                        .filter(id -> id != 0)
                        .distinct()
                        .flatMap(id -> machine.domains().stream().filter(d -> d.id() == id))
                        .map(Domain::name)
                        .collect(Collectors.joining(", "));
        return names.isEmpty() ? "nothing: no device knows it" : names;
    }
}
