package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An SMMU on a bench, with tables written word by word as the specification draws them, by code that
/// shares nothing with the table builder.
final class SmmuLab {
    static final int READ = Iommu.READ;
    static final int WRITE = Iommu.WRITE;
    static final int NONE = Iommu.NO_PASID;
    static final WalkCosts COSTS = new WalkCosts(110, 4, 6, 4);

    /* Stage 1 leaf: accessed, unprivileged too, of this ASID alone; read-only, global by other bits. */
    static final long RW = 1 << 10 | 1 << 6 | 1 << 11;
    static final long RO = RW | 1 << 7;
    static final long GLOBAL_RW = 1 << 10 | 1 << 6;
    /* Stage 2 leaf: accessed, readable, writable. */
    static final long RW2 = 1 << 10 | 3 << 6;

    static final long CD_VALID = 1L << 31;
    static final long CD_USUAL = CD_VALID | 1L << 41 | 1L << 45 | 1L << 46 | 5L << 32;
    static final long EPD0 = 1 << 14;
    static final long EPD1 = 1 << 30;

    private static final long STREAMS = 0x1000_0000;
    private static final int STREAM_BITS = 10;
    private static final long COMMANDS = 0x2000_0000;
    private static final long EVENTS = 0x2100_0000;
    static final int QUEUE_BITS = 4;
    private static final long RAM_BYTES = 1L << 40;

    final PhysicalMemory memory = new PhysicalMemory(map());
    final SmmuUnit unit;
    private long nextTable = 0x3000_0000;

    SmmuLab(CacheShapes shapes) {
        this(SmmuCapabilities.EVERYTHING, shapes);
    }

