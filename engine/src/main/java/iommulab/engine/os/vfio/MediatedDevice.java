package iommulab.engine.os.vfio;

import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.List;
import java.util.Optional;

/// A device that the driver of a physical one makes up: it has no requester ID, and its driver reads and
/// writes its user's memory by software. It is alone in a group that no hardware knows. Source: kernel
/// `drivers/vfio/mdev`.
public final class MediatedDevice implements VfioDevice, LentGroup {
    private final String name;
    private final PhysicalDevice parent;
    private final int group;
    private final Cell<Integer> users;
    private final Cell<Integer> openNodes;
    private final Cell<Integer> boundFiles;

    /// @param group number of its group, which no other has
    MediatedDevice(Ledger ledger, String name, PhysicalDevice parent, int group) {
        this.name = name;
        this.parent = parent;
        this.group = group;
        users = new Cell<>(ledger, 0);
        openNodes = new Cell<>(ledger, 0);
        boundFiles = new Cell<>(ledger, 0);
    }

    @Override
    public String name() {
        return name;
    }

    /// Whose driver does its DMA.
    public PhysicalDevice parent() {
        return parent;
    }

    @Override
    public boolean isOpen() {
        return users.get() > 0;
    }

    @Override
    public void opened() {
        users.set(users.get() + 1);
    }

    @Override
    public void closed() {
        users.set(users.get() - 1);
    }

    /// No IOMMU stands behind it, so none can force anything.
    @Override
    public boolean enforcesCoherency() {
        return false;
    }

    @Override
    public int groupId() {
        return group;
    }

    @Override
    public Cell<Integer> openNodes() {
        return openNodes;
    }

    @Override
    public Cell<Integer> boundFiles() {
        return boundFiles;
    }

    @Override
    public List<VfioDevice> devices() {
        return List.of(this);
    }

    @Override
    public Optional<DeviceGroup> hardware() {
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name;
    }
}
