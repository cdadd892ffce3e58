package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.memory.PhysicalMemory;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that a RISC-V IOMMU uses: queues, device and process directories, page
/// tables of both stages, also where they lie in what a second stage maps, MSI page tables.
final class RiscvAtlas {
    private static final int TABLE_BYTES = 4096;
    private static final long NOWHERE = -1;
    private static final long PPN = (1L << 44) - 1;
    private static final int GUEST_ROOT_TABLES = 4;
    private static final int MSI_ENTRY_BYTES = 16;

    private final RiscvUnit unit;
    private final RiscvUnit twin;
    private final PhysicalMemory memory;
    private final RiscvStructures structures;
    private final PageTableStructures tables;
    private final DeviceDirectory directory;
    private final Consumer<TableUse> visitor;
    private final Map<String, TableTour> tours = new HashMap<>();
    private final Set<Long> seen = new HashSet<>();

    RiscvAtlas(RiscvUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        this.visitor = visitor;
        memory = unit.memory();
        structures = new RiscvStructures(unit.capabilities());
        tables = new PageTableStructures(unit.capabilities());
        directory = unit.directories().deviceDirectory();
        twin = new RiscvUnit(unit.capabilities(), memory, CacheShapes.NONE, 0);
        twin.onlyLook();
        twin.adoptRegisters(unit.control(), unit.directory());
    }

    void visit() {
        QueueWords.visit(unit, visitor);
        if (unit.levels != 0 && memory.isBacked(unit.deviceTable())) {
            devices(unit.deviceTable(), unit.levels - 1, 0, NOWHERE, "ddtp");
        }
    }

    private long word(long hpa, boolean big) {
        long word = memory.read64(hpa);
        return big ? Long.reverseBytes(word) : word;
    }

    private static long next(long[] raw, boolean big) {
        long word = big ? Long.reverseBytes(raw[0]) : raw[0];
        return (word & 1) == 0 ? NOWHERE : (word >>> 10 & PPN) << 12;
    }

    private TableUse.Entries pointers(Structure structure, boolean big) {
        return TableUse.Entries.of(structure, raw -> next(raw, big));
    }

    // ---- devices

    /// @param first lowest device_id that comes this way
    private void devices(long table, int level, int first, long pointer, String pointedBy) {
        boolean big = unit.isBigEndian();
        var name = level == 0 ? "device contexts from 0x%x".formatted(first) : "DDT level " + level;
        int bytes = level == 0 ? unit.capabilities().deviceContextBytes() : 8;
        var entries = level == 0 ? contexts(big) : pointers(structures.deviceDirectoryEntry(), big);
        visitor.accept(new TableUse(table, TABLE_BYTES, bytes, name, pointer, pointedBy, entries));
        int count = 1 << directory.indexHigh(level) - directory.indexAt(level) + 1;
        for (int index = 0; index < count; index++) {
            long at = table + (long) index * bytes;
            int device = first + (index << directory.indexAt(level));
            long entry = word(at, big);
            if ((entry & 1) == 0) {
                continue;
            }
            long below = (entry >>> 10 & PPN) << 12;
            if (level == 0) {
                device(device, at);
            } else if (memory.isBacked(below)) {
                devices(below, level - 1, device, at, name);
            }
        }
    }

    /// A context leads to more than one table; the second stage is the first that counts.
    private TableUse.Entries contexts(boolean big) {
        return new TableUse.Entries() {
            @Override
            public Structure structure(long[] raw) {
                long tc = big ? Long.reverseBytes(raw[0]) : raw[0];
                return structures.deviceContext(
                        unit.control(),
                        (tc & DeviceContext.PDTV) != 0,
                        (tc & DeviceContext.SXL) != 0);
            }

            @Override
            public long target(long[] raw) {
                long iohgatp = big ? Long.reverseBytes(raw[1]) : raw[1];
                long fsc = big ? Long.reverseBytes(raw[3]) : raw[3];
                long root = DeviceContext.mode(iohgatp) != 0 ? iohgatp : fsc;
                return DeviceContext.mode(root) == 0 ? NOWHERE : DeviceContext.root(root);
            }
        };
    }

    private void device(int device, long at) {
        var found = twin.lookUpDevice(device);
        if (found.isEmpty()) {
            return;
        }
        var context = found.get();
        var pointedBy = "context of device 0x%x".formatted(device);
        if (context.secondMode() != DeviceContext.BARE) {
            secondStage(context, at, pointedBy);
        }
        if (context.hasMsiTable()) {
            msiTable(context, at, pointedBy);
        }
        if (!context.has(DeviceContext.PDTV)) {
            firstStage(device, context, context.fsc(), context.pscid(), at, pointedBy);
        } else if (context.firstMode() != DeviceContext.BARE) {
            long root = DeviceContext.root(context.fsc());
            processes(device, context, root, context.firstMode() - 1, 0, at, pointedBy);
        }
    }

