package iommulab.app.caches;

import iommulab.app.theme.LinePlot;
import iommulab.app.theme.LinePlot.Ink;
import iommulab.app.theme.LinePlot.Point;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// How often the caches of one IOMMU answered, over time. Frames skip snapshots, so every value is the
/// share of hits between two samples that are at least [#WINDOW] lookups apart.
final class HitHistory {
    static final int WINDOW = 256;
    private static final int KEPT = 400;

    private record Sample(long requests, Map<CacheKind, long[]> counts) {}

    private final List<Sample> samples = new ArrayList<>();
    private String unit = "";
    private long apart = 1;

    HitHistory() {}

    /// Takes a sample, if the counters have moved enough since the last.
    void add(Unit now) {
        long requests = now.counters().requests();
        if (!now.name().equals(unit)
                || !samples.isEmpty() && requests < samples.getLast().requests()) {
            unit = now.name();
            samples.clear();
            apart = 1;
        }
        if (!samples.isEmpty() && requests - samples.getLast().requests() < apart) {
            return;
        }
        var counts = new EnumMap<CacheKind, long[]>(CacheKind.class);
        for (var cache : now.caches()) {
            var sum = counts.computeIfAbsent(cache.kind(), _ -> new long[2]);
            sum[0] += cache.statistics().lookups();
            sum[1] += cache.statistics().hits();
        }
        samples.add(new Sample(requests, counts));
        if (samples.size() > KEPT) {
            thin();
        }
    }

    /// Half as many samples, twice as far apart: the plot keeps the whole story.
    private void thin() {
        for (int i = samples.size() - 2; i > 0; i -= 2) {
            samples.remove(i);
        }
        apart *= 2;
    }

    List<LinePlot.Line> lines() {
        return List.of(
                line("context", CacheKind.DEVICE_ENTRY, Ink.QUIET, List.of(2.0, 3.0)),
                line("IOTLB", CacheKind.IOTLB, Ink.HIT, List.of()),
                line("paging", CacheKind.PAGING_STRUCTURE, Ink.WALK, List.of(8.0, 3.0, 2.0, 3.0)));
    }

    private LinePlot.Line line(String name, CacheKind kind, Ink ink, List<Double> dash) {
        var points = new ArrayList<Point>();
        int from = 0;
        for (int to = 1; to < samples.size(); to++) {
            while (from + 1 < to && lookups(kind, from + 1, to) >= WINDOW) {
                from++;
            }
            long lookups = lookups(kind, from, to);
            if (lookups > 0) {
                long hits = count(kind, to, 1) - count(kind, from, 1);
                points.add(new Point(samples.get(to).requests(), 100.0 * hits / lookups));
            }
        }
        var last = points.isEmpty() ? "–" : "%.1f".formatted(points.getLast().y());
        return new LinePlot.Line(name, last, ink, dash, points);
    }

    private long lookups(CacheKind kind, int from, int to) {
        return count(kind, to, 0) - count(kind, from, 0);
    }

    private long count(CacheKind kind, int sample, int which) {
        var counts = samples.get(sample).counts().get(kind);
        return counts == null ? 0 : counts[which];
    }
}
