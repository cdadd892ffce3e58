package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.smmuv3.StalledRequests.Stalled;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One SMMU: requests in, host addresses or faults out, everything read from the tables in memory or from
/// its caches. The requester is the stream, the PASID the substream.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing, except when it reads a
/// configuration and when it records an event.
/// Spec: SMMUv3, "Operation", "Translation procedures".
public final class SmmuUnit extends SmmuAnswers {
    /*
     * translate
     *   not enabled?            -> GBPA: as it is, or stopped
     *   cache of streams, or of descriptors for a substream
     *                           -> number of a context, spaces    (else StreamTables)
     *   IOTLB                   -> page, rights                   (else StageWalks)
     */
    private static final int PLAIN = READ | WRITE;
    private static final long VIRTUAL = (1L << 56) - 1;
    private static final long NO_CONTEXT = DeviceEntryCache.MISS;
    /* The IOTLB has the page, but without the right, or clean. A fact while the request is walked. */
    private static final long CACHED = 1L << 63;

    private final StageWalks walks;
    private final StreamTables tables;
    private final AtsRequests ats;
    private WalkObserver observer = WalkObserver.NONE;
    /* Of the last request for which a configuration was read. */
    private @Nullable StreamContext readContext;

    /// A unit after power-on: not enabled, caches empty.
    ///
    /// @param seed of caches with random replacement
    public SmmuUnit(
            SmmuCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this(capabilities, memory, shapes, seed, Purpose.REAL);
    }

    /// What a unit is for.
    enum Purpose {
        REAL,
        /// Shows what the real one would do: writes no event, but marks the use of descriptors.
        REHEARSAL,
        /// Says what is in memory, and changes nothing.
        COMPARISON
    }

    SmmuUnit(
            SmmuCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            Purpose purpose) {
        super(capabilities, memory, shapes, seed, purpose != Purpose.REAL);
        walks = new StageWalks(memory, capabilities, purpose != Purpose.COMPARISON);
        tables = new StreamTables(memory, capabilities, walks);
        ats = new AtsRequests(this, walks);
        walks.useCaches(caches());
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        walks.useCaches(caches());
    }

