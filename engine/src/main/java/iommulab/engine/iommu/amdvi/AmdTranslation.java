package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.memory.PhysicalMemory;

/// An AMD IOMMU where a request comes to its tables: IOTLB, walk, rights. All that is needed of the device
/// is known.
public abstract sealed class AmdTranslation extends AmdFindings permits AmdRequests {
    static final int PLAIN = READ | WRITE;

    final AmdWalks walks;
    /* The second word of the device entry that was read last. */
    long detail;

    AmdTranslation(
            AmdCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean looksOnly) {
        super(capabilities, memory, shapes, seed, looksOnly);
        walks = new AmdWalks(memory, capabilities, caches(), looksOnly);
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        walks.useCaches(caches());
    }

    /// The rest of the device's entry: of the one just read, or of the cached one.
    final long detailOf() {
        return (lastFacts & DEVICE_HIT) == 0 ? detail : devices.originOf(requester());
    }

    /// As [#detailOf], also if only the cache of PASIDs was asked; what it kept is enough for events.
    private long detailOfAny() {
        return (lastFacts & PASID_HIT) == 0
                ? detailOf()
                : PasidEntry.detail(pasids.originOf(requester(), pasid()));
    }

    // ---- through tables

    final long throughGcr3(int pasid, long entry, long more) {
        int requester = requester();
        long known = pasids.find(requester, pasid);
        if (known != PasidEntryCache.MISS) {
            lastFacts |= PASID_HIT;
            lastWho = who(requester, pasid, PasidEntry.space(known));
            return byGuestTable(known);
        }
        pasids.countMiss(requester, pasid);
        tellProbe(CacheKind.PASID_ENTRY, pasids.lines());
        int domain = lastDomain();
        long host = entry;
        if (caches().makeRoom()) {
            host = DeviceTableEntry.inSpace(entry, caches().space(domain, Spaces.NONE));
        }
        lastWho = who(requester, pasid, DeviceTableEntry.space(host));
        known = pasidEntry(host, more, Origin.of(requester, pasid), lastIova);
        countWalk(walks);
        if (known < 0) {
            return walkFailed(more);
        }
        long behind = PasidEntry.behind(host, more);
        pasids.insert(requester, pasid, known, behind);
        lastWho = who(requester, pasid, PasidEntry.space(known));
        return byGuestTable(known, behind);
    }

    /// As [AmdWalks#pasidEntry], where the unit has been told that GCR3 tables are.
    final long pasidEntry(long entry, long more, long origin, long iova) {
        boolean inGuest = guestPointers && DeviceTableEntry.packedMode(entry) != 0;
        return walks.pasidEntry(entry, more, inGuest, origin, iova, observer);
    }

    /// The cache of PASIDs gave the entry.
    final long byGuestTable(long known) {
        tellProbe(CacheKind.PASID_ENTRY, pasids.lines());
        return byGuestTable(known, pasids.originOf(requester(), pasid()));
    }

    private long byGuestTable(long known, long behind) {
        long word =
                PasidEntry.isCanonical(known, lastIova)
                        ? find(PasidEntry.address(known, lastIova))
                        : Iotlb.MISS;
        return word == Iotlb.MISS
                ? walkGuest(known, behind, lastIova, false)
                : guestHit(word, known, behind);
    }

    /// As [#byGuestTable] for a plain request whose page is not where it was seen last.
    final long searchGuest(long known, long iova) {
        tellProbe(CacheKind.PASID_ENTRY, pasids.lines());
        long word =
                PasidEntry.isCanonical(known, iova)
                        ? findElsewhere(PasidEntry.address(known, iova))
                        : Iotlb.MISS;
        int access = lastFacts & PLAIN;
        if (word != Iotlb.MISS && (word & known & access) == access) {
            return hit(word);
        }
        long behind = PasidEntry.isNested(known) ? pasids.originOf(requester(), pasid()) : 0;
        return word == Iotlb.MISS
                ? walkGuest(known, behind, iova, false)
                : guestHit(word, known, behind);
    }

    final long guestHit(long word, long known, long behind) {
        int rights = PasidEntry.rights(known);
        return isToBeMarked(word, rights)
                ? walkGuest(known, behind, lastIova, true)
                : served(STAGE_HIT, word, lastIova, rights);
    }

    private long walkGuest(long known, long behind, long iova, boolean marks) {
        int rights = PasidEntry.rights(known);
        long wanted = needs() & allowed(rights);
        long needed = isAsking() ? 0 : wanted;
        long origin = Origin.of(requester(), pasid());
        long leaf = walks.byGuestTable(known, behind, iova, needed, wanted, origin);
        countWalk(walks);
        return leaf < 0
                ? walkFailed(detailOfAny())
                : found(leaf, iova, PasidEntry.address(known, iova), rights, origin, marks);
    }

    final long byHostTable(long entry) {
        long word = Iotlb.covers(lastIova) ? find(lastIova) : Iotlb.MISS;
        return word == Iotlb.MISS ? walkHost(entry, lastIova, false) : hostHit(word, entry);
    }

