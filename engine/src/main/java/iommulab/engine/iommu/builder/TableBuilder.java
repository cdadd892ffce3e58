package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;

import java.util.List;

/// Writes the page tables of one domain, as the IOMMU driver does. All it knows of the tables is
/// what lies in memory; it shares no code with the hardware that reads them.
///
/// Uses the largest page that alignment and hardware allow, cuts superpages when a part of one is
/// unmapped, and frees tables that no longer hold anything. Refuses, with the tables as before, to map
/// what is mapped, to go beyond the widths, and to follow an entry that somebody has changed by hand so
/// that it leads to no table.
/// Not thread-safe. Its state is memory, allocator, [#top] and [#tableFrames]: with these restored, a
/// builder made by [#resume] goes on.
public final class TableBuilder {
    private final TableStore store;
    private final EntryEncoder encoder;
    private final TableShape shape;
    private final TableLimits limits;
    private final int domain;
    private final long top;
    private final TableScan scan;
    private int tableFrames;
    private LeafForm leaves = LeafForm.PLAIN;

    private TableBuilder(
            TableStore store, EntryEncoder encoder, TableLimits limits, int domain, long top) {
        this.store = store;
        this.encoder = encoder;
        this.limits = limits;
        shape = limits.shape();
        this.domain = domain;
        this.top = top;
        this.scan = new TableScan(store, encoder, domain);
    }

