package iommulab.engine.memory;

import iommulab.engine.ImmutableValue;

import java.util.Comparator;
import java.util.List;

/// What answers at which host-physical address: a host bridge's decoder. Regions never overlap; where
/// none is, nothing answers.
///
/// [#indexOf] takes O(log n) and allocates nothing.
@ImmutableValue
public final class AddressMap {
    /// [#indexOf] of an address at which nothing answers.
    public static final int NOTHING = -1;

    private final List<Region> regions;
    private final long[] starts;
    private final long[] lasts;

    /// @param regions in any order
    /// @throws IllegalArgumentException if two of them overlap
    public AddressMap(List<Region> regions) {
        this.regions =
                regions.stream()
                        .sorted(
                                Comparator.comparing(
                                        region -> region.range().start(), Long::compareUnsigned))
                        .toList();
        starts = this.regions.stream().mapToLong(region -> region.range().start()).toArray();
        lasts = this.regions.stream().mapToLong(region -> region.range().last()).toArray();
        for (int i = 1; i < starts.length; i++) {
            if (Long.compareUnsigned(starts[i], lasts[i - 1]) <= 0) {
                throw new IllegalArgumentException(
                        "%s (%s) overlaps %s (%s): an address has one owner"
                                .formatted(
                                        this.regions.get(i).name(),
                                        this.regions.get(i).range(),
                                        this.regions.get(i - 1).name(),
                                        this.regions.get(i - 1).range()));
            }
        }
    }

    /// By start address.
    public List<Region> regions() {
        return regions;
    }

    /// @return index into [#regions], or [#NOTHING]
    public int indexOf(long hpa) {
        int low = 0;
        int high = starts.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(hpa, starts[middle]) < 0) {
                high = middle - 1;
            } else if (Long.compareUnsigned(hpa, lasts[middle]) > 0) {
                low = middle + 1;
            } else {
                return middle;
            }
        }
        return NOTHING;
    }

    /// Whether memory frames lie behind an address.
    public boolean isMemory(long hpa) {
        int index = indexOf(hpa);
        return index != NOTHING && regions.get(index).kind().isMemory();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AddressMap map && map.regions.equals(regions);
    }

    @Override
    public int hashCode() {
        return regions.hashCode();
    }

    @Override
    public String toString() {
        return regions.toString();
    }
}
