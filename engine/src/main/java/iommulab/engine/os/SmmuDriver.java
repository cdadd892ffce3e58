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
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.smmuv3.EventRecord;
import iommulab.engine.iommu.smmuv3.Granule;
import iommulab.engine.iommu.smmuv3.SmmuCommand;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.iommu.smmuv3.StageOneEncoder;
import iommulab.engine.iommu.smmuv3.StageTwoEncoder;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.device.GuestEvent;
import iommulab.engine.os.device.PagingDomains.Wanted;
import iommulab.engine.pci.RequesterId;

import java.util.List;
import java.util.Optional;

/// Linux's driver of one SMMUv3: two-level stream table, command queue, event queue, two-level tables of
/// context descriptors. Domains are stage 1 tables, stage 2 tables where something is to be nested in them.
/// Source: kernel `drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c`.
///
/// Not thread-safe: one engine thread owns it.
public final class SmmuDriver extends DeviceEntryDriver {
    private static final EntryEncoder STAGE_1 = new StageOneEncoder(Granule.FOUR_KIB);
    private static final EntryEncoder STAGE_2 = new StageTwoEncoder(Granule.FOUR_KIB);
    private static final int ENTRY_BYTES = 64;
    private static final int SPLIT = 8;
    private static final int STREAM_BITS = 16;
    private static final int EVENT_BITS = 7;
    private static final int PAGE_REQUEST_BITS = 8;
    private static final int MOST_PAGES = 32;
    private static final int USUAL_LEVELS = 4;

    private static final long VALID = 1;
    private static final PasidDirectory.Shape DESCRIPTORS = new SmmuDescriptors();
    private static final int SUBSTREAM_BITS = DESCRIPTORS.rootBits() + DESCRIPTORS.leafBits();

    private final SmmuUnit unit;
    private final TableStore host;
    private final Tables tables;
    private final SmmuCommands commands;
    private final SmmuWords words;

    /// @param streams hpa of the upper stream table
    /// @param commands hpa of the command queue
    /// @param events hpa of the event queue
    private record Tables(long streams, long commands, long events) {}

    private SmmuDriver(SmmuUnit unit, TableStore host, Tables tables, Devices then) {
        super(host.memory(), DESCRIPTORS, then);
        this.unit = unit;
        this.host = host;
        this.tables = tables;
        commands = new SmmuCommands(unit, host.memory(), tables.commands());
        words = new SmmuWords(unit.capabilities(), wishes);
    }

