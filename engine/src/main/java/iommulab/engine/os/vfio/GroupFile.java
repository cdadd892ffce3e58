package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.Optional;

/// The open node of a group. Its devices can be had once it has a container, or an IOMMUFD in its place;
/// the file lives as long as one of them is open. Source: kernel `drivers/vfio/group.c`.
public final class GroupFile extends OpenFile implements VfioFile {
    private final LentGroup group;
    private final Cell<Optional<Container>> container;
    private final Cell<Optional<OpenFile>> iommufd;
    private final Cell<Integer> openDevices;
    private final Cell<Optional<OpenFile>> virtualMachine;

    /// Opens the node.
    ///
    /// @throws CallFailed (EBUSY) it is open, or one of its devices is bound by a node of its own
    GroupFile(Ledger ledger, String handle, Process opener, LentGroup group) throws CallFailed {
        super(ledger, handle, opener);
        this.group = group;
        container = new Cell<>(ledger, Optional.empty());
        iommufd = new Cell<>(ledger, Optional.empty());
        openDevices = new Cell<>(ledger, 0);
        virtualMachine = new Cell<>(ledger, Optional.empty());
        if (group.boundFiles().get() > 0) {
            throw new CallFailed(
                    "EBUSY",
                    "A device of group %d is bound through its own node; a group has one door or the other."
                            .formatted(group.groupId()));
        }
        if (group.openNodes().get() > 0) {
            throw new CallFailed(
                    "EBUSY",
                    "The node of group %d is open already, and it opens once."
                            .formatted(group.groupId()));
        }
        group.openNodes().set(1);
    }

    @Override
    public String kind() {
        return "vfio";
    }

    public LentGroup group() {
        return group;
    }

    public Optional<Container> container() {
        return container.get();
    }

    /// The IOMMUFD that stands for a container.
    public Optional<OpenFile> iommufd() {
        return iommufd.get();
    }

    public boolean hasContainer() {
        return container().isPresent() || iommufd().isPresent();
    }

    /// Whether nobody is in the way, as the status call sees it: with an IOMMUFD it does not look.
    boolean isViable() {
        return hasContainer()
                || group.hardware().map(hardware -> hardware.ownerCount() == 0).orElse(true);
    }

    // ---- containers

    /// @throws CallFailed (EINVAL) it has one
    void requireNoContainer() throws CallFailed {
        if (hasContainer()) {
            throw new CallFailed(
                    "EINVAL",
                    "Group %d has a container already: %s."
                            .formatted(
                                    group.groupId(),
                                    container()
                                            .<OpenFile>map(file -> file)
                                            .or(this::iommufd)
                                            .orElseThrow()));
        }
    }

    /// @throws CallFailed as [Container#attach]
    void join(Container to) throws CallFailed {
        to.attach(this);
        container.set(Optional.of(to));
    }

    void joinIommufd(OpenFile to) {
        to.hold();
        iommufd.set(Optional.of(to));
    }

    /// @throws CallFailed (EINVAL) it has none, (EBUSY) a device is open
    void leaveContainer() throws CallFailed {
        if (!hasContainer()) {
            throw new CallFailed(
                    "EINVAL", "Group %d has no container to leave.".formatted(group.groupId()));
        }
        if (container().isPresent() && openDevices.get() > 0) {
            throw new CallFailed(
                    "EBUSY",
                    "Devices of group %d are open: %d."
                            .formatted(group.groupId(), openDevices.get()));
        }
        leave();
    }

    private void leave() throws CallFailed {
        if (container().isPresent()) {
            container().get().detach(this);
        }
        iommufd().ifPresent(OpenFile::drop);
        container.set(Optional.empty());
        iommufd.set(Optional.empty());
    }

    // ---- devices

    int openDevices() {
        return openDevices.get();
    }

    void deviceOpened() {
        openDevices.set(openDevices.get() + 1);
        hold();
    }

    void deviceClosed() {
        openDevices.set(openDevices.get() - 1);
        drop();
    }

    // ---- what virtual machines ask

    @Override
    public boolean enforcesCoherency() {
        return group.devices().stream().allMatch(VfioDevice::enforcesCoherency);
    }

    @Override
    public Cell<Optional<OpenFile>> virtualMachine() {
        return virtualMachine;
    }

    @Override
    protected void release() {
        try {
            leave();
        } catch (CallFailed failed) {
            throw new IllegalStateException("closing " + this, failed);
        }
        group.openNodes().set(0);
    }
}
