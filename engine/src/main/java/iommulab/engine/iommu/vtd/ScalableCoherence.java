package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.pci.RequesterId;

import java.util.Optional;

/// Compares what scalable mode has cached with the tables in memory, as [Coherence] does for legacy mode.
final class ScalableCoherence {
    private static final long SECOND_RIGHTS = TableEntry.READ | TableEntry.WRITE;

    private final VtdUnit unit;
    private final VtdUnit uncached;
    private final ScalableTables tables;
    private final ScalableTrees trees;

    /// @param uncached a unit without caches over the same memory, which sets no bits
    ScalableCoherence(VtdUnit unit, VtdUnit uncached) {
        this.unit = unit;
        this.uncached = uncached;
        tables = new ScalableTables(unit.memory(), unit.capabilities());
        trees = new ScalableTrees(unit);
    }

    private ScalableCaches caches() {
        return unit.caches().scalable();
    }

    private Spaces spaces() {
        return caches().spaces();
    }

    private long rootTable() {
        return unit.rootTableAddress() & -4096L;
    }

    // ---- context cache and PASID cache

    Optional<Staleness> ofContext(int line) {
        var contexts = caches().contexts();
        int requester = contexts.requesterAt(line);
        var fault = tables.readContext(rootTable(), requester, WalkObserver.NONE);
        boolean same =
                fault == null
                        && contexts.origin(line) == ScalableContext.ridPasid(tables.word(1))
                        && contexts.word(line)
                                == ScalableContext.pack(
                                        tables.word(0), tables.word(1), unit.capabilities());
        return same
                ? Optional.empty()
                : Optional.of(
                        new Staleness(
                                fault == null
                                        ? "PASID directory at 0x%x"
                                                .formatted(
                                                        ScalableContext.directory(tables.word(0)))
                                        : fault.kernelText(),
                                "context cache, device %s; then PASID cache and IOTLB"
                                        .formatted(new RequesterId(requester))));
    }

    Optional<Staleness> ofPasid(int line) {
        var pasids = caches().pasids();
        int requester = pasids.requesterAt(line);
        int pasid = pasids.pasidAt(line);
        long word = pasids.word(line);
        int space = PasidEntry.spaceOf(word);
        var fault = trees.enter(rootTable(), requester, pasid, WalkObserver.NONE);
        boolean same =
                fault == null
                        && PasidEntry.withoutSpace(word) == trees.packed()
                        && pasids.origin(line) == trees.rest()
                        && isSpaceOfTrees(space);
        if (same) {
            return Optional.empty();
        }
        int domain = spaces().owner(space);
        int inner = spaces().inner(space);
        return Optional.of(
                new Staleness(
                        fault == null ? entryWords() : fault.kernelText(),
                        "PASID cache, domain %d%s; then its translations"
                                .formatted(
                                        domain,
                                        inner == Spaces.NONE
                                                ? ""
                                                : ", PASID %d".formatted(inner))));
    }

    private boolean isSpaceOfTrees(int space) {
        int inner = trees.hasFirstStage() ? trees.number() : Spaces.NONE;
        return spaces().owner(space) == trees.domain() && spaces().inner(space) == inner;
    }

    private String entryWords() {
        long table = PasidEntry.tableOf(trees.hasFirstStage() ? trees.rest() : trees.packed());
        return "domain %d, tables at 0x%x".formatted(trees.domain(), table);
    }

    // ---- finished translations

    Optional<Staleness> ofTranslation(int line) {
        var iotlb = caches().iotlb();
        long word = iotlb.word(line);
        int space = iotlb.spaceAt(line);
        long iova = canonical(iotlb.iovaAt(line), space);
        long origin = iotlb.lines().origin(line);
        if (!enter(space, origin)) {
            return Optional.of(new Staleness("no device uses it any more", words(space, iova)));
        }
        long fresh = fresh(origin, iova, word);
        boolean same =
                fresh > 0
                        && Iotlb.hpa(fresh, iova) == Iotlb.hpa(word, iova)
                        && Iotlb.rights(fresh) == Iotlb.rights(word)
                        && Iotlb.pageShift(fresh) >= Iotlb.pageShift(word);
        return same
                ? Optional.empty()
                : Optional.of(
                        new Staleness(
                                fresh <= 0 ? failureWords() : pageWords(fresh, iova),
                                words(space, iova)));
    }

    /// The leaf that the tables give now, with all its rights; not positive if there is none.
    private long fresh(long origin, long iova, long word) {
        int requester = ScalableOrigin.requester(origin);
        boolean users = (word & (TableEntry.READ | TableEntry.WRITE)) != 0;
        boolean reads = (word & (TableEntry.READ | TableEntry.PRIV_READ)) != 0;
        int access = reads ? Iommu.READ : Iommu.WRITE;
        uncached.setRootTableAddress(unit.rootTableAddress());
        uncached.setTranslating(unit.isTranslating());
        uncached.translate(
                requester,
                ScalableOrigin.pasid(origin),
                iova,
                users ? access : access | Iommu.PRIVILEGED);
        return uncached.lastWord();
    }

