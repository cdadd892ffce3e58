package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableEntry;

import java.util.Arrays;

/// All caches of an SMMU, and what each invalidation removes from them. Configuration is tagged by stream
/// (and substream), translations by VMID and ASID.
/// Spec: SMMUv3, "Caching", "Invalidation of SMMU caches".
public final class SmmuCaches {
    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];
    private static final int DEEPEST = 4;

    private CacheShapes shapes;
    private final StreamContexts contexts;
    private DeviceEntryCache streams;
    private PasidEntryCache descriptors;
    private Iotlb iotlb;
    private Iotlb nested;
    /* By granule, then by level from 2. */
    private final PagingStructureCache[][] paging;
    private final PagingStructureCache[][] nestedPaging;

    /// @param seed of random replacement
    SmmuCaches(CacheShapes shapes, SmmuCapabilities capabilities, long seed) {
        this.shapes = shapes;
        contexts = new StreamContexts(capabilities);
        streams = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        descriptors = new PasidEntryCache(shapes.of(CacheKind.PASID_ENTRY), seed + 1);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 2);
        nested = new Iotlb(shapes.of(CacheKind.NESTED), seed + 3);
        paging = perGranule(shapes.of(CacheKind.PAGING_STRUCTURE), seed + 4);
        nestedPaging = perGranule(shapes.of(CacheKind.NESTED_PAGING), seed + 20);
    }

    private static PagingStructureCache[][] perGranule(CacheGeometry geometry, long seed) {
        var caches = new PagingStructureCache[Granule.values().length][];
        for (var granule : Granule.values()) {
            var levels = new PagingStructureCache[DEEPEST - 1];
            for (int level = 2; level <= DEEPEST; level++) {
                levels[level - 2] =
                        new PagingStructureCache(
                                level,
                                granule.shape().shiftAt(level),
                                geometry,
                                seed + 4 * granule.ordinal() + level);
            }
            caches[granule.ordinal()] = levels;
        }
        return caches;
    }

    private SmmuCaches(SmmuCaches other) {
        shapes = other.shapes;
        contexts = other.contexts.copy();
        streams = other.streams.copy();
        descriptors = other.descriptors.copy();
        iotlb = other.iotlb.copy();
        nested = other.nested.copy();
        paging = copy(other.paging);
        nestedPaging = copy(other.nestedPaging);
    }

    private static PagingStructureCache[][] copy(PagingStructureCache[][] caches) {
        var copy = caches.clone();
        Arrays.setAll(copy, i -> caches[i].clone());
        for (var levels : copy) {
            Arrays.setAll(levels, i -> levels[i].copy());
        }
        return copy;
    }

    SmmuCaches copy() {
        return new SmmuCaches(this);
    }

    public CacheShapes shapes() {
        return shapes;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        shapes = shapes.with(kind, geometry);
        switch (kind) {
            case DEVICE_ENTRY -> streams = streams.reshaped(geometry);
            case PASID_ENTRY -> descriptors = descriptors.reshaped(geometry);
            case IOTLB -> iotlb = iotlb.reshaped(geometry);
            case NESTED -> nested = nested.reshaped(geometry);
            case PAGING_STRUCTURE -> reshape(paging, geometry);
            case NESTED_PAGING -> reshape(nestedPaging, geometry);
            // The device keeps it, not this unit.
            case DEVICE_TLB -> {}
        }
    }

    private static void reshape(PagingStructureCache[][] caches, CacheGeometry geometry) {
        for (var levels : caches) {
            Arrays.setAll(levels, i -> levels[i].reshaped(geometry));
        }
    }

    StreamContexts contexts() {
        return contexts;
    }

    DeviceEntryCache streams() {
        return streams;
    }

    PasidEntryCache descriptors() {
        return descriptors;
    }

    Iotlb iotlb() {
        return iotlb;
    }

    /// Finished translations of stage 2 below a stage 1.
    Iotlb nested() {
        return nested;
    }

    /// By level, from 2.
    PagingStructureCache[] paging(Granule granule) {
        return paging[granule.ordinal()];
    }

    /// By level, from 2.
    PagingStructureCache[] nestedPaging(Granule granule) {
        return nestedPaging[granule.ordinal()];
    }

    PagingStructureCache[] pagingInUse(Granule granule) {
        boolean off = shapes.of(CacheKind.PAGING_STRUCTURE).isOff();
        return off ? NO_CACHES : paging(granule);
    }

    PagingStructureCache[] nestedPagingInUse(Granule granule) {
        boolean off = shapes.of(CacheKind.NESTED_PAGING).isOff();
        return off ? NO_CACHES : nestedPaging(granule);
    }

    // ---- configuration

    /// Makes room for new contexts and spaces if all numbers are given: everything cached goes.
    void forgetIfFull() {
        if (contexts.isFull() || contexts.spaces().isFull()) {
            removeConfigurations();
            removeTranslations();
            contexts.clear();
        }
    }

    /// CFGI_ALL
    int removeConfigurations() {
        return streams.removeAll() + descriptors.removeAll();
    }

    /// CFGI_STE, CFGI_STE_RANGE: streams from an aligned number.
    ///
    /// @param ignored bits of the stream number that do not count
    int removeStreams(int stream, int ignored) {
        return streams.remove((other, _) -> ((other ^ stream) & ~ignored) == 0)
                + descriptors.remove((other, _, _) -> ((other ^ stream) & ~ignored) == 0);
    }

    /// CFGI_CD_ALL. What is cached for a stream holds the descriptor of requests without substream.
    int removeDescriptors(int stream) {
        return removeStreams(stream, 0);
    }

    /// CFGI_CD
    int removeDescriptor(int stream, int substream) {
        int removed = descriptors.remove((other, own, _) -> other == stream && own == substream);
        return substream == 0 ? removed + streams.remove((other, _) -> other == stream) : removed;
    }

    // ---- translations

    /// Chooses translations by their tags, and by whether they are global.
    interface TagTest {
        /// @param inner see [Tag]
        boolean covers(int vmid, int inner, boolean global);
    }

    private Iotlb.LineTest lines(TagTest test) {
        Spaces spaces = contexts.spaces();
        return (space, word) ->
                test.covers(
                        spaces.owner(space), spaces.inner(space), (word & TableEntry.GLOBAL) != 0);
    }

    /// All that is covered. Inner entries are never global: one may lead to pages of both sorts.
    int removeTranslations(TagTest test) {
        int removed = iotlb.remove(lines(test)) + nested.remove(lines(test));
        for (var granule : Granule.values()) {
            for (int i = 0; i < DEEPEST - 1; i++) {
                removed += paging(granule)[i].remove(lines(test));
                removed += nestedPaging(granule)[i].remove(lines(test));
            }
        }
        return removed;
    }

    /// TLBI_NSNH_ALL
    int removeTranslations() {
        return removeTranslations((_, _, _) -> true);
    }

    /// What is covered and shares an address with a range.
    ///
    /// @param address of 56 bits
    /// @param addressMask the range has 2^addressMask pages of 4 KiB and is aligned to its size
    /// @param leavesOnly software changed no descriptor that points to a table
    int removePages(TagTest test, long address, int addressMask, boolean leavesOnly) {
        int removed =
                iotlb.remove(lines(test), address, addressMask)
                        + nested.remove(lines(test), address, addressMask);
        return leavesOnly ? removed : removed + removeTables(test, address, addressMask);
    }

    private int removeTables(TagTest test, long address, int addressMask) {
        int removed = 0;
        for (var granule : Granule.values()) {
            for (int i = 0; i < DEEPEST - 1; i++) {
                removed += removeTables(paging(granule)[i], test, address, addressMask);
                removed += removeTables(nestedPaging(granule)[i], test, address, addressMask);
            }
        }
        return removed;
    }

    /// What a line of these caches is tagged with has only the bits that its tables translate.
    private int removeTables(
            PagingStructureCache cache, TagTest test, long address, int addressMask) {
        int removed = 0;
        for (int line = 0; line < cache.lines().lines(); line++) {
            if (cache.lines().tag(line) == 0) {
                continue;
            }
            int inner = contexts.spaces().inner(cache.spaceAt(line));
            long covered = Math.max(cache.coveredBytes(), 4096L << addressMask);
            long input = (1L << Tag.inputBits(inner)) - 1;
            boolean touches = ((address ^ cache.iovaAt(line)) & input & -covered) == 0;
            if (touches && lines(test).covers(cache.spaceAt(line), cache.word(line))) {
                cache.lines().remove(line);
                removed++;
            }
        }
        return removed;
    }

    long stateHash() {
        long hash = contexts.stateHash();
        hash = hash * 31 + streams.lines().stateHash();
        hash = hash * 31 + descriptors.lines().stateHash();
        hash = hash * 31 + iotlb.lines().stateHash();
        hash = hash * 31 + nested.lines().stateHash();
        for (var granule : Granule.values()) {
            for (int i = 0; i < DEEPEST - 1; i++) {
                hash = hash * 31 + paging(granule)[i].lines().stateHash();
                hash = hash * 31 + nestedPaging(granule)[i].lines().stateHash();
            }
        }
        return hash;
    }
}
