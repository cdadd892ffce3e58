package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Optional;

/// A device that was opened through its group: ready to use, and without the calls of a device's own node.
/// The first one of a device tells it its virtual machine. Source: kernel `vfio_device_open_file`.
public final class GroupDeviceFile extends OpenFile implements VfioFile {
    private final GroupFile group;
    private final VfioDevice device;
    private final Cell<Optional<OpenFile>> virtualMachine;

    /// @throws CallFailed as [GroupFile#open]
    GroupDeviceFile(
            Ledger ledger, String handle, Process opener, GroupFile group, VfioDevice device)
            throws CallFailed {
        super(ledger, handle, opener);
        this.group = group;
        this.device = device;
        virtualMachine = new Cell<>(ledger, group.virtualMachine().get());
        group.open(device);
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
    public String typeName() {
        return "VFIO device";
    }

    @Override
    public List<Held> holds() {
        return List.of(Held.of(group, "group"));
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("function", device),
                SoftwareView.Fact.of("forces snooping", enforcesCoherency()));
    }

    @Override
    protected void release() {
        group.close(device);
    }
}
