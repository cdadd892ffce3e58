package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.EntryMarked;
import iommulab.engine.iommu.WalkRecording.Event;
import iommulab.engine.iommu.WalkRecording.SecondStageBegun;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the hardware did for one request, to be asked of each entry on the way: was it read, or which cache
/// gave it, and what that cost.
final class MadeSteps {
    private final List<Event> events;
    private final WalkCosts costs;
    /* Cost of each read of an entry, in order: of one entry there may be several. */
    private final Map<Long, Deque<Long>> reads = new HashMap<>();
    private final Map<Guest, CacheProbed> guestHits = new HashMap<>();
    private final Map<Long, Long> marks = new HashMap<>();
    private final long lastRead;

    /// Where a cache was asked for a guest-physical address.
    private record Guest(long gpa, int level) {}

    MadeSteps(WalkRecording recording, WalkCosts costs) {
        events = recording.events();
        this.costs = costs;
        long last = -1;
        long gpa = 0;
        int probes = 0;
        for (var event : events) {
            switch (event) {
                case DeviceTableRead read -> {
                    last = read.entryHpa();
                    boolean probed = read.step() == 0 && probe(CacheKind.DEVICE_ENTRY).isPresent();
                    note(last, costs.memoryRead() + (probed ? costs.deviceProbe() : 0));
                }
                case TableEntryRead read -> {
                    last = read.entryHpa();
                    note(last, costs.memoryRead() + probes * costs.pagingProbe());
                    probes = 0;
                }
                case SecondStageBegun begun -> gpa = begun.gpa();
                case CacheProbed probe -> {
                    boolean nested = probe.kind() == CacheKind.NESTED_PAGING;
                    probes += nested || probe.kind() == CacheKind.PAGING_STRUCTURE ? 1 : 0;
                    if (probe.isHit() && (nested || probe.kind() == CacheKind.NESTED)) {
                        guestHits.put(new Guest(gpa, probe.level()), probe);
                    }
                }
                case EntryMarked mark -> marks.put(mark.entryHpa(), mark.raw());
                default -> {}
            }
        }
        lastRead = last;
    }

    private void note(long entryHpa, long cost) {
        reads.computeIfAbsent(entryHpa, _ -> new ArrayDeque<>()).add(cost);
    }

    /// Whether everything that was read is read by another recording too.
    boolean areAmong(WalkRecording full) {
        Set<Long> others = new HashSet<>();
        for (var event : full.events()) {
            switch (event) {
                case DeviceTableRead read -> others.add(read.entryHpa());
                case TableEntryRead read -> others.add(read.entryHpa());
                default -> {}
            }
        }
        return others.containsAll(reads.keySet());
    }

    /// The steps made, after the entries of the device directory that lead to them now.
    List<Event> withDirectoryOf(WalkRecording full) {
        var all = new ArrayList<Event>();
        for (var event : full.events()) {
            if (isDeviceDirectory(event)) {
                all.add(event);
            }
        }
        events.stream().filter(event -> !isDeviceDirectory(event)).forEach(all::add);
        return all;
    }

    private static boolean isDeviceDirectory(Event event) {
        return event instanceof DeviceTableRead read
                && read.step() < ProcessDirectory.PROCESS_STEPS;
    }

    /// Who gave an entry: memory if it was read, else the cache if one hit.
    Source source(long entryHpa, Optional<CacheProbed> hit, GivenBy cache) {
        var made = reads.get(entryHpa);
        if (made != null && !made.isEmpty()) {
            return new Source(GivenBy.MEMORY, "", made.removeFirst());
        }
        return hit.map(probe -> new Source(cache, probe.place(), cost(cache))).orElse(Source.SAVED);
    }

    private long cost(GivenBy cache) {
        return cache == GivenBy.DEVICE_CACHE ? costs.deviceProbe() : 0;
    }

    /// The entry as hardware has left it.
    long marked(long entryHpa, long raw) {
        return marks.getOrDefault(entryHpa, raw);
    }

    /// Whether an entry is the last that was read.
    boolean isLast(long entryHpa) {
        return entryHpa == lastRead;
    }

    /// The probe of a cache that is asked once.
    Optional<CacheProbed> probe(CacheKind kind) {
        return events.stream()
                .filter(event -> event instanceof CacheProbed probe && probe.kind() == kind)
                .map(CacheProbed.class::cast)
                .findFirst();
    }

    /// The same, if it hit.
    Optional<CacheProbed> hit(CacheKind kind) {
        return probe(kind).filter(CacheProbed::isHit);
    }

    /// The hit of a first-stage paging-structure cache.
    Optional<CacheProbed> hit(int level) {
        return events.stream()
                .filter(event ->
                        event instanceof CacheProbed probe
                                && probe.kind() == CacheKind.PAGING_STRUCTURE
                                && probe.level() == level
                                && probe.isHit())
                .map(CacheProbed.class::cast)
                .findFirst();
    }

    /// The hit of a second-stage cache for a guest-physical address: of its paging structures, or of the
    /// finished page that the entry maps.
    Optional<CacheProbed> guestHit(long gpa, TableEntryRead read) {
        boolean leaf = (read.raw() & (PageTableFormat.READ | PageTableFormat.EXECUTE)) != 0;
        return Optional.ofNullable(guestHits.get(new Guest(gpa, leaf ? 0 : read.level())));
    }
}
