package iommulab.engine.iommu;

import iommulab.engine.cache.CacheKind;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Remembers every step of one translation, in order.
public final class WalkRecording implements WalkObserver {
    /// One step.
    public sealed interface Event {}

    /// See [WalkObserver#deviceTableRead].
    public record DeviceTableRead(
            int step, long tableHpa, int index, long entryHpa, long low, long high)
            implements Event {}

    /// See [WalkObserver#tableEntryRead].
    public record TableEntryRead(
            Stage stage, int level, long table, int index, long entryHpa, long raw)
            implements Event {}

    /// See [WalkObserver#cacheProbed].
    public record CacheProbed(CacheKind kind, int level, int set, int way) implements Event {
        public boolean isHit() {
            return way >= 0;
        }

        /// `set 1, way 0`, or `set 1` for a miss.
        public String place() {
            return isHit() ? "set %d, way %d".formatted(set, way) : "set %d".formatted(set);
        }
    }

    /// See [WalkObserver#secondStageBegins].
    public record SecondStageBegun(long gpa) implements Event {}

    /// See [WalkObserver#secondStageEnds].
    public record SecondStageEnded(long answer) implements Event {}

    /// See [WalkObserver#entryMarked].
    public record EntryMarked(long entryHpa, long raw) implements Event {}

    private final List<Event> events = new ArrayList<>();

    /// A recording of nothing yet.
    public WalkRecording() {}

    @Override
    public void deviceTableRead(
            int step, long tableHpa, int index, long entryHpa, long low, long high) {
        events.add(new DeviceTableRead(step, tableHpa, index, entryHpa, low, high));
    }

    @Override
    public void tableEntryRead(
            Stage stage, int level, long table, int index, long entryHpa, long raw) {
        events.add(new TableEntryRead(stage, level, table, index, entryHpa, raw));
    }

    @Override
    public void secondStageBegins(long gpa) {
        events.add(new SecondStageBegun(gpa));
    }

    @Override
    public void secondStageEnds(long answer) {
        events.add(new SecondStageEnded(answer));
    }

    @Override
    public void entryMarked(long entryHpa, long raw) {
        events.add(new EntryMarked(entryHpa, raw));
    }

    @Override
    public void cacheProbed(CacheKind kind, int level, int set, int way) {
        events.add(new CacheProbed(kind, level, set, way));
    }

    public List<Event> events() {
        return List.copyOf(events);
    }

    /// The read of an entry on the way from the requester to its tables, if it was made.
    public Optional<DeviceTableRead> deviceTable(int step) {
        return events.stream()
                .filter(event -> event instanceof DeviceTableRead read && read.step() == step)
                .map(DeviceTableRead.class::cast)
                .findFirst();
    }

    /// The read of the entry of a level, if it was made.
    public Optional<TableEntryRead> tableEntry(int level) {
        return events.stream()
                .filter(event -> event instanceof TableEntryRead read && read.level() == level)
                .map(TableEntryRead.class::cast)
                .findFirst();
    }

    /// The probe of a cache, if it was made.
    public Optional<CacheProbed> probe(CacheKind kind, int level) {
        return events.stream()
                .filter(event ->
                        event instanceof CacheProbed probe
                                && probe.kind() == kind
                                && probe.level() == level)
                .map(CacheProbed.class::cast)
                .findFirst();
    }
}
