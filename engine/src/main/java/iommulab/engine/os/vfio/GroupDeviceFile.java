package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.Optional;

/// A device that was opened through its group: ready to use, and without the calls of a device's own node.
/// The first one of a device tells it its virtual machine. Source: kernel `vfio_device_open_file`.
public final class GroupDeviceFile extends OpenFile implements VfioFile {
    private final GroupFile group;
    private final VfioDevice device;
    private final Cell<Optional<OpenFile>> virtualMachine;

    GroupDeviceFile(
            Ledger ledger, String handle, Process opener, GroupFile group, VfioDevice device) {
        super(ledger, handle, opener);
        this.group = group;
        this.device = device;
        virtualMachine = new Cell<>(ledger, group.virtualMachine().get());
        device.opened();
        group.deviceOpened();
    }

    @Override
    public String kind() {
        return "vfio";
    }

    public VfioDevice device() {
        return device;
    }

    public GroupFile group() {
        return group;
    }

    @Override
    public boolean enforcesCoherency() {
        return device.enforcesCoherency();
    }

    @Override
    public Cell<Optional<OpenFile>> virtualMachine() {
        return virtualMachine;
    }

    @Override
    protected void release() {
        device.closed();
        group.deviceClosed();
    }
}
