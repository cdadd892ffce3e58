package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.WalkObserver;

import org.jspecify.annotations.Nullable;

/// From a requester and a PASID to the PASID table entry, in scalable mode: by the context cache, and by
/// root table, context table, PASID directory and PASID table in memory.
final class ScalableDevices {
    private final VtdUnit unit;
    private final VtdCapabilities capabilities;
    private final ScalableTables tables;
    private ScalableCaches caches;
    private DeviceEntryCache contexts;
    private PasidEntryCache pasids;
    private WalkObserver observer = WalkObserver.NONE;
    private int ridPasid;
    private long rest;
    private @Nullable VtdFault fault;
    private boolean silent;

    ScalableDevices(VtdUnit unit, ScalableCaches caches) {
        this.unit = unit;
        capabilities = unit.capabilities();
        tables = new ScalableTables(unit.memory(), capabilities);
        this.caches = caches;
        contexts = caches.contexts();
        pasids = caches.pasids();
    }

    /// The caches are other objects now.
    void adopt(ScalableCaches newCaches) {
        caches = newCaches;
        contexts = caches.contexts();
        pasids = caches.pasids();
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// Why the last call gave nothing.
    VtdFault fault() {
        if (fault == null) {
            throw new IllegalStateException("no fault");
        }
        return fault;
    }

    /// FPD: an entry on the way to the fault says that it is not recorded.
    boolean isSilent() {
        return silent;
    }

    /// Second packed word of the entry read last.
    long rest() {
        return rest;
    }

    private void failed(VtdFault newFault, boolean newSilent) {
        fault = newFault;
        silent = newSilent;
    }

    /// @return the context entry, packed; or [DeviceEntryCache#MISS] if the request ends here
    long context(int requester) {
        long context = contexts.find(requester);
        if (context == DeviceEntryCache.MISS) {
            contexts.countMiss(requester);
        }
        tellProbe();
        if (context != DeviceEntryCache.MISS) {
            ridPasid = (int) contexts.originOf(requester);
            return context;
        }
        var found = tables.readContext(unit.rootTableAddress & -4096L, requester, observer);
        unit.lastFacts += tables.reads() << VtdUnit.READS_AT;
        if (found != null) {
            failed(found, tables.isSilent());
            return DeviceEntryCache.MISS;
        }
        long packed = ScalableContext.pack(tables.word(0), tables.word(1), capabilities);
        ridPasid = ScalableContext.ridPasid(tables.word(1));
        contexts.insert(requester, packed, ridPasid);
        return packed;
    }

    private void tellProbe() {
        var lines = contexts.lines();
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(CacheKind.DEVICE_ENTRY, 0, lines.lastSet(), lines.lastWay());
        }
    }

    /// The PASID cache has no entry: reads it from memory.
    ///
    /// @return the entry, packed, with the other word in [#rest]; or [PasidEntryCache#MISS] if the request
    ///     ends here
    long readEntry(int requester, int pasid) {
        long context = context(requester);
        if (context == DeviceEntryCache.MISS) {
            return PasidEntryCache.MISS;
        }
        int number = pasid < 0 ? ridPasid : pasid;
        var found = blocked(context, pasid, number);
        boolean hushed = ScalableContext.isPackedSilent(context);
        if (found == null) {
            long directory = ScalableContext.directoryOf(context);
            found = tables.readPasidEntry(directory, number, hushed, observer);
            unit.lastFacts += tables.reads() << VtdUnit.READS_AT;
            hushed = tables.isSilent();
        }
        if (found != null) {
            failed(found, hushed);
            return PasidEntryCache.MISS;
        }
        return packEntry(requester, pasid, number, context);
    }

    /// Why the context entry does not lead to the entry of a PASID, or null.
    ///
    /// @param pasid of the request
    /// @param number the same, or RID_PASID if it has none
    static @Nullable VtdFault blocked(long context, int pasid, int number) {
        if (pasid >= 0 && !ScalableContext.takesPasids(context)) {
            return VtdFault.PASIDS_OFF;
        }
        if (ScalableContext.reaches(context, number)) {
            return null;
        }
        return pasid < 0 ? VtdFault.SM_CONTEXT_INVALID : VtdFault.PASID_TOO_LARGE;
    }

    private long packEntry(int requester, int pasid, int number, long context) {
        int type = PasidEntry.type(tables.word(0));
        int domain = PasidEntry.domain(tables.word(1));
        int space = caches.space(domain, PasidEntry.hasFirstStage(type) ? number : Spaces.NONE);
        if (type == PasidEntry.NESTED) {
            caches.space(domain, Spaces.NONE);
            space = caches.space(domain, number);
        }
        boolean privileged = pasid < 0 && ScalableContext.isPackedPrivileged(context);
        long packed =
                PasidEntry.pack(
                        tables.word(0), tables.word(2), space, tables.isSilent(), privileged);
        rest = PasidEntry.packRest(tables.word(0), tables.word(1), tables.word(2), capabilities);
        pasids.insert(requester, pasid, packed, rest);
        return packed;
    }
}