    // ---- the path of one request

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        lastIova = iova;
        lastWho = (long) requester << 32 | pasid & 0xffff_ffffL;
        if (!straight) {
            return translating ? translateSlowly(NO_CONTEXT, access) : untranslated(access);
        }
        long word =
                pasid < 0
                        ? streams.findByHint(requester)
                        : descriptors.findByHint(requester, pasid);
        // Slow words are negative, and a miss is zero.
        if (word <= 0 || (iova << 8 >> 8 ^ iova | access & ~PLAIN) != 0) {
            return translateSlowly(word, access);
        }
        int space = StreamContext.space(word, iova);
        long leaf = iotlb.findByHint(space, iova & VIRTUAL);
        if ((leaf & access) != access) {
            return translateIn(contexts().of(word), iova, access | DEVICE_HIT);
        }
        lastFacts = access | DEVICE_HIT | STAGE_HIT | (long) space << SPACE_AT;
        lastWord = leaf;
        return Iotlb.hpaInSmallest(leaf, iova);
    }

    private long untranslated(int access) {
        lastFacts = access;
        readContext = null;
        boolean stopped =
                (registers().bypass() & SmmuRegisters.ABORT) != 0
                        || lastIova >>> capabilities().outputBits() != 0;
        return ended(STAGE_UNTRANSLATED, stopped ? ABORTED : UNCHANGED);
    }

    /// Everything but a plain request of a stream whose context is at hand.
    ///
    /// @param hinted word of the cache, or [#NO_CONTEXT]
    private long translateSlowly(long hinted, int access) {
        lastFacts = access;
        boolean unchecked =
                (access & TRANSLATED) != 0
                        && (registers().control() & SmmuRegisters.CHECK_TRANSLATED) == 0;
        if (unchecked) {
            return ended(STAGE_UNTRANSLATED, UNCHANGED);
        }
        long word = hinted == NO_CONTEXT ? find() : hinted;
        tellDeviceProbe();
        if (word != NO_CONTEXT && contexts().of(word).kind() != StreamContext.Kind.UNREAD) {
            lastFacts |= DEVICE_HIT;
        } else {
            word = readConfiguration();
            if (word == NO_CONTEXT) {
                return lastAnswer();
            }
        }
        return pass(contexts().of(word));
    }

    private long find() {
        return substream() < 0 ? streams.find(stream()) : descriptors.find(stream(), substream());
    }

    private StreamContexts contexts() {
        return caches().contexts();
    }

    /// What the kind of context makes of a request.
    private long pass(StreamContext context) {
        if ((lastFacts & TRANSLATED) != 0 && context.kind() != StreamContext.Kind.ABORT) {
            return ats.passTranslated(context);
        }
        return switch (context.kind()) {
            case ABORT -> ended(STAGE_DEVICE, ABORTED);
            case DISABLED -> refuse(SmmuFault.STREAM_DISABLED, context);
            case BYPASS -> bypass(context);
            case FIRST, SECOND, NESTED ->
                    (lastFacts & ASKS) != 0
                            ? ats.ask(context)
                            : translateIn(context, lastIova, lastFacts);
            case UNREAD -> throw new IllegalStateException("a context without descriptor");
        };
    }

    private long bypass(StreamContext context) {
        if ((lastFacts & ASKS) != 0) {
            return refuse(SmmuFault.BAD_ATS_REQUEST, context);
        }
        if (lastIova >>> capabilities().outputBits() != 0) {
            walks.stop().ofBypass();
            return report(STAGE_DEVICE, context);
        }
        return ended(STAGE_DEVICE, UNCHANGED);
    }

    long refuse(SmmuFault fault, StreamContext context) {
        walks.stop().ofConfiguration(fault);
        return report(STAGE_DEVICE, context);
    }

    /// Address and facts come along, because reading them back from memory would make each step wait.
    ///
    /// @param facts of the request so far
    private long translateIn(StreamContext context, long iova, long facts) {
        lastFacts = facts;
        if (!walks.accepts(context, iova)) {
            return report(STAGE_DEVICE, context);
        }
        int space = context.space(iova);
        long leaf = iotlb.find(space, iova & VIRTUAL);
        tellProbe(CacheKind.IOTLB, iotlb.lines());
        long tagged = facts | (long) space << SPACE_AT;
        long needs = Rights.needed((int) facts & ACCESS, context);
        if (leaf == Iotlb.MISS) {
            return walk(context, iova, needs, tagged);
        }
        if ((leaf & needs) == needs) {
            lastFacts = tagged | STAGE_HIT;
            lastWord = leaf;
            return Iotlb.hpa(leaf, iova);
        }
        // Of two stages only a walk finds out which refuses, and a clean page has to be marked.
        if (context.isNested() || (leaf & TableEntry.CLEAN) != 0) {
            return walk(context, iova, needs, tagged | CACHED);
        }
        lastFacts = tagged;
        boolean second = context.kind() == StreamContext.Kind.SECOND;
        walks.stop().of(SmmuFault.PERMISSION, second, StopReport.INPUT, second ? iova : 0);
        return report(STAGE_HIT, context);
    }

    private long walk(StreamContext context, long iova, long needs, long facts) {
        // Stream and substream say where what is cached came from.
        long origin = lastWho;
        walks.begin();
        long leaf = walks.walk(context, iova, needs, 0, origin);
        lastFacts = (facts & ~CACHED) + walkFacts();
        if (leaf < 0) {
            return report(STAGE_WALK, context);
        }
        // A clean page is kept without its right to be written: the write that finds it walks
        // again.
        long kept = (leaf & TableEntry.CLEAN) == 0 ? leaf : leaf & ~TableEntry.ANY_WRITE;
        int space = (int) (facts >>> SPACE_AT) & 0xffff;
        if ((facts & CACHED) != 0) {
            iotlb.replace(space, iova & VIRTUAL, kept, origin);
        } else {
            iotlb.insert(space, iova & VIRTUAL, kept, origin);
        }
        lastFacts |= STAGE_WALK;
        lastWord = leaf;
        return Iotlb.hpa(leaf, iova);
    }

    private long walkFacts() {
        return (long) walks.reads() << READS_AT | (long) walks.probes() << PROBES_AT;
    }

    void countWalk() {
        lastFacts += walkFacts();
    }

    long walked(long leaf) {
        countWalk();
        lastFacts |= STAGE_WALK;
        lastWord = leaf;
        return lastAnswer();
    }

    @Override
    public void foresee(int requester, int pasid, long iova, ReadAhead ahead) {
        long word = pasid < 0 ? streams.peek(requester) : descriptors.peek(requester, pasid);
        if (translating
                && word > 0
                && iova << 8 >> 8 == iova
                && iotlb.peek(StreamContext.space(word, iova), iova & VIRTUAL) == Iotlb.MISS) {
            walks.foresee(contexts().of(word), iova, ahead);
        }
    }

    // ---- configuration

    /// No cache has the context: reads it from memory.
    ///
    /// @return its word, or [#NO_CONTEXT] if the request ends here
    private long readConfiguration() {
        caches().forgetIfFull();
        tables.begin(lastWho);
        walks.begin();
        long word = new ConfigurationFetch(this, tables, walks).read(stream(), substream());
        lastFacts += (long) tables.reads() << READS_AT;
        countWalk();
        readContext = word == NO_CONTEXT ? null : contexts().of(word);
        if (readContext == null || readContext.kind() == StreamContext.Kind.UNREAD) {
            report(STAGE_DEVICE, readContext);
            return NO_CONTEXT;
        }
        return word;
    }

    long report(int stage, @Nullable StreamContext context) {
        int access = lastAccess();
        int told = context == null ? access : Rights.effective(access, context);
        var request = new Stalled(-1, stream(), substream(), lastIova, told);
        if (reporting().report(walks.stop(), context, request)) {
            lastFacts |= RECORDED;
        }
        return ended(stage, -walks.stop().fault().code());
    }

    @Override
    public Optional<StopCause> lastCause() {
        if (lastFault() != null) {
            return Optional.of(walks.stop().cause(substream() >= 0));
        }
        return lastWord == ABORTED ? Optional.of(StopCause.BLOCKED) : Optional.empty();
    }

    // ---- looking into it

    private void tellDeviceProbe() {
        if (substream() < 0) {
            tellProbe(CacheKind.DEVICE_ENTRY, streams.lines());
        } else {
            tellProbe(CacheKind.PASID_ENTRY, descriptors.lines());
        }
    }

    private void tellProbe(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }

    /// The context of a stream and substream, UNREAD if its descriptor cannot be used; null if there is
    /// none, see [StopReport].
    @Nullable StreamContext contextOf(int stream, int substream) {
        lastIova = 0;
        lastWho = (long) stream << 32 | substream & 0xffff_ffffL;
        lastFacts = READ;
        long word = find();
        if (word != NO_CONTEXT && contexts().of(word).kind() != StreamContext.Kind.UNREAD) {
            return contexts().of(word);
        }
        readConfiguration();
        return readContext;
    }

    /// The context of the last request; null if it never came to one.
    @Nullable StreamContext lastContext() {
        return (lastFacts & DEVICE_HIT) != 0 ? contexts().of(find()) : readContext;
    }

    /// What the IOTLB has for the last request, which it served or refused.
    long hitWord() {
        if (lastWord > 0) {
            return lastWord;
        }
        return iotlb.find(lastSpace(), lastIova & VIRTUAL);
    }

    /// The entry of a stream as memory has it; null if there is none, see [StopReport].
    @Nullable StreamEntry streamOf(int stream) {
        return tables.stream(registers().streamTable(), registers().streamTableConfig(), stream);
    }

    /// The walks, and why the last of them was stopped.
    StageWalks walks() {
        return walks;
    }

    /// See [SmmuView#caches].
    /// See [SmmuView#fresh].
    @Override
    public long fresh(int requester, int pasid, long iova, int access) {
        return view().fresh(requester, pasid, iova, access);
    }

    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    @Override
    public void forEachTable(Consumer<TableUse> visitor) {
        new SmmuAtlas(this, visitor).visit();
    }

    /// See [SmmuView#explain].
    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        setObserved(newObserver != WalkObserver.NONE);
        walks.observe(newObserver);
        tables.observe(newObserver);
    }
}
