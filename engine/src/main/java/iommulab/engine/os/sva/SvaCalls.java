package iommulab.engine.os.sva;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.process.Processes;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Devices are bound to processes, processes come and go, devices ask for pages.
public final class SvaCalls implements CallTable {
    private final OpenFiles files;
    private final Devices devices;
    private final Processes processes;
    private final Bonds bonds;
    private final PasidRegisters registers;
    private final GuestPasids guests;

    public SvaCalls(
            OpenFiles files,
            Devices devices,
            Processes processes,
            Bonds bonds,
            PasidRegisters registers,
            GuestPasids guests) {
        this.files = files;
        this.devices = devices;
        this.processes = processes;
        this.bonds = bonds;
        this.registers = registers;
        this.guests = guests;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "sva.bind", this::bind,
                "sva.unbind", this::unbind,
                "sva.process_exit", this::exit,
                "sva.fork", this::fork,
                "sva.page_request", this::pageRequest);
    }

    private Answer bind(Arguments a) throws CallFailed, BadArgument {
        var device = devices.named(a, "device");
        if (!device.options().sva()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "This kernel refuses SVA: an IOMMU could keep entries of the kernel's own page"
                            + " tables that are freed (iommulab.sva=off).");
        }
        var bond = bonds.bind(device, running(a, processes), files.newHandle("sva"));
        return Answer.OK
                .with("handle", bond.handle())
                .with("pasid", bond.pasid())
                .because(
                        bond.references() == 1
                                ? "PASID %d is that of %s on all devices; group %d walks its table with it."
                                        .formatted(bond.pasid(), bond.process(), bond.group().id())
                                : "The same two are bound already: one more reference to the same"
                                        + " bond.");
    }

    /// The process of an argument.
    ///
    /// @throws BadArgument if there is none, or it has exited
    static Process running(Arguments a, Processes processes) throws BadArgument {
        var process = processes.named(a, "process");
        if (!process.running().get()) {
            throw new BadArgument("%s: %s has exited.".formatted(a.action(), process));
        }
        return process;
    }

    private Answer unbind(Arguments a) throws CallFailed, BadArgument {
        var handle = a.word("handle");
        var bond = bonds.find(handle);
        if (bond.isEmpty()) {
            throw new BadArgument(
                    "%s: there is no bond '%s'. The bonds are %s."
                            .formatted(a.action(), handle, bonds.all()));
        }
        bonds.unbind(bond.get());
        return bond.get().references() == 0
                ? Answer.OK
                : Answer.OK.because(
                        "The same two were bound %d times more."
                                .formatted(bond.get().references()));
    }

    // ---- processes

    /// All that it has goes: devices lose its addresses, its memory goes, its files are closed.
    private Answer exit(Arguments a) throws CallFailed, BadArgument {
        var process = running(a, processes);
        bonds.exit(process);
        for (var area : process.memory().areas()) {
            process.memory().unmap(area.va(), area.bytes());
        }
        for (var file : List.copyOf(files.all())) {
            if (file.opener() == process) {
                files.close(file);
            }
        }
        registers.forget(process);
        guests.forget(process);
        process.running().set(false);
        return Answer.OK;
    }

    private Answer fork(Arguments a) throws BadArgument {
        var parent = running(a, processes);
        var child = a.word("child");
        if (processes.find(child).isPresent()) {
            throw new BadArgument(
                    "%s: there is a process '%s' already.".formatted(a.action(), child));
        }
        processes.fork(parent, child);
        return Answer.OK.because("The copy of the address space has no PASID of its own yet.");
    }

    // ---- page requests

    /// Source: kernel `iommu_sva_handle_iopf`.
    private Answer pageRequest(Arguments a) throws BadArgument {
        var device = devices.named(a, "device");
        var perm = a.word("perm");
        if (!perm.matches("[rwxp]*")) {
            throw a.wrong("perm", a.value("perm"), "letters out of r, w, x and p");
        }
        var bond =
                a.has("pasid") ? bonds.of(device, (int) a.number("pasid")) : Optional.<Bond>empty();
        var process = bond.map(Bond::process).orElse(processes.first());
        var refusal = refusal(a, bond, Processes.address(a, "addr", process), perm);
        device.hooks()
                .answered(refusal.isEmpty() ? PageResponse.SUCCESS : PageResponse.INVALID_REQUEST);
        return Answer.OK.with("response", device.hooks().lastResponse()).because(refusal);
    }

    /// Why a request is answered as invalid; empty if it is not.
    private static String refusal(Arguments a, Optional<Bond> bond, long va, String perm) {
        if (bond.isEmpty()) {
            return a.has("pasid")
                    ? "No process is bound under this PASID."
                    : "A request without PASID is for no process.";
        }
        var process = bond.get().process();
        if (!process.running().get()) {
            return "%s is gone.".formatted(process);
        }
        var area = process.memory().at(va);
        if (area.isEmpty()) {
            return "There is no memory at 0x%x of %s.".formatted(va, process);
        }
        if (perm.contains("w") && !area.get().writable()) {
            return "The memory at 0x%x of %s is read-only.".formatted(va, process);
        }
        if (perm.contains("x")) {
            return "The memory at 0x%x of %s is not for execution.".formatted(va, process);
        }
        return "";
    }
}
