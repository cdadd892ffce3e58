package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;

import org.jspecify.annotations.Nullable;

/// The way of one request through a VT-d unit in scalable mode. What it found is left in the unit, as
/// legacy mode leaves it.
/// Spec: VT-d, "Scalable Mode Address Translation".
final class ScalableMode {
    /*
     * translate
     *   PASID cache   -> PASID table entry   (else context cache; root and context table, PASID directory
     *                                         and table: ScalableTables)
     *   address width
     *   IOTLB         -> page, rights        (else page tables: ScalableWalk)
     *
     * A user's request with hits in both is VtdUnit's. All others go through `translate`.
     */
    /// Bits of an iova by which the IOTLB knows it; those above are the highest of these, or zero.
    static final int CACHED_WIDTH = 57;

    static final long CACHED_BITS = (1L << CACHED_WIDTH) - 1;

    private static final int USERS = Iommu.READ | Iommu.WRITE;

    private final VtdUnit unit;
    private final VtdCapabilities capabilities;
    private final ScalableDevices devices;
    private final ScalableWalk walk;
    private ScalableCaches caches;
    private PasidEntryCache pasids;
    private Iotlb iotlb;
    private WalkObserver observer = WalkObserver.NONE;
    /* Second word of the PASID table entry met last. */
    private long rest;

    /// @param rehearsal whether accessed and dirty bits in memory stay as they are
    ScalableMode(VtdUnit unit, ScalableCaches caches, boolean rehearsal) {
        this.unit = unit;
        capabilities = unit.capabilities();
        devices = new ScalableDevices(unit, caches);
        walk = new ScalableWalk(unit, unit.memory(), rehearsal);
        this.caches = caches;
        pasids = caches.pasids();
        iotlb = caches.iotlb();
        walk.useCaches(caches);
    }

    /// The caches are other objects now.
    void adopt(ScalableCaches newCaches) {
        caches = newCaches;
        pasids = caches.pasids();
        iotlb = caches.iotlb();
        walk.useCaches(caches);
        devices.adopt(caches);
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
        walk.observe(newObserver);
        devices.observe(newObserver);
    }

    // ---- the path of one request

    /// Whether the upper bits of an address are all equal. Only pages of such addresses are cached; whether
    /// the tables translate all its lower bits need not be asked of a hit, for then it would be none.
    private static boolean isCachable(long iova) {
        return spread(iova) == iova;
    }

    /// The address with the highest of the bits by which the IOTLB knows it in all bits above.
    private static long spread(long iova) {
        return iova << 64 - CACHED_WIDTH >> 64 - CACHED_WIDTH;
    }

    /// The straight way has found an entry of the PASID cache that is not plain, or none.
    long under(long entry, int requester, int pasid, long iova, int access) {
        if (entry == PasidEntryCache.MISS) {
            return translate(requester, pasid, iova, access);
        }
        begin(requester, pasid, iova, access, VtdUnit.DEVICE_HIT);
        return underEntry(entry, pasids.originOf(requester, pasid));
    }

    /// The straight way has found no page that serves a user's request, whose PASID cache entry it has.
    ///
    /// @param word page without the right, or [Iotlb#MISS]
    long searching(long word, long entry, long iova, int access) {
        unit.lastAccess = access;
        unit.lastFacts = access | VtdUnit.DEVICE_HIT | VtdUnit.HOW;
        rest = pasids.originOf((int) unit.lastWho & 0xffff, lastPasid());
        if (word != Iotlb.MISS) {
            return walked(entry, iova, access, true);
        }
        var tooWide = tooWide(entry, PasidEntry.typeOf(entry), iova);
        return tooWide == null ? lookedUp(entry, iova, access, true) : stopAtEntry(tooWide, entry);
    }

    private void begin(int requester, int pasid, long iova, int access, int facts) {
        unit.lastIova = iova;
        unit.lastAccess = access;
        unit.lastWho = (long) pasid << 32 | requester;
        unit.lastFacts = access & USERS | VtdUnit.HOW | VtdUnit.NO_SPACE | facts;
    }

    /// The address space of the request is known now.
    private void enter(long entry) {
        unit.lastWho |= (long) PasidEntry.spaceOf(entry) << 16;
        unit.lastFacts &= ~VtdUnit.NO_SPACE;
    }

