package iommulab.engine.os.iommufd;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.state.Cell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A physical device that belongs to an IOMMUFD: its user owns its DMA. Made and ended by its driver only.
/// Source: kernel `struct iommufd_device`, `drivers/iommu/iommufd/device.c`.
public final class BoundDevice extends IoObject {
    private final PhysicalDevice device;
    private final DeviceGroup group;
    private final Cell<Optional<VirtualDevice>> virtual;

    /// What to do with a table that was found or made.
    private interface Step {
        void with(PageTable table) throws CallFailed;
    }

    /// Binds: the file becomes an owner of the group's DMA.
    ///
    /// @throws CallFailed (EINVAL) its DMA is not coherent, (ENODEV) it has no group, (EPERM) its
    ///     interrupts are not isolated, or as [DeviceGroup#claimDevice]
    public static BoundDevice bind(Iommufd file, PhysicalDevice device) throws CallFailed {
        if (!device.cacheCoherent()) {
            throw new CallFailed(
                    "EINVAL",
                    "DMA of %s is not coherent with CPU caches: user space could not repair them."
                            .formatted(device));
        }
        var group =
                device.group()
                        .orElseThrow(() ->
                                new CallFailed(
                                        "ENODEV", "%s has no IOMMU group.".formatted(device)));
        for (var member : group.members()) {
            if (!member.isolatedMsi() && !member.options().unsafeInIommufds()) {
                throw new CallFailed(
                        "EPERM",
                        "Interrupts of %s are not isolated: its user could raise anybody's."
                                .formatted(member));
            }
        }
        group.claimDevice(file);
        var bound = new BoundDevice(file, device, group);
        file.hold();
        return bound;
    }

    private BoundDevice(Iommufd file, PhysicalDevice device, DeviceGroup group) {
        super(file);
        this.device = device;
        this.group = group;
        virtual = new Cell<>(file.ledger(), Optional.empty());
        hold("driver", "bound");
    }

    @Override
    public String type() {
        return "DEVICE";
    }

    public PhysicalDevice device() {
        return device;
    }

    DeviceGroup group() {
        return group;
    }

    /// What a guest knows it as, if one does.
    Cell<Optional<VirtualDevice>> virtual() {
        return virtual;
    }

    private GroupAttachments attachments() {
        return file().attachments(this);
    }

    private String holder(int pasid) {
        return pasid == 0 ? toString() : "%s PASID %d".formatted(this, pasid);
    }

    /// The table that its requests use.
    ///
    /// @param pasid 0 for requests without PASID
    public Optional<PageTable> attached(int pasid) {
        return attachments()
                .of(pasid)
                .filter(attachment -> attachment.has(this))
                .map(GroupAttachments.Attachment::table);
    }

    /// PASIDs that are attached, 0 for requests without PASID.
    public List<Integer> attachedPasids() {
        return attachments().pasids().stream()
                .filter(pasid -> attached(pasid).isPresent())
                .toList();
    }

    // ---- attach

    /// Attaches; the kernel's own call, which does not replace.
    ///
    /// @param target number of an address space or a table
    /// @param pasid 0 for requests without PASID
    /// @return the table that is used
    /// @throws CallFailed (ENOENT) no such object, (EINVAL) one that it cannot be attached to, (EBUSY)
    ///     attached already, or what filling a table comes to
    public PageTable attach(long target, int pasid) throws CallFailed {
        return attachOrReplace(target, table -> attachTo(table, pasid));
    }

    private PageTable attachOrReplace(long target, Step step) throws CallFailed {
        var object = file().require(target, IoObject.class);
        return switch (object) {
            case PageTable table -> {
                step.with(table);
                yield table;
            }
            case IoAddressSpace space -> automatic(space, step);
            default ->
                    throw new CallFailed(
                            "EINVAL",
                            "%s is neither an address space nor a table.".formatted(object));
        };
    }

    /// The first automatic table of an address space that accepts the device, or a new one.
    private PageTable automatic(IoAddressSpace space, Step step) throws CallFailed {
        for (var table : List.copyOf(space.tables())) {
            if (table.isAutomatic()) {
                try {
                    step.with(table);
                    return table;
                } catch (CallFailed failed) {
                    if (!failed.errno().equals("EINVAL")) {
                        throw failed;
                    }
                }
            }
        }
        var made = new PagingTable(space, device, PagingTable.Flags.NONE, true, Optional.empty());
        step.with(made);
        return made;
    }

    private void attachTo(PageTable table, int pasid) throws CallFailed {
        var current = attachments().of(pasid);
        if (current.isPresent() && current.get().has(this)) {
            throw new CallFailed(
                    "EBUSY",
                    "%s is attached to %s already."
                            .formatted(holder(pasid), current.get().table()));
        }
        requireCompatible(table, pasid);
        if (current.isPresent() && current.get().table() != table) {
            throw new CallFailed(
                    "EINVAL",
                    "Group %d uses %s: its devices cannot be told apart, so all use one table."
                            .formatted(group.id(), current.get().table()));
        }
        table.requireFits(device);
        requirePossible(pasid);
        if (pasid == 0 && table.paging().isPresent()) {
            table.paging().get().space().free().reserve(toString(), reserved());
        }
        attachments().join(this, pasid, table);
        table.hold(holder(pasid), "attached");
    }

