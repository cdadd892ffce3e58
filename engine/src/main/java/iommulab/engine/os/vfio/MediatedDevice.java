package iommulab.engine.os.vfio;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.iommufd.SoftwareAccess;
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
    private final Cell<Optional<SoftwareAccess>> access;
    private final Cell<Optional<GroupFile>> openedBy;
    private final Cell<Boolean> removed;
    private final int binding;

    /// @param group number of its group, which no other has
    MediatedDevice(Ledger ledger, String name, PhysicalDevice parent, int group) {
        this.name = name;
        this.parent = parent;
        this.group = group;
        users = new Cell<>(ledger, 0);
        openNodes = new Cell<>(ledger, 0);
        boundFiles = new Cell<>(ledger, 0);
        access = new Cell<>(ledger, Optional.empty());
        openedBy = new Cell<>(ledger, Optional.empty());
        removed = new Cell<>(ledger, false);
        binding = parent.timesBound();
    }

    @Override
    public String name() {
        return name;
    }

    /// Whose driver does its DMA.
    public PhysicalDevice parent() {
        return parent;
    }

    /// Whether it was not removed, and its parent's driver has not gone since.
    boolean isThere() {
        return !removed.get() && parent.timesBound() == binding;
    }

    void remove() {
        removed.set(true);
    }

    /// How many have it open.
    public int users() {
        return users.get();
    }

    /// By which its driver uses an address space of an IOMMUFD, while it is bound to one.
    public Cell<Optional<SoftwareAccess>> access() {
        return access;
    }

    /// The group's file through which it was opened.
    Cell<Optional<GroupFile>> openedBy() {
        return openedBy;
    }

    // ---- what its driver does

    /// Its driver pins memory of its user.
    ///
    /// @return number of the pin
    /// @throws CallFailed (EINVAL) nobody has it open, or as [SoftwareAccess#pin] or [Type1Pins#pin]
    public int pin(long iova, long bytes, boolean write) throws CallFailed {
        if (access().get().isPresent()) {
            return access().get().get().pin(iova, bytes, write);
        }
        var container = requireContainer();
        return container.pins().pin(container, this, iova, bytes, write);
    }

    /// @throws CallFailed (ENOENT) the pin is gone: its user has unmapped the memory
    public void unpin(int pin) throws CallFailed {
        if (access().get().isPresent()) {
            access().get().get().unpinHeld(pin);
            return;
        }
        var container = requireContainer();
        container.pins().unpin(container, pin);
    }

    /// Its driver copies bytes of its user's memory.
    ///
    /// @return hpa of the first one
    /// @throws CallFailed (EINVAL) nobody has it open, or as [SoftwareAccess#readOrWrite] or [Type1#copy]
    public long readOrWrite(long iova, long bytes, boolean write) throws CallFailed {
        return access().get().isPresent()
                ? access().get().get().readOrWrite(iova, bytes, write)
                : requireContainer().copy(iova, bytes, write);
    }

    private Type1 requireContainer() throws CallFailed {
        var container = openedBy.get().flatMap(GroupFile::container).flatMap(Container::backend);
        return container.orElseThrow(() ->
                new CallFailed("EINVAL", "Nobody has %s open: whose memory?".formatted(name)));
    }

    // ---- as VFIO lends it

    @Override
    public boolean isOpen() {
        return users.get() > 0;
    }

    /// The parent's driver waits for its users too before it goes.
    @Override
    public void opened() {
        users.set(users.get() + 1);
        parent.opened();
    }

    @Override
    public void closed() {
        users.set(users.get() - 1);
        parent.closed();
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
        return isThere() ? List.of(this) : List.of();
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
