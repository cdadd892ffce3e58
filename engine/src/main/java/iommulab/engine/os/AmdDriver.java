package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.amdvi.AmdCommand;
import iommulab.engine.iommu.amdvi.AmdEvent;
import iommulab.engine.iommu.amdvi.AmdRegisters;
import iommulab.engine.iommu.amdvi.AmdUnit;
import iommulab.engine.iommu.amdvi.HostTableEncoder;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.builder.X86Encoder;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.os.device.PagingDomains.Wanted;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// Linux's driver of one AMD IOMMU: device table, command buffer, event log, GCR3 tables. Host (v1) tables
/// for whole devices, guest (v2) tables for PASIDs. Source: kernel `drivers/iommu/amd/init.c`, `iommu.c`.
///
/// Not thread-safe: one engine thread owns it.
public final class AmdDriver extends DeviceEntryDriver {
    private static final EntryEncoder GUEST = new X86Encoder();
    private static final EntryEncoder HOST = new HostTableEncoder();
    private static final int ENTRY_BYTES = 32;
    private static final long RING_LENGTH = 8L << 56;
    private static final int USUAL_LEVELS = 4;

    private final AmdUnit unit;
    private final TableStore host;
    private final Tables tables;
    private final AmdCommands commands;

    /// @param devices hpa of the device table
    /// @param frames 4 KiB frames of the device table
    /// @param commands hpa of the command buffer
    /// @param events hpa of the event log
    /// @param status hpa of the word that completion waits write
    private record Tables(long devices, int frames, long commands, long events, long status) {}

    private AmdDriver(AmdUnit unit, TableStore host, Tables tables, Devices then) {
        super(host.memory(), AmdWords.GCR3, then);
        this.unit = unit;
        this.host = host;
        this.tables = tables;
        commands = new AmdCommands(unit, host.memory(), tables.commands(), tables.status());
    }

    /// Brings a unit up: a device table in which every device is stopped, a command buffer, an event log,
    /// everything invalidated, translation on.
    ///
    /// @param highestRequester that the device table must reach
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static AmdDriver start(AmdUnit unit, TableStore host, int highestRequester)
            throws MappingRefused {
        int needed = Math.max(1, (highestRequester + 1) * ENTRY_BYTES + 4095 >> 12);
        int frames = Integer.highestOneBit(2 * needed - 1);
        var tables =
                new Tables(
                        host.takeCleared(frames, "a device table"),
                        frames,
                        host.takeCleared(1, "a command buffer"),
                        host.takeCleared(1, "an event log"),
                        host.takeCleared(1, "a status word"));
        var driver = new AmdDriver(unit, host, tables, Devices.NONE);
        for (int device = 0; device < frames * 4096 / ENTRY_BYTES; device++) {
            driver.write(device, AmdWords.STOPPED, 0, 0);
        }
        var registers = unit.registers();
        registers.write64(AmdRegisters.DEVICE_TABLE, tables.devices() | frames - 1);
        registers.write64(AmdRegisters.COMMAND_BASE, tables.commands() | RING_LENGTH);
        registers.write64(AmdRegisters.EVENT_BASE, tables.events() | RING_LENGTH);
        registers.write64(
                AmdRegisters.CONTROL,
                AmdRegisters.COMMANDS
                        | AmdRegisters.EVENT_LOG
                        | (unit.capabilities().guestTranslation()
                                ? AmdRegisters.GUEST_TRANSLATION
                                : 0));
        driver.commands.submit(AmdCommand.invalidateAll());
        driver.setTranslation(true);
        return driver;
    }

    @Override
    public AmdUnit unit() {
        return unit;
    }

    // ---- domains

    @Override
    public void requireTag(int tag) throws MappingRefused {
        if (tag >>> 16 != 0) {
            throw new MappingRefused(
                    "ENOSPC", "The IOMMU has 65536 domain numbers, and all are in use.");
        }
    }

    @Override
    public boolean passesThrough() {
        return true;
    }

    @Override
    public Stage usualStage() {
        return Stage.SECOND;
    }