    /// A domain that maps nothing: an empty top table.
    ///
    /// @param domain the number by which refusals name the domain
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static TableBuilder create(
            TableStore store, EntryEncoder encoder, TableLimits limits, int domain)
            throws MappingRefused {
        long top = store.frames().take(limits.topFrames());
        if (top == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    ("Domain %d cannot be made: no frame is left for its top table."
                                    + " Delete another domain, or unmap something.")
                            .formatted(domain));
        }
        var builder = new TableBuilder(store, encoder, limits, domain, top);
        builder.clear(top, limits.topFrames());
        builder.tableFrames = limits.topFrames();
        return builder;
    }

    /// Goes on with tables that lie in memory.
    ///
    /// @param top hpa of the top table
    /// @param tableFrames frames that the tables take, as [#tableFrames] said
    public static TableBuilder resume(
            TableStore store,
            EntryEncoder encoder,
            TableLimits limits,
            int domain,
            long top,
            int tableFrames) {
        var builder = new TableBuilder(store, encoder, limits, domain, top);
        builder.tableFrames = tableFrames;
        return builder;
    }

    /// Address of the top table: hpa, or gpa of a guest's own tables.
    public long top() {
        return top;
    }

    /// The memory in which the tables lie.
    public TableStore store() {
        return store;
    }

    public TableLimits limits() {
        return limits;
    }

    /// 4 KiB frames that the tables take, the top table included.
    public int tableFrames() {
        return tableFrames;
    }

    /// The pages that map a range or a part of it; a superpage counts once.
    ///
    /// @throws MappingRefused (EINVAL, ERANGE) if it is no range of pages that the tables span, (EIO)
    ///     tables changed by hand
    public PageCounts pagesIn(long iova, long bytes) throws MappingRefused {
        var tally = new PageTally(shape);
        scan.leaves(
                top,
                limits.levels(),
                0,
                checkedRange(iova, bytes),
                (page, level, _, _) -> tally.add(page, level));
        return tally.counts();
    }

    /// What leaves are like that are written from now on.
    public void formLeaves(LeafForm newForm) {
        leaves = newForm;
    }

    public LeafForm leaves() {
        return leaves;
    }

    /// The dirty marks of its leaves.
    public DirtyPages dirtyPages() {
        return new DirtyPages(this, scan, encoder);
    }

    // ---- map

    /// What a mapping with these permissions will allow; see [EntryEncoder#granted].
    public Permissions granted(Permissions wished) {
        return encoder.granted(wished);
    }

    /// Maps `bytes` from `iova` on to `hpa` on.
    ///
    /// @param iova multiple of the smallest page
    /// @param hpa multiple of the smallest page
    /// @param bytes multiple of the smallest page, not 0
    /// @throws MappingRefused (EINVAL) not aligned or nothing permitted, (ERANGE) beyond the widths,
    ///     (EEXIST) part of it is mapped, (ENOMEM) no frame is left for a table, (EIO) tables changed by
    ///     hand
    public TableChange map(long iova, long hpa, long bytes, Permissions permissions)
            throws MappingRefused {
        var range = checkedRange(iova, bytes);
        limits.requireOutput(hpa, bytes);
        if (permissions == Permissions.NONE) {
            throw new MappingRefused(
                    "EINVAL",
                    ("Domain %d cannot map page 0x%x without a right: such an entry is not present."
                                    + " Allow reading, writing or both.")
                            .formatted(domain, iova));
        }
        scan.leaves(top, limits.levels(), 0, range, (page, _, _, _) -> refuseOverlap(page, iova));
        return new TableChange(range, fill(range, hpa, permissions), List.of(), false, 0);
    }

    private void refuseOverlap(long page, long iova) throws MappingRefused {
        throw new MappingRefused(
                "EEXIST",
                "Domain %d already maps page 0x%x. Unmap it first, or choose another range."
                        .formatted(domain, Math.max(page, iova)));
    }

    private PageCounts fill(AddressRange range, long hpa, Permissions permissions)
            throws MappingRefused {
        var tally = new PageTally(shape);
        long bytes = range.bytes();
        long done = 0;
        while (done < bytes) {
            long iova = range.start() + done;
            int level = limits.leafLevel(iova, hpa + done, bytes - done);
            long table = tableFor(iova, level);
            if (table == FrameAllocator.NONE) {
                // The range was empty before: emptying it takes back exactly what was done so far.
                clear(top, limits.levels(), 0, range, new PageTally(shape));
                throw new MappingRefused(
                        "ENOMEM",
                        ("Domain %d cannot map page 0x%x: no frame is left for its tables."
                                        + " Unmap something, or map less.")
                                .formatted(domain, iova));
            }
            store.write64(
                    entryOf(table, level, iova),
                    leaves.formed(encoder, encoder.leaf(hpa + done, level, granted(permissions))));
            tally.add(iova, level);
            done += bytes(level);
        }
        return tally.counts();
    }

    /// The table of a level on the way to an address, made where there is none.
    ///
    /// @return its hpa, or [FrameAllocator#NONE]
    private long tableFor(long iova, int level) {
        long table = top;
        for (int at = limits.levels(); at > level; at--) {
            long entry = entryOf(table, at, iova);
            long raw = store.read64(entry);
            if (encoder.isPresent(raw)) {
                table = encoder.address(raw, at);
            } else {
                table = newTable();
                if (table == FrameAllocator.NONE) {
                    return FrameAllocator.NONE;
                }
                store.write64(entry, encoder.table(table, at));
            }
        }
        return table;
    }

    // ---- unmap

    /// Takes away whatever the range maps. Pages that it does not map are passed over; superpages of
    /// which a part remains are split.
    ///
    /// @param iova multiple of the smallest page
    /// @param bytes multiple of the smallest page, not 0
    /// @throws MappingRefused (EINVAL) not aligned, (ERANGE) beyond the width, (ENOENT) nothing of it is
    ///     mapped, (ENOMEM) no frame is left for the parts of a superpage, (EIO) tables changed by hand
    public TableChange unmap(long iova, long bytes) throws MappingRefused {
        var range = checkedRange(iova, bytes);
        var needed = new int[1];
        var found = new PageTally(shape);
        scan.leaves(
                top,
                limits.levels(),
                0,
                range,
                (page, level, _, _) -> {
                    found.add(page, level);
                    needed[0] += tablesToSplit(page, level, range);
                });
        if (found.isEmpty()) {
            throw new MappingRefused(
                    "ENOENT",
                    "Domain %d maps nothing in %s. Look at its mappings, and choose one of them."
                            .formatted(domain, range));
        }
        if (needed[0] * limits.tableFrames() > store.frames().available()) {
            throw new MappingRefused(
                    "ENOMEM",
                    ("Domain %d cannot unmap a part of a superpage in %s: splitting takes %d"
                                    + " frames, and %d are left. Unmap the whole superpage.")
                            .formatted(
                                    domain,
                                    range,
                                    needed[0] * limits.tableFrames(),
                                    store.frames().available()));
        }
        int before = tableFrames + needed[0] * limits.tableFrames();
        var gone = new PageTally(shape);
        clear(top, limits.levels(), 0, range, gone);
        return new TableChange(
                range,
                gone.counts(),
                gone.ranges(),
                needed[0] > 0 || tableFrames < before,
                needed[0]);
    }

    /// How many tables it takes to cut a leaf along the borders of a range.
    private int tablesToSplit(long page, int level, AddressRange range) {
        long last = page + bytes(level) - 1;
        if (range.start() <= page && last <= range.last()) {
            return 0;
        }
        long part = bytes(level - 1);
        long firstCut = Math.max(range.start(), page) & -part;
        long lastCut = Math.min(range.last(), last) & -part;
        int below = tablesToSplit(firstCut, level - 1, range);
        if (lastCut != firstCut) {
            below += tablesToSplit(lastCut, level - 1, range);
        }
        return 1 + below;
    }

    private void clear(long table, int level, long base, AddressRange range, PageTally gone) {
        long span = bytes(level);
        for (long iova = range.start() & -span; iova <= range.last(); iova += span) {
            long entry = table + 8 * (iova - base >>> shape.shiftAt(level));
            long raw = store.read64(entry);
            if (!encoder.isPresent(raw)) {
                continue;
            }
            boolean whole = range.start() <= iova && iova + span - 1 <= range.last();
            if (encoder.isLeaf(raw, level)) {
                if (whole) {
                    store.write64(entry, 0);
                    gone.add(iova, level);
                    continue;
                }
                raw = split(entry, raw, level);
            }
            var part =
                    new AddressRange(
                            Math.max(range.start(), iova), Math.min(range.last(), iova + span - 1));
            clear(encoder.address(raw, level), level - 1, iova, part, gone);
            freeIfEmpty(entry, encoder.address(raw, level));
        }
    }

    /// The new table is complete before the entry leads to it: hardware never sees a gap.
    private long split(long entry, long leaf, int level) {
        long table = newTable();
        for (int child = 0; child < 1 << shape.indexBits(); child++) {
            store.write64(table + child * 8L, encoder.part(leaf, level, child));
        }
        long raw = encoder.table(table, level);
        store.write64(entry, raw);
        return raw;
    }

    private void freeIfEmpty(long entry, long table) {
        for (int i = 0; i < 1 << shape.indexBits(); i++) {
            if (encoder.isPresent(store.read64(table + i * 8L))) {
                return;
            }
        }
        store.write64(entry, 0);
        free(table, limits.tableFrames());
    }

    // ---- the end

    /// Gives all frames back, the top table's too. No device may be attached any more.
    ///
    /// @throws MappingRefused (EIO) tables changed by hand
    public void destroy() throws MappingRefused {
        var everything = limits.everything();
        scan.leaves(top, limits.levels(), 0, everything, (_, _, _, _) -> {});
        clear(top, limits.levels(), 0, everything, new PageTally(shape));
        clear(top, limits.topFrames());
        free(top, limits.topFrames());
    }

    // ---- what all share

    private long newTable() {
        long table = store.frames().take(limits.tableFrames());
        if (table != FrameAllocator.NONE) {
            clear(table, limits.tableFrames());
            tableFrames += limits.tableFrames();
        }
        return table;
    }

    /// Frames that were used before may hold anything.
    private void clear(long table, int frames) {
        for (long offset = 0; offset < frames * 4096L; offset += 8) {
            store.write64(table + offset, 0);
        }
    }

    private void free(long table, int frames) {
        for (int frame = 0; frame < frames; frame++) {
            store.frames().free(table + frame * 4096L);
        }
        tableFrames -= frames;
    }

    /// What one entry of a level spans.
    private long bytes(int level) {
        return 1L << shape.shiftAt(level);
    }

    /// Address of the entry for an iova; the index of the top table may be wider than the others.
    private long entryOf(long table, int level, long iova) {
        long index = iova >>> shape.shiftAt(level);
        return table
                + 8 * (level == limits.levels() ? index : index & (1L << shape.indexBits()) - 1);
    }

    /// @throws MappingRefused (EINVAL) not whole pages, (ERANGE) beyond what the tables span
    AddressRange checkedRange(long iova, long bytes) throws MappingRefused {
        return limits.pages(domain, iova, bytes);
    }
}
