package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the drivers of AMD-Vi, SMMUv3 and RISC-V have in common: one entry per device says which second
/// stage all its requests go through, and where the table of its PASIDs is. PASID 0 of that table is the
/// first stage of requests without PASID.
///
/// Not thread-safe: one engine thread owns it.
abstract class DeviceEntryDriver implements IommuDriver {
    /// The PASID of a device's own requests, which have none.
    static final int OWN = 0;

    final PhysicalMemory memory;
    private final PasidDirectory.Shape shape;
    final TreeMap<Integer, AttachedDevice> devices = new TreeMap<>();
    final ServiceBook services;
    final DomainWishes wishes;

    DeviceEntryDriver(PhysicalMemory memory, PasidDirectory.Shape shape, Devices then) {
        this.memory = memory;
        this.shape = shape;
        services = new ServiceBook(then.services());
        wishes = new DomainWishes(then.wishes());
        then.entries()
                .forEach((requester, state) ->
                        devices.put(requester, new AttachedDevice(state, shape)));
    }

    /// All devices at one instant: what their entries say, what services they have, and what is wished of
    /// domains.
    record Devices(
            Map<Integer, AttachedDevice.State> entries,
            Map<Integer, DeviceServices> services,
            DomainWishes.State wishes) {
        static final Devices NONE = new Devices(Map.of(), Map.of(), DomainWishes.State.NONE);
    }

    Devices deviceStates() {
        var states = new TreeMap<Integer, AttachedDevice.State>();
        devices.forEach((requester, device) -> states.put(requester, device.checkpoint()));
        return new Devices(states, services.all(), wishes.state());
    }

    // ---- what an architecture writes

    /// Writes the entry of a device and lets the hardware forget the old one.
    ///
    /// @param own what its own requests use
    /// @param directory address of the table of its PASIDs, 0 if it has none
    abstract void writeEntry(RequesterId requester, Translation own, long directory)
            throws MappingRefused;

    /// Makes all requests of a device fault, and lets the hardware forget the entry.
    abstract void clearEntry(RequesterId requester) throws MappingRefused;

    /// Makes the requests of a device fault that have no PASID.
    ///
    /// @param directory address of the table of its PASIDs
    /// @throws MappingRefused (EBUSY) Linux has no such entry
    void writeBlocked(RequesterId requester, long directory) throws MappingRefused {
        throw new MappingRefused(
                "EBUSY",
                "Requester %s cannot be blocked while PASIDs go through its own entry. Detach them first."
                        .formatted(requester));
    }

    /// The entry of a PASID.
    abstract long[] pasidEntry(Translation to);

    /// Lets the hardware forget the entry of a PASID.
    abstract void forgetPasid(RequesterId requester, int pasid);

    /// The memory in which the table of a device's PASIDs is to lie.
    abstract TableStore directoryStore(Attachment to);

    /// Whether the entry of a device whose own requests have no first stage names the table of its PASIDs only
    /// while it has some.
    boolean dropsEmptyDirectory() {
        return false;
    }

    /// Of the host's memory.
    abstract FrameAllocator hostFrames();

    /// Lets the hardware forget translations.
    ///
    /// @param own what the device's own requests use: its entry names that domain
    /// @param user what the requests concerned use: a domain of which `stage` was changed, or one that is
    ///     nested in it
    /// @param pasids PASIDs that use it, [#OWN] for requests without one
    /// @param range of addresses
    /// @param leavesOnly whether no entry that points to a table was changed
    abstract void forget(
            Translation own,
            Translation user,
            List<Integer> pasids,
            Stage stage,
            AddressRange range,
            boolean leavesOnly);

    /// Lets the hardware forget all translations of a domain.
    abstract void forgetAll(Translation user);

    /// Lets a device forget what it keeps itself.
    ///
    /// @param pasid [#OWN] for requests without one
    abstract void forgetInDevice(RequesterId requester, int pasid, AddressRange range);

    /// Refuses what the hardware cannot do, and sets up what it needs for the rest.
    abstract void prepare(DeviceServices wanted) throws MappingRefused;

    // ---- services of devices

    @Override
    public void serve(RequesterId requester, DeviceServices wanted) throws MappingRefused {
        prepare(wanted);
        services.set(requester, wanted);
        rewrite(requester);
    }

