package iommulab.app.ownership;

import iommulab.app.ownership.OwnershipModel.Row;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Where the domain pointers of groups are drawn while they move from one station to the next. A pointer
/// takes 240 ms for its way, or none.
final class Pointers {
    private static final double WAY_NANOS = 240e6;

    private final Map<Integer, Way> ways = new HashMap<>();

    /// @param from station, between two while it was still moving
    /// @param start in ns; negative until the first frame of the way
    private record Way(double from, int to, long start) {
        double at(long now) {
            double part = start < 0 ? 0 : Math.clamp((now - start) / WAY_NANOS, 0, 1);
            double eased = part * part * (3 - 2 * part);
            return from + (to - from) * eased;
        }

        boolean isUnderWay(long now) {
            return from != to && (start < 0 || now - start < WAY_NANOS);
        }
    }

    /// Lets pointers set out for where they lead now. A group that was not there before is there at once.
    ///
    /// @param still whether nothing may move
    void follow(List<Row> rows, boolean still, long now) {
        ways.keySet().retainAll(groups(rows));
        for (var row : rows) {
            int to = row.pointer().ordinal();
            var way = ways.get(row.id());
            if (way == null || still) {
                ways.put(row.id(), new Way(to, to, now));
            } else if (way.to() != to) {
                ways.put(row.id(), new Way(way.at(now), to, -1));
            }
        }
    }

    private static Set<Integer> groups(List<Row> rows) {
        return rows.stream().map(Row::id).collect(Collectors.toSet());
    }

    /// Ways that begin with this frame begin now.
    void begin(long now) {
        ways.replaceAll((_, way) -> way.start() < 0 ? new Way(way.from(), way.to(), now) : way);
    }

    boolean isMoving(long now) {
        return ways.values().stream().anyMatch(way -> way.isUnderWay(now));
    }

    /// Station where the pointer is drawn, between two while it moves.
    double at(int group, long now) {
        var way = ways.get(group);
        return way == null ? 0 : way.at(now);
    }
}
