package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
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

import java.util.List;
import java.util.Optional;

/// An AMD IOMMU on a bench, with tables written word by word as the specification draws them, by code that
/// shares nothing with the unit. A guest's memory lies 64 GiB above its addresses.
final class AmdLab {
    static final int NONE = Iommu.NO_PASID;
    static final int READ = Iommu.READ;
    static final int WRITE = Iommu.WRITE;
    static final long IR = 1L << 61;
    static final long IW = 1L << 62;
    static final long RW = IR | IW;
    static final long P = 1;
    static final long W = 1 << 1;
    static final long U = 1 << 2;
    static final long A = 1 << 5;
    static final long D = 1 << 6;
    static final long PS = 1 << 7;
    static final long NX = 1L << 63;
    static final long I = 1L << 32;
    static final long SE = 1L << 33;
    static final long SA = 1L << 34;
    static final long EX = 1L << 39;
    static final long PPR = 1L << 52;
    static final long GIOV = 1L << 54;
    static final WalkCosts COSTS = new WalkCosts(110, 4, 6, 4);
    static final long GUEST_MEMORY = 1L << 36;

    static final long COMMANDS = 0x1_0000;
    static final long EVENTS = 0x2_0000;
    static final long REQUESTS = 0x3_0000;
    static final long DEVICES = 0x100_0000;

    private static final long LENGTH = 8L << 56;
    private static final long RAM_BYTES = 1L << 38;

    final PhysicalMemory memory = new PhysicalMemory(map());
    final AmdUnit unit;
    private long nextTable = 0x1000_0000;
    private long nextGuestTable = 0x2000_0000;
    private long eventsRead;

    AmdLab(CacheShapes shapes) {
        this(AmdCapabilities.EVERYTHING, shapes);
    }

    AmdLab(AmdCapabilities capabilities, CacheShapes shapes) {
        unit = new AmdUnit(capabilities, memory, shapes, 7);
        setRegister(AmdRegisters.DEVICE_TABLE, DEVICES | 0x1ff);
        setRegister(AmdRegisters.COMMAND_BASE, COMMANDS | LENGTH);
        setRegister(AmdRegisters.EVENT_BASE, EVENTS | LENGTH);
        setRegister(AmdRegisters.PPR_BASE, REQUESTS | LENGTH);
        setRegister(
                AmdRegisters.CONTROL,
                AmdRegisters.ENABLE
                        | AmdRegisters.EVENT_LOG
                        | AmdRegisters.COMMANDS
                        | AmdRegisters.PPR_LOG
                        | AmdRegisters.PPR
                        | AmdRegisters.GUEST_TRANSLATION);
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

    void setRegister(int register, long value) {
        unit.registers().write64(register, value);
    }

    long status() {
        return unit.registers().read64(AmdRegisters.STATUS);
    }

    long table() {
        long table = nextTable;
        nextTable += 0x1000;
        return table;
    }

    /// gpa of a fresh page in the guest's memory.
    long guestTable() {
        long table = nextGuestTable;
        nextGuestTable += 0x1000;
        return table;
    }

    // ---- devices

    void deviceEntry(int device, long first, long second, long third) {
        long at = DEVICES + device * 32L;
        memory.write64(at, first);
        memory.write64(at + 8, second);
        memory.write64(at + 16, third);
    }

    /// Gives a device a host table.
    void attach(int device, int domain, int mode, long table) {
        deviceEntry(device, table | (long) mode << 9 | RW | 3, domain | I, 0);
    }

    /// Gives a device guest tables behind a host table, or alone with mode 0.
    ///
    /// @param more further bits of the first word
    void attachGuest(
            int device,
            int domain,
            int mode,
            long table,
            long gcr3,
            int gcr3Levels,
            int levels,
            long more) {
        long first =
                table
                        | (long) mode << 9
                        | RW
                        | 1L << 55
                        | (gcr3Levels - 1L) << 56
                        | (gcr3 >>> 12 & 7) << 58
                        | 3;
        long second = domain | I | (gcr3 >>> 15 & 0xffff) << 16 | gcr3 >>> 31 << 43;
        deviceEntry(device, first | more, second, (levels - 4L) << 54);
    }

    /// Gives a PASID its guest table, with the GCR3 tables on the way.
    ///
    /// @return hpa of the entry
    long setGcr3(long gcr3, int levels, int pasid, long root) {
        long table = gcr3;
        for (int level = levels; level > 1; level--) {
            long entry = table + (pasid >>> 9 * (level - 1) & 511) * 8L;
            if (memory.read64(entry) == 0) {
                memory.write64(entry, table() | 1);
            }
            table = memory.read64(entry) & -4096L;
        }
        long entry = table + (pasid & 511) * 8L;
        memory.write64(entry, root | 1);
        return entry;
    }

    // ---- tables

    /// Maps a page of a level's own size in a host table.
    ///
    /// @return hpa of the leaf
    long map(long table, int mode, long iova, long hpa, int leafLevel, long rights) {
        long at = table;
        for (int level = mode; level > leafLevel; level--) {
            long entry = slot(at, level, iova);
            if ((memory.read64(entry) & P) == 0) {
                memory.write64(entry, table() | (long) (level - 1) << 9 | RW | P);
            }
            at = memory.read64(entry) & (1L << 52) - 4096;
        }
        long leaf = slot(at, leafLevel, iova);
        memory.write64(leaf, hpa | rights | P);
        return leaf;
    }

    static long slot(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & 511) * 8;
    }