    // ---- devices

    @Override
    public void attach(RequesterId requester, Attachment to) throws MappingRefused {
        var device = devices.computeIfAbsent(requester.raw(), _ -> new AttachedDevice());
        if (device.own != null) {
            throw new MappingRefused(
                    "EBUSY",
                    "Requester %s is attached to domain %d. Detach it first."
                            .formatted(requester, device.own.tag()));
        }
        var translation = Translation.of(to);
        if (!device.pasids.isEmpty()
                && !translation.leavesRoomFor(device.pasids.firstEntry().getValue())) {
            // Kernel arm_smmu_attach_dev: arm_smmu_ssids_in_use.
            throw new MappingRefused(
                    "EBUSY",
                    "Requester %s has PASIDs of another second stage, and one entry decides for all."
                            .formatted(requester));
        }
        if (translation.hasFirst()) {
            directory(device, to).set(directoryStore(to), OWN, pasidEntry(translation));
        }
        device.own = translation;
        write(requester, device);
    }

    /// Writes the entry of a device again.
    final void rewrite(RequesterId requester) throws MappingRefused {
        var device = devices.get(requester.raw());
        if (device != null) {
            write(requester, device);
        }
    }

    /// Levels of the first stages that a device and its PASIDs use, 0 for none.
    final int firstLevels(RequesterId requester) {
        var device = devices.get(requester.raw());
        return device == null ? 0 : device.firstLevels();
    }

    private void write(RequesterId requester, AttachedDevice device) throws MappingRefused {
        var own = device.own;
        long directory = device.directory == null ? 0 : device.directory.root();
        if (own != null) {
            writeEntry(requester, own, directory);
        } else {
            writeBlocked(requester, directory);
        }
    }

    private PasidDirectory directory(AttachedDevice device, Attachment to) throws MappingRefused {
        if (device.directory == null) {
            device.directory = PasidDirectory.create(directoryStore(to), shape);
        }
        return device.directory;
    }

    @Override
    public boolean isAttached(RequesterId requester) {
        var device = devices.get(requester.raw());
        return device != null && device.own != null;
    }

    @Override
    public void detach(RequesterId requester) throws MappingRefused {
        var device = devices.get(requester.raw());
        var own = device == null ? null : device.own;
        if (device == null || own == null) {
            throw new MappingRefused(
                    "ENODEV",
                    "Requester %s is attached to no domain. There is nothing to detach."
                            .formatted(requester));
        }
        device.own = null;
        if (device.pasids.isEmpty()) {
            forgetDevice(requester, device, own);
        } else {
            write(requester, device);
            if (own.hasFirst() && device.directory != null) {
                device.directory.clear(memory, OWN);
            }
        }
        forgetAll(own);
        if (services.of(requester).deviceTlb()) {
            forgetInDevice(requester, OWN, DeviceRange.ALL);
        }
    }

    /// Nothing of a device is attached any more.
    ///
    /// @param last that was
    private void forgetDevice(RequesterId requester, AttachedDevice device, Translation last)
            throws MappingRefused {
        devices.remove(requester.raw());
        clearEntry(requester);
        dropDirectory(device, last);
    }

    /// What lies in a guest's memory is the guest's business.
    private void dropDirectory(AttachedDevice device, Translation last) {
        var directory = device.directory;
        device.directory = null;
        if (directory != null && !last.hasSecond()) {
            directory.destroy(hostFrames());
        }
    }