    SmmuLab(SmmuCapabilities capabilities, CacheShapes shapes) {
        unit = new SmmuUnit(capabilities, memory, shapes, 7);
        var registers = unit.registers();
        registers.write64(SmmuRegisters.STRTAB_BASE, STREAMS);
        registers.write32(SmmuRegisters.STRTAB_BASE_CFG, STREAM_BITS);
        registers.write64(SmmuRegisters.CMDQ_BASE, COMMANDS | QUEUE_BITS);
        registers.write64(SmmuRegisters.EVENTQ_BASE, EVENTS | QUEUE_BITS);
        registers.write32(SmmuRegisters.CR2, SmmuRegisters.RECORD_BAD_STREAMS);
        registers.write32(
                SmmuRegisters.CR0,
                SmmuRegisters.ENABLED
                        | SmmuRegisters.EVENT_QUEUE
                        | SmmuRegisters.COMMAND_QUEUE
                        | SmmuRegisters.CHECK_TRANSLATED);
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

    /// An empty table of 64 KiB, aligned to its size.
    long table() {
        long table = nextTable;
        nextTable += 0x1_0000;
        return table;
    }

    // ---- streams and contexts

    long streamAt(int stream) {
        return STREAMS + stream * 64L;
    }

    void stream(int stream, long word0, long word1, long word2, long word3) {
        long[] words = {word0, word1, word2, word3, 0, 0, 0, 0};
        for (int i = 0; i < words.length; i++) {
            memory.write64(streamAt(stream) + i * 8L, words[i]);
        }
    }

    /// Stage 1 alone, one context descriptor.
    ///
    /// @return its address
    long first(int stream, int vmid, int asid, long ttb0) {
        long descriptor = table();
        descriptor(descriptor, CD_USUAL | EPD1 | 16 | (long) asid << 48, ttb0, 0);
        stream(stream, descriptor | 5 << 1 | 1, 0, vmid, 0);
        return descriptor;
    }

    void descriptor(long at, long word0, long ttb0, long ttb1) {
        memory.write64(at, word0);
        memory.write64(at + 8, ttb0);
        memory.write64(at + 16, ttb1);
    }

    /// Word 2 of a stream entry: stage 2 of 48 bits with 4 KiB pages from level 0, faults recorded.
    static long secondStage(int vmid) {
        return vmid | 16L << 32 | 2L << 38 | 5L << 48 | 1L << 51 | 1L << 58;
    }

    void second(int stream, int vmid, long table) {
        stream(stream, 6 << 1 | 1, 0, secondStage(vmid), table);
    }

    /// Both stages; everything of stage 1 lies in memory as `table` maps it.
    void nested(int stream, int vmid, long descriptorIpa, long table) {
        stream(stream, descriptorIpa | 7 << 1 | 1, 0, secondStage(vmid), table);
    }

    // ---- tables of 4 KiB pages, 48 bits, from level 0

    /// Maps by writing descriptors on the way, where there are none.
    ///
    /// @param leafLevel ours: 1 for pages, 2 and 3 for blocks
    /// @return hpa of the leaf
    long map(long tree, long address, long to, int leafLevel, long attributes) {
        long table = tree;
        for (int level = 4; level > leafLevel; level--) {
            long entry = slot(table, level, address);
            if ((memory.read64(entry) & 1) == 0) {
                memory.write64(entry, table() | 3);
            }
            table = memory.read64(entry) & (1L << 48) - 4096;
        }
        long leaf = slot(table, leafLevel, address);
        memory.write64(leaf, to | attributes | (leafLevel == 1 ? 3 : 1));
        return leaf;
    }

    static long slot(long table, int level, long address) {
        return table + (address >>> 12 + 9 * (level - 1) & 511) * 8;
    }

    /// Lets stage 2 map the memory in which all tables lie to itself.
    void mapTablesToThemselves(long secondTree) {
        for (long ipa = 0x3000_0000L; ipa < 0x3800_0000L; ipa += 0x20_0000L) {
            map(secondTree, ipa, ipa, 2, RW2);
        }
    }

    // ---- requests

    long read(int stream, long iova) {
        return unit.translate(stream, NONE, iova, READ);
    }

    long write(int stream, long iova) {
        return unit.translate(stream, NONE, iova, WRITE);
    }

    Walk explain(int stream, int substream, long iova, Access access) {
        return unit.explain(
                "smmu0",
                new DmaRequest(
                        PciAddress.parse("0000:00:04.0"),
                        new RequesterId(stream),
                        new PasidPrefix(substream, false, false),
                        iova,
                        64,
                        access),
                COSTS,
                true);
    }

    // ---- queues

    void command(SmmuCommand... commands) {
        var registers = unit.registers();
        for (var command : commands) {
            int producer = registers.read32(SmmuRegisters.CMDQ_PROD);
            long hpa = COMMANDS + (producer & (1 << QUEUE_BITS) - 1) * 16L;
            memory.write64(hpa, command.low());
            memory.write64(hpa + 8, command.high());
            registers.write32(SmmuRegisters.CMDQ_PROD, producer + 1);
        }
    }

    /// The records that hardware wrote since this was asked last, taken from memory.
    List<EventRecord> events() {
        var registers = unit.registers();
        var events = new ArrayList<EventRecord>();
        int producer = registers.read32(SmmuRegisters.EVENTQ_PROD);
        int consumer = registers.read32(SmmuRegisters.EVENTQ_CONS);
        int mask = (2 << QUEUE_BITS) - 1;
        for (int i = consumer & mask; i != (producer & mask); i = i + 1 & mask) {
            long hpa = EVENTS + (i & (1 << QUEUE_BITS) - 1) * 32L;
            events.add(
                    new EventRecord(
                            memory.read64(hpa),
                            memory.read64(hpa + 8),
                            memory.read64(hpa + 16),
                            memory.read64(hpa + 24)));
        }
        registers.write32(SmmuRegisters.EVENTQ_CONS, producer);
        return events;
    }

    void forgetEverything() {
        command(SmmuCommand.configAll(), SmmuCommand.tlbAll());
    }
}
