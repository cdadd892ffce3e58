package iommulab.engine.os.sva;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.kvm.VirtualMachine;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Map;

/// The instruction ENQCMD, by which threads and guests submit work to a queue of a device that many share:
/// the CPU puts the PASID in, from a register that only the kernel can write. What the submitter wrote into
/// the descriptor does not count. Source: kernel `Documentation/arch/x86/sva.rst`.
public final class EnqcmdCalls implements CallTable {
    private static final int WIDEST = 20;

    private final OpenFiles files;
    private final Devices devices;
    private final Processes processes;
    private final PasidRegisters registers;
    private final GuestPasids guests;
    private final boolean proposals;
    private final Book<String, Boolean> full;

    /// @param proposals whether the calls exist that Linux never got
    public EnqcmdCalls(
            Ledger ledger,
            OpenFiles files,
            Devices devices,
            Processes processes,
            PasidRegisters registers,
            GuestPasids guests,
            boolean proposals) {
        this.files = files;
        this.devices = devices;
        this.processes = processes;
        this.registers = registers;
        this.guests = guests;
        this.proposals = proposals;
        full = new Book<>(ledger);
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "enqcmd.submit", this::submit,
                "enqcmd.set_wq", this::setQueue,
                "enqcmd.process_pasid", this::processPasid,
                "enqcmd.authorize", this::authorize,
                "enqcmd.revoke", this::revoke,
                "enqcmd.vm_map", this::link,
                "enqcmd.vm_unmap", this::unlink,
                "enqcmd.guest_submit", this::guestSubmit);
    }

    // ---- processes

    private Answer submit(Arguments a) throws BadArgument {
        var process = SvaCalls.running(a, processes);
        var device = devices.named(a, "device").name();
        var thread = new PasidRegisters.Thread(process.name(), a.word("thread"));
        var register = registers.of(thread);
        int own = process.memory().pasid().get();
        if (register.isEmpty() && own == 0) {
            return Answer.OK
                    .with("outcome", "gp")
                    .with("signal", "SIGSEGV")
                    .with("fixup", false)
                    .because(
                            "The register of %s is empty, and %s has no PASID to load: the kernel sends SIGSEGV."
                                    .formatted(thread.name(), process));
        }
        if (register.isEmpty()) {
            registers.load(thread, own);
        }
        var answer = into(device, register.orElse(own)).with("fixup", register.isEmpty());
        return register.isPresent()
                ? answer
                : answer.because(
                        "The register of %s was empty: the instruction trapped, the kernel loaded PASID %d and ran it again."
                                .formatted(thread.name(), own));
    }

    /// The CPU sends a descriptor with a PASID.
    private Answer into(String device, int pasid) {
        return full.has(device)
                ? Answer.OK
                        .with("outcome", "retry")
                        .because("The queue of %s is full.".formatted(device))
                : Answer.OK.with("outcome", "accepted").with("pasid", pasid);
    }

    private Answer setQueue(Arguments a) throws BadArgument {
        var device = devices.named(a, "device").name();
        if (a.flag("full", true)) {
            full.set(device, true);
        } else {
            full.remove(device);
        }
        return Answer.OK;
    }

    private Answer processPasid(Arguments a) throws BadArgument {
        return Answer.OK.with("pasid", processes.named(a, "process").memory().pasid().get());
    }

    // ---- the proposal

    private void requireProposals() throws CallFailed {
        if (!proposals) {
            throw new CallFailed(
                    "ENOTTY",
                    "Linux has no such call; a machine in proposal mode shows what it would do.");
        }
    }

    private static int pasid(Arguments a, String argument) throws CallFailed, BadArgument {
        long number = a.number(argument);
        if (number <= 0 || number >>> WIDEST != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "%d is no PASID: they have %d bits, and 0 means none."
                            .formatted(number, WIDEST));
        }
        return (int) number;
    }

    private Answer authorize(Arguments a) throws CallFailed, BadArgument {
        requireProposals();
        var process = SvaCalls.running(a, processes);
        int pasid = pasid(a, "pasid");
        guests.authorize(process, pasid);
        return Answer.OK.because(
                "%s may use PASID %d from now on, and so may its machines."
                        .formatted(process, pasid));
    }

    private Answer revoke(Arguments a) throws CallFailed, BadArgument {
        requireProposals();
        var process = SvaCalls.running(a, processes);
        int pasid = pasid(a, "pasid");
        guests.revoke(process, pasid);
        return Answer.OK.because(
                "PASID %d is off the list of %s; links that only this right allowed are broken."
                        .formatted(pasid, process));
    }

    private VirtualMachine machine(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "vm", VirtualMachine.class);
    }

    private Answer link(Arguments a) throws CallFailed, BadArgument {
        requireProposals();
        var machine = machine(a);
        int guest = pasid(a, "guest_pasid");
        int host = pasid(a, "host_pasid");
        guests.link(machine, guest, host);
        return Answer.OK.because(
                "%s may use PASID %d, so it may be what %s calls %d."
                        .formatted(machine.opener(), host, machine, guest));
    }

    private Answer unlink(Arguments a) throws CallFailed, BadArgument {
        requireProposals();
        var machine = machine(a);
        int guest = pasid(a, "guest_pasid");
        guests.unlink(machine, guest);
        return Answer.OK.because(
                "PASID %d of %s leads nowhere: the next submission leaves the guest."
                        .formatted(guest, machine));
    }

    private Answer guestSubmit(Arguments a) throws CallFailed, BadArgument {
        var machine = machine(a);
        var device = devices.named(a, "device").name();
        if (!a.has("guest_pasid")) {
            return Answer.OK
                    .with("outcome", "guest_gp")
                    .because("The guest's register is empty: the instruction traps in the guest.");
        }
        int guest = pasid(a, "guest_pasid");
        var host = guests.hostPasid(machine, guest);
        if (host.isEmpty()) {
            return Answer.OK
                    .with("outcome", "vmexit")
                    .with("reason", "pasid_translation")
                    .because(
                            "PASID %d of %s leads to none of the host: the guest is left."
                                    .formatted(guest, machine));
        }
        return into(device, host.get());
    }
}
