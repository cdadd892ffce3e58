package iommulab.app.domains;

import java.util.List;

/// Lengths in the unit that divides them.
final class Sizes {
    private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");

    private Sizes() {}

    /// `4 KiB`, `2 MiB`, `2052 KiB`.
    static String bytes(long bytes) {
        int unit = 0;
        long count = bytes;
        while (count != 0 && count % 1024 == 0 && unit < UNITS.size() - 1) {
            count /= 1024;
            unit++;
        }
        return count + " " + UNITS.get(unit);
    }
}
