package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;

/// What legacy mode does with requests that are more than a plain read or write: a device's questions for
/// a translation, requests with an address that the device was told, and PASIDs, which it does not know.
/// Spec: VT-d, "Legacy Mode Address Translation", "Device-TLB Operation".
final class LegacyDeviceTlb {
    private static final int ACCESS = Iommu.READ | Iommu.WRITE;

    private final VtdUnit unit;
    private final TableWalker walker;

    /// @param walker of the unit's second stage
    LegacyDeviceTlb(VtdUnit unit, TableWalker walker) {
        this.unit = unit;
        this.walker = walker;
    }

    /// See [Iommu#translate].
    long translate(int requester, int pasid, long iova, int access) {
        boolean question = (access & Iommu.ASKS) != 0;
        boolean translated = (access & Iommu.TRANSLATED) != 0;
        unit.lastIova = iova;
        unit.lastPasid = pasid;
        unit.lastAccess = access;
        unit.lastWho = VtdUnit.NO_DOMAIN | requester;
        unit.lastFacts = access & ACCESS | VtdUnit.HOW | (question ? VtdUnit.QUESTION : 0);
        if (!unit.isTranslating()) {
            return question
                    ? unit.ended(VtdUnit.STAGE_UNTRANSLATED, Iommu.ABORTED)
                    : unit.untranslated();
        }
        if (pasid >= 0) {
            return blockedPasid();
        }
        if (!question && !translated) {
            return unit.translate(requester, iova, access & ACCESS);
        }
        if (InterruptWindow.contains(iova)) {
            return question
                    ? unit.ended(VtdUnit.STAGE_UNTRANSLATED, Iommu.INTERRUPT_WINDOW)
                    : stop(VtdFault.OUTPUT_IS_INTERRUPT, VtdUnit.STAGE_DEVICE, false);
        }
        return withDeviceTlb(requester, translated);
    }

    private long blockedPasid() {
        return unit.isRootTableInForce()
                ? stop(VtdFault.PASID_IN_LEGACY_MODE, VtdUnit.STAGE_DEVICE, false)
                : unit.lastAnswer();
    }

    private long withDeviceTlb(int requester, boolean translated) {
        long context = unit.deviceEntry(requester);
        if (context == DeviceEntryCache.MISS) {
            return unit.lastAnswer();
        }
        unit.lastWho = (long) ContextEntry.domain(context) << 16 | requester;
        boolean silent = ContextEntry.isPackedSilent(context);
        if (!ContextEntry.hasDeviceTlb(context)) {
            return stop(VtdFault.TYPE_BLOCKED, VtdUnit.STAGE_DEVICE, silent);
        }
        if (translated) {
            return unit.ended(VtdUnit.STAGE_DEVICE, VtdUnit.UNCHANGED);
        }
        return unit.isTooWide(unit.lastIova, context)
                ? stop(VtdFault.BEYOND_WIDTH, VtdUnit.STAGE_DEVICE, silent)
                : asked(context);
    }

    private long asked(long context) {
        int domain = ContextEntry.domain(context);
        long iova = unit.lastIova;
        int rights = unit.lastAccess & ACCESS;
        long word = unit.iotlb.find(domain, iova);
        unit.tellProbes();
        if (word != Iotlb.MISS && (word & rights) == rights) {
            return unit.ended(VtdUnit.STAGE_HIT, granted(word, rights));
        }
        long table = ContextEntry.tableOf(context);
        int levels = ContextEntry.levels(context);
        long origin = Origin.of(table, levels, (int) unit.lastWho & 0xffff);
        walker.enter(table, levels, domain, 0);
        long leaf = walker.walk(iova, 0, rights, origin);
        unit.lastFacts += walker.reads() << VtdUnit.READS_AT | walker.probes() << VtdUnit.PROBES_AT;
        return walked(leaf, rights, context, origin);
    }

    private long walked(long leaf, int rights, long context, long origin) {
        boolean silent = ContextEntry.isPackedSilent(context);
        if (leaf < 0) {
            var fault = VtdFault.ofWalk(leaf, rights);
            return stop(fault, VtdUnit.STAGE_WALK, silent);
        }
        long hpa = Iotlb.hpa(leaf, unit.lastIova);
        if (InterruptWindow.contains(hpa)) {
            return stop(VtdFault.OUTPUT_IS_INTERRUPT, VtdUnit.STAGE_WALK, silent);
        }
        long cachable = InterruptWindow.cachable(leaf, hpa);
        unit.iotlb.replace(ContextEntry.domain(context), unit.lastIova, cachable, origin);
        return unit.ended(VtdUnit.STAGE_WALK, granted(cachable, rights));
    }

    private static long granted(long leaf, int rights) {
        int given = (int) leaf & rights;
        return given == 0
                ? VtdUnit.NOTHING
                : TableEntry.leaf(TableEntry.address(leaf), Iotlb.pageShift(leaf), given);
    }

    private long stop(VtdFault fault, int stage, boolean silent) {
        boolean question = (unit.lastFacts & VtdUnit.QUESTION) != 0;
        if (question && ScalableFaults.isRecoverable(fault)) {
            return unit.ended(stage, VtdUnit.NOTHING);
        }
        long kind = FaultRecording.kind(unit.lastPasid, unit.lastAccess);
        return unit.stop(fault, stage, silent, kind);
    }
}