    /// What the device and the driver of its IOMMU say to a PASID.
    private void requirePossible(int pasid) throws CallFailed {
        if (pasid != 0 && pasid >>> device.pasidBits() != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "PASID %d has more than the %d bits of %s."
                            .formatted(pasid, device.pasidBits(), device));
        }
        if (pasid != 0 && !device.unit().orElseThrow().attachesPasids()) {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "The driver of %s gives PASIDs to processes only (SVA), not to tables."
                            .formatted(device.unit().get().name()));
        }
    }

    /// Source: kernel `iommufd_hwpt_pasid_compat`.
    private void requireCompatible(PageTable table, int pasid) throws CallFailed {
        if (pasid == 0) {
            if (!table.isForPasids() && attachments().hasPasids()) {
                throw new CallFailed(
                        "EINVAL",
                        "PASIDs of group %d are attached: the table beside them needs the pasid flag, and %s lacks it."
                                .formatted(group.id(), table));
            }
            return;
        }
        if (!table.isForPasids()) {
            throw new CallFailed(
                    "EINVAL",
                    "%s was not made for PASIDs: it lacks the pasid flag.".formatted(table));
        }
        var without = attachments().of(0).map(GroupAttachments.Attachment::table);
        if (without.isPresent() && !without.get().isForPasids()) {
            throw new CallFailed(
                    "EINVAL",
                    "Requests without PASID use %s, which lacks the pasid flag."
                            .formatted(without.get()));
        }
    }

    /// Addresses that its user cannot map. Firmware's relaxable ranges are the driver's business. Source: kernel
    /// `iopt_table_enforce_dev_resv_regions`.
    ///
    /// @throws CallFailed (EINVAL) windows of hardware and of software for interrupts
    private List<IovaRange> reserved() throws CallFailed {
        var ranges = new ArrayList<IovaRange>();
        var kinds = device.reserved().stream().map(ReservedRange::kind).toList();
        if (kinds.contains(ReservedRange.Kind.MSI) && kinds.contains(ReservedRange.Kind.SW_MSI)) {
            throw new CallFailed(
                    "EINVAL",
                    "%s has interrupt windows of hardware and of software: one of the two is wrong."
                            .formatted(device));
        }
        for (var range : device.reserved()) {
            if (range.kind() != ReservedRange.Kind.DIRECT_RELAXABLE) {
                ranges.add(new IovaRange(range.start(), range.last()));
            }
        }
        return ranges;
    }

    // ---- replace

    /// Moves the whole group to another table.
    ///
    /// @throws CallFailed (EINVAL) it is not attached, or as [#attach]; nothing has changed then
    public PageTable replace(long target, int pasid) throws CallFailed {
        return attachOrReplace(target, table -> replaceBy(table, pasid));
    }

    private void replaceBy(PageTable table, int pasid) throws CallFailed {
        var current = attachments().of(pasid);
        if (current.isEmpty() || !current.get().has(this)) {
            throw new CallFailed(
                    "EINVAL", "%s is not attached: nothing to replace.".formatted(holder(pasid)));
        }
        var old = current.get().table();
        if (old == table) {
            return;
        }
        requireCompatible(table, pasid);
        for (var member : current.get().devices()) {
            table.requireFits(member.device());
        }
        if (pasid == 0) {
            moveReserved(current.get(), old, table);
        }
        attachments().move(pasid, table);
        for (var member : current.get().devices()) {
            old.release(member.holder(pasid));
            table.hold(member.holder(pasid), "attached");
        }
        endIfAutomatic(old);
    }

    private static void moveReserved(
            GroupAttachments.Attachment attachment, PageTable old, PageTable next)
            throws CallFailed {
        var from = old.paging().map(PagingTable::space);
        var to = next.paging().map(PagingTable::space);
        if (from.equals(to)) {
            return;
        }
        for (var member : attachment.devices()) {
            if (to.isPresent()) {
                to.get().free().reserve(member.toString(), member.reserved());
            }
            from.ifPresent(space -> space.free().unreserve(member.toString()));
        }
    }

    private static void endIfAutomatic(PageTable table) throws CallFailed {
        if (table.isAutomatic() && !table.isHeld()) {
            table.destroy();
        }
    }

    // ---- detach

    /// Lets go of a table; nothing happens if it is not attached.
    public void detach(int pasid) throws CallFailed {
        var table = attached(pasid);
        if (table.isEmpty()) {
            return;
        }
        attachments().leave(this, pasid);
        table.get().release(holder(pasid));
        if (pasid == 0) {
            table.get().paging().ifPresent(paging -> paging.space().free().unreserve(toString()));
        }
        endIfAutomatic(table.get());
    }

    /// The driver lets the device go.
    public void unbind() throws CallFailed {
        for (int pasid : attachedPasids().reversed()) {
            detach(pasid);
        }
        if (virtual.get().isPresent()) {
            virtual.get().get().endWithDevice();
        }
        release("driver");
        destroy();
        group.release();
        file().drop();
    }

    @Override
    public List<SoftwareView.Fact> facts() {
        var facts = new ArrayList<SoftwareView.Fact>();
        facts.add(SoftwareView.Fact.of("function", device));
        facts.add(SoftwareView.Fact.of("group", group.id()));
        for (int pasid : attachedPasids()) {
            facts.add(
                    SoftwareView.Fact.of(
                            pasid == 0 ? "attached to" : "PASID " + pasid,
                            attached(pasid).map(PageTable::toString).orElse("")));
        }
        return facts;
    }

    @Override
    protected void end() {}
}
