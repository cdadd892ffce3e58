package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;
import iommulab.engine.pci.RequesterId;

import java.util.Optional;

/// Compares cached entries with the tables in memory: an entry that no longer agrees is stale, and some
/// invalidation is missing. Nothing of this happens while a request is translated.
final class AmdCoherence {
    private static final long SPACE = 0xffff00L;
    private static final int NOBODY = -1;

    private final AmdUnit unit;
    private final AmdUnit uncached;

    /// @param uncached a unit that only looks, and has no caches
    AmdCoherence(AmdUnit unit, AmdUnit uncached) {
        this.unit = unit;
        this.uncached = uncached;
    }

    /// To be called before a round of questions.
    void begin() {
        uncached.adoptRegisters(unit);
    }

    // ---- device and PASID entries

    Optional<Staleness> ofDevice(int line) {
        var devices = unit.caches().devices();
        int requester = devices.requesterAt(line);
        long word = devices.word(line);
        long now = uncached.freshEntry(requester);
        boolean same =
                (now & ~SPACE) == (word & ~SPACE)
                        && uncached.detail == devices.origin(line)
                        && (isUntranslated(word) || domainNow(now) == domainThen(word));
        return same
                ? Optional.empty()
                : stale(
                        now == 0 ? reasonNow() : entryWords(now),
                        "INVALIDATE_DEVTAB_ENTRY, device %s%s"
                                .formatted(
                                        new RequesterId(requester),
                                        isUntranslated(word)
                                                ? ""
                                                : "; then INVALIDATE_IOMMU_PAGES, domain %d"
                                                        .formatted(domainThen(word))));
    }

    private static boolean isUntranslated(long entry) {
        return (entry & DeviceTableEntry.KIND) == DeviceTableEntry.UNTRANSLATED;
    }

    private int domainNow(long entry) {
        return uncached.caches().spaces().owner(DeviceTableEntry.space(entry));
    }

    private int domainThen(long entry) {
        return unit.caches().spaces().owner(DeviceTableEntry.space(entry));
    }

    private String entryWords(long entry) {
        return isUntranslated(entry)
                ? "no translation"
                : "domain %d, table at 0x%x"
                        .formatted(domainNow(entry), DeviceTableEntry.packedHostTable(entry));
    }

    Optional<Staleness> ofPasid(int line) {
        var pasids = unit.caches().pasids();
        int requester = pasids.requesterAt(line);
        int pasid = pasids.pasidAt(line);
        long word = pasids.word(line);
        long entry = uncached.freshEntry(requester);
        long now = uncached.freshPasidEntry(entry, requester, pasid);
        int domain = unit.caches().spaces().owner(PasidEntry.space(word));
        boolean same =
                now > 0
                        && (now & ~SPACE) == (word & ~SPACE)
                        && (PasidEntry.behind(entry, uncached.detail) & ~SPACE)
                                == (pasids.origin(line) & ~SPACE)
                        && domainNow(entry) == domain;
        return same
                ? Optional.empty()
                : stale(
                        now <= 0
                                ? reasonNow()
                                : "guest table at 0x%x".formatted(PasidEntry.guestTable(now)),
                        "INVALIDATE_DEVTAB_ENTRY, device %s; then INVALIDATE_IOMMU_PAGES, domain %d, PASID %d"
                                .formatted(new RequesterId(requester), domain, pasid));
    }

    private String reasonNow() {
        var fault = uncached.lastFault();
        return fault == null ? "nothing" : fault.meaning();
    }

    private static Optional<Staleness> stale(String tableSays, String missing) {
        return Optional.of(new Staleness(tableSays, missing));
    }

    // ---- finished translations

    Optional<Staleness> ofTranslation(int line) {
        var iotlb = unit.caches().iotlb();
        int space = iotlb.spaceAt(line);
        long iova = iotlb.iovaAt(line);
        int requester = anyoneOf(space, iotlb.lines().origin(line));
        if (requester == NOBODY) {
            return nobody(space, iova, iotlb.word(line));
        }
        int pasid = unit.caches().spaces().inner(space);
        return ofPage(space, iova, iotlb.word(line), uncached.freshLeaf(requester, pasid, iova));
    }

    Optional<Staleness> ofNested(int line) {
        var nested = unit.caches().nested();
        int space = nested.spaceAt(line);
        long gpa = nested.iovaAt(line);
        int requester = anyoneOf(space, nested.lines().origin(line));
        return requester == NOBODY
                ? nobody(space, gpa, nested.word(line))
                : ofPage(
                        space,
                        gpa,
                        nested.word(line),
                        uncached.freshLeaf(requester, Spaces.NONE, gpa));
    }

