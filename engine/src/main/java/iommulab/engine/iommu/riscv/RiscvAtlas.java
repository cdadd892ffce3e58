package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.GuestAddresses;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that a RISC-V IOMMU uses: device and process directories, page tables of
/// both stages, also where they lie in what a second stage maps, MSI page tables. Its queues are in
/// [QueueWords].
final class RiscvAtlas {
    private static final int TABLE_BYTES = 4096;
    private static final long PPN = (1L << 44) - 1;
    private static final int GUEST_ROOT_TABLES = 4;
    private static final int MSI_ENTRY_BYTES = 16;
    private static final int MOST_FILES = 16;

    private final RiscvUnit unit;
    private final RiscvStructures structures;
    private final PageTableStructures tables;
    private final DeviceDirectory directory;
    private final TableVisits visits;
    private final boolean big;
    private final boolean narrowGuests;
    private final TableTour second;
    private final TableTour first;
    private final TableTour narrowFirst;

    RiscvAtlas(RiscvUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        visits = new TableVisits(unit.memory(), visitor);
        structures = new RiscvStructures(unit.capabilities());
        tables = new PageTableStructures(unit.capabilities());
        directory = new DeviceDirectory(unit.memory(), unit.capabilities());
        big = unit.isBigEndian();
        narrowGuests = (unit.control() & RiscvRegisters.GXL) != 0;
        second = tour(Stage.SECOND, narrowGuests);
        first = tour(Stage.FIRST, false);
        narrowFirst = tour(Stage.FIRST, true);
    }

    void visit() {
        if (unit.levels != 0) {
            devices(unit.deviceTable(), unit.levels - 1, 0, -1, "ddtp");
        }
        QueueWords.visit(unit, visits);
    }

    private static long next(long raw) {
        return (raw & 1) == 0 ? -1 : (raw >>> 10 & PPN) << 12;
    }

    // ---- devices

