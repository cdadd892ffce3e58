package iommulab.engine.os.sva;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.DeviceGroup;
import iommulab.engine.os.device.PagingDomains;
import iommulab.engine.os.device.PhysicalDevice;
import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// All bonds between devices and processes. A process has one PASID on all devices, taken at its first
/// bond; it keeps the number until it is gone and no bond is left. Source: kernel
/// `iommu_sva_bind_device`, `iommu_sva_unbind_device`, `mm_pasid_drop`.
public final class Bonds {
    private final Ledger ledger;
    private final PagingDomains paging;
    private final Book<String, Bond> byHandle;
    private final Book<TableKey, ProcessTable> tables;
    private final Book<Integer, Process> owners;

    /// Which table of which process.
    private record TableKey(String process, int unit) implements Comparable<TableKey> {
        @Override
        public int compareTo(TableKey other) {
            int names = process.compareTo(other.process);
            return names != 0 ? names : Integer.compare(unit, other.unit);
        }
    }

    public Bonds(Ledger ledger, PagingDomains paging) {
        this.ledger = ledger;
        this.paging = paging;
        byHandle = new Book<>(ledger);
        tables = new Book<>(ledger);
        owners = new Book<>(ledger);
    }

    /// By handle.
    public Collection<Bond> all() {
        return byHandle.all().values();
    }

    public Optional<Bond> find(String handle) {
        return byHandle.find(handle);
    }

    /// The bond that a PASID of a device stands for.
    public Optional<Bond> of(PhysicalDevice device, int pasid) {
        return all().stream()
                .filter(bond ->
                        bond.pasid() == pasid
                                && device.group().filter(bond.group()::equals).isPresent())
                .findFirst();
    }

    /// Tables of processes, for each IOMMU that a device of a bond is behind.
    public Collection<ProcessTable> tables() {
        return tables.all().values();
    }

    /// Number of the domain whose table a bond's device walks; 0 once its process is gone.
    public int domainOf(Bond bond) {
        return tables.find(new TableKey(bond.process().name(), bond.unit()))
                .map(ProcessTable::domain)
                .orElse(0);
    }

    /// PASIDs that processes have, in ascending order, with the process.
    public Book<Integer, Process> owners() {
        return owners;
    }

    // ---- bind

    /// Lets a device use the addresses of a process.
    ///
    /// @param handle for a bond that has to be made
    /// @throws CallFailed (ENODEV) no group, (ENOSPC) no PASID that the device can use, (EOVERFLOW) the
    ///     process's PASID is too wide for it, (EBUSY) the PASID is used for something else, (EINVAL) too
    ///     wide for a device of the group, or as [PagingDomains#createProcessTable]
    Bond bind(PhysicalDevice device, Process process, String handle) throws CallFailed {
        var group =
                device.group()
                        .orElseThrow(() ->
                                new CallFailed(
                                        "ENODEV", "%s has no IOMMU group.".formatted(device)));
        boolean first = process.memory().pasid().get() == 0;
        int pasid = pasidFor(device, process);
        var same = of(device, pasid);
        if (same.isPresent()) {
            same.get().hold();
            return same.get();
        }
        if (group.pasids().has(pasid)) {
            throw new CallFailed(
                    "EBUSY",
                    "PASID %d of %s is used for something else already.".formatted(pasid, group));
        }
        requireWidth(group, pasid);
        if (device.unit().isEmpty()) {
            throw new CallFailed("EOPNOTSUPP", "No IOMMU stands before %s.".formatted(device));
        }
        int unit = device.unitNumber();
        attach(group, process, unit, first);
        var bond = new Bond(ledger, handle, device, group, process, pasid, unit);
        byHandle.set(handle, bond);
        return bond;
    }

    /// An error that the self-test ordered does not undo what was done before it.
    ///
    /// @param first whether the process had no PASID before
    private void attach(DeviceGroup group, Process process, int unit, boolean first)
            throws CallFailed {
        try {
            group.attachPasid(process.memory().pasid().get(), table(process, unit).domain());
        } catch (CallFailed failed) {
            endUnusedTable(process, unit);
            if (first) {
                freeNumber(process);
            }
            throw failed;
        }
    }

    private int pasidFor(PhysicalDevice device, Process process) throws CallFailed {
        var number = process.memory().pasid();
        int limit = device.pasidBits() == 0 ? 0 : 1 << device.pasidBits();
        if (number.get() != 0) {
            if (number.get() >= limit) {
                throw new CallFailed(
                        "EOVERFLOW",
                        "%s has PASID %d on all devices, and %s takes PASIDs below %d."
                                .formatted(process, number.get(), device, limit));
            }
            return number.get();
        }
        int free = 1;
        while (owners.has(free)) {
            free++;
        }
        if (free >= limit) {
            throw new CallFailed(
                    "ENOSPC",
                    limit == 0
                            ? "%s has no PASIDs.".formatted(device)
                            : "All PASIDs below %d, the limit of %s, belong to other processes."
                                    .formatted(limit, device));
        }
        owners.set(free, process);
        number.set(free);
        return free;
    }

    /// Members without PASIDs cannot use it and are passed over.
    private static void requireWidth(DeviceGroup group, int pasid) throws CallFailed {
        for (var member : group.members()) {
            if (member.pasidBits() > 0 && pasid >>> member.pasidBits() != 0) {
                throw new CallFailed(
                        "EINVAL",
                        "PASID %d has more than the %d bits of %s in the same group."
                                .formatted(pasid, member.pasidBits(), member));
            }
        }
    }

    private ProcessTable table(Process process, int unit) throws CallFailed {
        var key = new TableKey(process.name(), unit);
        var known = tables.find(key);
        if (known.isPresent()) {
            return known.get();
        }
        var made = ProcessTable.create(paging, unit, process.memory());
        tables.set(key, made);
        return made;
    }

    // ---- unbind

    /// Gives one reference back; with the last one the device loses the addresses.
    void unbind(Bond bond) throws CallFailed {
        if (!bond.drop()) {
            return;
        }
        byHandle.remove(bond.handle());
        if (bond.process().running().get()) {
            bond.group().detachPasid(bond.pasid());
            endUnusedTable(bond.process(), bond.unit());
        } else {
            bond.group().pasids().remove(bond.pasid());
            freeNumber(bond.process());
        }
    }

    private void endUnusedTable(Process process, int unit) {
        boolean used =
                all().stream().anyMatch(bond -> bond.process() == process && bond.unit() == unit);
        var key = new TableKey(process.name(), unit);
        if (!used) {
            tables.find(key).ifPresent(ProcessTable::destroy);
            tables.remove(key);
        }
    }

    private void freeNumber(Process process) {
        if (all().stream().noneMatch(bond -> bond.process() == process)) {
            owners.remove(process.memory().pasid().get());
            process.memory().pasid().set(0);
        }
    }

    /// A process is gone: devices that still have bonds with it reach nothing any more.
    void exit(Process process) throws CallFailed {
        for (var bond : all()) {
            if (bond.process() == process) {
                bond.group().stopPasid(bond.pasid());
            }
        }
        for (var entry : List.copyOf(tables.all().entrySet())) {
            if (entry.getKey().process().equals(process.name())) {
                entry.getValue().destroy();
                tables.remove(entry.getKey());
            }
        }
        freeNumber(process);
    }
}
