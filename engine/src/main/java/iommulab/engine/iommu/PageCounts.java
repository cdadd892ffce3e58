package iommulab.engine.iommu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// How many pages of which size a range of iova is made of.
///
/// @param byShift number of pages by the logarithm of their size (12 for 4 KiB); no zeros
public record PageCounts(SortedMap<Integer, Long> byShift) {
    public static final PageCounts NONE = new PageCounts(new TreeMap<>());

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    public PageCounts {
        byShift = Collections.unmodifiableSortedMap(new TreeMap<>(byShift));
    }

    /// @param numbers of pages, by the logarithm of their size
    public static PageCounts byShift(long[] numbers) {
        var counts = new TreeMap<Integer, Long>();
        for (int shift = 0; shift < numbers.length; shift++) {
            if (numbers[shift] != 0) {
                counts.put(shift, numbers[shift]);
            }
        }
        return new PageCounts(counts);
    }

    /// All pages together.
    public long pages() {
        return byShift.values().stream().mapToLong(Long::longValue).sum();
    }

    /// What they span together.
    public long bytes() {
        return byShift.entrySet().stream()
                .mapToLong(sized -> sized.getValue() << sized.getKey())
                .sum();
    }

    /// `1 × 1 GiB, 2 × 2 MiB, 16 × 4 KiB`; `no pages`
    @Override
    public String toString() {
        var words = new ArrayList<String>();
        for (Map.Entry<Integer, Long> sized : byShift.entrySet()) {
            words.addFirst(
                    "%d × %d %s"
                            .formatted(
                                    sized.getValue(),
                                    1L << sized.getKey() % 10,
                                    UNITS[sized.getKey() / 10]));
        }
        return words.isEmpty() ? "no pages" : String.join(", ", words);
    }
}