    @Override
    public void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        var device = devices.computeIfAbsent(requester.raw(), _ -> new AttachedDevice());
        var translation = Translation.of(to);
        device.requireRoomFor(requester, translation);
        boolean first = device.directory == null;
        var directory = directory(device, to);
        if (pasid == OWN || pasid >>> directory.pasidBits() != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "PASID 0x%x: PASID 0 is that of requests without one, and the table reaches %d bits."
                            .formatted(pasid, directory.pasidBits()));
        }
        directory.set(directoryStore(to), pasid, pasidEntry(translation));
        device.pasids.put(pasid, translation);
        if (first || device.own == null || wishes.tracks(translation.tag())) {
            write(requester, device);
        }
        forgetPasid(requester, pasid);
    }

    @Override
    public void detachPasid(RequesterId requester, int pasid) throws MappingRefused {
        var device = devices.get(requester.raw());
        var translation = device == null ? null : device.pasids.remove(pasid);
        if (device == null || translation == null || device.directory == null) {
            throw new MappingRefused(
                    "ENODEV",
                    "PASID 0x%x of requester %s uses no domain.".formatted(pasid, requester));
        }
        device.directory.clear(memory, pasid);
        forgetPasid(requester, pasid);
        if (device.pasids.isEmpty()) {
            if (device.own == null) {
                forgetDevice(requester, device, translation);
            } else if (!device.own.hasFirst() && dropsEmptyDirectory()) {
                dropDirectory(device, translation);
                write(requester, device);
            }
        }
        forget(
                device.own == null ? translation : device.own,
                translation,
                List.of(pasid),
                Stage.FIRST,
                new AddressRange(0, (1L << 48) - 1),
                false);
        if (services.of(requester).deviceTlb()) {
            forgetInDevice(requester, pasid, DeviceRange.ALL);
        }
    }

    // ---- dirty tracking

    /// Device entries and the PASIDs' are written again; what they must say, [#wishes] has now.
    @Override
    public void trackDirty(int tag, Stage stage, boolean on) throws MappingRefused {
        wishes.track(tag, on);
        for (var known : devices.entrySet()) {
            var device = known.getValue();
            var requester = new RequesterId(known.getKey());
            var own = device.own;
            boolean concerned = own != null && own.uses(tag, stage);
            if (own != null && concerned && own.hasFirst()) {
                rewritePasid(requester, device, OWN, own);
            }
            for (var pasid : device.pasids.entrySet()) {
                if (pasid.getValue().uses(tag, stage)) {
                    concerned = true;
                    rewritePasid(requester, device, pasid.getKey(), pasid.getValue());
                }
            }
            if (concerned) {
                write(requester, device);
            }
        }
        forgetEverywhere(tag, stage);
    }

    private void rewritePasid(
            RequesterId requester, AttachedDevice device, int pasid, Translation to) {
        if (device.directory != null) {
            device.directory.rewrite(memory, pasid, pasidEntry(to));
            forgetPasid(requester, pasid);
        }
    }

    private void forgetEverywhere(int tag, Stage stage) {
        EntryUse.of(devices.values(), tag, stage)
                .forEach((use, pasids) ->
                        forget(
                                use.own(),
                                use.user(),
                                List.copyOf(pasids),
                                stage,
                                new AddressRange(0, (1L << 48) - 1),
                                false));
    }

    /// Whether some first stage of a device is tracked: its own or one of a PASID.
    boolean tracksFirst(RequesterId requester) {
        var device = devices.get(requester.raw());
        return device != null && device.firstStages().anyMatch(wishes::tracks);
    }

    @Override
    public void forgetDomain(int tag) {
        wishes.forget(tag);
    }

    // ---- invalidation

    @Override
    public void flushMapped(int tag, Stage stage, TableChange change) {
        // None of these architectures caches what is not present.
    }

    @Override
    public void flushUnmapped(int tag, Stage stage, TableChange change) {
        EntryUse.of(devices.values(), tag, stage)
                .forEach((use, pasids) -> {
                    for (var range : change.stale()) {
                        forget(
                                use.own(),
                                use.user(),
                                List.copyOf(pasids),
                                stage,
                                range,
                                !change.tablesChanged());
                    }
                });
        change.stale().forEach(range -> flushDevices(tag, stage, range));
    }

    /// What the IOMMU has forgotten devices must forget, too.
    private void flushDevices(int tag, Stage stage, AddressRange range) {
        for (var requester : services.withDeviceTlb()) {
            var device = devices.get(requester.raw());
            if (device != null) {
                device.uses(tag, stage)
                        .forEach((pasid, use) ->
                                forgetInDevice(requester, pasid, concerned(use, stage, range)));
            }
        }
    }

    /// What a first stage makes of addresses of the second nobody knows: all of it goes.
    private static AddressRange concerned(EntryUse use, Stage stage, AddressRange range) {
        return stage == Stage.SECOND && use.user().mayHaveFirst() ? DeviceRange.ALL : range;
    }
}