    /// See [Iommu#translate].
    long translate(int requester, int pasid, long iova, int access) {
        begin(requester, pasid, iova, access, (access & Iommu.ASKS) != 0 ? VtdUnit.QUESTION : 0);
        if (pasid < 0 && InterruptWindow.contains(iova)) {
            return (access & Iommu.TRANSLATED) != 0
                    ? stop(VtdFault.SM_OUTPUT_IS_INTERRUPT, VtdUnit.STAGE_DEVICE, false)
                    : ended(VtdUnit.STAGE_UNTRANSLATED, Iommu.INTERRUPT_WINDOW);
        }
        if ((access & (Iommu.TRANSLATED | Iommu.ASKS)) != 0) {
            long context = devices.context(requester);
            if (context == DeviceEntryCache.MISS) {
                return stopAtDevice();
            }
            if (!ScalableContext.hasDeviceTlb(context)) {
                return stopAtContext(VtdFault.DEVICE_TLB_OFF, context);
            }
            if ((access & Iommu.TRANSLATED) != 0) {
                return pasid >= 0 && !ScalableContext.takesPasids(context)
                        ? stopAtContext(VtdFault.PASIDS_OFF, context)
                        : ended(VtdUnit.STAGE_DEVICE, VtdUnit.UNCHANGED);
            }
        }
        long entry = pasids.find(requester, pasid);
        if (entry == PasidEntryCache.MISS) {
            pasids.countMiss(requester, pasid);
            tellPasidProbe();
            entry = devices.readEntry(requester, pasid);
            return entry == PasidEntryCache.MISS
                    ? stopAtDevice()
                    : underEntry(entry, devices.rest());
        }
        tellPasidProbe();
        unit.lastFacts |= VtdUnit.DEVICE_HIT;
        return underEntry(entry, pasids.originOf(requester, pasid));
    }

    /// The context entry of a requester, packed; [DeviceEntryCache#MISS] if there is none that can be
    /// used, which is recorded.
    long context(int requester) {
        unit.lastAccess = 0;
        long context = devices.context(requester);
        if (context == DeviceEntryCache.MISS) {
            stopAtDevice();
        }
        return context;
    }

    // ---- under a PASID table entry

    private long underEntry(long entry, long itsRest) {
        rest = itsRest;
        enter(entry);
        int type = PasidEntry.typeOf(entry);
        boolean first = PasidEntry.hasFirstStage(type);
        int asked = asked();
        boolean supervisor = isSupervisor(entry);
        if ((asked & Iommu.EXECUTE) != 0 && !PasidEntry.has(rest, PasidEntry.ERE)) {
            return stopAtEntry(VtdFault.EXECUTE_OFF, entry);
        }
        if (supervisor && first && !PasidEntry.has(rest, PasidEntry.SRE)) {
            return stopAtEntry(VtdFault.SUPERVISOR_OFF, entry);
        }
        var tooWide = tooWide(entry, type, unit.lastIova);
        if (tooWide != null) {
            return stopAtEntry(tooWide, entry);
        }
        if (type == PasidEntry.PASS_THROUGH) {
            return passThrough(asked);
        }
        long needs = first && supervisor ? privileged(asked) : asked;
        return lookedUp(entry, unit.lastIova, needs, false);
    }

    /// The rights that the request wants. Without a PASID it can ask for no more than to read and write.
    private int asked() {
        return unit.lastAccess & (lastPasid() < 0 ? USERS : USERS | Iommu.EXECUTE);
    }

    private int lastPasid() {
        return (int) (unit.lastWho >> 32);
    }

    private boolean isSupervisor(long entry) {
        return lastPasid() < 0
                ? PasidEntry.isPackedPrivileged(entry)
                : (unit.lastAccess & Iommu.PRIVILEGED) != 0;
    }

    private static long privileged(int asked) {
        return (long) (asked & USERS) << 56 | (long) (asked & Iommu.EXECUTE) << 54;
    }

    private @Nullable VtdFault tooWide(long entry, int type, long iova) {
        int bits = 12 + 9 * PasidEntry.levelsOf(entry);
        return switch (type) {
            case PasidEntry.PASS_THROUGH ->
                    iova >>> capabilities.hostAddressBits() != 0 ? VtdFault.BEYOND_HOST : null;
            case PasidEntry.SECOND_STAGE ->
                    iova >>> Math.min(bits, capabilities.iovaBits()) != 0
                            ? VtdFault.SM_BEYOND_WIDTH
                            : null;
            default -> iova + (1L << bits - 1) >>> bits != 0 ? VtdFault.NOT_CANONICAL : null;
        };
    }

    private long passThrough(int asked) {
        long word =
                isQuestion()
                        ? TableEntry.leaf(unit.lastIova & -4096L, 12, asked)
                        : VtdUnit.UNCHANGED;
        return ended(VtdUnit.STAGE_DEVICE, word);
    }

    private boolean isQuestion() {
        return (unit.lastFacts & VtdUnit.QUESTION) != 0;
    }

    /// @param hinted whether the page was looked for where it was seen last
    private long lookedUp(long entry, long iova, long needs, boolean hinted) {
        if (!isCachable(iova)) {
            return walked(entry, iova, needs, false);
        }
        int space = PasidEntry.spaceOf(entry);
        long key = iova & CACHED_BITS;
        long word = hinted ? iotlb.findElsewhere(space, key) : iotlb.find(space, key);
        tellProbe(CacheKind.IOTLB, iotlb.lines());
        if (word == Iotlb.MISS || !serves(word, needs)) {
            return walked(entry, iova, needs, word != Iotlb.MISS);
        }
        unit.lastFacts |= VtdUnit.STAGE_HIT;
        return answered(word, iova, needs);
    }

