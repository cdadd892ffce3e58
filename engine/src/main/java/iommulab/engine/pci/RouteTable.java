package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.Resource;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// The way of every untranslated request of one function: up to the IOMMU, but for a few ranges of
/// addresses. Not thread-safe: one engine thread owns it. [#lookup] allocates nothing.
public final class RouteTable {
    /// The answer of [#lookup] for a request that goes up.
    public static final int UPSTREAM = -1;

    /*
     * The exceptional ranges, sorted and disjoint; between them lie gaps in which everything goes up.
     * The gap that served the last request is kept, and one unsigned comparison tells whether the
     * next request lies in it too.
     *
     *        gapStart          starts[0]  lasts[0]     starts[1]
     *   0 ... |--- gapBytes ---|[  exception 0  ]|--- gap ---|[ ...
     */
    private final RequesterId requester;
    private final int links;
    private final long[] starts;
    private final long[] lasts;
    private final Route[] routes;
    private long gapStart;
    private long gapBytes;

    private RouteTable(RequesterId requester, int links, List<Exceptional> exceptions) {
        this.requester = requester;
        this.links = links;
        this.starts = exceptions.stream().mapToLong(Exceptional::start).toArray();
        this.lasts = exceptions.stream().mapToLong(Exceptional::last).toArray();
        this.routes = exceptions.stream().map(Exceptional::route).toArray(Route[]::new);
        rememberGapBefore(0);
    }

    private record Exceptional(long start, long last, Route route) {}

    static RouteTable of(Fabric fabric, PciFunction from) {
        var ranges = new ArrayList<Resource>();
        int links = 0;
        var top = fabric.node(from);
        for (var above = fabric.above(top); above.isPresent(); above = fabric.above(top)) {
            top = above.get();
            links++;
        }
        for (var sibling : fabric.onSameBus(top)) {
            if (sibling.address().device() == top.address().device()) {
                fabric.collectRanges(sibling, ranges);
            }
        }
        return new RouteTable(
                fabric.requesterId(from.address()),
                links,
                exceptions(fabric, from.address(), ranges));
    }

    /// Cuts the address space at every border of a range and asks once for each piece.
    private static List<Exceptional> exceptions(
            Fabric fabric, PciAddress from, List<Resource> ranges) {
        var cuts = new TreeSet<Long>(Long::compareUnsigned);
        for (var range : ranges) {
            cuts.add(range.start());
            if (range.end() != -1) {
                cuts.add(range.end() + 1);
            }
        }
        var found = new ArrayList<Exceptional>();
        for (Long start : cuts) {
            var route = fabric.route(from, start);
            if (!(route instanceof Route.Upstream)) {
                var next = cuts.higher(start);
                append(found, new Exceptional(start, next == null ? -1 : next - 1, route));
            }
        }
        return found;
    }

    private static void append(List<Exceptional> found, Exceptional next) {
        if (!found.isEmpty()
                && found.getLast().last() + 1 == next.start()
                && found.getLast().route().equals(next.route())) {
            found.add(new Exceptional(found.removeLast().start(), next.last(), next.route()));
        } else {
            found.add(next);
        }
    }

    /// The name under which the root complex sees the function's requests.
    public RequesterId requester() {
        return requester;
    }

    /// Number of links between the function and the root complex.
    public int links() {
        return links;
    }

    /// @param address in the request, untranslated
    /// @return [#UPSTREAM], or the number of the exceptional range in which it lies
    public int lookup(long address) {
        if (Long.compareUnsigned(address - gapStart, gapBytes) < 0) {
            return UPSTREAM;
        }
        return search(address);
    }

    private int search(long address) {
        int low = 0;
        int high = starts.length;
        while (low < high) {
            int middle = low + high >>> 1;
            if (Long.compareUnsigned(lasts[middle], address) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low < starts.length && Long.compareUnsigned(starts[low], address) <= 0) {
            return low;
        }
        rememberGapBefore(low);
        return UPSTREAM;
    }

    /// The gap may be empty. That of a function without exceptions is one byte short of the whole
    /// space, whose size no long can hold; [#search] answers for that byte.
    private void rememberGapBefore(int exception) {
        gapStart = exception == 0 ? 0 : lasts[exception - 1] + 1;
        long end = exception == starts.length ? -1 : starts[exception];
        gapBytes = end - gapStart;
    }

    /// Number of exceptional ranges.
    public int exceptions() {
        return starts.length;
    }

    /// What happens to requests of an exceptional range: [Route.Peer] or [Route.Blocked].
    ///
    /// @param exception as [#lookup] answered
    public Route exception(int exception) {
        return routes[exception];
    }

    /// First address of an exceptional range.
    public long firstAddress(int exception) {
        return starts[exception];
    }

    /// Last address of an exceptional range.
    public long lastAddress(int exception) {
        return lasts[exception];
    }
}