    /// @param first lowest device_id that comes this way
    private void devices(long address, int level, int first, long pointer, String pointedBy) {
        var name = level == 0 ? "contexts from 0x%x".formatted(first) : "DDT level " + level;
        var entries =
                level == 0
                        ? new Contexts()
                        : Entries.of(
                                structures.deviceDirectoryEntry(),
                                raw -> new long[] {next(raw[0])},
                                big);
        var table =
                new Table(
                        "DDT level " + level,
                        address,
                        TABLE_BYTES,
                        level == 0 ? unit.capabilities().deviceContextBytes() : 8,
                        name,
                        pointer,
                        pointedBy,
                        entries);
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        int device = first + (index << directory.indexAt(level));
                        if (level == 0) {
                            device(device, hpa);
                        } else if (next(raw[0]) >= 0) {
                            devices(next(raw[0]), level - 1, device, hpa, name);
                        }
                    });
        }
    }

    /// Device contexts lead to tables of both stages and of interrupt files.
    private final class Contexts implements Entries {
        @Override
        public Structure structure(long[] raw) {
            return structures.deviceContext(
                    unit.control(),
                    (raw[0] & DeviceContext.PDTV) != 0,
                    (raw[0] & DeviceContext.SXL) != 0);
        }

        @Override
        public long[] targets(long[] raw) {
            if ((raw[0] & DeviceContext.VALID) == 0) {
                return new long[0];
            }
            return new long[] {root(raw[1]), fscTarget(raw), raw.length > 4 ? root(raw[4]) : -1};
        }

        private long fscTarget(long[] raw) {
            var context = new DeviceContext(raw[0], raw[1], raw[2], raw[3], 0, 0, 0);
            return root(raw[3]) < 0 ? -1 : toHost(context).applyAsLong(root(raw[3]));
        }

        @Override
        public long word(PhysicalMemory memory, long hpa) {
            long word = memory.read64(hpa);
            return big ? Long.reverseBytes(word) : word;
        }
    }

    /// @param mode a word with mode and page number
    private static long root(long mode) {
        return DeviceContext.mode(mode) == DeviceContext.BARE ? -1 : DeviceContext.root(mode);
    }

    /// What the entries below a device context have in common.
    ///
    /// @param whose address spaces they are, such as `GSCID 3, `
    /// @param toHost hpa of the addresses of its first stages and process directory
    private record Device(DeviceContext context, String whose, LongUnaryOperator toHost) {
        boolean isNarrow() {
            return context.has(DeviceContext.SXL);
        }

        boolean isBig() {
            return context.has(DeviceContext.SBE);
        }
    }

    private void device(int id, long hpa) {
        boolean tooWide = id >>> directory.deviceIdBits(unit.levels) != 0;
        if (tooWide
                || directory.read(
                                unit.deviceTable(),
                                unit.levels,
                                id,
                                unit.control(),
                                WalkObserver.NONE)
                        != null) {
            return;
        }
        var context = directory.context();
        boolean guest = context.secondMode() != DeviceContext.BARE;
        var device =
                new Device(
                        context,
                        guest ? "GSCID %d, ".formatted(context.gscid()) : "",
                        toHost(context));
        var pointedBy = "context of device 0x%x".formatted(id);
        if (guest) {
            secondStage(context, hpa, pointedBy);
        }
        if (context.hasMsiTable()) {
            msiTable(context, hpa, pointedBy);
        }
        if (!context.has(DeviceContext.PDTV)) {
            firstStage(device, context.fsc(), context.pscid(), hpa, pointedBy);
        } else if (context.firstMode() != DeviceContext.BARE) {
            long table = DeviceContext.root(context.fsc());
            processes(device, table, context.firstMode() - 1, 0, hpa, pointedBy);
        }
    }

    private LongUnaryOperator toHost(DeviceContext context) {
        int mode = context.secondMode();
        int levels = narrowGuests ? 2 : mode - 5;
        boolean supported =
                narrowGuests ? mode == 8 : unit.capabilities().secondStageLevels(levels);
        if (!supported) {
            return LongUnaryOperator.identity();
        }
        return new GuestAddresses(
                unit.memory(),
                new PageTableFormat(unit.capabilities(), Stage.SECOND, narrowGuests),
                DeviceContext.root(context.iohgatp()),
                levels,
                StageArithmetic.guestBits(context, unit.control()),
                regime(big, narrowGuests));
    }

    private static long regime(boolean big, boolean narrow) {
        return (big ? PageTableFormat.BIG_ENDIAN : 0)
                | (narrow ? PageTableFormat.NARROW : 0)
                | PageTableFormat.LOOKING;
    }

    private void secondStage(DeviceContext context, long pointer, String pointedBy) {
        second.visit(
                new TableTour.Root(
                        DeviceContext.root(context.iohgatp()),
                        narrowGuests ? 2 : context.secondMode() - 5,
                        GUEST_ROOT_TABLES << (narrowGuests ? 10 : 9),
                        regime(big, narrowGuests),
                        "GSCID %d".formatted(context.gscid()),
                        pointer,
                        pointedBy));
    }

    private void firstStage(Device device, long fsc, int pscid, long pointer, String pointedBy) {
        int mode = DeviceContext.mode(fsc);
        if (mode == DeviceContext.BARE) {
            return;
        }
        boolean narrow = device.isNarrow();
        (narrow ? narrowFirst : first)
                .visit(
                        new TableTour.Root(
                                DeviceContext.root(fsc),
                                narrow ? 2 : mode - 5,
                                narrow ? 1024 : 512,
                                regime(device.isBig(), narrow),
                                "%sPSCID %d".formatted(device.whose(), pscid),
                                pointer,
                                pointedBy),
                        device.toHost());
    }

    private TableTour tour(Stage stage, boolean narrow) {
        return new TableTour(
                visits,
                new PageTableFormat(unit.capabilities(), stage, narrow),
                new TableTour.Structures() {
                    @Override
                    public Structure of(int level, long raw) {
                        return tables.of(stage, level, raw, narrow);
                    }

                    @Override
                    public int levelName(int level) {
                        return level - 1;
                    }
                });
    }

    // ---- processes

    /// @param first lowest process_id that comes this way
    private void processes(
            Device device, long address, int level, int first, long pointer, String pointedBy) {
        int low = ProcessDirectory.indexAt(level);
        long count = 1L << ProcessDirectory.indexAt(level + 1) - low;
        int bytes = level == 0 ? 16 : 8;
        var name = level == 0 ? "process contexts from %d".formatted(first) : "PDT level " + level;
        var table =
                new Table(
                        "PDT level %d %s".formatted(level, device.isBig()),
                        address,
                        count * bytes,
                        bytes,
                        name,
                        pointer,
                        pointedBy,
                        Entries.of(
                                level == 0
                                        ? structures.processContext(device.isNarrow())
                                        : structures.processDirectoryEntry(),
                                raw -> new long[] {processTarget(device, level, raw)},
                                device.isBig()));
        for (var piece : visits.tell(table, device.toHost())) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        int process = first + (index << low);
                        if (level > 0 && next(raw[0]) >= 0) {
                            processes(device, next(raw[0]), level - 1, process, hpa, name);
                        } else if (level == 0) {
                            process(device, process, raw, hpa);
                        }
                    });
        }
    }

    private static long processTarget(Device device, int level, long[] raw) {
        long target = level > 0 ? next(raw[0]) : (raw[0] & 1) == 0 ? -1 : root(raw[1]);
        return target < 0 ? -1 : device.toHost().applyAsLong(target);
    }

    private void process(Device device, int id, long[] raw, long hpa) {
        var context = new ProcessContext(raw[0], raw[1]);
        var rules = new DeviceContextRules(unit.capabilities());
        if ((raw[0] & ProcessContext.VALID) != 0 && rules.accepts(context, device.context())) {
            var pointedBy = "context of process %d".formatted(id);
            firstStage(device, context.fsc(), context.pscid(), hpa, pointedBy);
        }
    }

    // ---- interrupt files

    private void msiTable(DeviceContext context, long pointer, String pointedBy) {
        int files = 1 << Math.min(MOST_FILES, Long.bitCount(context.msiMask()));
        visits.tell(
                new Table(
                        "MSI page table",
                        DeviceContext.root(context.msiptp()),
                        (long) files * MSI_ENTRY_BYTES,
                        MSI_ENTRY_BYTES,
                        "MSI page table of GSCID %d".formatted(context.gscid()),
                        pointer,
                        pointedBy,
                        new InterruptFiles()));
    }

    private final class InterruptFiles implements Entries {
        @Override
        public Structure structure(long[] raw) {
            return structures.msi(raw[0]);
        }

        @Override
        public long[] targets(long[] raw) {
            return (raw[0] & MsiTable.VALID) == 0
                    ? new long[0]
                    : new long[] {MsiTable.isMrif(raw[0]) ? next(raw[1] | 1) : next(raw[0])};
        }

        @Override
        public long word(PhysicalMemory memory, long hpa) {
            long word = memory.read64(hpa);
            return big ? Long.reverseBytes(word) : word;
        }
    }
}
