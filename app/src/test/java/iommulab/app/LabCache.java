package iommulab.app;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Line;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.CacheSnapshot.Statistics;
import iommulab.engine.cache.Replacement;

import java.util.ArrayList;
import java.util.Optional;

/// A cache of 4 KiB pages, filled by a rule, with one stale entry.
public final class LabCache {
    private LabCache() {}

    public static CacheSnapshot of(CacheKind kind, int level, int sets, int ways) {
        var lines = new ArrayList<Line>();
        for (int set = 0; set < sets; set++) {
            for (int way = 0; way < ways; way++) {
                if ((set * 7 + way * 3) % 5 < 4) {
                    lines.add(line(kind, set, way, ways, set == sets / 2 && way == 0));
                }
            }
        }
        return new CacheSnapshot(
                kind,
                level,
                new CacheGeometry(sets, ways, Replacement.LRU),
                new Statistics(18_432, 16_920, 1_512, 900, 12, 620, 540, 352),
                lines,
                Math.min(2, sets - 1),
                Math.min(1, ways - 1));
    }

    private static Line line(CacheKind kind, int set, int way, int ways, boolean stale) {
        boolean device = kind == CacheKind.DEVICE_ENTRY;
        return new Line(
                set,
                way,
                (set + way) % ways,
                3 + (set * 3 + way) % 4,
                device ? 0x300 + set * 8 + way : 0x7_f3a9_c500L + set * 0x10L + way,
                0x3c27_d000L + set * 0x1000L,
                device ? 0 : 4096,
                device ? "" : "rw",
                stale
                        ? Optional.of(
                                new Staleness(
                                        "the level 1 entry at 0x1f6e90f38 is 0",
                                        "IOTLB invalidation of page 0x7f3a9c5e7000, domain 3"))
                        : Optional.empty());
    }
}
