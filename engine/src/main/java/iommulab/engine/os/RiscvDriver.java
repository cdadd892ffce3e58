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
import iommulab.engine.iommu.riscv.PageTableEncoder;
import iommulab.engine.iommu.riscv.RiscvCommand;
import iommulab.engine.iommu.riscv.RiscvRegisters;
import iommulab.engine.iommu.riscv.RiscvUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.device.PagingDomains.Wanted;
import iommulab.engine.pci.RequesterId;

import java.util.List;

/// Linux's driver of one RISC-V IOMMU: device directory of three levels, command queue, fault queue, process
/// directories. Source: kernel `drivers/iommu/riscv/iommu.c`.
///
/// Not thread-safe: one engine thread owns it.
public final class RiscvDriver extends DeviceEntryDriver {
    private static final EntryEncoder ENCODER = new PageTableEncoder();
    private static final int MOST_PAGES = 32;
    private static final int USUAL_LEVELS = 4;
    private static final int THREE_LEVELS = 4;
    private static final int QUEUE_ON = 1;
    private static final int TOP_TABLES = 4;
    /* cqcsr.cmd_to */

    private static final long VALID = 1;
    private static final long DEVICE_TLB = 1 << 1;
    private static final long PAGE_REQUESTS = 1 << 2;
    private static final long PROCESS_DIRECTORY = 1 << 5;
    private static final long RESPONSES_WITH_PROCESS = 1 << 6;
    private static final long PROCESS_0_BY_DEFAULT = 1 << 9;
    private static final long MARKS_SECOND = 1 << 7;
    private static final long MARKS_FIRST = 1 << 8;
    private static final int MODE_AT = 60;
    private static final long TWO_LEVELS_OF_PROCESSES = 2L << MODE_AT;

    private static final PasidDirectory.Shape PROCESSES =
            new PasidDirectory.Shape() {
                @Override
                public int leafBits() {
                    return 8;
                }

                @Override
                public int entryBytes() {
                    return 16;
                }

                @Override
                public long pointer(long table) {
                    return RiscvDriver.pointer(table);
                }
            };

    private final RiscvUnit unit;
    private final TableStore host;
    private final Tables tables;
    private final RiscvCommands commands;

    /// @param devices hpa of the top of the device directory
    /// @param commands hpa of the command queue
    /// @param faults hpa of the fault queue
    private record Tables(long devices, long commands, long faults) {}

    private RiscvDriver(RiscvUnit unit, TableStore host, Tables tables, Devices then) {
        super(host.memory(), PROCESSES, then);
        this.unit = unit;
        this.host = host;
        this.tables = tables;
        commands = new RiscvCommands(unit, host.memory(), tables.commands());
    }

