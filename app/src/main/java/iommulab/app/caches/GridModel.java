package iommulab.app.caches;

import iommulab.app.shell.Subject;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Line;
import iommulab.engine.pci.RequesterId;

import java.util.Optional;

/// One cache in the words of its grid. Entries are put into words only when they are drawn: a cache may
/// have 65,536.
///
/// @param title such as `IOTLB`
/// @param shape its geometry, in words
/// @param hitRate of all lookups since power-on
/// @param selected the entry that is selected, if it is one of this cache
record GridModel(
        CacheSnapshot cache,
        String title,
        String shape,
        String hitRate,
        Optional<Subject.CacheLine> selected) {
    private static final long PAGE = 4096;

    static GridModel of(CacheSnapshot cache, String unit, Subject subject) {
        var selected =
                subject instanceof Subject.CacheLine line
                                && line.unit().equals(unit)
                                && line.kind() == cache.kind()
                                && line.level() == cache.level()
                        ? Optional.of(line)
                        : Optional.<Subject.CacheLine>empty();
        return new GridModel(
                cache,
                title(cache),
                shape(cache.geometry()),
                cache.geometry().isOff() ? "off" : percent(cache.statistics()),
                selected);
    }

    static String title(CacheSnapshot cache) {
        return switch (cache.kind()) {
            case DEVICE_ENTRY -> "Context cache";
            case PASID_ENTRY -> "PASID cache";
            case IOTLB -> "IOTLB";
            case PAGING_STRUCTURE -> "Level " + cache.level();
            case NESTED -> "Nested cache";
            case NESTED_PAGING -> "Nested level " + cache.level();
            case DEVICE_TLB -> "Device TLB, " + new RequesterId(cache.level());
        };
    }

    static String shape(CacheGeometry geometry) {
        return geometry.isOff()
                ? "switched off"
                : "%s × %s, %s"
                        .formatted(
                                counted(geometry.sets(), "set"),
                                counted(geometry.ways(), "way"),
                                geometry.replacement().name().replace('_', '-'));
    }

    private static String counted(int number, String what) {
        return number == 1 ? "1 " + what : "%,d %ss".formatted(number, what).replace(',', '\u2009');
    }

    static String percent(CacheSnapshot.Statistics statistics) {
        return statistics.lookups() == 0 ? "–" : "%.1f %%".formatted(statistics.hitRate() * 100);
    }

    /// What stands in the cell of an entry: the page, or the requester.
    static String key(CacheKind kind, Line line) {
        return switch (kind) {
            case DEVICE_ENTRY -> new RequesterId((int) line.key() & 0xffff).toString();
            case PASID_ENTRY ->
                    "%s %x"
                            .formatted(
                                    new RequesterId((int) (line.key() >>> 20) & 0xffff),
                                    line.key() & 0xf_ffff);
            case IOTLB, PAGING_STRUCTURE, NESTED, NESTED_PAGING, DEVICE_TLB ->
                    Long.toHexString(line.key() >>> pageBits(kind, line));
        };
    }

    /// Whose addresses an entry is about, as a number before its page; empty if that is no question.
    static String number(CacheKind kind, Line line) {
        return switch (kind) {
            case DEVICE_ENTRY -> "";
            case DEVICE_TLB -> line.domain() < 0 ? "" : Integer.toHexString(line.domain()) + " ";
            case PASID_ENTRY, IOTLB, PAGING_STRUCTURE, NESTED, NESTED_PAGING -> line.domain() + " ";
        };
    }

    /// The same in words.
    static String space(CacheKind kind, Line line) {
        if (kind == CacheKind.DEVICE_TLB) {
            return line.domain() < 0 ? "page " : "PASID 0x%x, page ".formatted(line.domain());
        }
        return "domain %d, ".formatted(line.domain());
    }

    /// An entry of an inner table is tagged with the upper bits only: those above what it covers.
    private static int pageBits(CacheKind kind, Line line) {
        return kind == CacheKind.PAGING_STRUCTURE || kind == CacheKind.NESTED_PAGING
                ? Long.numberOfTrailingZeros(Math.max(PAGE, line.coveredBytes()) / PAGE)
                : 0;
    }

    /// What the entry gives, if there is room for it.
    static String value(CacheKind kind, Line line) {
        return "→ " + Long.toHexString(line.value());
    }

    int sets() {
        return cache.geometry().sets();
    }

    int ways() {
        return cache.geometry().ways();
    }

    /// Index of the first entry of a set in the list, which is in order of sets.
    int firstOf(int set) {
        var lines = cache.lines();
        int low = 0;
        int high = lines.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (lines.get(middle).set() < set) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
