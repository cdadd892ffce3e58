package iommulab.engine.os.kvm;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;
import iommulab.engine.os.vfio.VfioFile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// The list of VFIO files that a virtual machine was told of, a pseudo device of its own: who adds a file
/// says that its devices are the machine's. Nothing else can be asked for; what follows for caches, the
/// kernel concludes at each change of the list. Source: kernel `virt/kvm/vfio.c`.
public final class VfioList extends OpenFile {
    private final VirtualMachine machine;
    private final Book<Integer, OpenFile> listed;
    private final Cell<Integer> next;
    private final Cell<Boolean> nonCoherent;

    /// @throws CallFailed (EBUSY) the machine has one
    VfioList(Ledger ledger, String handle, Process opener, VirtualMachine machine)
            throws CallFailed {
        super(ledger, handle, opener);
        this.machine = machine;
        listed = new Book<>(ledger);
        next = new Cell<>(ledger, 1);
        nonCoherent = new Cell<>(ledger, false);
        var other = machine.vfioList().get();
        if (other.isPresent()) {
            throw new CallFailed(
                    "EBUSY", "%s has its VFIO device already: %s.".formatted(machine, other.get()));
        }
        machine.vfioList().set(Optional.of(this));
        machine.hold();
    }

    @Override
    public String kind() {
        return "kvm";
    }

    public VirtualMachine machine() {
        return machine;
    }

    /// Files that are listed, in the order in which they came.
    public Collection<OpenFile> files() {
        return listed.all().values();
    }

    /// Whether, at the last change, some listed file could not force snooping.
    public boolean isNonCoherent() {
        return nonCoherent.get();
    }

    /// @throws CallFailed (EINVAL) it is no file of VFIO's, (EEXIST) it is listed
    void add(OpenFile file) throws CallFailed {
        if (!(file instanceof VfioFile vfio)) {
            throw new CallFailed(
                    "EINVAL", "%s is no file of a VFIO group or device.".formatted(file));
        }
        if (files().contains(file)) {
            throw new CallFailed("EEXIST", "%s is listed already.".formatted(file));
        }
        file.hold();
        listed.set(next.get(), file);
        next.set(next.get() + 1);
        vfio.virtualMachine().set(Optional.of(machine));
        judge();
    }

    /// @throws CallFailed (ENOENT) it is not listed
    void remove(OpenFile file) throws CallFailed {
        for (var entry : listed.all().entrySet()) {
            if (entry.getValue() == file) {
                forget(entry.getKey(), file);
                judge();
                return;
            }
        }
        throw new CallFailed("ENOENT", "%s is not listed.".formatted(file));
    }

    private void forget(int place, OpenFile file) {
        listed.remove(place);
        if (file instanceof VfioFile vfio) {
            vfio.virtualMachine().set(Optional.empty());
        }
        file.drop();
    }

    private void judge() {
        nonCoherent.set(
                files().stream()
                        .anyMatch(file ->
                                file instanceof VfioFile vfio && !vfio.enforcesCoherency()));
    }

    @Override
    public String typeName() {
        return "KVM's VFIO device";
    }

    @Override
    public List<Held> holds() {
        var held = new ArrayList<Held>();
        held.add(Held.of(machine, "machine"));
        files().forEach(file -> held.add(Held.of(file, "listed")));
        return held;
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return files().stream()
                .map(file ->
                        SoftwareView.Fact.of(
                                file.handle(),
                                file instanceof VfioFile vfio && vfio.enforcesCoherency()
                                        ? "forces snooping"
                                        : "cannot force snooping"))
                .toList();
    }

    @Override
    protected void release() {
        for (var entry : new ArrayList<>(listed.all().entrySet())) {
            forget(entry.getKey(), entry.getValue());
        }
        nonCoherent.set(false);
        machine.vfioList().set(Optional.empty());
        machine.drop();
    }
}
