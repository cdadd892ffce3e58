package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;
import java.util.Optional;

/// What the devices of one group are attached to through one IOMMUFD: all of them to the same table, for
/// requests without PASID and for each PASID. Source: kernel `struct iommufd_group`.
final class GroupAttachments {
    private final Ledger ledger;
    private final DeviceGroup group;
    private final Book<Integer, Attachment> byPasid;

    GroupAttachments(Ledger ledger, DeviceGroup group) {
        this.ledger = ledger;
        this.group = group;
        byPasid = new Book<>(ledger);
    }

    /// What one number leads to, and which devices asked for it.
    static final class Attachment {
        private final Cell<PageTable> table;
        private final Book<Integer, BoundDevice> devices;

        private Attachment(Ledger ledger, PageTable table) {
            this.table = new Cell<>(ledger, table);
            devices = new Book<>(ledger);
        }

        PageTable table() {
            return table.get();
        }

        boolean has(BoundDevice device) {
            return devices.has(device.id());
        }

        Collection<BoundDevice> devices() {
            return devices.all().values();
        }

        @Override
        public String toString() {
            return "%s for %s".formatted(table.get(), devices.all().keySet());
        }
    }

    /// What a device's requests use, by whichever IOMMUFD.
    ///
    /// @param pasid 0 for requests without PASID
    static Optional<Attachment> of(PhysicalDevice device, int pasid) {
        return device.group()
                .flatMap(DeviceGroup::owner)
                .filter(Iommufd.class::isInstance)
                .map(Iommufd.class::cast)
                .flatMap(file -> file.attachmentsOf(device.group().orElseThrow()))
                .flatMap(attachments -> attachments.of(pasid));
    }

    DeviceGroup group() {
        return group;
    }

    /// @param pasid 0 for requests without PASID
    Optional<Attachment> of(int pasid) {
        return byPasid.find(pasid);
    }

    Collection<Integer> pasids() {
        return byPasid.all().keySet();
    }

    /// Whether any PASID is attached.
    boolean hasPasids() {
        return pasids().stream().anyMatch(pasid -> pasid != 0);
    }

    /// The first device of the group to come, or another one for the same table.
    void join(BoundDevice device, int pasid, PageTable table) throws CallFailed {
        var known = byPasid.find(pasid);
        if (known.isPresent()) {
            known.get().devices.set(device.id(), device);
            return;
        }
        point(pasid, table);
        var made = new Attachment(ledger, table);
        made.devices.set(device.id(), device);
        byPasid.set(pasid, made);
    }

    /// Moves all devices of the group to another table.
    void move(int pasid, PageTable table) throws CallFailed {
        var attachment = byPasid.find(pasid).orElseThrow();
        var old = attachment.table();
        point(pasid, table);
        attachment.table.set(table);
        old.forgetRequests(group, pasid);
    }

    private void point(int pasid, PageTable table) throws CallFailed {
        if (pasid == 0) {
            group.attach(table.domain(), table.isNested());
        } else {
            group.attachPasid(pasid, table.domain());
        }
    }

    /// A device leaves; with the last one hardware goes back to blocking.
    void leave(BoundDevice device, int pasid) throws CallFailed {
        var attachment = byPasid.find(pasid).orElseThrow();
        attachment.devices.remove(device.id());
        if (!attachment.devices.isEmpty()) {
            return;
        }
        byPasid.remove(pasid);
        if (pasid == 0) {
            group.block();
        } else {
            group.detachPasid(pasid);
        }
        attachment.table().forgetRequests(group, pasid);
    }

    @Override
    public String toString() {
        return "attachments of " + group;
    }
}
