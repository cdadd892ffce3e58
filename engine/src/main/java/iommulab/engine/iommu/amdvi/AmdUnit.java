package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One AMD IOMMU: requests in, host addresses or faults out, everything read from the tables in memory or
/// from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing, events apart.
/// Spec: AMD IOMMU, "IOMMU Behavior", "Data Structures".
public final class AmdUnit extends AmdRequests {
    /*
     * translate
     *   translation off, 0xfeexxxxx, anything but a plain read or write?      -> apart
     *   no PASID:  device table cache -> packed entry (else device table)
     *              host table alone?  (else by the kind of the entry)
     *              IOTLB in the space of the domain -> page, rights  (else host table: AmdWalks)
     *   PASID:     cache of GCR3 entries -> packed entry with the rights of its device
     *              (else device table, GCR3 table)
     *              canonical?
     *              IOTLB in the space of domain and PASID -> page, rights (else guest table: AmdWalks)
     *
     * A page that may be written but is not marked dirty is cached without the right to write: a write
     * finds the right missing and walks again.
     */
    private static final int LOWER_HALF_BITS = 47;

    private @Nullable AmdView view;

    /// A unit after power-on: translation off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public AmdUnit(
            AmdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this(capabilities, memory, shapes, seed, false);
    }

    /// @param looksOnly whether it leaves memory as it is: no accessed or dirty bit, no event
    AmdUnit(
            AmdCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean looksOnly) {
        super(capabilities, memory, shapes, seed, looksOnly);
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        setObserved(newObserver != WalkObserver.NONE);
        walks.observe(newObserver);
    }

    // ---- the path of one plain request

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        lastIova = iova;
        if (pasid >= 0) {
            return translateGuest(requester, pasid, iova, access);
        }
        if (!straight
                || (iova >>> Iotlb.ADDRESS_BITS | access & ~PLAIN) != 0
                || AddressHoles.isInterrupt(iova)) {
            return apart(requester, pasid, access);
        }
        long entry = devices.findByHint(requester);
        if (entry == DeviceEntryCache.MISS) {
            return answer(requester, pasid, access);
        }
        if ((entry & DeviceTableEntry.KIND) != DeviceTableEntry.BY_HOST_TABLE) {
            return byKind(requester, pasid, access | DEVICE_HIT, entry);
        }
        long space = DeviceTableEntry.spaceIn(entry);
        lastWho = who(requester, pasid, space);
        long word = iotlb.findByHint(space, iova);
        long needs = access | TableEntry.LEAF;
        if ((word & (entry | ~PLAIN) & needs) != needs) {
            lastFacts = access | DEVICE_HIT | SPACE_KNOWN;
            return word == Iotlb.MISS ? searchHost(entry, iova) : hostHit(word, entry);
        }
        lastFacts = access | DEVICE_HIT | SPACE_KNOWN | STAGE_HIT;
        lastWord = word;
        return Iotlb.hpaInSmallest(word, iova);
    }

    private long translateGuest(int requester, int pasid, long iova, int access) {
        // The lower half is canonical with four and with five levels.
        if (!straight || (iova >>> LOWER_HALF_BITS | access & ~PLAIN) != 0) {
            return apart(requester, pasid, access);
        }
        long entry = pasids.findByHint(requester, pasid);
        if (entry == PasidEntryCache.MISS) {
            return answer(requester, pasid, access);
        }
        long space = PasidEntry.spaceIn(entry);
        lastWho = who(requester, pasid, space);
        long word = iotlb.findByHint(space, iova);
        long needs = access | TableEntry.LEAF;
        if ((word & (entry | ~PLAIN) & needs) != needs) {
            lastFacts = access | PASID_HIT | SPACE_KNOWN;
            return word == Iotlb.MISS
                    ? searchGuest(entry, iova)
                    : guestHit(word, entry, pasids.originOf(requester, pasid));
        }
        lastFacts = access | PASID_HIT | SPACE_KNOWN | STAGE_HIT;
        lastWord = word;
        return Iotlb.hpaInSmallest(word, iova);
    }

    @Override
    public void foresee(int requester, int pasid, long iova, ReadAhead ahead) {
        if (!translating || !Iotlb.covers(iova)) {
            return;
        }
        if (pasid >= 0) {
            long entry = pasids.peek(requester, pasid);
            if (entry != PasidEntryCache.MISS
                    && PasidEntry.isCanonical(entry, iova)
                    && iotlb.peek(PasidEntry.space(entry), PasidEntry.address(entry, iova))
                            == Iotlb.MISS) {
                walks.foreseeGuest(entry, iova, ahead);
            }
            return;
        }
        long entry = devices.peek(requester);
        if (entry != DeviceEntryCache.MISS
                && (entry & DeviceTableEntry.KIND) == DeviceTableEntry.BY_HOST_TABLE
                && iotlb.peek(DeviceTableEntry.space(entry), iova) == Iotlb.MISS) {
            walks.foreseeHost(entry, iova, ahead);
        }
    }

    // ---- commands and requests that are no DMA

    /// PREFETCH_IOMMU_PAGES: walks so that the caches know. Never logs a fault.
    @Override
    void prefetch(AmdCommand command) {
        long bytes = 1L << command.rangeBits();
        for (int page = 0; page < command.prefetchPages(); page++) {
            long address = command.rangeStart() + page * bytes;
            prefetch(command, address);
            if (command.invalidatesFirst() && lastDomain() >= 0) {
                forget(command, lastDomain(), address);
                prefetch(command, address);
            }
        }
    }

    private void prefetch(AmdCommand command, long address) {
        quiet = true;
        translate(command.device(), command.pasid(), address, READ | ASKS);
        quiet = false;
    }

    private void forget(AmdCommand command, int domain, long address) {
        int bits = command.rangeBits();
        if (command.isGuest()) {
            caches().removeGuestPages(domain, command.pasid(), address, bits, false);
        } else {
            caches().removeHostPages(domain, address, bits, false);
        }
    }

    /// Refused, with an event, if the device's entry does not allow page requests.
    @Override
    public Optional<AmdFault> requestPage(PageRequest request) {
        int pasid = request.prefix().pasid();
        lastWho = who(request.requester(), pasid, 0);
        lastFacts = request.write() ? WRITE : READ;
        lastIova = request.iova();
        long entry = devices.find(request.requester());
        if (entry != DeviceEntryCache.MISS) {
            lastFacts |= DEVICE_HIT;
        } else {
            entry = readDeviceEntry(request.requester(), pasid, lastFacts);
        }
        if (entry == DeviceEntryCache.MISS) {
            pageRequests().refuse(request);
            return Optional.ofNullable(lastFault());
        }
        if (takesPageRequests()) {
            pageRequests().take(request);
        } else {
            pageRequests().refuse(request);
            var fault = AmdFault.PAGE_REQUEST_REFUSED;
            stop(fault, STAGE_DEVICE, detailOf(), pasid >= 0, request.iova());
            return Optional.of(fault);
        }
        return Optional.empty();
    }

    /// See [AmdView#fresh].
    @Override
    public long fresh(int requester, int pasid, long iova, int access) {
        return view().fresh(requester, pasid, iova, access);
    }

    private boolean takesPageRequests() {
        return capabilities().pageRequests()
                && (registers().control() & AmdRegisters.PPR) != 0
                && (detailOf() & DeviceTableEntry.PAGE_REQUESTS) != 0;
    }

    @Override
    public Optional<StopCause> lastCause() {
        var fault = lastFault();
        if (fault == null) {
            return lastWord == ABORTED ? Optional.of(StopCause.BLOCKED) : Optional.empty();
        }
        if (walkCause != null) {
            return Optional.of(walkCause);
        }
        return Optional.of(
                switch (fault) {
                    case RIGHT_MISSING -> whoRefuses();
                    case TRANSLATION_REFUSED -> pasid() >= 0 ? StopCause.PASID : StopCause.OTHER;
                    default -> fault.causes().iterator().next();
                });
    }

    /// A right is missing, and no walk found it missing: a cached page or the device's entry refuses. What
    /// guest and host tables give together does not tell whose right it is; memory does.
    private StopCause whoRefuses() {
        if (lastStage() == STAGE_DEVICE) {
            return StopCause.BLOCKED;
        }
        return isGuest() && lastStage() == STAGE_HIT
                ? view().freshCause(requester(), pasid(), lastIova, lastAccess())
                        .orElse(StopCause.FIRST_STAGE_RIGHTS)
                : StopCause.SECOND_STAGE_RIGHTS;
    }

    // ---- looking into it

    /// Shows the unit without disturbing it.
    public AmdView view() {
        if (view == null) {
            view = new AmdView(this);
        }
        return view;
    }

    @Override
    public void forEachTable(Consumer<TableUse> visitor) {
        new AmdAtlas(this, visitor).visit();
    }

    @Override
    public boolean lastWasStale() {
        return view().isStale(requester(), pasid(), lastIova, lastAccess(), lastAnswer());
    }

    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }
}
