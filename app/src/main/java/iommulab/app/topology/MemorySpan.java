package iommulab.app.topology;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.session.MachineSnapshot.Domain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A piece of the memory column: one region, or neighbours of one kind together.
///
/// @param range from its first to its last address, hpa
/// @param regions how many regions it stands for
/// @param domains made by somebody that map into it, by number, with the mapped bytes
record MemorySpan(
        RegionKind kind,
        String name,
        AddressRange range,
        int regions,
        long bytes,
        List<Share> domains) {

    /// @param bytes that the domain maps into the span
    record Share(int domain, long bytes) {}

    /// At most so many spans are drawn; neighbours are joined until they fit.
    static final int MOST = 12;

    static List<MemorySpan> of(List<Region> memory, List<Domain> domains) {
        var spans = new ArrayList<MemorySpan>();
        memory.stream()
                .sorted(
                        Comparator.comparing((Region r) -> r.range().start(), Long::compareUnsigned)
                                .reversed())
                .forEach(region -> append(spans, region));
        while (spans.size() > MOST) {
            joinSmallest(spans);
        }
        return spans.stream().map(span -> span.withDomains(domains)).toList();
    }

    private static void append(List<MemorySpan> spans, Region region) {
        var span =
                new MemorySpan(
                        region.kind(),
                        region.name(),
                        region.range(),
                        1,
                        region.range().bytes(),
                        List.of());
        boolean joins =
                !spans.isEmpty()
                        && spans.getLast().kind == region.kind()
                        && (region.kind() == RegionKind.BAR
                                || region.kind() == RegionKind.RESERVED);
        if (joins) {
            spans.add(spans.removeLast().with(span));
        } else {
            spans.add(span);
        }
    }

    private static void joinSmallest(List<MemorySpan> spans) {
        int best = 0;
        for (int i = 1; i + 1 < spans.size(); i++) {
            if (together(spans, i) < together(spans, best)) {
                best = i;
            }
        }
        var lower = spans.remove(best + 1);
        spans.set(best, spans.get(best).with(lower));
    }

    private static double together(List<MemorySpan> spans, int i) {
        return (double) spans.get(i).bytes + spans.get(i + 1).bytes;
    }

    /// This span and the one below it as one; the larger gives the kind.
    private MemorySpan with(MemorySpan lower) {
        var larger = Long.compareUnsigned(bytes, lower.bytes) >= 0 ? this : lower;
        return new MemorySpan(
                larger.kind,
                larger.name,
                new AddressRange(lower.range.start(), range.last()),
                regions + lower.regions,
                bytes + lower.bytes,
                List.of());
    }

    private MemorySpan withDomains(List<Domain> all) {
        var shares =
                all.stream()
                        .filter(Domain::byUser)
                        // What is nested leads to guest-physical addresses; its parent says where
                        // they lie.
                        .filter(domain -> domain.parent() == 0)
                        .map(domain -> new Share(domain.id(), mappedInto(domain)))
                        .filter(share -> share.bytes > 0)
                        .toList();
        return new MemorySpan(kind, name, range, regions, bytes, shares);
    }

    private long mappedInto(Domain domain) {
        return domain.mappings().stream()
                .filter(m -> range.contains(m.hpa()))
                .mapToLong(m -> m.bytes())
                .sum();
    }
}
