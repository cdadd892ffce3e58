package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Optional;

/// A VFIO device opened by its own node (cdev): inert until it is bound to an IOMMUFD. Source: kernel
/// `drivers/vfio/device_cdev.c`, `drivers/vfio/iommufd.c`.
public final class DeviceFile extends OpenFile implements VfioFile {
    private final VfioDevice device;
    private final LentGroup group;
    private final Cell<Optional<DeviceBinding>> bound;
    private final Cell<Optional<OpenFile>> virtualMachine;

    DeviceFile(Ledger ledger, String handle, Process opener, VfioDevice device, LentGroup group) {
        super(ledger, handle, opener);
        this.device = device;
        this.group = group;
        bound = new Cell<>(ledger, Optional.empty());
        virtualMachine = new Cell<>(ledger, Optional.empty());
    }

    @Override
    public String kind() {
        return "vfio";
    }

    public VfioDevice device() {
        return device;
    }

    @Override
    public boolean enforcesCoherency() {
        return device.enforcesCoherency();
    }

    @Override
    public Cell<Optional<OpenFile>> virtualMachine() {
        return virtualMachine;
    }

    public Optional<DeviceBinding> bound() {
        return bound.get();
    }

    /// @throws CallFailed (EINVAL) it is not bound
    DeviceBinding requireBound() throws CallFailed {
        return bound().orElseThrow(() ->
                new CallFailed(
                        "EINVAL",
                        "%s of %s is not bound to an IOMMUFD yet.".formatted(this, device)));
    }

    /// @throws CallFailed (EINVAL) bound already, or open elsewhere; (EBUSY) the group's node is open; or
    ///     as [DeviceBinding#of]
    DeviceBinding bind(Iommufd to) throws CallFailed {
        if (bound().isPresent()) {
            throw new CallFailed("EINVAL", "%s is bound already.".formatted(this));
        }
        if (group.openNodes().get() > 0) {
            throw new CallFailed(
                    "EBUSY",
                    "The node of group %d is open: a group is used by its node or by its devices' nodes."
                            .formatted(group.groupId()));
        }
        if (device.isOpen()) {
            throw new CallFailed(
                    "EINVAL", "%s is in use through another open file.".formatted(device));
        }
        var made = DeviceBinding.of(device, to);
        device.opened();
        group.boundFiles().set(group.boundFiles().get() + 1);
        bound.set(Optional.of(made));
        return made;
    }

    @Override
    public String typeName() {
        return "VFIO device";
    }

    @Override
    public List<Held> holds() {
        return bound().map(mine -> List.of(Held.within(mine.file(), mine.key(), "bound")))
                .orElse(List.of());
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("function", device),
                SoftwareView.Fact.of("forces snooping", enforcesCoherency()));
    }

    /// Its user closes it: the device is detached and unbound. Linux would wait for a virtual machine that
    /// refers to the file as well; here the machine keeps the file listed, not the device bound.
    void letGo() {
        bound().ifPresent(mine -> {
            try {
                mine.unbind();
            } catch (CallFailed failed) {
                throw new IllegalStateException("closing " + this, failed);
            }
            device.closed();
            group.boundFiles().set(group.boundFiles().get() - 1);
        });
        bound.set(Optional.empty());
    }

    @Override
    protected void release() {
        letGo();
    }
}
