package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells what a VT-d unit did for one request as a ladder: each entry with its address, its bits, who gave
/// it. Entries that a cache made needless stand in their place, as memory has them.
final class VtdLadder {
    private final VtdUnit unit;
    private final DmaRequest request;
    private final WalkRecording recording;
    private final WalkCosts costs;
    private final long answer;
    private final @Nullable VtdFault fault;
    private final VtdRungs rungs;
    private final List<Step> steps = new ArrayList<>();
    private int failedStep = -1;
    private long contextLow;
    private long contextHigh;

    /// @param unit that has just translated `request`, observed by `recording`
    /// @param answer it gave
    VtdLadder(
            VtdUnit unit,
            DmaRequest request,
            WalkRecording recording,
            WalkCosts costs,
            long answer) {
        this.unit = unit;
        this.request = request;
        this.recording = recording;
        this.costs = costs;
        this.answer = answer;
        fault = unit.lastFault();
        rungs = new VtdRungs(unit, request.requester(), request.iova());
    }

    /// @param name of the unit
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, boolean stale) {
        boolean remapped = !recording.events().isEmpty() || fault != null;
        if (remapped && answer != VtdUnit.ABORTED) {
            deviceSteps();
            if (unit.lastStage() >= VtdUnit.STAGE_WALK) {
                translationSteps();
            }
        }
        var outcome = outcome(stale);
        return new Walk(
                name,
                request.device(),
                request.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                unit.lastDomain(),
                unit.lastDomain() < 0 ? 0 : addressBits(),
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    private int addressBits() {
        return Math.min(unit.capabilities().iovaBits(), ContextEntry.addressBits(contextHigh));
    }

    private Walk.Outcome outcome(boolean stale) {
        if (fault != null) {
            int step = failedStep >= 0 ? failedStep : Math.max(0, steps.size() - 1);
            steps.add(rungs.stopped(fault));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        if (answer == VtdUnit.INTERRUPT_WINDOW) {
            return new Walk.Outcome.NotTranslated(
                    "0xfeexxxxx is the interrupt window: a write of 4 bytes is an interrupt,"
                            + " anything else is stopped.",
                    Optional.empty());
        }
        if (answer < 0) {
            return new Walk.Outcome.NotTranslated(
                    answer == VtdUnit.ABORTED
                            ? "The root table address says that all requests are stopped."
                            : "Translation is off, and no memory has such an address.",
                    Optional.empty());
        }
        String verb = request.access() == Access.READ ? "Read from" : "Write to";
        long word = unit.lastWord();
        steps.add(
                rungs.access(verb, answer, word <= 0 ? 0 : Iotlb.pageShift(word), request.bytes()));
        if (!unit.isTranslating()) {
            return new Walk.Outcome.NotTranslated("Translation is off.", Optional.of(answer));
        }
        return new Walk.Outcome.Reached(
                answer,
                unit.lastPageBytes(),
                VtdView.permissions(word <= 0 ? 3 : Iotlb.rights(word)),
                stale);
    }

    // ---- root and context entry

    private void deviceSteps() {
        var probe = recording.probe(CacheKind.DEVICE_ENTRY, 0);
        var rootRead = recording.deviceTable(0);
        if (rootRead.isEmpty() && fault == VtdFault.ROOT_MODE_INVALID) {
            return;
        }
        if (rootRead.isPresent()) {
            readDeviceSteps(rootRead.get(), probe);
        } else {
            probe.ifPresent(this::cachedDeviceSteps);
        }
    }

    private void readDeviceSteps(DeviceTableRead root, Optional<CacheProbed> probe) {
        var fromMemory = new Source(GivenBy.MEMORY, "", costs.memoryRead());
        var context = recording.deviceTable(1);
        var rootFault = context.isEmpty() ? fault : null;
        steps.add(rungs.root(root.low(), root.high(), fromMemory, rootFault));
        if (context.isPresent()) {
            var read = context.get();
            long cycles = costs.memoryRead() + (probe.isPresent() ? costs.deviceProbe() : 0);
            adopt(read.low(), read.high());
            steps.add(
                    rungs.context(
                            read.tableHpa(),
                            read.low(),
                            read.high(),
                            new Source(
                                    GivenBy.MEMORY,
                                    probe.map(CacheProbed::place).orElse(""),
                                    cycles),
                            faultOfDevice()));
        }
    }

    private void cachedDeviceSteps(CacheProbed probe) {
        var contexts = unit.caches().contexts();
        int line = probe.set() * contexts.lines().geometry().ways() + probe.way();
        adopt(ContextEntry.lowOf(contexts.word(line)), contexts.origin(line));
        long rootHpa = (unit.rootTableAddress() & -4096L) + request.requester().bus() * 16L;
        long rootLow = unit.memory().read64(rootHpa);
        steps.add(rungs.root(rootLow, unit.memory().read64(rootHpa + 8), Source.SAVED, null));
        steps.add(
                rungs.context(
                        rootLow & -4096L,
                        contextLow,
                        contextHigh,
                        new Source(GivenBy.DEVICE_CACHE, probe.place(), costs.deviceProbe()),
                        faultOfDevice()));
    }

    private void adopt(long low, long high) {
        contextLow = low;
        contextHigh = high;
    }

    private @Nullable VtdFault faultOfDevice() {
        return unit.lastStage() < VtdUnit.STAGE_WALK ? fault : null;
    }

    // ---- IOTLB and tables

    private void translationSteps() {
        long table = ContextEntry.table(contextLow);
        int levels = ContextEntry.levels(contextHigh);
        var probe = recording.probe(CacheKind.IOTLB, 0);
        if (probe.isPresent()) {
            var blamed = unit.lastHit() ? fault : null;
            if (blamed != null) {
                failedStep = steps.size();
            }
            long word = unit.lastHit() ? cachedWord(probe.get()) : 0;
            steps.add(
                    rungs.iotlb(probe.get(), unit.lastDomain(), word, costs.iotlbProbe(), blamed));
        }
        long above = TableEntry.table(table, levels, TableEntry.READ | TableEntry.WRITE);
        for (int level = levels; level >= 1 && !isLast(level + 1); level--) {
            above = levelStep(level, above);
        }
    }

    private long cachedWord(CacheProbed probe) {
        var iotlb = unit.caches().iotlb();
        return iotlb.word(probe.set() * iotlb.lines().geometry().ways() + probe.way());
    }

    /// Whether the hardware looked at an entry of this level and at none below it.
    private boolean isLast(int level) {
        return isUsed(level) && !isUsed(level - 1);
    }

    private boolean isUsed(int level) {
        return recording.tableEntry(level).isPresent()
                || recording
                        .probe(CacheKind.PAGING_STRUCTURE, level)
                        .filter(CacheProbed::isHit)
                        .isPresent();
    }

    /// @param above the entry that points to this level's table, with the rights so far
    /// @return the entry of this level, with the rights so far
    private long levelStep(int level, long above) {
        var probe = recording.probe(CacheKind.PAGING_STRUCTURE, level);
        var read = recording.tableEntry(level);
        if (read.isPresent()) {
            return readLevel(read.get(), above, probe);
        }
        if (probe.isPresent() && probe.get().isHit()) {
            return cachedLevel(level, TableEntry.address(above), probe.get());
        }
        // Memory may have changed since the cache was filled, and lead nowhere.
        return TableEntry.kind(above) == TableEntry.TABLE ? savedLevel(level, above) : above;
    }

    private long savedLevel(int level, long above) {
        long table = TableEntry.address(above);
        long raw = unit.memory().read64(entryHpa(level, table));
        long entry = withRights(unit.format().decode(raw, level, 0), above);
        steps.add(rungs.level(level, table, raw, TableEntry.rights(entry), Source.SAVED, null));
        return entry;
    }

    private long readLevel(TableEntryRead read, long above, Optional<CacheProbed> probe) {
        int level = read.level();
        var source =
                new Source(
                        GivenBy.MEMORY,
                        probe.map(CacheProbed::place).orElse(""),
                        costs.memoryRead() + (probe.isPresent() ? costs.pagingProbe() : 0));
        if (!unit.memory().isBacked(entryHpa(level, read.table()))) {
            steps.add(rungs.unreadableLevel(level, read.table(), source));
            return TableEntry.NOT_PRESENT;
        }
        long entry = withRights(unit.format().decode(read.raw(), level, 0), above);
        steps.add(
                rungs.level(
                        level,
                        read.table(),
                        read.raw(),
                        TableEntry.rights(entry),
                        source,
                        isLast(level) ? fault : null));
        return entry;
    }

    private long cachedLevel(int level, long tableHpa, CacheProbed probe) {
        var cache = unit.caches().paging()[level - 2];
        int line = probe.set() * cache.lines().geometry().ways() + probe.way();
        long word = cache.word(line);
        long next = PagingStructureCache.table(word);
        long rights = PagingStructureCache.rights(word);
        steps.add(
                rungs.level(
                        level,
                        tableHpa,
                        next | rights,
                        rights,
                        new Source(GivenBy.PAGING_CACHE, probe.place(), costs.pagingProbe()),
                        isLast(level) ? fault : null));
        return TableEntry.table(next, level - 1, rights);
    }

    private static long withRights(long entry, long above) {
        return entry & (TableEntry.rights(above) | ~(TableEntry.READ | TableEntry.WRITE));
    }

    private long entryHpa(int level, long table) {
        return table + 8L * TableShape.FOUR_KIB.indexAt(level, request.iova());
    }
}
