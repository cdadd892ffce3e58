package iommulab.engine.group;

import java.util.HashSet;
import java.util.Set;

/// A set of vendor and device ids, as the kernel's tables list them.
final class IdSet {
    private final Set<Integer> ids = new HashSet<>();

    /// @param lines one vendor each: `8086: 10c6 10f7-10fc 1d10-1d1e/2` (a range may have a step)
    static IdSet of(String lines) {
        var set = new IdSet();
        lines.lines().filter(line -> !line.isBlank()).forEach(set::addVendor);
        return set;
    }

    private void addVendor(String line) {
        int colon = line.indexOf(':');
        int vendor = Integer.parseInt(line.substring(0, colon).strip(), 16);
        for (String word : line.substring(colon + 1).strip().split("\\s+")) {
            int slash = word.indexOf('/');
            int step = slash < 0 ? 1 : Integer.parseInt(word.substring(slash + 1), 16);
            var ends = (slash < 0 ? word : word.substring(0, slash)).split("-");
            int last = Integer.parseInt(ends[ends.length - 1], 16);
            for (int device = Integer.parseInt(ends[0], 16); device <= last; device += step) {
                ids.add(vendor << 16 | device);
            }
        }
    }

    /// @param id vendor in 31:16, device in 15:0
    boolean has(int id) {
        return ids.contains(id);
    }
}