    /// Maps a page in a guest table that lies in the guest's memory.
    ///
    /// @param root gpa
    /// @param offset hpa of guest address 0
    /// @return hpa of the leaf
    long mapGuest(
            long root, int levels, long iova, long gpa, int leafLevel, long bits, long offset) {
        long at = root;
        for (int level = levels; level > leafLevel; level--) {
            long entry = slot(at, level, iova) + offset;
            if ((memory.read64(entry) & P) == 0) {
                memory.write64(entry, guestTable() | P | W | U);
            }
            at = memory.read64(entry) & (1L << 52) - 4096;
        }
        long leaf = slot(at, leafLevel, iova) + offset;
        memory.write64(leaf, gpa | bits | P | (leafLevel > 1 ? PS : 0));
        return leaf;
    }

    /// A host table of so many levels that maps the guest's first 4 GiB, in pages of 1 GiB, 2 MiB or 4 KiB
    /// where guest tables lie.
    long hostTableOfGuest(int mode, int leafLevel) {
        long host = table();
        long page = 1L << 12 + 9 * (leafLevel - 1);
        long end = leafLevel == 1 ? 0x2000_0000L + 0x100_0000 : 1L << 32;
        long start = leafLevel == 1 ? 0x2000_0000L : 0;
        for (long gpa = start; gpa < end; gpa += page) {
            map(host, mode, gpa, gpa + GUEST_MEMORY, leafLevel, RW);
        }
        return host;
    }

    // ---- requests

    long read(int device, long iova) {
        return unit.translate(device, NONE, iova, READ);
    }

    long write(int device, long iova) {
        return unit.translate(device, NONE, iova, WRITE);
    }

    long read(int device, int pasid, long iova) {
        return unit.translate(device, pasid, iova, READ);
    }

    long write(int device, int pasid, long iova) {
        return unit.translate(device, pasid, iova, WRITE);
    }

    Walk explain(int device, int pasid, long iova, Access access) {
        var request =
                new DmaRequest(
                        PciAddress.parse("0000:00:04.0"),
                        new RequesterId(device),
                        pasid < 0 ? PasidPrefix.NONE : PasidPrefix.of(pasid),
                        iova,
                        64,
                        access);
        return unit.explain("ivhd0", request, COSTS, true);
    }

    // ---- rings

    void submit(AmdCommand command) {
        long tail = unit.registers().read64(AmdRegisters.COMMAND_TAIL);
        memory.write64(COMMANDS + tail, command.low());
        memory.write64(COMMANDS + tail + 8, command.high());
        setRegister(AmdRegisters.COMMAND_TAIL, (tail + 16) % 4096);
    }

    /// The next event that nobody has taken yet.
    Optional<AmdEvent> event() {
        long tail = unit.registers().read64(AmdRegisters.EVENT_TAIL);
        if (tail == eventsRead) {
            return Optional.empty();
        }
        var event =
                new AmdEvent(
                        memory.read64(EVENTS + eventsRead), memory.read64(EVENTS + eventsRead + 8));
        eventsRead = (eventsRead + 16) % 4096;
        setRegister(AmdRegisters.EVENT_HEAD, eventsRead);
        return Optional.of(event);
    }

    /// Lines of all caches of a kind.
    List<iommulab.engine.cache.CacheSnapshot.Line> lines(CacheKind kind) {
        return unit.cacheSnapshots().stream()
                .filter(cache -> cache.kind() == kind)
                .flatMap(cache -> cache.lines().stream())
                .toList();
    }

    List<String> stale() {
        return unit.cacheSnapshots().stream()
                .flatMap(cache -> cache.lines().stream())
                .flatMap(line -> line.stale().stream())
                .map(iommulab.engine.cache.CacheSnapshot.Staleness::missingInvalidation)
                .toList();
    }
}