    private static boolean serves(long word, long needs) {
        boolean write = (needs & TableEntry.ANY_WRITE) != 0;
        return (word & needs) == needs && !(write && (word & TableEntry.CLEAN) != 0);
    }

    /// The IOTLB has no page for the request, or one that lacks a right: then the tables are read again.
    ///
    /// @param iova passed along, for reading it back from memory would make the walk wait
    /// @param cached whether the IOTLB has it
    private long walked(long entry, long iova, long rights, boolean cached) {
        boolean question = isQuestion();
        long needs = question ? 0 : rights;
        long hopes = question ? rights : 0;
        int space = PasidEntry.spaceOf(entry);
        long origin = ScalableOrigin.of((int) unit.lastWho & 0xffff, lastPasid());
        long leaf =
                switch (PasidEntry.typeOf(entry)) {
                    case PasidEntry.FIRST_STAGE ->
                            walk.firstStage(entry, rest, iova, needs, hopes, origin);
                    case PasidEntry.SECOND_STAGE ->
                            walk.secondStage(entry, rest, iova, needs, hopes, origin);
                    default ->
                            walk.nested(
                                    entry,
                                    rest,
                                    caches.space(caches.spaces().owner(space), Spaces.NONE),
                                    iova,
                                    needs,
                                    hopes,
                                    origin);
                };
        unit.lastNestedProbes = walk.nestedProbes();
        unit.lastFacts += walk.reads() << VtdUnit.READS_AT | walk.probes() << VtdUnit.PROBES_AT;
        if (leaf < 0) {
            return stopAtWalk((int) -leaf, entry);
        }
        long hpa = Iotlb.hpa(leaf, iova);
        if (InterruptWindow.contains(hpa)) {
            return stopAtWalk(VtdFault.SM_OUTPUT_IS_INTERRUPT.code(), entry);
        }
        if (isCachable(iova)) {
            cache(space, iova & CACHED_BITS, InterruptWindow.cachable(leaf, hpa), origin, cached);
        }
        unit.lastFacts |= VtdUnit.STAGE_WALK;
        return answered(leaf, iova, rights);
    }

    private void cache(int space, long iova, long leaf, long origin, boolean again) {
        if (again) {
            iotlb.replace(space, iova, leaf, origin);
        } else {
            iotlb.insert(space, iova, leaf, origin);
        }
    }

    private long answered(long leaf, long iova, long rights) {
        if (isQuestion()) {
            unit.lastWord = DeviceAnswer.granted(leaf, rights);
            return unit.lastAnswer();
        }
        unit.lastWord = leaf;
        return Iotlb.hpa(leaf, iova);
    }

    /// See [ScalableWalk#cause].
    StopCause walkCause() {
        return walk.cause();
    }

    /// See [Iommu#foresee].
    void foresee(int requester, int pasid, long iova, ReadAhead walks) {
        long entry = pasids.peek(requester, pasid);
        if (entry != PasidEntryCache.MISS && isCachable(iova)) {
            int type = PasidEntry.typeOf(entry);
            boolean cached =
                    iotlb.peek(PasidEntry.spaceOf(entry), iova & CACHED_BITS) != Iotlb.MISS;
            if (!cached && tooWide(entry, type, iova) == null) {
                walk.foresee(entry, pasids.originOf(requester, pasid), iova, walks);
            }
        }
    }

    // ---- the end of a request

    private long stopAtDevice() {
        return stop(devices.fault(), VtdUnit.STAGE_DEVICE, devices.isSilent());
    }

    private long stopAtContext(VtdFault fault, long context) {
        return stop(fault, VtdUnit.STAGE_DEVICE, ScalableContext.isPackedSilent(context));
    }

    private long stopAtEntry(VtdFault fault, long entry) {
        return stop(fault, VtdUnit.STAGE_DEVICE, PasidEntry.isPackedSilent(entry));
    }

    private long stopAtWalk(int code, long entry) {
        var fault = VtdFault.ofCode(code).orElseThrow();
        return stop(fault, VtdUnit.STAGE_WALK, PasidEntry.isPackedSilent(entry));
    }

    /// @param silent FPD of an entry on the way
    private long stop(VtdFault fault, int stage, boolean silent) {
        if (isQuestion() && ScalableFaults.isRecoverable(fault)) {
            return ended(stage, VtdUnit.NOTHING);
        }
        return unit.stop(fault, stage, silent, prefix());
    }

    /// What a fault record says of the kind of request.
    private long prefix() {
        return FaultRecording.kind(lastPasid(), unit.lastAccess);
    }

    private long ended(int stage, long result) {
        return unit.ended(stage, result);
    }

    private void tellPasidProbe() {
        tellProbe(CacheKind.PASID_ENTRY, pasids.lines());
    }

    private void tellProbe(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }
}
