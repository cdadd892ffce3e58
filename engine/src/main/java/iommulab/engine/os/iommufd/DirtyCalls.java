package iommulab.engine.os.iommufd;

import iommulab.engine.os.CallTable;
import iommulab.engine.os.OpenFiles;
import iommulab.engine.os.call.Action;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// Which pages devices have written to, asked for by who moves a virtual machine. Source: kernel
/// `iommufd_hwpt_set_dirty_tracking`, `iommufd_hwpt_get_dirty_bitmap`.
public final class DirtyCalls implements CallTable {
    private final OpenFiles files;

    public DirtyCalls(OpenFiles files) {
        this.files = files;
    }

    @Override
    public Map<String, Action> actions() {
        return Map.of(
                "iommufd.hwpt_set_dirty", this::set,
                "iommufd.hwpt_get_dirty", this::get);
    }

    private PagingTable table(Arguments a) throws CallFailed, BadArgument {
        return files.required(a, "iommufd", Iommufd.class).require(a, "hwpt_id", PagingTable.class);
    }

    private static void requireFlag(Arguments a, String known) throws CallFailed, BadArgument {
        for (var flag : a.words("flags")) {
            if (!flag.equals(known)) {
                throw new CallFailed(
                        "EOPNOTSUPP",
                        "'%s' is no flag; the only one is %s.".formatted(flag, known));
            }
        }
    }

    private static void requireCapable(PagingTable table) throws CallFailed {
        if (!table.canTrackWrites()) {
            throw new CallFailed(
                    "EOPNOTSUPP", "%s was made without the dirty flag.".formatted(table));
        }
    }

    private Answer set(Arguments a) throws CallFailed, BadArgument {
        requireFlag(a, "enable");
        var table = table(a);
        requireCapable(table);
        table.track(a.words("flags").contains("enable"));
        return Answer.OK;
    }

    private Answer get(Arguments a) throws CallFailed, BadArgument {
        requireFlag(a, "no_clear");
        HwptCalls.requireReserved(a);
        var table = table(a);
        requireCapable(table);
        long iova = a.number("iova");
        long length = a.number("length");
        long page = a.number("page_size");
        requireAligned(table, iova, length, page);
        var bits = new TreeSet<Long>();
        if (table.isTracking()) {
            boolean clear = !a.words("flags").contains("no_clear");
            for (var part : mapped(table, new IovaRange(iova, iova + length - 1))) {
                table.file()
                        .core()
                        .paging()
                        .dirtyPages(
                                table.domain(),
                                part.first(),
                                part.last() - part.first() + 1,
                                page,
                                clear,
                                address -> bits.add((address - iova) / page));
            }
        }
        return Answer.OK.with("set_bits", Value.ofNumbers(bits));
    }

    private static void requireAligned(PagingTable table, long iova, long length, long page)
            throws CallFailed {
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new CallFailed("EOVERFLOW", "0x%x bytes at 0x%x wrap.".formatted(length, iova));
        }
        long alignment = table.space().alignment();
        if (Long.bitCount(page) != 1 || ((iova | length) & (alignment | page) - 1) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "0x%x bytes at 0x%x, a bit for 0x%x: the range is made of such pages and of 0x%x bytes."
                            .formatted(length, iova, page, alignment));
        }
    }

    /// The mappings in a range up to the first hole: hardware is asked for nothing behind it, and nobody
    /// is told.
    private static List<IovaRange> mapped(PagingTable table, IovaRange range) {
        var parts = new java.util.ArrayList<IovaRange>();
        long next = range.first();
        for (var area : table.space().areas()) {
            if (!area.range().overlaps(range)) {
                continue;
            }
            if (Long.compareUnsigned(area.iova(), next) > 0) {
                break;
            }
            long last =
                    Long.compareUnsigned(area.last(), range.last()) < 0
                            ? area.last()
                            : range.last();
            parts.add(new IovaRange(next, last));
            next = last + 1;
        }
        return parts;
    }
}