    private void secondStage(DeviceContext context, long at, String pointedBy) {
        boolean narrow = (unit.control() & RiscvRegisters.GXL) != 0;
        int levels = narrow ? 2 : context.secondMode() - 5;
        tour(Stage.SECOND, narrow, "host", LongUnaryOperator.identity())
                .visit(
                        new TableTour.Root(
                                DeviceContext.root(context.iohgatp()),
                                levels,
                                GUEST_ROOT_TABLES << (narrow ? 10 : 9),
                                regime(unit.isBigEndian(), narrow),
                                "GSCID %d".formatted(context.gscid()),
                                at,
                                pointedBy));
    }

    private void firstStage(
            int device, DeviceContext context, long fsc, int pscid, long at, String pointedBy) {
        int mode = DeviceContext.mode(fsc);
        if (mode == DeviceContext.BARE) {
            return;
        }
        boolean narrow = context.has(DeviceContext.SXL);
        boolean guest = context.secondMode() != DeviceContext.BARE;
        String whose = guest ? "GSCID " + context.gscid() : "host";
        tour(Stage.FIRST, narrow, whose, address -> hpa(device, context, address))
                .visit(
                        new TableTour.Root(
                                DeviceContext.root(fsc),
                                narrow ? 2 : mode - 5,
                                narrow ? 1024 : 512,
                                regime(context.has(DeviceContext.SBE), narrow),
                                (guest ? whose + ", " : "") + "PSCID " + pscid,
                                at,
                                pointedBy));
    }

    private static long regime(boolean big, boolean narrow) {
        return (big ? PageTableFormat.BIG_ENDIAN : 0)
                | (narrow ? PageTableFormat.NARROW : 0)
                | PageTableFormat.LOOKING;
    }

    private TableTour tour(Stage stage, boolean narrow, String whose, LongUnaryOperator toHost) {
        return tours.computeIfAbsent(
                "%s %s %s".formatted(stage, narrow, whose),
                _ ->
                        new TableTour(
                                memory,
                                new PageTableFormat(unit.capabilities(), stage, narrow),
                                (level, leaf) ->
                                        narrow
                                                ? tables.narrowEntry(stage, level, leaf)
                                                : tables.entry(stage, level, leaf),
                                toHost,
                                visitor));
    }

    /// Where an address of a device's first stage or process directory lies.
    private long hpa(int device, DeviceContext context, long address) {
        if (context.secondMode() == DeviceContext.BARE) {
            return address;
        }
        long word = twin.lookUpGuest(device, context.gscid(), address);
        return word < 0 ? NOWHERE : Iotlb.hpa(word, address);
    }

    // ---- processes

    private void processes(
            int device,
            DeviceContext context,
            long table,
            int level,
            int first,
            long pointer,
            String pointedBy) {
        long hpa = hpa(device, context, table);
        if (hpa < 0 || !memory.isBacked(hpa) || !seen.add(hpa)) {
            return;
        }
        boolean big = context.has(DeviceContext.SBE);
        var structure =
                level == 0
                        ? structures.processContext(context.has(DeviceContext.SXL))
                        : structures.processDirectoryEntry();
        var name = level == 0 ? "process contexts from %d".formatted(first) : "PDT level " + level;
        int bytes = level == 0 ? 16 : 8;
        int low = ProcessDirectory.indexAt(level);
        int count = 1 << ProcessDirectory.indexAt(level + 1) - low;
        LongUnaryOperator below = raw -> hpa(device, context, raw);
        visitor.accept(
                new TableUse(
                        hpa,
                        count * bytes,
                        bytes,
                        name,
                        pointer,
                        pointedBy,
                        TableUse.Entries.of(
                                structure, raw -> processTarget(raw, level, big, below))));
        for (int index = 0; index < count; index++) {
            long at = hpa + (long) index * bytes;
            long entry = word(at, big);
            int process = first + (index << low);
            if ((entry & 1) != 0 && level > 0) {
                long next = (entry >>> 10 & PPN) << 12;
                processes(device, context, next, level - 1, process, at, name);
            } else if ((entry & 1) != 0) {
                int pscid = (int) (entry >>> 12) & 0xf_ffff;
                var whose = "context of process %d".formatted(process);
                firstStage(device, context, word(at + 8, big), pscid, at, whose);
            }
        }
    }

    private static long processTarget(long[] raw, int level, boolean big, LongUnaryOperator below) {
        if (level > 0) {
            long next = next(raw, big);
            return next < 0 ? NOWHERE : below.applyAsLong(next);
        }
        long fsc = big ? Long.reverseBytes(raw[1]) : raw[1];
        return DeviceContext.mode(fsc) == 0 ? NOWHERE : below.applyAsLong(DeviceContext.root(fsc));
    }

    // ---- interrupt files

    private void msiTable(DeviceContext context, long at, String pointedBy) {
        long table = DeviceContext.root(context.msiptp());
        int files = 1 << Math.min(16, Long.bitCount(context.msiMask()));
        boolean big = unit.isBigEndian();
        if (!seen.add(table)) {
            return;
        }
        visitor.accept(
                new TableUse(
                        table,
                        files * MSI_ENTRY_BYTES,
                        MSI_ENTRY_BYTES,
                        "MSI page table of GSCID %d".formatted(context.gscid()),
                        at,
                        pointedBy,
                        TableUse.Entries.of(structures.msiFlat(), raw -> next(raw, big))));
    }
}