    private String failureWords() {
        var fault = uncached.lastFault();
        return fault == null ? "not translated" : fault.kernelText();
    }

    private static String pageWords(long leaf, long iova) {
        return "0x%x, %s, pages of %d KiB"
                .formatted(
                        Iotlb.hpa(leaf, iova),
                        VtdView.rightsWords(leaf),
                        1L << Iotlb.pageShift(leaf) - 10);
    }

    private String words(int space, long iova) {
        int inner = spaces().inner(space);
        int domain = spaces().owner(space);
        return inner == Spaces.NONE
                ? "IOTLB, domain %d, 0x%x".formatted(domain, iova)
                : "PASID-based IOTLB, domain %d, PASID %d, 0x%x".formatted(domain, inner, iova);
    }

    /// An address as a device would ask for it: the bits above those cached are the highest of these.
    private long canonical(long iova, int space) {
        return spaces().inner(space) == Spaces.NONE ? iova : iova << 7 >> 7;
    }

    /// Whether the device that an entry was made for still uses its space; its tables are entered then.
    private boolean enter(int space, long origin) {
        int requester = ScalableOrigin.requester(origin);
        int pasid = ScalableOrigin.pasid(origin);
        return trees.enter(rootTable(), requester, pasid, WalkObserver.NONE) == null
                && isSpaceOfTrees(space);
    }

    // ---- tables on the way

    Optional<Staleness> ofTable(PagingStructureCache cache, int line) {
        int space = cache.spaceAt(line);
        long address = cache.iovaAt(line);
        boolean entered = enter(space, cache.lines().origin(line));
        var found =
                !entered
                        ? Optional.<ScalableTrees.Found>empty()
                        : trees.hasFirstStage()
                                ? trees.firstStageEntry(cache.level(), address)
                                : trees.secondStageEntry(cache.level(), address);
        return compare(cache, line, found);
    }

    /// Entries of a second stage below a first.
    Optional<Staleness> ofNestedTable(PagingStructureCache cache, int line) {
        return compare(
                cache,
                line,
                enterNested(cache.spaceAt(line), cache.lines().origin(line))
                        ? trees.secondStageEntry(cache.level(), cache.iovaAt(line))
                        : Optional.empty());
    }

    private Optional<Staleness> compare(
            PagingStructureCache cache, int line, Optional<ScalableTrees.Found> found) {
        long word = cache.word(line);
        boolean same =
                found.isPresent()
                        && TableEntry.kind(found.get().entry()) == TableEntry.TABLE
                        && TableEntry.address(found.get().entry())
                                == PagingStructureCache.table(word)
                        && TableEntry.rights(found.get().entry())
                                == PagingStructureCache.rights(word);
        return same
                ? Optional.empty()
                : Optional.of(
                        new Staleness(
                                found.map(entry -> tableWords(entry.entry()))
                                        .orElse("the tables do not lead there"),
                                words(cache.spaceAt(line), cache.iovaAt(line))
                                        + ", with tables (IH = 0)"));
    }

    private static String tableWords(long entry) {
        return switch (TableEntry.kind(entry)) {
            case TableEntry.TABLE -> "table at 0x%x".formatted(TableEntry.address(entry));
            case TableEntry.LEAF -> "a large page";
            case TableEntry.RESERVED -> "a reserved bit is set";
            default -> "not present";
        };
    }

    // ---- guest-physical pages

    Optional<Staleness> ofNested(int line) {
        var nested = caches().nested();
        int space = nested.spaceAt(line);
        long gpa = nested.iovaAt(line);
        long word = nested.word(line);
        boolean entered = enterNested(space, nested.lines().origin(line));
        long fresh = entered ? trees.page(gpa) : -1;
        boolean same =
                fresh >= 0
                        && Iotlb.hpa(fresh, gpa) == Iotlb.hpa(word, gpa)
                        && (fresh & SECOND_RIGHTS) == (word & SECOND_RIGHTS)
                        && Iotlb.pageShift(fresh) >= Iotlb.pageShift(word);
        return same
                ? Optional.empty()
                : Optional.of(
                        new Staleness(
                                fresh < 0 ? "not present" : pageWords(fresh, gpa),
                                words(space, gpa)));
    }

    private boolean enterNested(int space, long origin) {
        int requester = ScalableOrigin.requester(origin);
        int pasid = ScalableOrigin.pasid(origin);
        return trees.enter(rootTable(), requester, pasid, WalkObserver.NONE) == null
                && trees.hasSecondStage()
                && spaces().owner(space) == trees.domain();
    }
}
