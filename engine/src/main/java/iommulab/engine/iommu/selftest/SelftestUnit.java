package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;

/// One IOMMU of the kernel's self-test: requests in, host addresses or faults out, everything read from the
/// tables in memory or from its caches. It knows neither privilege nor execution nor ATS: such flags of a
/// request count for nothing.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing while caches give the entries
/// and no fault is recorded.
public final class SelftestUnit extends SelftestFindings {
    private final EntryReader entries;
    private final PageWalks walks;
    private WalkObserver observer = WalkObserver.NONE;
    private @Nullable SelftestView view;

    /// A unit after power-on: translation off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public SelftestUnit(PhysicalMemory memory, CacheShapes shapes, long seed) {
        this(memory, shapes, seed, false);
    }

    /// @param looksOnly whether it leaves memory as it is
    SelftestUnit(PhysicalMemory memory, CacheShapes shapes, long seed, boolean looksOnly) {
        super(memory, shapes, seed, looksOnly);
        entries = new EntryReader(memory);
        walks = new PageWalks(memory, looksOnly);
        adoptCaches();
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        entries.observe(newObserver);
        walks.observe(newObserver);
    }

    @Override
    void adoptCaches() {
        walks.useCache(caches().nested());
    }

    // ---- a request

    @Override
    public long translate(int newRequester, int newPasid, long newIova, int newAccess) {
        begin(newRequester, newPasid, newIova, newAccess);
        if (!isTranslating()) {
            return unchanged();
        }
        var found = pasid < 0 ? device() : process();
        if (found == null) {
            var why = entries.fault();
            return stop(why == null ? blocked() : why);
        }
        entry = found;
        return switch (found.type()) {
            case TranslationEntry.BLOCKED -> stop(blocked());
            case TranslationEntry.PASS_THROUGH -> unchanged();
            default -> page(found);
        };
    }

    private SelftestFault blocked() {
        return pasid < 0 ? SelftestFault.DEVICE_BLOCKED : SelftestFault.PASID_NOT_ATTACHED;
    }

    /// The entry of the device; null if there is none that can be used. What says blocked is never cached.
    private @Nullable TranslationEntry device() {
        var devices = caches().devices();
        long known = devices.find(requester);
        if (known == SetAssociativeCache.MISS) {
            devices.countMiss(requester);
        }
        asked(CacheKind.DEVICE_ENTRY, devices.lines());
        if (known != SetAssociativeCache.MISS) {
            deviceHit = true;
            return caches().entry(known);
        }
        var read = entries.device(deviceTable(), deviceTableBytes(), requester);
        reads += entries.reads();
        if (read != null && (read.type() != TranslationEntry.BLOCKED || read.hasPasids())) {
            devices.insert(requester, caches().word(read), 0);
        }
        return read;
    }

    private @Nullable TranslationEntry process() {
        var pasids = caches().pasids();
        long known = pasids.find(requester, pasid);
        if (known == SetAssociativeCache.MISS) {
            pasids.countMiss(requester, pasid);
        }
        asked(CacheKind.PASID_ENTRY, pasids.lines());
        if (known != SetAssociativeCache.MISS) {
            deviceHit = true;
            return caches().entry(known);
        }
        var device = device();
        if (device == null) {
            return null;
        }
        var read = entries.pasid(device, pasid);
        reads += entries.reads();
        if (read != null && read.type() != TranslationEntry.BLOCKED) {
            pasids.insert(requester, pasid, caches().word(read), 0);
        }
        return read;
    }

    private void asked(CacheKind kind, SetAssociativeCache lines) {
        if (lines.isOff()) {
            return;
        }
        if (kind == CacheKind.IOTLB) {
            pageProbes++;
        } else {
            deviceProbes++;
        }
        if (observer != WalkObserver.NONE) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }

    private long page(TranslationEntry found) {
        long needs = access & (READ | WRITE);
        var iotlb = caches().iotlb();
        long cached = Iotlb.MISS;
        if (Iotlb.covers(iova)) {
            cached = iotlb.find(found.tag(), iova);
            asked(CacheKind.IOTLB, iotlb.lines());
            if (cached != Iotlb.MISS && serves(cached, needs)) {
                hit = true;
                return served(cached);
            }
        }
        long origin = Origin.of(requester, pasid);
        long leaf = walks.walk(found, iova, needs, origin);
        reads += walks.reads();
        pageProbes += walks.asked();
        if (leaf < 0) {
            return stop(walks.fault());
        }
        iotlb.replace(found.tag(), iova, leaf, origin);
        return served(leaf);
    }

    /// A cached page without the right, or not yet marked as written, is walked for again: only the tables
    /// know which stage refuses, and only a walk marks.
    private static boolean serves(long leaf, long needs) {
        boolean marks = (leaf & TableEntry.CLEAN) != 0 && (needs & TableEntry.WRITE) != 0;
        return (leaf & needs) == needs && !marks;
    }

    // ---- for who looks

    /// The entry of a device, or of a PASID of it, as memory has it now; null if it has none.
    @Nullable TranslationEntry freshEntry(int whose, int number) {
        translate(whose, number, 0, 0);
        return entry;
    }

    /// The leaf for an address as memory has it now, of the second stage alone if `address` is a gpa;
    /// negative if there is none.
    long freshLeaf(TranslationEntry of, long address, boolean isGuestPhysical) {
        var stages =
                isGuestPhysical
                        ? new TranslationEntry(of.low(), 0, of.secondTable(), of.pasidTable())
                        : of;
        return walks.walk(stages, address, 0, 0);
    }

    private SelftestView view() {
        if (view == null) {
            view = new SelftestView(this);
        }
        return view;
    }

    @Override
    public boolean lastWasStale() {
        return view().isStale(requester, pasid, iova, access, answer);
    }

    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }

    @Override
    public void forEachTable(Consumer<TableUse> visitor) {
        new SelftestAtlas(this, visitor).visit();
    }
}