    @Override
    public Stage stageOf(Wanted wanted) throws MappingRefused {
        return TableWishes.ofAmd(this, wanted);
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        var capabilities = unit.capabilities();
        if (stage == Stage.FIRST && !capabilities.guestTranslation()) {
            throw new MappingRefused("EOPNOTSUPP", "The IOMMU has no guest tables (EFR.GTSup).");
        }
        int depth = levels == 0 ? USUAL_LEVELS : levels;
        int deepest = stage == Stage.FIRST ? capabilities.guestLevels() : capabilities.hostLevels();
        if (depth > deepest || depth < (stage == Stage.FIRST ? 4 : 3)) {
            throw new MappingRefused(
                    "EINVAL",
                    "The IOMMU does not walk %d levels. Its deepest tables have %d."
                            .formatted(depth, deepest));
        }
        int bits = stage == Stage.FIRST ? 11 + 9 * depth : Math.min(63, 12 + 9 * depth);
        return new TableLimits(TableShape.FOUR_KIB, depth, bits, 52, 3);
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return stage == Stage.FIRST ? GUEST : HOST;
    }

    /// Guest tables are always marked, host tables where the device's entry says so (HAD).
    @Override
    public boolean tracksDirty(Stage stage) {
        var capabilities = unit.capabilities();
        return stage == Stage.SECOND
                ? capabilities.hostAccessed() && capabilities.hostDirty()
                : capabilities.guestTranslation();
    }

    /// By the FC bit of host entries.
    @Override
    public boolean enforcesSnooping(Stage stage) {
        return stage == Stage.SECOND;
    }

    // ---- entries

    @Override
    void writeEntry(RequesterId requester, Translation own, long directory) {
        var words =
                new AmdWords(wishes)
                        .device(own, directory, firstLevels(requester), services.of(requester));
        write(requester.raw(), words[0], words[1], words[2]);
        commands.submit(AmdCommand.invalidateDeviceEntry(requester.raw()));
    }

    @Override
    void clearEntry(RequesterId requester) {
        write(requester.raw(), AmdWords.STOPPED, 0, 0);
        commands.submit(AmdCommand.invalidateDeviceEntry(requester.raw()));
    }

    private void write(int device, long first, long second, long third) {
        long entry = entryOf(device);
        memory.write64(entry + 16, third);
        memory.write64(entry + 8, second);
        memory.write64(entry, first);
    }

    private long entryOf(int device) {
        return tables.devices() + (long) device * ENTRY_BYTES;
    }

    /// One entry says for all PASIDs of a device how deep their guest tables are.
    @Override
    public void attachPasid(RequesterId requester, int pasid, Attachment to) throws MappingRefused {
        var wanted = Translation.of(to);
        new Gcr3Owner(unit, devices.values()).requireFor(wanted);
        int inUse = firstLevels(requester);
        int levels = wanted.firstLevels();
        if (inUse != 0 && levels != 0 && inUse != levels) {
            throw new MappingRefused(
                    "EINVAL",
                    "Requester %s has guest tables of %d levels in use, and its entry cannot say %d besides. Take tables of %d levels, or detach the others."
                            .formatted(requester, inUse, levels, inUse));
        }
        super.attachPasid(requester, pasid, to);
        if (memory.read64(entryOf(requester.raw()) + 16) != AmdWords.paging(levels)) {
            rewrite(requester);
        }
    }

    @Override
    long[] pasidEntry(Translation to) {
        return AmdWords.gcr3Entry(to);
    }

    @Override
    public void attach(RequesterId requester, Attachment to) throws MappingRefused {
        new Gcr3Owner(unit, devices.values()).requireFor(Translation.of(to));
        super.attach(requester, to);
    }

    /// The guest's device table entry has GCR3 tables in the guest's memory.
    @Override
    public Optional<GuestDirectory> writeForGuest(
            Optional<GuestDirectory> table, TableStore guest, int pasid, Attachment to)
            throws MappingRefused {
        return Optional.of(new AmdGuest(AmdWords.GCR3).write(table, guest, pasid, to));
    }

