package iommulab.engine.os;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.os.device.Devices;
import iommulab.engine.os.device.DriverCalls;
import iommulab.engine.os.device.GuestEvent;
import iommulab.engine.os.device.IommuCore;
import iommulab.engine.os.guest.GuestCalls;
import iommulab.engine.os.iommufd.AccessCalls;
import iommulab.engine.os.iommufd.DirtyCalls;
import iommulab.engine.os.iommufd.FaultCalls;
import iommulab.engine.os.iommufd.GuestEvents;
import iommulab.engine.os.iommufd.HardwareInfoCalls;
import iommulab.engine.os.iommufd.HwptCalls;
import iommulab.engine.os.iommufd.IoasCalls;
import iommulab.engine.os.iommufd.IommufdCalls;
import iommulab.engine.os.iommufd.RawCalls;
import iommulab.engine.os.iommufd.SelftestCalls;
import iommulab.engine.os.iommufd.VirtualIommuCalls;
import iommulab.engine.os.kvm.KvmCalls;
import iommulab.engine.os.process.LockedPages;
import iommulab.engine.os.process.MemoryCalls;
import iommulab.engine.os.process.PhysicalPages;
import iommulab.engine.os.process.Processes;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.os.sva.Bonds;
import iommulab.engine.os.sva.EnqcmdCalls;
import iommulab.engine.os.sva.GuestPasids;
import iommulab.engine.os.sva.PasidRegisters;
import iommulab.engine.os.sva.SvaCalls;
import iommulab.engine.os.vfio.ContainerCalls;
import iommulab.engine.os.vfio.DeviceFileCalls;
import iommulab.engine.os.vfio.GroupCalls;
import iommulab.engine.os.vfio.LentDevices;
import iommulab.engine.os.vfio.MediatedCalls;
import iommulab.engine.pci.PciAddress;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The parts of Linux that share out IOMMUs: drivers, VFIO, iommufd, KVM, processes. Every call either
/// succeeds, or leaves everything as it was and says why by an errno and a sentence, except where Linux
/// itself reports partial work.
///
/// Not thread-safe: one engine thread owns it.
public final class Kernel {
    private final Ledger ledger = new Ledger();
    private final Processes processes;
    private final LockedPages locked;
    private final OpenFiles files;
    private final Devices devices;
    private final LentDevices lent;
    private final Bonds bonds;
    private final PasidRegisters registers;
    private final GuestPasids guestPasids;
    private final Map<String, Action> actions = new HashMap<>();
    private final Ledger.Version booted;
    private final boolean proposals;
    private Ledger.@Nullable Version viewed;
    private SoftwareView view = SoftwareView.NONE;

    private Kernel(IommuCore core, AddressRange userMemory, Software software) throws CallFailed {
        processes =
                new Processes(ledger, new PhysicalPages(ledger, userMemory), software.processes());
        locked = new LockedPages(ledger);
        files = new OpenFiles(ledger);
        devices = new Devices(ledger, core);
        lent = new LentDevices(ledger, devices);
        bonds = new Bonds(ledger, core.paging());
        registers = new PasidRegisters(ledger);
        guestPasids = new GuestPasids(ledger, bonds);
        for (var part : parts(core, software)) {
            actions.putAll(part.actions());
        }
        ledger.forgetPast();
        booted = ledger.now();
        proposals = software.proposals();
    }

    private List<CallTable> parts(IommuCore core, Software software) {
        return List.of(
                new DriverCalls(devices, processes, lent::isMediated),
                new MemoryCalls(processes, locked),
                new DmaCalls(core.requests(), devices, processes),
                new IommufdCalls(ledger, core, files, devices, processes),
                new IoasCalls(files, processes, locked),
                new AccessCalls(ledger, files, processes),
                new VirtualIommuCalls(files),
                new FaultCalls(files),
                new SelftestCalls(files, devices),
                new DeviceFileCalls(ledger, files, lent, processes),
                new GroupCalls(ledger, files, lent, processes),
                new ContainerCalls(ledger, core.paging(), files, processes, locked),
                new MediatedCalls(lent, devices, processes),
                new KvmCalls(ledger, files, processes, guestPasids::forget),
                new SvaCalls(files, devices, processes, bonds, registers, guestPasids),
                new EnqcmdCalls(
                        ledger,
                        files,
                        devices,
                        processes,
                        registers,
                        guestPasids,
                        software.proposals()),
                new HwptCalls(files),
                new DirtyCalls(files),
                new HardwareInfoCalls(files),
                new RawCalls(files, actions),
                new GuestCalls(ledger, core.guests(), devices));
    }

    /// Starts the software of a machine.
    ///
    /// @param userMemory hpa: the part of RAM that processes' memory is taken from
    /// @throws CallFailed (ENOMEM) if it does not suffice
    public static Kernel boot(IommuCore core, AddressRange userMemory, Software software)
            throws CallFailed {
        return new Kernel(core, userMemory, software);
    }

    /// Answers a call. Unless the answer is a success, or an error after partial work that Linux keeps,
    /// [#version] is as before; the caller restores the hardware.
    ///
    /// @throws BadArgument if it is no call of the vocabulary; nothing has changed
    public Answer call(Arguments call) throws BadArgument {
        Vocabulary.all().check(call);
        var action = actions.get(call.action());
        if (action == null) {
            throw new BadArgument("'%s' is not built yet.".formatted(call.action()));
        }
        var before = ledger.now();
        try {
            return action.run(call);
        } catch (CallFailed failed) {
            if (!failed.keepsWork()) {
                ledger.goTo(before);
            }
            return Answer.of(failed);
        } catch (BadArgument bad) {
            ledger.goTo(before);
            throw bad;
        }
    }

    /// An IOMMU has stopped a request of a function, and its guest may know of it.
    ///
    /// @return whether the guest was told; then the host prints nothing
    public boolean stopped(PciAddress function, GuestEvent event) {
        return devices.find(function)
                .filter(device -> GuestEvents.report(device, event))
                .isPresent();
    }

    public Processes processes() {
        return processes;
    }

    /// How many pages of processes are locked, and who pays.
    public LockedPages locked() {
        return locked;
    }

    /// Which devices use addresses of which processes.
    public Bonds bonds() {
        return bonds;
    }

    public OpenFiles files() {
        return files;
    }

    public Devices devices() {
        return devices;
    }

    /// What can be seen of all this, now.
    public SoftwareView view() {
        if (viewed != ledger.now()) {
            viewed = ledger.now();
            view =
                    new ViewMaker(processes, locked, files, devices, lent, bonds)
                            .make(proposals, PasidLook.at(bonds, registers, guestPasids));
        }
        return view;
    }

    // ---- going back

    /// All that the kernel remembers, at this instant.
    public Ledger.Version version() {
        return ledger.now();
    }

    /// Makes everything what it was; hardware and memory apart.
    public void goTo(Ledger.Version then) {
        ledger.goTo(then);
    }

    /// Whether anything has changed since it was started.
    public boolean hasActed() {
        return ledger.now() != booted;
    }

    /// Hash of all that it remembers.
    public long hash() {
        return ledger.hash();
    }
}
