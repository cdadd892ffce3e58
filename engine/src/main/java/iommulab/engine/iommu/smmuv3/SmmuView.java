package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.Agreement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.ShownLine;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.EntryMarked;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks into an SMMU without disturbing it: its caches with what is stale in them, what it would do with
/// a request, and whether an answer came from a stale entry.
public final class SmmuView {
    private final SmmuUnit unit;
    private final SmmuUnit uncached;
    private final SmmuCoherence coherence;
    private final Agreement agreement = new Agreement();

    /// @param unit the only unit this one looks into
    SmmuView(SmmuUnit unit) {
        this.unit = unit;
        uncached =
                new SmmuUnit(
                        unit.capabilities(),
                        unit.memory(),
                        CacheShapes.NONE,
                        0,
                        SmmuUnit.Purpose.COMPARISON);
        coherence = new SmmuCoherence(unit, uncached);
    }

    // ---- stale answers

    /// Whether an answer that the unit has just given is not the one that the tables in memory give. Costs
    /// nothing while memory is as it was when all caches agreed with it.
    ///
    /// @param answer of [SmmuUnit#translate] to the same question
    public boolean isStale(int stream, int substream, long iova, int access, long answer) {
        long version = unit.memory().version() + unit.registerVersion();
        if (agreement.holds(version)
                || agreement.isDue() && agreement.isConfirmed(version, caches())) {
            return false;
        }
        return fresh(stream, substream, iova, access) != answer;
    }

    /// What the unit would answer if it had no caches. Records nothing, marks nothing.
    public long fresh(int stream, int substream, long iova, int access) {
        uncached.follow(unit);
        return uncached.translate(stream, substream, iova, access);
    }

    // ---- one request, step by step

    /// What the unit would do with a request, without doing it: the same code runs on a copy of caches and
    /// registers, and what it marks in the tables is taken back.
    ///
    /// @param name of the unit
    /// @param withCaches whether the caches are as they are now; else empty
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        var copy =
                new SmmuUnit(
                        unit.capabilities(),
                        unit.memory(),
                        CacheShapes.NONE,
                        0,
                        SmmuUnit.Purpose.REHEARSAL);
        copy.restore(unit.checkpoint());
        if (!withCaches) {
            copy.caches().removeConfigurations();
            copy.caches().removeTranslations();
        }
        var recording = new WalkRecording();
        copy.observe(recording);
        int stream = request.requester().raw();
        int access = request.rights();
        long answer = copy.translate(stream, request.pasid(), request.iova(), access);
        takeBack(recording);
        boolean stale = fresh(stream, request.pasid(), request.iova(), access) != answer;
        return new SmmuLadder(copy, request, costs, answer)
                .walk(name, recording, asInMemory(request), stale);
    }

    /// The same walk without caches, as memory has it.
    private WalkRecording asInMemory(DmaRequest request) {
        var recording = new WalkRecording();
        uncached.observe(recording);
        fresh(request.requester().raw(), request.pasid(), request.iova(), request.rights());
        uncached.observe(WalkObserver.NONE);
        return recording;
    }

    /// Undoes access flags and dirty states that a rehearsal has set.
    private void takeBack(WalkRecording recording) {
        var events = recording.events();
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i) instanceof EntryMarked marked) {
                events.stream()
                        .filter(TableEntryRead.class::isInstance)
                        .map(TableEntryRead.class::cast)
                        .filter(read -> read.entryHpa() == marked.entryHpa())
                        .findFirst()
                        .ifPresent(read -> putBack(marked, read.raw()));
            }
        }
    }

    private void putBack(EntryMarked marked, long raw) {
        boolean bigEndian = unit.memory().read64(marked.entryHpa()) != marked.raw();
        unit.memory().write64(marked.entryHpa(), bigEndian ? Long.reverseBytes(raw) : raw);
    }

    // ---- caches

    /// Stream entries, context descriptors, IOTLB, the paging-structure caches of each granule in use from
    /// the top level down, then the same of stage 2 below stage 1.
    public List<CacheSnapshot> caches() {
        var caches = unit.caches();
        coherence.begin();
        var all = new ArrayList<CacheSnapshot>();
        all.add(caches.streams().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::streamLine));
        all.add(
                caches.descriptors()
                        .lines()
                        .snapshot(CacheKind.PASID_ENTRY, 0, this::descriptorLine));
        all.add(translations(CacheKind.IOTLB, caches.iotlb()));
        for (var granule : Granule.values()) {
            addTables(all, CacheKind.PAGING_STRUCTURE, granule, caches.paging(granule));
        }
        all.add(translations(CacheKind.NESTED, caches.nested()));
        for (var granule : Granule.values()) {
            addTables(all, CacheKind.NESTED_PAGING, granule, caches.nestedPaging(granule));
        }
        return List.copyOf(all);
    }

    private CacheSnapshot translations(CacheKind kind, Iotlb cache) {
        return cache.lines().snapshot(kind, 0, line -> translationLine(kind, cache, line));
    }

    /// The caches of larger granules are shown once something asked them.
    private void addTables(
            List<CacheSnapshot> all,
            CacheKind kind,
            Granule granule,
            PagingStructureCache[] caches) {
        for (var cache : List.of(caches).reversed()) {
            if (granule == Granule.FOUR_KIB || cache.lines().statistics().lookups() != 0) {
                all.add(
                        cache.lines()
                                .snapshot(
                                        kind,
                                        cache.level(),
                                        line -> tableLine(kind, granule, cache, line)));
            }
        }
    }

    private CacheSnapshot.Line streamLine(int line) {
        var streams = unit.caches().streams();
        var context = unit.caches().contexts().of(streams.word(line));
        return configurationLine(
                streams.lines(),
                line,
                context,
                streams.requesterAt(line),
                coherence.ofStream(streams.requesterAt(line), context));
    }

    private CacheSnapshot.Line descriptorLine(int line) {
        var descriptors = unit.caches().descriptors();
        var context = unit.caches().contexts().of(descriptors.word(line));
        int stream = descriptors.requesterAt(line);
        int substream = descriptors.pasidAt(line);
        return configurationLine(
                descriptors.lines(),
                line,
                context,
                (long) stream << 20 | substream,
                coherence.ofDescriptor(stream, substream, context));
    }

    private CacheSnapshot.Line configurationLine(
            SetAssociativeCache lines,
            int line,
            StreamContext context,
            long key,
            Optional<CacheSnapshot.Staleness> stale) {
        int domain = context.domain(unit.capabilities());
        return ShownLine.entry(lines, line, domain, key, context.firstTable(), stale);
    }

    private CacheSnapshot.Line translationLine(CacheKind kind, Iotlb cache, int line) {
        return ShownLine.page(
                cache,
                line,
                Tag.domain(unit.caches().contexts().spaces(), cache.spaceAt(line)),
                permissions(cache.word(line)),
                coherence.ofTranslation(kind, cache, line));
    }

    private CacheSnapshot.Line tableLine(
            CacheKind kind, Granule granule, PagingStructureCache cache, int line) {
        return ShownLine.table(
                cache,
                line,
                Tag.domain(unit.caches().contexts().spaces(), cache.spaceAt(line)),
                permissions(cache.word(line)),
                coherence.ofTable(kind, granule, cache, line));
    }

    static String rightsWords(long word) {
        return permissions(word).toString();
    }

    static Permissions permissions(long word) {
        return Permissions.of((word & TableEntry.READ) != 0, (word & TableEntry.WRITE) != 0);
    }
}