    final long hostHit(long word, long entry) {
        int rights = DeviceTableEntry.rights(entry);
        return isToBeMarked(word, rights)
                ? walkHost(entry, lastIova, true)
                : served(STAGE_HIT, word, lastIova, rights);
    }

    /// @param iova passed along, for reading it back from memory would make the walk wait
    final long walkHost(long entry, long iova, boolean marks) {
        int rights = DeviceTableEntry.rights(entry);
        int had = DeviceTableEntry.isMarking(entry) ? DeviceTableEntry.hostMarks(detailOf()) : 0;
        long wanted = needs() & allowed(rights);
        long needed = isAsking() ? 0 : wanted;
        long origin = Origin.of(requester(), pasid());
        long leaf = walks.byHostTable(entry, had, iova, needed, wanted, origin);
        countWalk(walks);
        return leaf < 0 ? walkFailed(detailOf()) : found(leaf, iova, iova, rights, origin, marks);
    }

    /// A plain request whose page allows it.
    final long hit(long word) {
        lastFacts |= STAGE_HIT;
        lastWord = word;
        return Iotlb.hpa(word, lastIova);
    }

    final long find(long address) {
        return probed(iotlb.find(space(), address));
    }

    /// As [#find], where [Iotlb#findByHint] has found nothing.
    final long findElsewhere(long address) {
        return probed(iotlb.findElsewhere(space(), address));
    }

    private long probed(long word) {
        tellProbe(CacheKind.IOTLB, iotlb.lines());
        return word;
    }

    /// A walk has found a page: to be cached, and used.
    ///
    /// @param address of the request, as far as the tables translate it
    /// @param marks whether a line with the page is there that was not yet marked as written
    private long found(long leaf, long iova, long address, int rights, long origin, boolean marks) {
        if (Iotlb.covers(address)) {
            long kept = holes.cachable(leaf, address, Iotlb.hpa(leaf, iova));
            if ((kept & TableEntry.CLEAN) != 0) {
                kept &= ~TableEntry.ANY_WRITE;
            }
            if (kept != 0 && marks) {
                iotlb.replace(space(), address, kept, origin);
            } else if (kept != 0) {
                iotlb.insert(space(), address, kept, origin);
            }
        }
        return served(STAGE_WALK, leaf, iova, rights);
    }

    // ---- rights

    final boolean isAsking() {
        return (lastFacts & ASKS) != 0;
    }

    /// What the request needs of the tables.
    private long needs() {
        long plain = lastFacts & (READ | WRITE | EXECUTE);
        boolean privileged = (lastFacts & PRIVILEGED) != 0 && isGuest();
        return privileged ? (plain & PLAIN) << 56 | (plain & EXECUTE) << 54 : plain;
    }

    /// What the device may do.
    ///
    /// @param rights bit 0 IR, bit 1 IW
    private static long allowed(int rights) {
        return ((rights & READ) != 0 ? TableEntry.RIGHTS & ~TableEntry.ANY_WRITE : 0)
                | ((rights & WRITE) != 0 ? TableEntry.ANY_WRITE : 0);
    }

    /// Whether a cached page has to be marked as written before this request may use it.
    private boolean isToBeMarked(long word, int rights) {
        return (word & TableEntry.CLEAN) != 0 && (lastFacts & WRITE) != 0 && (rights & WRITE) != 0;
    }

    /// A page is known: does it allow what is asked?
    private long served(int stage, long word, long iova, int rights) {
        if (isAsking()) {
            return granted(stage, word, rights);
        }
        long needs = needs();
        if ((word & allowed(rights) & needs) != needs) {
            return stop(AmdFault.RIGHT_MISSING, stage, detailOfAny(), isGuest(), iova);
        }
        lastFacts |= stage;
        lastWord = word;
        return Iotlb.hpa(word, iova);
    }

    /// A device asked for a translation: it gets the page with the rights that it may use, those of the
    /// privilege with which it asked.
    ///
    /// @return the leaf; 0 if it may do nothing
    final long granted(int stage, long word, int rights) {
        long usable = word & allowed(rights);
        if ((word & TableEntry.CLEAN) != 0) {
            usable &= ~TableEntry.ANY_WRITE;
        }
        boolean privileged = (lastFacts & PRIVILEGED) != 0 && isGuest();
        long plain =
                privileged
                        ? usable >>> 56 & PLAIN | usable >>> 54 & EXECUTE
                        : usable & (PLAIN | EXECUTE);
        return (plain & PLAIN) == 0
                ? nothingGranted(stage)
                : given(stage, word & ~TableEntry.RIGHTS | plain);
    }

    private long given(int stage, long leaf) {
        lastFacts |= stage;
        lastWord = leaf;
        return leaf;
    }

    private long nothingGranted(int stage) {
        return given(stage, 0);
    }

    final long walkFailed(long more) {
        var fault = walks.fault();
        if (fault == null) {
            throw new IllegalStateException("a walk failed without a reason");
        }
        if (isAsking() && fault.isUnlogged()) {
            return nothingGranted(STAGE_WALK);
        }
        long answer = stop(fault, STAGE_WALK, more, walks.isFaultInGuest(), walks.faultAddress());
        walkCause = walks.cause();
        return answer;
    }
}
