package iommulab.app.invalidation;

import iommulab.app.shell.Subject;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;

/// What caches still answer of a domain although the tables in memory say otherwise.
///
/// @param lines where they are
/// @param words one sentence
record StaleLines(List<Subject.CacheLine> lines, String words) {
    StaleLines {
        lines = List.copyOf(lines);
    }

    /// @param domain number of the domain, 0 if hardware walks no table for it
    static StaleLines of(MachineSnapshot machine, int domain) {
        var found = machine.domains().stream().filter(d -> d.id() == domain).findFirst();
        if (found.isEmpty()) {
            return new StaleLines(
                    List.of(), "No table of this object is walked: caches keep nothing of it.");
        }
        var lines = new ArrayList<Subject.CacheLine>();
        for (var unit : machine.units()) {
            if (unit.name().equals(found.get().unit())) {
                for (var cache : unit.cachesAndDeviceTlbs()) {
                    cache.lines().stream()
                            .filter(line -> line.domain() == found.get().tag())
                            .filter(line -> line.stale().isPresent())
                            .forEach(line -> lines.add(place(unit.name(), cache, line)));
                }
            }
        }
        return new StaleLines(
                lines,
                switch (lines.size()) {
                    case 0 -> "No stale entry of domain %d is cached.".formatted(domain);
                    case 1 -> "1 stale entry of domain %d is still cached.".formatted(domain);
                    default ->
                            "%d stale entries of domain %d are still cached."
                                    .formatted(lines.size(), domain);
                });
    }

    private static Subject.CacheLine place(
            String unit, CacheSnapshot cache, CacheSnapshot.Line line) {
        return new Subject.CacheLine(unit, cache.kind(), cache.level(), line.set(), line.way());
    }
}
