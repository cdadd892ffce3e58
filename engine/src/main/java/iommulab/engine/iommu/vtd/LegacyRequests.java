package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

/// The way of one request through a VT-d unit in legacy mode, where it is longer than a hit.
/// Spec: VT-d, "Legacy Mode Address Translation".
public abstract sealed class LegacyRequests extends VtdOutcome permits VtdUnit {
    private static final int TABLE_MODE = 3 << 10;
    private static final int ABORT_MODE = 3 << 10;
    private static final int MODE_AT = 10;

    /// [#rootTableMode]: a table of legacy mode.
    static final int LEGACY_TABLE = 0;

    /// [#rootTableMode]: a table of scalable mode.
    static final int SCALABLE_TABLE = 1;

    private final DeviceTables deviceTables;
    final TableWalker walker;
    /* By AW a byte: bits of iova that a table of that many levels translates here. */
    private final long widths;
    WalkObserver observer = WalkObserver.NONE;

    LegacyRequests(
            VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
        deviceTables = new DeviceTables(memory, capabilities);
        walker = new TableWalker(memory, format(), Stage.SECOND);
        widths = ContextEntry.widths(capabilities.iovaBits());
    }

    final long translateSearching(int requester, long iova, int access) {
        lastIova = iova;
        lastWho = NO_DOMAIN | requester;
        lastFacts = access;
        long context = deviceEntry(requester);
        return context == DeviceEntryCache.MISS
                ? lastAnswer()
                : translateIn(requester, iova, lastFacts, context, Iotlb.MISS);
    }

    /// The context entry of a requester, packed, from the cache or from memory.
    ///
    /// @return [DeviceEntryCache#MISS] if the request ends here
    long deviceEntry(int requester) {
        long context = contexts.find(requester);
        if (context == DeviceEntryCache.MISS) {
            return readDeviceEntry(requester);
        }
        lastFacts |= DEVICE_HIT;
        return context;
    }

    /// @param context packed
    /// @param hinted page that the IOTLB's hint led to, without the right; or a miss
    final long translateIn(int requester, long iova, int facts, long context, long hinted) {
        int domain = ContextEntry.domain(context);
        lastIova = iova;
        lastWho = (long) domain << 16 | requester;
        if (isTooWide(iova, context)) {
            return stopAtDevice(VtdFault.BEYOND_WIDTH, facts, context);
        }
        if (ContextEntry.isPassThrough(context)) {
            return passThrough(facts);
        }
        long word = hinted == Iotlb.MISS ? iotlb.findElsewhere(domain, iova) : hinted;
        tellProbes();
        if (word == Iotlb.MISS) {
            return walk(facts, context);
        }
        lastFacts = facts | STAGE_HIT;
        lastWord = word;
        int access = facts & ACCESS;
        return (word & access) == access ? Iotlb.hpa(word, iova) : stopAtHit(context);
    }

    final long untranslated(int requester, long iova, int access) {
        lastIova = iova;
        lastWho = NO_DOMAIN | requester;
        lastFacts = access;
        return InterruptWindow.contains(iova)
                ? ended(STAGE_UNTRANSLATED, INTERRUPT_WINDOW)
                : untranslated();
    }

    /// The address stays as it is.
    long untranslated() {
        return ended(STAGE_UNTRANSLATED, lastIova < 0 ? NOWHERE : UNCHANGED);
    }

    /// The context cache has no entry: reads it from memory.
    ///
    /// @return the entry, packed; or [DeviceEntryCache#MISS] if the request ends here
    private long readDeviceEntry(int requester) {
        contexts.countMiss(requester);
        if (!isRootTableInForce()) {
            return DeviceEntryCache.MISS;
        }
        var fault = deviceTables.read(rootTableAddress & -4096L, requester, observer);
        lastFacts |= deviceTables.reads() << READS_AT;
        if (fault != null) {
            stop(fault, STAGE_DEVICE, ContextEntry.isSilent(deviceTables.low()), 0);
            return DeviceEntryCache.MISS;
        }
        long packed = ContextEntry.pack(deviceTables.low(), deviceTables.high());
        contexts.insert(requester, packed, deviceTables.high());
        return packed;
    }

