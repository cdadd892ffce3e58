package iommulab.app.inspector;

import iommulab.app.inspector.Section.Fact;
import iommulab.app.shell.FaultQueue;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One IOMMU, and one line of one of its caches.
final class UnitFacts {
    private UnitFacts() {}

    static Inspected of(MachineSnapshot machine, Unit unit) {
        var sections = new ArrayList<Section>();
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of("Translation", Span.of(unit.translating() ? "on" : "off")),
                                Fact.of("Scope", Span.of(unit.scope())),
                                Fact.of("Serves", Span.of(functions(unit))),
                                Fact.of("Registers", Span.hex(unit.registerBase())),
                                Fact.of("Root table", Span.memory(unit.rootTable())),
                                Fact.of("iova", Span.of(unit.addressBits() + " bits")),
                                Fact.of("CAP", Span.mono(Words.word(unit.cap()))),
                                Fact.of("ECAP", Span.mono(Words.word(unit.ecap()))))));
        sections.add(
                new Section.Facts(
                        "Caches",
                        "hit rate",
                        unit.cachesAndDeviceTlbs().stream().map(UnitFacts::cache).toList()));
        if (!unit.caches().isEmpty()) {
            sections.add(GeometrySettings.of(unit));
        }
        sections.add(faultRecords(unit));
        unit.queue()
                .ifPresent(q ->
                        sections.add(
                                new Section.Facts(
                                        "Invalidation queue",
                                        "",
                                        List.of(
                                                Fact.of("Ring", Span.memory(q.base())),
                                                Fact.of("Size", Span.of(Words.bytes(q.bytes()))),
                                                Fact.of("Head", Span.hex(q.head())),
                                                Fact.of("Tail", Span.hex(q.tail()))))));
        sections.add(MachineFacts.counters(unit.counters()));
        return new Inspected(
                "IOMMU",
                unit.name(),
                false,
                unit.emulated() ? List.of() : List.of(Span.of("not executed", Span.Look.BLOCKED)),
                List.of(Span.of(unit.architecture())),
                sections);
    }

    private static String functions(Unit unit) {
        return Words.count(unit.functions().size(), "function");
    }

    private static Fact cache(CacheSnapshot cache) {
        var statistics = cache.statistics();
        long stale = cache.lines().stream().filter(l -> l.stale().isPresent()).count();
        var value = new ArrayList<Span>();
        value.add(
                statistics.lookups() == 0
                        ? Span.muted("never asked")
                        : Span.mono("%.1f %%".formatted(statistics.hitRate() * 100)));
        value.add(Span.muted("%d filled".formatted(cache.lines().size())));
        if (stale > 0) {
            value.add(Span.of(stale + " stale", Span.Look.STALE));
        }
        boolean ofUnit = cache.kind() != CacheKind.DEVICE_TLB;
        var name = cache.level() > 0 && ofUnit ? "paging L" + cache.level() : name(cache);
        return new Fact(name, value);
    }

    private static String name(CacheSnapshot cache) {
        return switch (cache.kind()) {
            case DEVICE_TLB -> "TLB of " + new RequesterId(cache.level());
            case DEVICE_ENTRY, PASID_ENTRY, IOTLB, PAGING_STRUCTURE, NESTED, NESTED_PAGING ->
                    cache.kind().words() + (cache.level() == 0 ? "" : " L" + cache.level());
        };
    }

    private static Section faultRecords(Unit unit) {
        var queue = FaultQueue.of(unit);
        if (queue.isPresent()) {
            return faultQueue(queue.get());
        }
        long filled = unit.faultRecords().stream().filter(r -> r.filled()).count();
        var facts = new ArrayList<Fact>();
        facts.add(
                Fact.of(
                        "Filled",
                        Span.of(
                                "%d of %d".formatted(filled, unit.faultRecords().size()),
                                filled == 0 ? Span.Look.PLAIN : Span.Look.SAYS_FAULT)));
        facts.add(
                Fact.of("Overflow", Span.of(unit.faultOverflow() ? "yes: some were lost" : "no")));
        return new Section.Facts("Fault records", "", facts);
    }

    private static Section faultQueue(FaultQueue queue) {
        var name = queue.ring().name();
        return new Section.Facts(
                name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1),
                "",
                List.of(
                        Fact.of(
                                "Waiting",
                                Span.of(
                                        "%d of %d".formatted(queue.waiting(), queue.length()),
                                        queue.waiting() == 0
                                                ? Span.Look.PLAIN
                                                : Span.Look.SAYS_FAULT)),
                        Fact.of(
                                "Overflow",
                                Span.of(
                                        queue.ring().overflowed()
                                                ? "yes: some were lost"
                                                : "no"))));
    }

    static Inspected line(MachineSnapshot machine, Subject.CacheLine subject) {
        for (var unit : machine.units()) {
            for (var cache : unit.cachesAndDeviceTlbs()) {
                if (unit.name().equals(subject.unit())
                        && cache.kind() == subject.kind()
                        && cache.level() == subject.level()) {
                    for (var line : cache.lines()) {
                        if (line.set() == subject.set() && line.way() == subject.way()) {
                            return line(unit, cache, line);
                        }
                    }
                }
            }
        }
        return new Inspected(
                "Cache line",
                "set %d, way %d".formatted(subject.set(), subject.way()),
                true,
                List.of(Span.of("empty", Span.Look.BLOCKED)),
                List.of(Span.link(subject.unit(), new Subject.Unit(subject.unit()))),
                List.of());
    }

    private static Inspected line(Unit unit, CacheSnapshot cache, CacheSnapshot.Line line) {
        var facts = new ArrayList<Fact>();
        if (cache.kind() != CacheKind.DEVICE_TLB) {
            facts.add(Fact.of("Domain", Span.mono("0x%x".formatted(line.domain()))));
        } else if (line.domain() >= 0) {
            facts.add(Fact.of("PASID", Span.mono("0x%x".formatted(line.domain()))));
        }
        facts.add(Fact.of("Key", Span.hex(line.key())));
        facts.add(Fact.of("Gives", Span.hex(line.value())));
        if (line.coveredBytes() > 0) {
            facts.add(Fact.of("Covers", Span.of(Words.bytes(line.coveredBytes()))));
        }
        if (!line.rights().isEmpty()) {
            facts.add(Fact.of("Rights", Span.mono(line.rights())));
        }
        facts.add(
                Fact.of("Age", Span.of(line.age() == 0 ? "youngest of its set" : line.age() + "")));
        var sections = new ArrayList<Section>();
        sections.add(new Section.Facts("", "", facts));
        line.stale()
                .ifPresent(stale ->
                        sections.add(
                                new Section.Facts(
                                        "Stale",
                                        "no longer agrees with memory",
                                        List.of(
                                                Fact.of("Tables say", Span.of(stale.tableSays())),
                                                Fact.of(
                                                        "Missing",
                                                        Span.of(
                                                                stale.missingInvalidation(),
                                                                Span.Look.SAYS_STALE))))));
        return new Inspected(
                "Cache line",
                "%s, set %d, way %d".formatted(name(cache), line.set(), line.way()),
                false,
                line.stale().isPresent() ? List.of(Span.of("▲ stale", Span.Look.STALE)) : List.of(),
                List.of(Span.link(unit.name(), new Subject.Unit(unit.name()))),
                sections);
    }
}
