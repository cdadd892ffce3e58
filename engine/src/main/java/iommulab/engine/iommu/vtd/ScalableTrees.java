package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// The page tables of one PASID as memory has them now: read without caches, and without setting a bit.
final class ScalableTrees {
    private static final PagingStructureCache[] UNCACHED = new PagingStructureCache[0];

    private final PhysicalMemory memory;
    private final VtdCapabilities capabilities;
    private final ScalableTables tables;
    private final FirstStageFormat first;
    private final SecondStageFormat plain;
    private final MarkingSecondStageFormat marking;
    private final SecondStage below;
    private long packed;
    private long rest;
    private int domain;
    private int number;

    ScalableTrees(VtdUnit unit) {
        memory = unit.memory();
        capabilities = unit.capabilities();
        tables = new ScalableTables(memory, capabilities);
        first = new FirstStageFormat(capabilities, true);
        plain = unit.format();
        marking = new MarkingSecondStageFormat(plain, true);
        below = new SecondStage(memory, marking);
        below.useCaches(new Iotlb(CacheGeometry.OFF, 0), UNCACHED);
    }

    /// Finds the tables of a request.
    ///
    /// @param pasid or -1 for none
    /// @return why there are none, or null
    @Nullable VtdFault enter(long rootTable, int requester, int pasid, WalkObserver observer) {
        var fault = tables.readContext(rootTable, requester, observer);
        if (fault != null) {
            return fault;
        }
        long context = ScalableContext.pack(tables.word(0), tables.word(1), capabilities);
        number = pasid < 0 ? ScalableContext.ridPasid(tables.word(1)) : pasid;
        fault = ScalableDevices.blocked(context, pasid, number);
        if (fault == null) {
            long directory = ScalableContext.directoryOf(context);
            boolean silent = ScalableContext.isPackedSilent(context);
            fault = tables.readPasidEntry(directory, number, silent, observer);
        }
        if (fault != null) {
            return fault;
        }
        domain = PasidEntry.domain(tables.word(1));
        boolean privileged = pasid < 0 && ScalableContext.isPackedPrivileged(context);
        packed = PasidEntry.pack(tables.word(0), tables.word(2), 0, tables.isSilent(), privileged);
        rest = PasidEntry.packRest(tables.word(0), tables.word(1), tables.word(2), capabilities);
        if (hasSecondStage()) {
            int levels = secondStageLevels();
            int bits = Math.min(capabilities.iovaBits(), 12 + 9 * levels);
            below.enter(
                    PasidEntry.tableOf(packed),
                    levels,
                    bits,
                    0,
                    PasidEntry.secondStageRegime(rest),
                    0);
        }
        return null;
    }

    /// The PASID table entry, with 0 for the number of its space.
    long packed() {
        return packed;
    }

    long rest() {
        return rest;
    }

    int domain() {
        return domain;
    }

    /// The PASID whose entry it is: that of the request, or RID_PASID.
    int number() {
        return number;
    }

    int type() {
        return PasidEntry.typeOf(packed);
    }

    boolean hasFirstStage() {
        return PasidEntry.hasFirstStage(type());
    }

    boolean hasSecondStage() {
        return PasidEntry.hasSecondStage(type());
    }

    int firstStageLevels() {
        return PasidEntry.levelsOf(packed);
    }

    int secondStageLevels() {
        return PasidEntry.secondStageLevelsOf(rest);
    }

    /// The page of a guest-physical address in the second stage; negative if there is none.
    long page(long gpa) {
        return below.place(gpa, 0, 0);
    }

    /// An entry on the way to an address.
    ///
    /// @param table of the entry: hpa, or gpa of a nested first stage
    /// @param entryHpa where it lies
    /// @param entry decoded, with the rights of all levels down to it
    record Found(long table, long entryHpa, long raw, long entry) {}

    /// The first-stage entry of a level, if the tables lead to one.
    Optional<Found> firstStageEntry(int level, long iova) {
        int levels = firstStageLevels();
        long address = iova & (1L << 12 + 9 * levels) - 1;
        long regime = PasidEntry.firstStageRegime(rest);
        return entryAt(first, regime, PasidEntry.tableOf(rest), levels, level, address);
    }

    /// The second-stage entry of a level, if the tables lead to one.
    Optional<Found> secondStageEntry(int level, long address) {
        long regime = PasidEntry.secondStageRegime(rest);
        TableFormat format = regime == 0 ? plain : marking;
        return entryAt(
                format, regime, PasidEntry.tableOf(packed), secondStageLevels(), level, address);
    }

    private Optional<Found> entryAt(
            TableFormat format, long regime, long top, int levels, int level, long address) {
        boolean behind = format == first && hasSecondStage();
        long above = TableEntry.table(top, levels, TableEntry.RIGHTS);
        while (true) {
            int at = TableEntry.nextLevel(above);
            long table = TableEntry.address(above);
            long place = table + 8L * format.shape().indexAt(at, address);
            long hpa = behind ? hostOf(place) : place;
            if (hpa < 0 || !memory.isBacked(hpa)) {
                return Optional.empty();
            }
            long raw = memory.read64(hpa);
            long entry =
                    format.decode(raw, at, regime)
                            & (TableEntry.rights(above) | ~TableEntry.RIGHTS);
            if (at == level) {
                return Optional.of(new Found(table, hpa, raw, entry));
            }
            if (TableEntry.kind(entry) != TableEntry.TABLE) {
                return Optional.empty();
            }
            above = entry;
        }
    }

    private long hostOf(long gpa) {
        long page = page(gpa);
        return page < 0 ? page : Iotlb.hpa(page, gpa);
    }
}
