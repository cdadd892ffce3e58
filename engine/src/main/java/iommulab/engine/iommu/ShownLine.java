package iommulab.engine.iommu;

import iommulab.engine.cache.CacheSnapshot.Line;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.SetAssociativeCache;

import java.util.Optional;

/// A filled line of a cache as the screen sees it: what every format reads from it in the same way.
public final class ShownLine {
    private ShownLine() {}

    /// An entry of a device or of a process.
    ///
    /// @param key who it is for
    /// @param value address of the table that it leads to
    public static Line entry(
            SetAssociativeCache lines,
            int line,
            int domain,
            long key,
            long value,
            Optional<Staleness> stale) {
        return new Line(
                lines.setOf(line),
                lines.wayOf(line),
                lines.ageOf(line),
                domain,
                key,
                value,
                0,
                "",
                stale);
    }

    /// A page that is translated.
    ///
    /// @param rights that it allows
    public static Line page(
            Iotlb cache, int line, int domain, Permissions rights, Optional<Staleness> stale) {
        long word = cache.word(line);
        return new Line(
                cache.lines().setOf(line),
                cache.lines().wayOf(line),
                cache.lines().ageOf(line),
                domain,
                cache.iovaAt(line) >>> 12,
                TableEntry.address(word),
                1L << Iotlb.pageShift(word),
                rights.toString(),
                stale);
    }

    /// An entry above the leaves.
    ///
    /// @param rights that it allows
    public static Line table(
            PagingStructureCache cache,
            int line,
            int domain,
            Permissions rights,
            Optional<Staleness> stale) {
        return new Line(
                cache.lines().setOf(line),
                cache.lines().wayOf(line),
                cache.lines().ageOf(line),
                domain,
                cache.iovaAt(line) >>> 12,
                PagingStructureCache.table(cache.word(line)),
                cache.coveredBytes(),
                rights.toString(),
                stale);
    }
}