    /// RTADDR.TTM as far as the unit has it: [#LEGACY_TABLE], [#SCALABLE_TABLE], or no table at all.
    int rootTableMode() {
        int mode = (int) (rootTableAddress & TABLE_MODE) >>> MODE_AT;
        return mode == SCALABLE_TABLE && !capabilities().scalable() ? -1 : mode;
    }

    /// Whether the root table address names a legacy table; else the request ends here.
    boolean isRootTableInForce() {
        long mode = rootTableAddress & TABLE_MODE;
        if (mode == ABORT_MODE) {
            ended(STAGE_DEVICE, ABORTED);
        } else if (mode != 0) {
            stop(VtdFault.ROOT_MODE_INVALID, STAGE_DEVICE, false, 0);
        }
        return mode == 0;
    }

    /// Whether an address has more bits than the unit or the requester's tree translates.
    boolean isTooWide(long iova, long context) {
        return beyondWidth(iova, context) != 0;
    }

    final long beyondWidth(long iova, long context) {
        return iova >>> (widths >>> ContextEntry.widthAt(context));
    }

    private long walk(int facts, long context) {
        long iova = lastIova;
        int access = facts & ACCESS;
        lastFacts = facts;
        long table = ContextEntry.tableOf(context);
        int levels = ContextEntry.levels(context);
        int domain = ContextEntry.domain(context);
        long origin = Origin.of(table, levels, (int) lastWho & 0xffff);
        walker.enter(table, levels, domain, 0);
        long leaf = walker.walk(iova, access, 0, origin);
        lastFacts += walker.reads() << READS_AT | walker.probes() << PROBES_AT;
        if (leaf < 0) {
            return stop(VtdFault.ofWalk(leaf, access), STAGE_WALK, context);
        }
        long hpa = Iotlb.hpa(leaf, iova);
        if (InterruptWindow.contains(hpa)) {
            return stop(VtdFault.OUTPUT_IS_INTERRUPT, STAGE_WALK, context);
        }
        iotlb.insert(domain, iova, InterruptWindow.cachable(leaf, hpa), origin);
        lastFacts |= STAGE_WALK;
        lastWord = leaf;
        return hpa;
    }

    /// See [iommulab.engine.iommu.Iommu#foresee].
    final void foresee(int requester, long iova, ReadAhead walks) {
        long context = contexts.peek(requester);
        if (context != DeviceEntryCache.MISS
                && !ContextEntry.isPassThrough(context)
                && !isTooWide(iova, context)
                && iotlb.peek(ContextEntry.domain(context), iova) == Iotlb.MISS) {
            walks.add(walker, ContextEntry.tableOf(context), ContextEntry.levels(context), iova, 0);
        }
    }

    private long stopAtDevice(VtdFault fault, int facts, long context) {
        lastFacts = facts;
        tellDeviceProbe();
        return stop(fault, STAGE_DEVICE, context);
    }

    private long passThrough(int facts) {
        lastFacts = facts;
        tellDeviceProbe();
        return ended(STAGE_DEVICE, UNCHANGED);
    }

    private long stopAtHit(long context) {
        return stop(VtdFault.missingRight(lastFacts & ACCESS), STAGE_HIT, context);
    }

    private long stop(VtdFault fault, int stage, long context) {
        return stop(fault, stage, ContextEntry.isPackedSilent(context), 0);
    }

    void tellProbes() {
        tellDeviceProbe();
        tellProbe(CacheKind.IOTLB, iotlb.lines());
    }

    private void tellDeviceProbe() {
        tellProbe(CacheKind.DEVICE_ENTRY, contexts.lines());
    }

    private void tellProbe(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }
}