    /// Brings a unit up: an empty stream table, queues, everything invalidated, translation on.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static SmmuDriver start(SmmuUnit unit, TableStore host) throws MappingRefused {
        var tables =
                new Tables(
                        host.takeCleared(1, "a stream table"),
                        host.takeCleared(1, "a command queue"),
                        host.takeCleared(1, "an event queue"));
        var driver = new SmmuDriver(unit, host, tables, Devices.NONE);
        var registers = unit.registers();
        registers.write64(SmmuRegisters.STRTAB_BASE, tables.streams());
        registers.write32(SmmuRegisters.STRTAB_BASE_CFG, STREAM_BITS | SPLIT << 6 | 1 << 16);
        registers.write64(SmmuRegisters.CMDQ_BASE, tables.commands() | SmmuCommands.BITS);
        registers.write64(SmmuRegisters.EVENTQ_BASE, tables.events() | EVENT_BITS);
        registers.write32(SmmuRegisters.CR2, SmmuRegisters.RECORD_BAD_STREAMS);
        registers.write32(
                SmmuRegisters.CR0, SmmuRegisters.COMMAND_QUEUE | SmmuRegisters.EVENT_QUEUE);
        driver.commands.submit(SmmuCommand.configAll(), SmmuCommand.tlbAll());
        driver.setTranslation(true);
        return driver;
    }

    @Override
    public SmmuUnit unit() {
        return unit;
    }

    // ---- domains

    @Override
    public void requireTag(int tag) throws MappingRefused {
        int bits = Math.min(unit.capabilities().asidBits(), unit.capabilities().vmidBits());
        if (tag >>> bits != 0) {
            throw new MappingRefused(
                    "ENOSPC",
                    "The SMMU has ASIDs and VMIDs of %d bits, and all are in use.".formatted(bits));
        }
    }

    @Override
    public boolean passesThrough() {
        return true;
    }

    /// Stage 1, as `arm_smmu_domain_alloc_paging_flags` prefers it: so a device's own requests have a table
    /// of context descriptors, in which its PASIDs find room.
    @Override
    public Stage usualStage() {
        var capabilities = unit.capabilities();
        return capabilities.stage1() && hasRoomForDescriptors() ? Stage.FIRST : parentStage();
    }

    @Override
    public Stage parentStage() {
        return unit.capabilities().stage2() ? Stage.SECOND : Stage.FIRST;
    }

    /// Whether hardware reads the tables of context descriptors that are written here.
    private boolean hasRoomForDescriptors() {
        var capabilities = unit.capabilities();
        return capabilities.twoLevelDescriptors() && capabilities.substreamBits() >= SUBSTREAM_BITS;
    }

    @Override
    public Stage stageOf(Wanted wanted) throws MappingRefused {
        return TableWishes.ofSmmu(this, wanted);
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        var capabilities = unit.capabilities();
        if (!(stage == Stage.FIRST ? capabilities.stage1() : capabilities.stage2())) {
            throw new MappingRefused("EOPNOTSUPP", "The SMMU has no %s.".formatted(stage.words()));
        }
        int depth = levels == 0 ? USUAL_LEVELS : levels;
        if (depth < 3 || depth > 4) {
            throw new MappingRefused(
                    "EINVAL",
                    "The SMMU walks 3 or 4 levels of 4 KiB tables, not %d.".formatted(depth));
        }
        int widest = stage == Stage.FIRST ? 48 : capabilities.intermediateBits();
        return new TableLimits(
                TableShape.FOUR_KIB,
                depth,
                Math.min(12 + 9 * depth, widest),
                Math.min(48, capabilities.outputBits()),
                3);
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return stage == Stage.FIRST ? STAGE_1 : STAGE_2;
    }

    @Override
    public boolean tracksDirty(Stage stage) {
        return unit.capabilities().setsDirtyState();
    }

    // ---- entries

    @Override
    void writeEntry(RequesterId requester, Translation own, long directory) throws MappingRefused {
        boolean deviceTlb = services.of(requester).deviceTlb();
        write(requester, words.stream(own, directory, SUBSTREAM_BITS, deviceTlb));
    }

    @Override
    void writeBlocked(RequesterId requester, long directory) throws MappingRefused {
        write(requester, SmmuWords.blocked(directory, SUBSTREAM_BITS));
    }

    /// Config 0: requests are aborted, and nothing is recorded.
    @Override
    void clearEntry(RequesterId requester) throws MappingRefused {
        write(requester, new long[] {VALID, 0, 0, 0, 0, 0, 0, 0});
    }

    private void write(RequesterId requester, long[] words) throws MappingRefused {
        long entry = streamsOf(requester.bus()) + requester.devfn() * (long) ENTRY_BYTES;
        for (int word = words.length - 1; word >= 0; word--) {
            memory.write64(entry + word * 8L, words[word]);
        }
        commands.submit(SmmuCommand.configStream(requester.raw(), true));
    }

    /// hpa of the lower stream table of a bus, made if there is none: all its streams are aborted.
    private long streamsOf(int bus) throws MappingRefused {
        long slot = tables.streams() + bus * 8L;
        long descriptor = memory.read64(slot);
        if (descriptor != 0) {
            return descriptor & -4096L;
        }
        long table = host.takeCleared((ENTRY_BYTES << SPLIT) / 4096, "a stream table");
        for (int stream = 0; stream < 1 << SPLIT; stream++) {
            memory.write64(table + stream * (long) ENTRY_BYTES, VALID);
        }
        memory.write64(slot, table | SPLIT + 1);
        return table;
    }

    @Override
    long[] pasidEntry(Translation to) {
        return words.descriptor(to);
    }

    @Override
    void forgetPasid(RequesterId requester, int pasid) {
        commands.submit(SmmuCommand.configDescriptor(requester.raw(), pasid, true));
    }

    /// The tables of a nested stage 1 are the guest's own, those of context descriptors too.
    @Override
    TableStore directoryStore(Attachment to) {
        var first = to.first();
        return first == null ? host : first.store();
    }

    /// As `arm_smmu_remove_dev_pasid` does with the last PASID.
    @Override
    boolean dropsEmptyDirectory() {
        return true;
    }

    @Override
    FrameAllocator hostFrames() {
        return host.frames();
    }

    /// The guest's stream table entry has a table of context descriptors in the guest's memory.
    @Override
    public Optional<GuestDirectory> writeForGuest(
            Optional<GuestDirectory> table, TableStore guest, int pasid, Attachment to)
            throws MappingRefused {
        return Optional.of(
                new SmmuGuest(DESCRIPTORS, unit.capabilities()).write(table, guest, pasid, to));
    }

    // ---- services of devices

    /// Translated requests are checked from when a device first has a TLB; the PRI queue is set up when a
    /// device first needs it.
    @Override
    void prepare(DeviceServices wanted) throws MappingRefused {
        var capabilities = unit.capabilities();
        ServiceBook.requireSupport(wanted, capabilities.ats(), capabilities.pri());
        var registers = unit.registers();
        int control = registers.read32(SmmuRegisters.CR0);
        if (wanted.deviceTlb()) {
            control |= SmmuRegisters.CHECK_TRANSLATED;
        }
        if (wanted.pageRequests() && (control & SmmuRegisters.PAGE_QUEUE) == 0) {
            long queue = host.takeCleared(1, "a PRI queue");
            registers.write64(SmmuRegisters.PRIQ_BASE, queue | PAGE_REQUEST_BITS);
            control |= SmmuRegisters.PAGE_QUEUE;
        }
        registers.write32(SmmuRegisters.CR0, control);
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        var registers = unit.registers();
        registers.write32(SmmuRegisters.PRIQ_CONS, registers.read32(SmmuRegisters.PRIQ_PROD));
        commands.submit(SmmuCommand.respond(requester.raw(), pasid, group, response));
    }

    @Override
    void forgetInDevice(RequesterId requester, int pasid, AddressRange range) {
        commands.forgetInDevice(requester.raw(), pasid == OWN ? -1 : pasid, range);
    }

    // ---- invalidation

    @Override
    void forget(
            Translation own,
            Translation user,
            List<Integer> pasids,
            Stage stage,
            AddressRange range,
            boolean leavesOnly) {
        int vmid = user.hasSecond() ? user.parentTag() : 0;
        long pages = range.bytes() >>> 12;
        if (stage == Stage.SECOND) {
            if (pages > MOST_PAGES || user.mayHaveFirst()) {
                commands.submit(SmmuCommand.tlbVmid(vmid));
            } else {
                for (long page = 0; page < pages; page++) {
                    commands.submit(
                            SmmuCommand.tlbIntermediate(
                                    vmid, range.start() + (page << 12), leavesOnly));
                }
            }
            return;
        }
        if (pages > MOST_PAGES) {
            commands.submit(SmmuCommand.tlbAsid(vmid, user.tag()));
            return;
        }
        for (long page = 0; page < pages; page++) {
            commands.submit(
                    SmmuCommand.tlbAddress(
                            vmid, user.tag(), range.start() + (page << 12), leavesOnly));
        }
    }

    @Override
    void forgetAll(Translation user) {
        commands.submit(
                user.hasSecond()
                        ? SmmuCommand.tlbVmid(user.parentTag())
                        : SmmuCommand.tlbAsid(0, user.tag()));
    }

    @Override
    public Patience patience() {
        return commands.patience;
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        if (!viaQueue) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "An SMMUv3 takes invalidations by its command queue only.");
        }
        commands.invalidate(what);
    }

    @Override
    public void carryOut(int tag, int requester, long low, long high) {
        long whose = requester < 0 ? tag : requester;
        commands.submitOfGuest(new SmmuCommand(low | whose << 32, high));
    }

    // ---- the unit as a whole

    @Override
    public void setTranslation(boolean on) {
        var registers = unit.registers();
        int control = registers.read32(SmmuRegisters.CR0);
        registers.write32(
                SmmuRegisters.CR0,
                on ? control | SmmuRegisters.ENABLED : control & ~SmmuRegisters.ENABLED);
    }

    /// As `arm_smmu_evtq_thread` does when it has printed them.
    @Override
    public void clearFaults() {
        var registers = unit.registers();
        registers.write32(SmmuRegisters.EVENTQ_CONS, registers.read32(SmmuRegisters.EVENTQ_PROD));
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
                : KernelLog.smmuEvent(
                        new EventRecord(
                                record.low(), record.high(), record.third(), record.fourth()));
    }

    @Override
    public Optional<GuestEvent> eventForGuest(FaultRecord record) {
        return SmmuEvents.forGuest(record);
    }

    // ---- going back

    private record Remembered(Tables tables, Devices devices) implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            if (!(unit instanceof SmmuUnit hardware)) {
                throw new IllegalStateException("not an SMMUv3: " + unit);
            }
            return new SmmuDriver(hardware, TableStore.ofHost(memory, frames), tables, devices);
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(tables, deviceStates());
    }
}
