package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.Optional;

/// Compares cached entries with the tables in memory: an entry that no longer agrees is stale, and some
/// invalidation is missing. Nothing of this happens while a request is translated.
final class Coherence {
    private final VtdUnit unit;
    private final PhysicalMemory memory;
    private final DeviceTables deviceTables;
    private final TableWalker walker;

    Coherence(VtdUnit unit) {
        this.unit = unit;
        memory = unit.memory();
        deviceTables = new DeviceTables(memory, unit.capabilities());
        walker = new TableWalker(memory, unit.format(), Stage.SECOND);
    }

    // ---- context cache

    Optional<Staleness> ofContext(int line) {
        var contexts = unit.caches().contexts();
        var fault = readContext(contexts.requesterAt(line));
        boolean same =
                fault.isEmpty()
                        && ContextEntry.pack(deviceTables.low(), deviceTables.high())
                                == contexts.word(line);
        if (same) {
            return Optional.empty();
        }
        int domain = ContextEntry.domain(contexts.word(line));
        return Optional.of(
                new Staleness(
                        fault.map(VtdFault::kernelText).orElseGet(this::contextWords),
                        "context cache, domain %d, device %s; then IOTLB, domain %d"
                                .formatted(
                                        domain,
                                        new RequesterId(contexts.requesterAt(line)),
                                        domain)));
    }

    private String contextWords() {
        return "domain %d, table at 0x%x"
                .formatted(
                        ContextEntry.domain(deviceTables.high()),
                        ContextEntry.table(deviceTables.low()));
    }

    private Optional<VtdFault> readContext(int requester) {
        return Optional.ofNullable(
                deviceTables.read(unit.rootTableAddress() & -4096L, requester, WalkObserver.NONE));
    }

    // ---- IOTLB

    Optional<Staleness> ofTranslation(int line) {
        var iotlb = unit.caches().iotlb();
        long iova = iotlb.iovaAt(line);
        long word = iotlb.word(line);
        int domain = iotlb.spaceAt(line);
        long tree = treeOf(domain, iotlb.lines().origin(line));
        walker.enter(Origin.firstTable(tree), Origin.levels(tree), domain, 0);
        long leaf = walker.walk(iova, 0, 0, 0);
        if (leaf >= 0
                && Iotlb.hpa(leaf, iova) == Iotlb.hpa(word, iova)
                && Iotlb.rights(leaf) == Iotlb.rights(word)
                && Iotlb.pageShift(leaf) >= Iotlb.pageShift(word)) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        leaf < 0 ? failureWords(leaf) : pageWords(leaf, iova),
                        "IOTLB, domain %d, 0x%x, address mask %d"
                                .formatted(domain, iova, Iotlb.pageShift(word) - 12)));
    }

    private static String pageWords(long leaf, long iova) {
        long rights = Iotlb.rights(leaf);
        return "0x%x, %s, pages of %d KiB"
                .formatted(
                        Iotlb.hpa(leaf, iova),
                        Permissions.of(
                                (rights & TableEntry.READ) != 0, (rights & TableEntry.WRITE) != 0),
                        1L << Iotlb.pageShift(leaf) - 10);
    }

    private static String failureWords(long failure) {
        if (failure == TableWalker.NO_RIGHT || failure == TableWalker.NOT_PRESENT) {
            return "not present";
        }
        return TableWalker.brokenRule(failure) >= 0 ? "a reserved bit is set" : "no table there";
    }

    /// The tree that translates a domain now: that of the device for which the entry was made, if it is
    /// still in the domain; else that of another device of the domain; else the tree of then.
    private long treeOf(int domain, long origin) {
        int requester = Origin.requester(origin);
        if (readContext(requester).isEmpty() && hasTree(domain)) {
            return Origin.of(
                    ContextEntry.table(deviceTables.low()),
                    ContextEntry.levels(deviceTables.high()),
                    requester);
        }
        DeviceEntryCache contexts = unit.caches().contexts();
        for (int line = 0; line < contexts.lines().lines(); line++) {
            if (contexts.lines().tag(line) != 0
                    && readContext(contexts.requesterAt(line)).isEmpty()
                    && hasTree(domain)) {
                return Origin.of(
                        ContextEntry.table(deviceTables.low()),
                        ContextEntry.levels(deviceTables.high()),
                        contexts.requesterAt(line));
            }
        }
        return origin;
    }

    private boolean hasTree(int domain) {
        return ContextEntry.domain(deviceTables.high()) == domain
                && ContextEntry.type(deviceTables.low()) != ContextEntry.TYPE_PASS_THROUGH;
    }

    // ---- paging-structure caches

    Optional<Staleness> ofTable(PagingStructureCache cache, int line) {
        long iova = cache.iovaAt(line);
        int domain = cache.spaceAt(line);
        long tree = treeOf(domain, cache.lines().origin(line));
        long entry = entryAt(cache.level(), tree, iova);
        long word = cache.word(line);
        if (TableEntry.kind(entry) == TableEntry.TABLE
                && TableEntry.address(entry) == PagingStructureCache.table(word)
                && TableEntry.rights(entry) == PagingStructureCache.rights(word)) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        switch (TableEntry.kind(entry)) {
                            case TableEntry.TABLE ->
                                    "table at 0x%x".formatted(TableEntry.address(entry));
                            case TableEntry.LEAF -> "a large page";
                            case TableEntry.RESERVED -> "a reserved bit is set";
                            default -> "not present";
                        },
                        "IOTLB, domain %d, 0x%x, with tables (IH = 0)".formatted(domain, iova)));
    }

    /// The entry of a level with the rights of all levels down to it, or what ends the walk above it.
    private long entryAt(int level, long tree, long iova) {
        long rights = TableEntry.READ | TableEntry.WRITE;
        long entry = TableEntry.table(Origin.firstTable(tree), Origin.levels(tree), rights);
        while (TableEntry.kind(entry) == TableEntry.TABLE && TableEntry.nextLevel(entry) >= level) {
            rights = TableEntry.rights(entry);
            int at = TableEntry.nextLevel(entry);
            long hpa = TableEntry.address(entry) + 8L * unit.format().shape().indexAt(at, iova);
            entry = unit.format().decode(memory.read64(hpa), at, 0);
            entry &= rights | ~(TableEntry.READ | TableEntry.WRITE);
        }
        return entry;
    }
}
