package iommulab.engine.os.vfio;

import iommulab.engine.os.OpenFile;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.iommufd.Iommufd;
import iommulab.engine.os.iommufd.OldContainer;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The open node of a group. Its devices can be had once it has a container, or an IOMMUFD in its place;
/// the file lives as long as one of them is open. Source: kernel `drivers/vfio/group.c`.
public final class GroupFile extends OpenFile implements VfioFile {
    private final LentGroup group;
    private final Cell<Optional<Container>> container;
    private final Cell<Optional<Iommufd>> iommufd;
    private final Book<String, DeviceBinding> bindings;
    private final Book<String, Integer> openings;
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
        bindings = new Book<>(ledger);
        openings = new Book<>(ledger);
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
    public Optional<Iommufd> iommufd() {
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
                                            .or(() -> iommufd().map(file -> file))
                                            .orElseThrow()));
        }
    }

    /// @throws CallFailed as [Container#attach]
    void join(Container to) throws CallFailed {
        to.attach(this);
        container.set(Optional.of(to));
    }

    /// Its devices will be bound to an IOMMUFD when they are opened; only then somebody looks who owns
    /// their DMA.
    void join(Iommufd to) {
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

    /// A device is opened. The first time it is bound to the IOMMUFD, if there is one, and attached to the
    /// address space that stands for a container.
    ///
    /// @throws CallFailed (EINVAL) the container has no backend, or as [DeviceBinding#of] and
    ///     [DeviceBinding#attach]
    void open(VfioDevice device) throws CallFailed {
        if (container().isPresent()) {
            container().get().requireBackend();
        }
        int before = openings.find(device.name()).orElse(0);
        if (before == 0 && iommufd().isPresent()) {
            var binding = DeviceBinding.of(device, iommufd().get());
            bindings.set(device.name(), binding);
            binding.attach(new OldContainer(iommufd().get()).space().id(), 0);
        }
        if (device instanceof MediatedDevice made) {
            made.openedBy().set(Optional.of(this));
        }
        device.opened();
        openings.set(device.name(), before + 1);
        openDevices.set(openDevices.get() + 1);
        hold();
    }

    /// A file of a device is gone; with the last one the device is let go.
    void close(VfioDevice device) {
        int left = openings.find(device.name()).orElse(0) - 1;
        device.closed();
        if (left > 0) {
            openings.set(device.name(), left);
        } else {
            openings.remove(device.name());
            bindings.find(device.name()).ifPresent(this::unbind);
            bindings.remove(device.name());
            if (device instanceof MediatedDevice made) {
                made.openedBy().set(Optional.empty());
            }
        }
        openDevices.set(openDevices.get() - 1);
        drop();
    }

    private void unbind(DeviceBinding binding) {
        try {
            binding.unbind();
        } catch (CallFailed failed) {
            throw new IllegalStateException("closing a device of " + this, failed);
        }
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

    // ---- what can be seen of it

    @Override
    public String typeName() {
        return "VFIO group";
    }

    @Override
    public List<Held> holds() {
        var held = new ArrayList<Held>();
        container().ifPresent(file -> held.add(Held.of(file, "container")));
        iommufd().ifPresent(file -> held.add(Held.of(file, "stands for a container")));
        bindings.all()
                .forEach((name, binding) ->
                        held.add(Held.within(binding.file(), binding.key(), name)));
        return held;
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        return List.of(
                SoftwareView.Fact.of("group", group.groupId()),
                SoftwareView.Fact.of("viable", isViable()),
                SoftwareView.Fact.of("open devices", openDevices.get()),
                SoftwareView.Fact.of("forces snooping", enforcesCoherency()));
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
