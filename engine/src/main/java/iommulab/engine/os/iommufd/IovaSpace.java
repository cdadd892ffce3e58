package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Which addresses of an address space may be mapped: what devices and tables reserve, and what the user
/// allows for automatic placement. Source: kernel `struct io_pagetable`, reserved and allowed trees.
final class IovaSpace {
    private static final long PAGE = 4096;

    private final IoAddressSpace space;
    private final Book<String, List<IovaRange>> reserved;
    private final Cell<List<IovaRange>> allowed;

    IovaSpace(Ledger ledger, IoAddressSpace space) {
        this.space = space;
        reserved = new Book<>(ledger);
        allowed = new Cell<>(ledger, List.of());
    }

    // ---- reserved

    /// @param owner who reserves; each may do so once
    /// @throws CallFailed (EADDRINUSE) a range is mapped, or allowed by the user
    void reserve(String owner, List<IovaRange> ranges) throws CallFailed {
        for (var range : ranges) {
            if (space.overlapsMapping(range)) {
                throw new CallFailed(
                        "EADDRINUSE",
                        "%s needs %s free, and %s maps something there."
                                .formatted(owner, range, space));
            }
            for (var allowance : allowed.get()) {
                if (allowance.overlaps(range)) {
                    throw new CallFailed(
                            "EADDRINUSE",
                            "%s needs %s free, and the user has allowed %s."
                                    .formatted(owner, range, allowance));
                }
            }
        }
        if (!ranges.isEmpty()) {
            reserved.set(owner, List.copyOf(ranges));
        }
    }

    void unreserve(String owner) {
        reserved.remove(owner);
    }

    /// Somebody's reservation that touches a range.
    Optional<String> reservedIn(IovaRange range) {
        for (var entry : reserved.all().entrySet()) {
            for (var taken : entry.getValue()) {
                if (taken.overlaps(range)) {
                    return Optional.of("%s for %s".formatted(taken, entry.getKey()));
                }
            }
        }
        return Optional.empty();
    }

    /// What nobody reserves, in order.
    List<IovaRange> usable() {
        return holes(taken(false), IovaRange.ALL);
    }

    /// All ranges that are taken, in order of their first address.
    private List<IovaRange> taken(boolean alsoMapped) {
        var taken = new ArrayList<IovaRange>();
        reserved.all().values().forEach(taken::addAll);
        if (alsoMapped) {
            space.areas().forEach(area -> taken.add(area.range()));
        }
        taken.sort(Comparator.comparing(IovaRange::first, Long::compareUnsigned));
        return taken;
    }

    private static List<IovaRange> holes(List<IovaRange> taken, IovaRange within) {
        var holes = new ArrayList<IovaRange>();
        long next = within.first();
        for (var range : taken) {
            if (!range.overlaps(within)) {
                continue;
            }
            if (Long.compareUnsigned(range.first(), next) > 0) {
                holes.add(new IovaRange(next, range.first() - 1));
            }
            if (Long.compareUnsigned(range.last(), within.last()) >= 0) {
                return holes;
            }
            if (Long.compareUnsigned(range.last() + 1, next) > 0) {
                next = range.last() + 1;
            }
        }
        holes.add(new IovaRange(next, within.last()));
        return holes;
    }

    // ---- allowed

    List<IovaRange> allowed() {
        return allowed.get();
    }

    /// Replaces the list of ranges in which addresses are chosen; none means everywhere.
    ///
    /// @throws CallFailed (EINVAL) ranges that are none, or overlap; (EADDRINUSE) somebody reserves there
    void allow(List<IovaRange> ranges) throws CallFailed {
        for (int i = 0; i < ranges.size(); i++) {
            var range = ranges.get(i);
            if (Long.compareUnsigned(range.first(), range.last()) >= 0) {
                throw new CallFailed(
                        "EINVAL",
                        "%s is no range: it ends before its second byte.".formatted(range));
            }
            for (var other : ranges.subList(0, i)) {
                if (other.overlaps(range)) {
                    throw new CallFailed("EINVAL", "%s overlaps %s.".formatted(range, other));
                }
            }
            var taken = reservedIn(range);
            if (taken.isPresent()) {
                throw new CallFailed(
                        "EADDRINUSE",
                        "%s touches what is reserved: %s.".formatted(range, taken.get()));
            }
        }
        allowed.set(List.copyOf(ranges));
    }

    // ---- choosing

    /// The lowest free place. Keeps the offset in the page, and as much alignment of the memory's own
    /// address as the size has use for. Source: kernel `iopt_alloc_iova`.
    ///
    /// @param bytes not 0
    /// @param hint address of the memory in its process
    /// @param alignment at least this
    /// @throws CallFailed (EOVERFLOW) more than half of all addresses, (ENOSPC) no place
    long choose(long bytes, long hint, long alignment) throws CallFailed {
        if (Long.compareUnsigned(bytes, Long.MAX_VALUE) >= 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes are too many.".formatted(bytes));
        }
        long wanted = Long.highestOneBit(bytes);
        wanted = wanted == bytes ? wanted : wanted << 1;
        if (hint != 0) {
            wanted = Math.min(wanted, Long.lowestOneBit(hint));
        }
        if (wanted < alignment) {
            throw new CallFailed(
                    "EINVAL",
                    "The memory at 0x%x is not aligned to 0x%x.".formatted(hint, alignment));
        }
        long offset = hint & PAGE - 1;
        var windows = new ArrayList<>(allowed.get());
        windows.sort(Comparator.comparing(IovaRange::first, Long::compareUnsigned));
        if (windows.isEmpty()) {
            windows.add(new IovaRange(PAGE, -1 - PAGE));
        }
        var taken = taken(true);
        for (var window : windows) {
            for (var hole : holes(taken, window)) {
                long start = (hole.first() + wanted - 1 & -wanted) | offset;
                long last = start + bytes - 1;
                boolean fits =
                        Long.compareUnsigned(start, hole.first()) >= 0
                                && Long.compareUnsigned(last, start) >= 0
                                && Long.compareUnsigned(last, hole.last()) <= 0;
                if (fits) {
                    return start;
                }
            }
        }
        throw new CallFailed(
                "ENOSPC", "No hole of 0x%x bytes, aligned to 0x%x.".formatted(bytes, wanted));
    }
}