    /// Brings a unit up: an empty device directory, queues, everything invalidated, translation on.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static RiscvDriver start(RiscvUnit unit, TableStore host) throws MappingRefused {
        var tables =
                new Tables(
                        host.takeCleared(1, "a device directory"),
                        host.takeCleared(1, "a command queue"),
                        host.takeCleared(1, "a fault queue"));
        var driver = new RiscvDriver(unit, host, tables, Devices.NONE);
        var registers = unit.registers();
        registers.write64(RiscvRegisters.CQB, tables.commands() >>> 2 | 7);
        registers.write64(RiscvRegisters.FQB, tables.faults() >>> 2 | 6);
        registers.write32(RiscvRegisters.CQCSR, QUEUE_ON);
        registers.write32(RiscvRegisters.FQCSR, QUEUE_ON);
        driver.setTranslation(true);
        driver.commands.submit(
                RiscvCommand.invalidateDevice(-1),
                RiscvCommand.invalidateFirstStage(-1, -1),
                RiscvCommand.invalidateSecondStage(-1));
        return driver;
    }

    @Override
    public RiscvUnit unit() {
        return unit;
    }

    // ---- domains

    @Override
    public void requireTag(int tag) throws MappingRefused {
        if (tag >>> 16 != 0) {
            throw new MappingRefused("ENOSPC", "The IOMMU has 65536 GSCIDs, and all are in use.");
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
        return TableWishes.ofRiscv(this, wanted);
    }

    @Override
    public TableLimits limits(Stage stage, int levels) throws MappingRefused {
        var capabilities = unit.capabilities();
        int depth = levels == 0 ? USUAL_LEVELS : levels;
        boolean known =
                stage == Stage.FIRST
                        ? capabilities.firstStageLevels(depth)
                        : capabilities.secondStageLevels(depth);
        if (!known) {
            throw new MappingRefused(
                    "EINVAL",
                    "The IOMMU has no %s of %d levels (capabilities)."
                            .formatted(stage.words(), depth));
        }
        // The upper half of a first stage's addresses is left to the processor's own tables; a
        // second
        // stage's root is four tables long.
        return stage == Stage.FIRST
                ? new TableLimits(TableShape.FOUR_KIB, depth, 11 + 9 * depth, 52, 3)
                : new TableLimits(TableShape.FOUR_KIB, depth, 14 + 9 * depth, 52, 3, TOP_TABLES);
    }

    @Override
    public EntryEncoder encoder(Stage stage) {
        return ENCODER;
    }

    @Override
    public boolean tracksDirty(Stage stage) {
        return unit.capabilities().hardwareUpdates();
    }

    // ---- entries

    private static long pointer(long table) {
        return pageNumber(table) << 10 | VALID;
    }

    private static long pageNumber(long address) {
        return address >>> 12;
    }

    /// Sv39 is 8, Sv48 9, Sv57 10; likewise with x4.
    private static long mode(int levels) {
        return (long) (levels + 5) << MODE_AT;
    }

    @Override
    void writeEntry(RequesterId requester, Translation own, long directory) throws MappingRefused {
        long control = VALID;
        long second = 0;
        if (own.hasSecond()) {
            second =
                    mode(own.secondLevels())
                            | (long) own.parentTag() << 44
                            | pageNumber(own.second());
        }
        var granted = services.of(requester);
        control |= granted.deviceTlb() ? DEVICE_TLB : 0;
        control |= granted.pageRequests() ? PAGE_REQUESTS | RESPONSES_WITH_PROCESS : 0;
        long first = 0;
        if (directory != 0) {
            control |= PROCESS_DIRECTORY | (own.hasFirst() ? PROCESS_0_BY_DEFAULT : 0);
            first = TWO_LEVELS_OF_PROCESSES | pageNumber(directory);
        }
        control |= own.hasSecond() && wishes.tracks(own.parentTag()) ? MARKS_SECOND : 0;
        control |= tracksFirst(requester) ? MARKS_FIRST : 0;
        write(requester, new long[] {control, second, 0, first});
    }

    @Override
    void clearEntry(RequesterId requester) throws MappingRefused {
        write(requester, new long[] {0, 0, 0, 0});
    }

    private void write(RequesterId requester, long[] words) throws MappingRefused {
        int bytes = unit.capabilities().deviceContextBytes();
        int leafBits = bytes == 64 ? 6 : 7;
        int device = requester.raw();
        long middle = tableAt(tables.devices() + (device >>> leafBits + 9) * 8L);
        long leaf = tableAt(middle + (device >>> leafBits & 511) * 8L);
        long entry = leaf + (device & (1 << leafBits) - 1) * (long) bytes;
        for (int word = words.length - 1; word >= 0; word--) {
            memory.write64(entry + word * 8L, words[word]);
        }
        commands.submit(RiscvCommand.invalidateDevice(device));
    }

    private long tableAt(long slot) throws MappingRefused {
        long entry = memory.read64(slot);
        if ((entry & VALID) == 0) {
            entry = pointer(host.takeCleared(1, "a device directory"));
            memory.write64(slot, entry);
        }
        return entry >>> 10 << 12;
    }

    @Override
    long[] pasidEntry(Translation to) {
        return new long[] {
            VALID | (long) to.tag() << 12, mode(to.firstLevels()) | pageNumber(to.first())
        };
    }

    @Override
    void forgetPasid(RequesterId requester, int pasid) {
        commands.submit(RiscvCommand.invalidateProcess(requester.raw(), pasid));
    }

    /// The directory of a nested first stage is the guest's own.
    @Override
    TableStore directoryStore(Attachment to) {
        var first = to.first();
        return first == null ? host : first.store();
    }

    @Override
    FrameAllocator hostFrames() {
        return host.frames();
    }

    // ---- services of devices

    /// The page-request queue is set up when a device first needs it.
    @Override
    void prepare(DeviceServices wanted) throws MappingRefused {
        boolean ats = unit.capabilities().ats();
        ServiceBook.requireSupport(wanted, ats, ats);
        var registers = unit.registers();
        if (wanted.pageRequests() && registers.read32(RiscvRegisters.PQCSR) == 0) {
            long queue = host.takeCleared(1, "a page-request queue");
            registers.write64(RiscvRegisters.PQB, queue >>> 2 | 7);
            registers.write32(RiscvRegisters.PQCSR, QUEUE_ON);
        }
    }

    @Override
    public void respond(RequesterId requester, int pasid, int group, PageResponse response) {
        var registers = unit.registers();
        registers.write32(RiscvRegisters.PQH, registers.read32(RiscvRegisters.PQT));
        commands.submit(RiscvCommand.respond(requester.raw(), pasid, group, response));
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
        int gscid = user.hasSecond() ? user.parentTag() : -1;
        long pages = range.bytes() >>> 12;
        boolean byPage = leavesOnly && pages <= MOST_PAGES;
        if (stage == Stage.SECOND) {
            if (byPage) {
                for (long page = 0; page < pages; page++) {
                    commands.submit(
                            RiscvCommand.invalidateSecondStagePage(
                                    gscid, range.start() + (page << 12)));
                }
            } else {
                commands.submit(RiscvCommand.invalidateSecondStage(gscid));
            }
            if (user.hasFirst()) {
                commands.submit(RiscvCommand.invalidateFirstStage(gscid, -1));
            }
        } else if (byPage) {
            for (long page = 0; page < pages; page++) {
                commands.submit(
                        RiscvCommand.invalidateFirstStagePage(
                                gscid, user.tag(), range.start() + (page << 12)));
            }
        } else {
            commands.submit(RiscvCommand.invalidateFirstStage(gscid, user.tag()));
        }
    }

    @Override
    void forgetAll(Translation user) {
        if (user.hasSecond()) {
            commands.submit(
                    RiscvCommand.invalidateSecondStage(user.parentTag()),
                    RiscvCommand.invalidateFirstStage(user.parentTag(), -1));
        } else {
            commands.submit(RiscvCommand.invalidateFirstStage(-1, user.tag()));
        }
    }

    @Override
    public Patience patience() {
        return commands.patience;
    }

    @Override
    public void invalidate(Invalidation what, boolean viaQueue) throws MappingRefused {
        if (!viaQueue) {
            throw new MappingRefused(
                    "EOPNOTSUPP", "A RISC-V IOMMU takes invalidations by its command queue only.");
        }
        commands.invalidate(what);
    }

    // ---- the unit as a whole

    @Override
    public void setTranslation(boolean on) {
        unit.registers()
                .write64(
                        RiscvRegisters.DDTP,
                        pageNumber(tables.devices()) << 10 | (on ? THREE_LEVELS : 1));
    }

    /// As `riscv_iommu_fltq_process` does when it has printed them.
    @Override
    public void clearFaults() {
        var registers = unit.registers();
        registers.write32(RiscvRegisters.FQH, registers.read32(RiscvRegisters.FQT));
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
                : List.of(KernelLog.riscvFault(record.low(), record.third(), record.fourth()));
    }

    // ---- going back

    private record Remembered(Tables tables, Devices devices) implements State {
        @Override
        public IommuDriver resume(Iommu unit, PhysicalMemory memory, FrameAllocator frames) {
            if (!(unit instanceof RiscvUnit hardware)) {
                throw new IllegalStateException("not a RISC-V IOMMU: " + unit);
            }
            return new RiscvDriver(hardware, TableStore.ofHost(memory, frames), tables, devices);
        }
    }

    @Override
    public State checkpoint() {
        return new Remembered(tables, deviceStates());
    }
}
