package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.List;
import java.util.Optional;

/// A RISC-V IOMMU on a bench: memory, a three-level device directory of extended contexts, queues, and tables
/// as software writes them. Directories are written word by word, as the specification draws them.
final class RiscvLab {
    static final int READ = RiscvUnit.READ;
    static final int WRITE = RiscvUnit.WRITE;
    static final int EXECUTE = RiscvUnit.EXECUTE;
    static final int NO_PASID = RiscvUnit.NO_PASID;

    /// Guest-physical memory begins here; its frames lie [#GUEST_OFFSET] higher in the host's.
    static final long GUEST = 0x4000_0000L;

    static final long GUEST_OFFSET = 0x10_0000_0000L;

    private static final long RAM_BYTES = 1L << 46;
    private static final long ROOT = 0x1000_0000;
    private static final long COMMANDS = 0x2000_0000;
    private static final long FAULTS = 0x2100_0000;
    private static final long PAGE_REQUESTS = 0x2200_0000;
    private static final int LOG_ENTRIES = 7;

    final PhysicalMemory memory;
    final FrameAllocator frames = new FrameAllocator(AddressRange.of(0x3000_0000, 1 << 28));
    final RiscvUnit unit;

    RiscvLab(CacheShapes shapes) {
        this(RiscvCapabilities.EVERYTHING, shapes);
    }

    RiscvLab(RiscvCapabilities capabilities, CacheShapes shapes) {
        memory = new PhysicalMemory(map());
        unit = unit(capabilities, shapes);
    }

    private static AddressMap map() {
        return new AddressMap(
                List.of(
                        new Region(
                                AddressRange.of(0, RAM_BYTES),
                                RegionKind.RAM,
                                "System RAM",
                                Optional.empty())));
    }

    /// Another IOMMU over the same directory and memory, its queues off.
    RiscvUnit twin(CacheShapes shapes) {
        var twin = new RiscvUnit(unit.capabilities(), memory, shapes, 3);
        twin.registers().write64(RiscvRegisters.DDTP, ROOT >>> 12 << 10 | 4);
        return twin;
    }

    private RiscvUnit unit(RiscvCapabilities capabilities, CacheShapes shapes) {
        var made = new RiscvUnit(capabilities, memory, shapes, 7);
        var registers = made.registers();
        registers.write64(RiscvRegisters.CQB, COMMANDS >>> 12 << 10 | LOG_ENTRIES);
        registers.write64(RiscvRegisters.FQB, FAULTS >>> 12 << 10 | LOG_ENTRIES);
        registers.write64(RiscvRegisters.PQB, PAGE_REQUESTS >>> 12 << 10 | LOG_ENTRIES);
        registers.write32(RiscvRegisters.CQCSR, 1);
        registers.write32(RiscvRegisters.FQCSR, 1);
        registers.write32(RiscvRegisters.PQCSR, 1);
        registers.write64(RiscvRegisters.DDTP, ROOT >>> 12 << 10 | 4);
        return made;
    }

    // ---- directories

    /// Where the context of a device lies; the tables above it are made.
    long contextOf(int device) {
        long middle = next(ROOT + 8L * (device >>> 15));
        return next(middle + 8L * (device >>> 6 & 0x1ff)) + 64L * (device & 0x3f);
    }

    private long next(long entry) {
        long raw = memory.read64(entry);
        if (raw == 0) {
            raw = frames.take() >>> 12 << 10 | 1;
            memory.write64(entry, raw);
        }
        return raw >>> 10 << 12;
    }

    /// A device whose context says this.
    ///
    /// @param tc translation control without V
    void device(int device, long tc, long iohgatp, int pscid, long fsc) {
        long at = contextOf(device);
        memory.write64(at, tc | 1);
        memory.write64(at + 8, iohgatp);
        memory.write64(at + 16, (long) pscid << 12);
        memory.write64(at + 24, fsc);
    }

    /// A process of a device with a directory of PD8, made if `root` is 0.
    ///
    /// @return where its directory is, guest-physical or host
    long process(long root, int process, int pscid, long fsc, TableStore store) {
        long directory = root == 0 ? store.frames().take() : root;
        long at = store.toHost().applyAsLong(directory) + 16L * process;
        memory.write64(at, (long) pscid << 12 | 1);
        memory.write64(at + 8, fsc);
        return directory;
    }

    static long fsc(TableBuilder tables) {
        return tables.top() >>> 12 | (long) (tables.limits().levels() + 5) << 60;
    }

    static long iohgatp(TableBuilder tables, int gscid) {
        return fsc(tables) | (long) gscid << 44;
    }

    // ---- tables

    TableStore host() {
        return TableStore.ofHost(memory, frames);
    }

    /// A guest's memory: as many frames, of which the first hold its tables.
    static TableStore guest(PhysicalMemory memory, int frameCount) {
        var own = new FrameAllocator(AddressRange.of(GUEST, (long) frameCount << 12));
        return new TableStore(memory, own, gpa -> gpa + GUEST_OFFSET);
    }

    TableBuilder tables(Stage stage, int levels, TableStore store) throws MappingRefused {
        var limits = PageTableEncoder.limits(unit.capabilities(), stage, levels);
        return TableBuilder.create(store, new PageTableEncoder(), limits, 1);
    }

    /// A second stage that maps all of a guest's memory, in pages of 4 KiB.
    TableBuilder guestMemory(int levels, int frameCount) throws MappingRefused {
        var second = tables(Stage.SECOND, levels, host());
        for (int frame = 0; frame < frameCount; frame++) {
            long gpa = GUEST + ((long) frame << 12);
            second.map(gpa, gpa + GUEST_OFFSET, 4096, Permissions.READ_WRITE);
        }
        return second;
    }

    // ---- commands

    /// Lets the IOMMU execute a command.
    void command(long low, long high) {
        int tail = unit.registers().read32(RiscvRegisters.CQT);
        memory.write64(COMMANDS + 16L * tail, low);
        memory.write64(COMMANDS + 16L * tail + 8, high);
        unit.registers().write32(RiscvRegisters.CQT, tail + 1 & (2 << LOG_ENTRIES) - 1);
    }

    /// The fault record that was written last.
    FaultRecord lastFault() {
        int last = unit.registers().read32(RiscvRegisters.FQT) - 1 & (2 << LOG_ENTRIES) - 1;
        long at = FAULTS + 32L * last;
        return new FaultRecord(memory.read64(at), memory.read64(at + 16), memory.read64(at + 24));
    }
}
