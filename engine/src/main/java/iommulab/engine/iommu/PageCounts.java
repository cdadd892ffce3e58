package iommulab.engine.iommu;

import java.util.ArrayList;

/// How many pages of which size a range of iova is made of.
///
/// @param small pages of 4 KiB
/// @param medium pages of 2 MiB
/// @param large pages of 1 GiB
public record PageCounts(long small, long medium, long large) {
    public static final PageCounts NONE = new PageCounts(0, 0, 0);

    /// All pages together.
    public long pages() {
        return small + medium + large;
    }

    /// What they span together.
    public long bytes() {
        return (small << 12) + (medium << 21) + (large << 30);
    }

    /// `1 × 1 GiB, 2 × 2 MiB, 16 × 4 KiB`; `no pages`
    @Override
    public String toString() {
        var words = new ArrayList<String>();
        if (large > 0) {
            words.add(large + " × 1 GiB");
        }
        if (medium > 0) {
            words.add(medium + " × 2 MiB");
        }
        if (small > 0) {
            words.add(small + " × 4 KiB");
        }
        return words.isEmpty() ? "no pages" : String.join(", ", words);
    }
}