    @Override
    public void requireEntry(GuestEntry entry) throws MappingRefused {
        if (AmdWords.guestLevels(entry) > unit.capabilities().guestLevels()) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "The IOMMU walks no guest tables of five levels (EFR.GATS).");
        }
    }

    @Override
    public void carryOut(int tag, int requester, long low, long high) {
        commands.submit(
                new AmdCommand(requester < 0 ? low | (long) tag << 32 : low | requester, high));
    }

    @Override
    void forgetPasid(RequesterId requester, int pasid) {
        commands.submit(AmdCommand.invalidateDeviceEntry(requester.raw()));
    }

    /// GCR3 tables lie in host memory, also when guest tables do not.
    @Override
    TableStore directoryStore(Attachment to) {
        return host;
    }

    @Override
    FrameAllocator hostFrames() {
        return host.frames();
    }

    // ---- services of devices

    /// The page request log is set up when a device first needs it.
    @Override
    void prepare(DeviceServices wanted) throws MappingRefused {
        var capabilities = unit.capabilities();
        ServiceBook.requireSupport(wanted, capabilities.deviceTlb(), capabilities.pageRequests());
        var registers = unit.registers();
        if (wanted.pageRequests() && registers.read64(AmdRegisters.PPR_BASE) == 0) {
            long log = host.takeCleared(1, "a page request log");
            registers.write64(AmdRegisters.PPR_BASE, log | RING_LENGTH);
            registers.write64(
                    AmdRegisters.CONTROL,
                    registers.control() | AmdRegisters.PPR_LOG | AmdRegisters.PPR);
        }
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        var registers = unit.registers();
        registers.write64(AmdRegisters.PPR_HEAD, registers.read64(AmdRegisters.PPR_TAIL));
        commands.submit(
                AmdCommand.completePageRequest(requester.raw(), pasid, group, response.code()));
    }

    @Override
    void forgetInDevice(RequesterId requester, int pasid, AddressRange range) {
        commands.forgetInDevice(requester.raw(), pasid == OWN ? -1 : pasid, range);
    }

    // ---- invalidation

    /// Hardware tags with the domain of the device's entry, also what PASIDs use.
    @Override
    void forget(
            Translation own,
            Translation user,
            List<Integer> pasids,
            Stage stage,
            AddressRange range,
            boolean leavesOnly) {
        if (stage == Stage.SECOND && user.mayHaveFirst()) {
            // What the guest's tables make of these addresses nobody knows: all of it goes.
            forgetAll(own);
            return;
        }
        int pageBits = pageBitsOf(range);
        long pages = AmdCommand.pages(range.start(), pageBits);
        if (stage == Stage.SECOND) {
            commands.submit(AmdCommand.invalidateHostPages(own.tag(), pages, !leavesOnly));
        } else {
            for (int pasid : pasids) {
                commands.submit(
                        AmdCommand.invalidateGuestPages(own.tag(), pasid, pages, !leavesOnly));
            }
        }
    }

    /// The smallest aligned power of two of pages that covers a range.
    private static int pageBitsOf(AddressRange range) {
        long differing = (range.start() ^ range.last()) >>> 12;
        return Long.SIZE - Long.numberOfLeadingZeros(differing);
    }

    @Override
    void forgetAll(Translation user) {
        commands.submit(AmdCommand.invalidateDomain(user.tag()));
    }

    @Override
    public Patience patience() {
        return commands.patience;
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        if (!viaQueue) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "AMD-Vi takes invalidations by its command buffer only.");
        }
        commands.invalidate(what);
    }

    // ---- the unit as a whole

    @Override
    public void setTranslation(boolean on) {
        long control = unit.registers().control();
        unit.registers()
                .write64(
                        AmdRegisters.CONTROL,
                        on ? control | AmdRegisters.ENABLE : control & ~AmdRegisters.ENABLE);
    }

    /// As `iommu_poll_events` does when it has printed them; an overflow restarts the log.
    @Override
    public void clearFaults() {
        var registers = unit.registers();
        registers.write64(AmdRegisters.EVENT_HEAD, registers.read64(AmdRegisters.EVENT_TAIL));
        if ((registers.read64(AmdRegisters.STATUS) & AmdRegisters.EVENT_OVERFLOW) != 0) {
            long control = registers.control();
            registers.write64(AmdRegisters.CONTROL, control & ~AmdRegisters.EVENT_LOG);
            registers.write64(AmdRegisters.STATUS, AmdRegisters.EVENT_OVERFLOW);
            registers.write64(AmdRegisters.CONTROL, control);
        }
    }

    @Override
    public List<String> kernelLines(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason,
            FaultRecord record) {
        return record.equals(FaultRecord.NONE)
                ? List.of()
                : List.of(new AmdEvent(record.low(), record.high()).kernelLine());
    }

    // ---- going back

    private record Remembered(Tables tables, Devices devices) implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            if (!(unit instanceof AmdUnit hardware)) {
                throw new IllegalStateException("not an AMD IOMMU: " + unit);
            }
            return new AmdDriver(hardware, TableStore.ofHost(memory, frames), tables, devices);
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(tables, deviceStates());
    }
}