    private Optional<Staleness> ofPage(int space, long address, long word, long leaf) {
        long now = (leaf & TableEntry.CLEAN) != 0 ? leaf & ~TableEntry.ANY_WRITE : leaf;
        // A page cached before it was written is walked for again when it is: no harm if it is
        // dirty now.
        long compared =
                (word & TableEntry.CLEAN) != 0
                        ? TableEntry.RIGHTS & ~TableEntry.ANY_WRITE
                        : TableEntry.RIGHTS;
        if (leaf >= 0
                && Iotlb.hpa(leaf, address) == Iotlb.hpa(word, address)
                && ((now ^ word) & compared) == 0
                && Iotlb.pageShift(leaf) >= Iotlb.pageShift(word)) {
            return Optional.empty();
        }
        return stale(
                leaf < 0
                        ? reasonNow()
                        : "0x%x, %s, pages of %s"
                                .formatted(
                                        Iotlb.hpa(leaf, address),
                                        AmdView.rightsWords(now),
                                        AmdRungs.size(Iotlb.pageShift(leaf))),
                missing(space, address, Iotlb.pageShift(word), ""));
    }

    private Optional<Staleness> nobody(int space, long address, long word) {
        return stale(
                "no device is in this domain any more",
                missing(space, address, Iotlb.pageShift(word), ""));
    }

    private String missing(int space, long address, int shift, String also) {
        int domain = unit.caches().spaces().owner(space);
        int pasid = unit.caches().spaces().inner(space);
        return "INVALIDATE_IOMMU_PAGES, domain %d%s, 0x%x, %s%s"
                .formatted(
                        domain,
                        pasid == Spaces.NONE ? "" : ", PASID %d".formatted(pasid),
                        address,
                        AmdRungs.size(shift),
                        also);
    }

    /// A device of a space's domain by which memory can be asked: the one for which the entry was made, if
    /// it is still there; else another one that is cached.
    private int anyoneOf(int space, long origin) {
        int domain = unit.caches().spaces().owner(space);
        if (isIn(Origin.requester(origin), domain)) {
            return Origin.requester(origin);
        }
        var devices = unit.caches().devices();
        for (int line = 0; line < devices.lines().lines(); line++) {
            if (devices.lines().tag(line) != 0 && isIn(devices.requesterAt(line), domain)) {
                return devices.requesterAt(line);
            }
        }
        return NOBODY;
    }

    private boolean isIn(int requester, int domain) {
        long entry = uncached.freshEntry(requester);
        return entry != 0 && !isUntranslated(entry) && domainNow(entry) == domain;
    }

    // ---- paging-structure caches

    Optional<Staleness> ofTable(CacheKind kind, PagingStructureCache cache, int line) {
        int space = cache.spaceAt(line);
        long address = cache.iovaAt(line);
        long word = cache.word(line);
        int requester = anyoneOf(space, cache.lines().origin(line));
        int pasid =
                kind == CacheKind.NESTED_PAGING ? Spaces.NONE : unit.caches().spaces().inner(space);
        if (requester == NOBODY) {
            return nobody(space, address, TableEntry.leaf(0, shift(cache), 0));
        }
        long now = entryAt(requester, pasid, address, TableEntry.nextLevel(word));
        if (now != 0
                && TableEntry.address(now) == PagingStructureCache.table(word)
                && TableEntry.rights(now) == PagingStructureCache.rights(word)) {
            return Optional.empty();
        }
        return stale(
                now == 0 ? "no such table" : "table at 0x%x".formatted(TableEntry.address(now)),
                missing(space, address, shift(cache), ", with tables (PDE = 1)"));
    }

    private static int shift(PagingStructureCache cache) {
        return Long.numberOfTrailingZeros(cache.coveredBytes());
    }

    /// What leads to the table of a level, with the rights of all levels down to it; 0 if nothing does.
    private long entryAt(int requester, int pasid, long address, int level) {
        var recording = new WalkRecording();
        uncached.observe(recording);
        uncached.freshLeaf(requester, pasid, address);
        uncached.observe(WalkObserver.NONE);
        var stage = pasid == Spaces.NONE ? Stage.SECOND : Stage.FIRST;
        var format =
                pasid == Spaces.NONE
                        ? new HostTableFormat(false, true)
                        : new GuestTableFormat(unit.capabilities().noExecute(), true);
        long rights = TableEntry.RIGHTS;
        for (var event : recording.events()) {
            if (event instanceof TableEntryRead read && read.stage() == stage) {
                long entry = format.decode(read.raw(), read.level(), 0);
                rights &= entry;
                if (TableEntry.kind(entry) == TableEntry.TABLE
                        && TableEntry.nextLevel(entry) == level) {
                    return TableEntry.table(TableEntry.address(entry), level, rights);
                }
            }
        }
        return 0;
    }
}
