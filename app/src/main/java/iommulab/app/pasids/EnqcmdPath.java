package iommulab.app.pasids;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Call;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.JournalView.Entry;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The way of the last ENQCMD from the instruction to the device, as far as it came. Pure.
///
/// @param title who submitted to which device, and how it ended
/// @param failed whether it did not get through to memory
/// @param rule the sentence that decided; empty if there is none
record EnqcmdPath(String title, boolean failed, String rule, List<Step> steps) {
    EnqcmdPath {
        steps = List.copyOf(steps);
    }

    /// How a step ended.
    enum End {
        PASSED,
        STOPPED,
        NEVER_REACHED
    }

    record Step(String name, String words, End end) {}

    /// The newest one that is not undone; empty if there was none.
    static Optional<EnqcmdPath> of(MachineSnapshot machine) {
        return machine.journal().entries().reversed().stream()
                .filter(entry -> entry.number() <= machine.journal().position())
                .filter(entry ->
                        entry.call().startsWith("enqcmd.submit(")
                                || entry.call().startsWith("enqcmd.guest_submit("))
                .findFirst()
                .map(entry -> of(machine, entry));
    }

    private static EnqcmdPath of(MachineSnapshot machine, Entry entry) {
        try {
            var call = Call.parse(entry.call());
            return call.name().equals("enqcmd.submit")
                    ? ofThread(machine, entry, call)
                    : ofGuest(machine, entry, call);
        } catch (CommandRefused noCall) {
            throw new IllegalStateException("in the journal: " + entry.call(), noCall);
        }
    }

    private static String argument(Call call, String name) {
        return call.arguments().getOrDefault(name, "");
    }

    private static String field(Entry entry, String name) {
        var found = Pattern.compile("\\b%s=([^ ]+)".formatted(name)).matcher(entry.result());
        return found.find() ? found.group(1) : "";
    }

    // ---- the two beginnings

    private static EnqcmdPath ofThread(MachineSnapshot machine, Entry entry, Call call) {
        var steps = new ArrayList<Step>();
        var pasid = field(entry, "pasid");
        boolean fixed = field(entry, "fixup").equals("true");
        boolean killed = field(entry, "outcome").equals("gp");
        steps.add(
                new Step(
                        "Thread " + argument(call, "thread"),
                        "ENQCMD of " + argument(call, "process"),
                        End.PASSED));
        steps.add(
                new Step(
                        "PASID register",
                        killed || fixed ? "empty: the instruction traps" : "loaded",
                        killed ? End.STOPPED : End.PASSED));
        if (killed || fixed) {
            steps.add(
                    new Step(
                            "Kernel",
                            killed ? "no number to load: SIGSEGV" : "loads " + pasid + ", again",
                            killed ? End.STOPPED : End.PASSED));
        }
        var title =
                "ENQCMD: thread %s of %s"
                        .formatted(argument(call, "thread"), argument(call, "process"));
        return finished(machine, entry, call, title, steps, !killed);
    }

    private static EnqcmdPath ofGuest(MachineSnapshot machine, Entry entry, Call call) {
        var steps = new ArrayList<Step>();
        var guest = argument(call, "guest_pasid");
        boolean trapped = field(entry, "outcome").equals("guest_gp");
        boolean left = field(entry, "outcome").equals("vmexit");
        steps.add(
                new Step(
                        "Virtual CPU",
                        trapped ? "register empty: trap in the guest" : "register holds " + guest,
                        trapped ? End.STOPPED : End.PASSED));
        steps.add(
                new Step(
                        "Table of " + argument(call, "vm"),
                        trapped
                                ? "never reached"
                                : left
                                        ? guest + ": no entry"
                                        : guest + " leads to " + host(machine, entry, call),
                        trapped ? End.NEVER_REACHED : left ? End.STOPPED : End.PASSED));
        if (left) {
            steps.add(new Step("VM exit", "PASID translation", End.STOPPED));
        }
        var title = "ENQCMD: guest of " + argument(call, "vm");
        return finished(machine, entry, call, title, steps, !trapped && !left);
    }

    private static String host(MachineSnapshot machine, Entry entry, Call call) {
        var told = field(entry, "pasid");
        return told.isEmpty()
                ? machine.software().pasids().links().stream()
                        .filter(link -> link.machine().equals(argument(call, "vm")))
                        .filter(link ->
                                argument(call, "guest_pasid").equals("" + link.guestPasid()))
                        .map(link -> "" + link.hostPasid())
                        .findFirst()
                        .orElse("a number")
                : told;
    }

    // ---- the common end

    private static EnqcmdPath finished(
            MachineSnapshot machine,
            Entry entry,
            Call call,
            String who,
            List<Step> steps,
            boolean sent) {
        var name = argument(call, "device");
        var device = address(machine, name);
        var shown = device.map(FunctionNames::address).orElse(name);
        boolean full = field(entry, "outcome").equals("retry");
        var pasid = field(entry, "pasid");
        steps.add(
                new Step(
                        "Queue of " + shown,
                        !sent ? "never reached" : full ? "full: retry" : "accepted, PASID " + pasid,
                        !sent ? End.NEVER_REACHED : full ? End.STOPPED : End.PASSED));
        boolean reaches = sent && !full;
        boolean known = reaches && isKnown(machine, device, pasid);
        steps.add(
                new Step(
                        "IOMMU",
                        !reaches
                                ? "never reached"
                                : known
                                        ? "knows " + pasid + " of this device"
                                        : "no entry now: its DMA faults",
                        !reaches ? End.NEVER_REACHED : known ? End.PASSED : End.STOPPED));
        return new EnqcmdPath(
                "%s to %s: %s".formatted(who, shown, outcome(entry, known)),
                !known,
                entry.rule(),
                steps);
    }

    private static String outcome(Entry entry, boolean known) {
        return switch (field(entry, "outcome")) {
            case "accepted" -> known ? "accepted" : "accepted, and its DMA faults";
            case "retry" -> "retry";
            case "gp" -> "killed";
            case "guest_gp" -> "trapped in the guest";
            case "vmexit" -> "VM exit";
            default -> entry.result();
        };
    }

    private static Optional<PciAddress> address(MachineSnapshot machine, String name) {
        return machine.software().groups().stream()
                .flatMap(group -> group.members().stream())
                .filter(member ->
                        member.name().equals(name) || member.function().toString().equals(name))
                .map(member -> member.function())
                .findFirst();
    }

    private static boolean isKnown(
            MachineSnapshot machine, Optional<PciAddress> device, String pasid) {
        return machine.domains().stream()
                .flatMap(domain -> domain.pasids().stream())
                .anyMatch(use ->
                        device.filter(use.function()::equals).isPresent()
                                && pasid.equals("" + use.pasid()));
    }
}
