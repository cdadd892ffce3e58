package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.SecondStageBits.ENTRIES;
import static iommulab.engine.iommu.vtd.SecondStageBits.entryHpa;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageCounts;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;

import java.util.List;

/// Writes the second-stage tables of one domain, as the IOMMU driver does. All it knows of the tables is
/// what lies in memory; it shares no code with the hardware that reads them.
///
/// Uses the largest page that alignment and hardware allow, cuts superpages when a part of one is
/// unmapped, and frees tables that no longer hold anything. Refuses, with the tables as before, to map
/// what is mapped, to go beyond the widths, and to follow an entry that somebody has changed by hand so
/// that it leads to no table.
/// Spec: VT-d, "Second-Stage Paging Entries".
///
/// Not thread-safe. Its state is memory, allocator, [#top] and [#tableFrames]: with these restored, a
/// builder made by [#resume] goes on.
public final class SecondStageBuilder {
    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final SecondStageLimits limits;
    private final int domain;
    private final long top;
    private final SecondStageScan scan;
    private int tableFrames;

    private SecondStageBuilder(
            PhysicalMemory memory,
            FrameAllocator frames,
            SecondStageLimits limits,
            int domain,
            long top) {
        this.memory = memory;
        this.frames = frames;
        this.limits = limits;
        this.domain = domain;
        this.top = top;
        this.scan = new SecondStageScan(memory, frames, domain);
    }

    /// A domain that maps nothing: an empty top table.
    ///
    /// @param domain the number by which refusals name the domain
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static SecondStageBuilder create(
            PhysicalMemory memory, FrameAllocator frames, SecondStageLimits limits, int domain)
            throws MappingRefused {
        long top = frames.take();
        if (top == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    ("Domain %d cannot be made: no frame is left for its top table."
                                    + " Delete another domain, or unmap something.")
                            .formatted(domain));
        }
        var builder = new SecondStageBuilder(memory, frames, limits, domain, top);
        builder.clearFrame(top);
        builder.tableFrames = 1;
        return builder;
    }

    /// Goes on with tables that lie in memory.
    ///
    /// @param top hpa of the top table
    /// @param tableFrames frames that the tables take, as [#tableFrames] said
    public static SecondStageBuilder resume(
            PhysicalMemory memory,
            FrameAllocator frames,
            SecondStageLimits limits,
            int domain,
            long top,
            int tableFrames) {
        var builder = new SecondStageBuilder(memory, frames, limits, domain, top);
        builder.tableFrames = tableFrames;
        return builder;
    }

    /// hpa of the top table.
    public long top() {
        return top;
    }

    public SecondStageLimits limits() {
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
        var tally = new Tally();
        scan.leaves(
                top,
                limits.levels(),
                checkedRange(iova, bytes),
                (page, level) -> tally.add(page, level));
        return tally.counts();
    }

    // ---- map

    /// Maps `bytes` from `iova` on to `hpa` on.
    ///
    /// @param iova multiple of 4096
    /// @param hpa multiple of 4096
    /// @param bytes multiple of 4096, not 0
    /// @throws MappingRefused (EINVAL) not aligned or nothing permitted, (ERANGE) beyond the widths,
    ///     (EEXIST) part of it is mapped, (ENOMEM) no frame is left for a table, (EIO) tables changed by
    ///     hand
    public TableChange map(long iova, long hpa, long bytes, Permissions permissions)
            throws MappingRefused {
        var range = checkedRange(iova, bytes);
        requireHostRange(hpa, bytes);
        if (permissions == Permissions.NONE) {
            throw new MappingRefused(
                    "EINVAL",
                    ("Domain %d cannot map page 0x%x without a right: such an entry is not present."
                                    + " Allow reading, writing or both.")
                            .formatted(domain, iova));
        }
        scan.leaves(top, limits.levels(), range, (page, _) -> refuseOverlap(page, iova));
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
        var tally = new Tally();
        long bytes = range.bytes();
        long done = 0;
        while (done < bytes) {
            long iova = range.start() + done;
            int level = limits.leafLevel(iova, hpa + done, bytes - done);
            long table = tableFor(iova, level);
            if (table == FrameAllocator.NONE) {
                // The range was empty before: emptying it takes back exactly what was done so far.
                clear(top, limits.levels(), range, new Tally());
                throw new MappingRefused(
                        "ENOMEM",
                        ("Domain %d cannot map page 0x%x: no frame is left for its tables."
                                        + " Unmap something, or map less.")
                                .formatted(domain, iova));
            }
            memory.write64(
                    entryHpa(table, level, iova),
                    SecondStageBits.leaf(hpa + done, level, permissions));
            tally.add(iova, level);
            done += SecondStageBits.bytes(level);
        }
        return tally.counts();
    }

    /// The table of a level on the way to an address, made where there is none.
    ///
    /// @return its hpa, or [FrameAllocator#NONE]
    private long tableFor(long iova, int level) {
        long table = top;
        for (int at = limits.levels(); at > level; at--) {
            long entryHpa = entryHpa(table, at, iova);
            long raw = memory.read64(entryHpa);
            if (SecondStageBits.isPresent(raw)) {
                table = SecondStageBits.address(raw);
            } else {
                table = newTable();
                if (table == FrameAllocator.NONE) {
                    return FrameAllocator.NONE;
                }
                memory.write64(entryHpa, SecondStageBits.table(table));
            }
        }
        return table;
    }

    // ---- unmap

    /// Takes away whatever the range maps. Pages that it does not map are passed over; superpages of
    /// which a part remains are split.
    ///
    /// @param iova multiple of 4096
    /// @param bytes multiple of 4096, not 0
    /// @throws MappingRefused (EINVAL) not aligned, (ERANGE) beyond the width, (ENOENT) nothing of it is
    ///     mapped, (ENOMEM) no frame is left for the parts of a superpage, (EIO) tables changed by hand
    public TableChange unmap(long iova, long bytes) throws MappingRefused {
        var range = checkedRange(iova, bytes);
        var needed = new int[1];
        var found = new Tally();
        scan.leaves(
                top,
                limits.levels(),
                range,
                (page, level) -> {
                    found.add(page, level);
                    needed[0] += tablesToSplit(page, level, range);
                });
        if (found.isEmpty()) {
            throw new MappingRefused(
                    "ENOENT",
                    "Domain %d maps nothing in %s. Look at its mappings, and choose one of them."
                            .formatted(domain, range));
        }
        if (needed[0] > frames.available()) {
            throw new MappingRefused(
                    "ENOMEM",
                    ("Domain %d cannot unmap a part of a superpage in %s: splitting takes %d"
                                    + " frames, and %d are left. Unmap the whole superpage.")
                            .formatted(domain, range, needed[0], frames.available()));
        }
        int before = tableFrames + needed[0];
        var gone = new Tally();
        clear(top, limits.levels(), range, gone);
        return new TableChange(
                range,
                gone.counts(),
                gone.ranges(),
                needed[0] > 0 || tableFrames < before,
                needed[0]);
    }

    /// How many tables it takes to cut a leaf along the borders of a range.
    private static int tablesToSplit(long page, int level, AddressRange range) {
        long last = page + SecondStageBits.bytes(level) - 1;
        if (range.start() <= page && last <= range.last()) {
            return 0;
        }
        long part = SecondStageBits.bytes(level - 1);
        long firstCut = Math.max(range.start(), page) & -part;
        long lastCut = Math.min(range.last(), last) & -part;
        int below = tablesToSplit(firstCut, level - 1, range);
        if (lastCut != firstCut) {
            below += tablesToSplit(lastCut, level - 1, range);
        }
        return 1 + below;
    }

    private void clear(long table, int level, AddressRange range, Tally gone) {
        long span = SecondStageBits.bytes(level);
        for (long iova = range.start() & -span; iova <= range.last(); iova += span) {
            long entryHpa = entryHpa(table, level, iova);
            long raw = memory.read64(entryHpa);
            if (!SecondStageBits.isPresent(raw)) {
                continue;
            }
            boolean whole = range.start() <= iova && iova + span - 1 <= range.last();
            if (SecondStageBits.isLeaf(raw, level)) {
                if (whole) {
                    memory.write64(entryHpa, 0);
                    gone.add(iova, level);
                    continue;
                }
                raw = split(entryHpa, raw, level);
            }
            var part =
                    new AddressRange(
                            Math.max(range.start(), iova), Math.min(range.last(), iova + span - 1));
            clear(SecondStageBits.address(raw), level - 1, part, gone);
            freeIfEmpty(entryHpa, raw);
        }
    }

    /// The new table is complete before the entry leads to it: hardware never sees a gap.
    private long split(long entryHpa, long leaf, int level) {
        long table = newTable();
        for (int child = 0; child < ENTRIES; child++) {
            memory.write64(table + child * 8L, SecondStageBits.part(leaf, level, child));
        }
        long raw = SecondStageBits.table(table);
        memory.write64(entryHpa, raw);
        return raw;
    }

    private void freeIfEmpty(long entryHpa, long raw) {
        long table = SecondStageBits.address(raw);
        for (int i = 0; i < ENTRIES; i++) {
            if (SecondStageBits.isPresent(memory.read64(table + i * 8L))) {
                return;
            }
        }
        memory.write64(entryHpa, 0);
        frames.free(table);
        tableFrames--;
    }

    // ---- the end

    /// Gives all frames back, the top table's too. No device may be attached any more.
    ///
    /// @throws MappingRefused (EIO) tables changed by hand
    public void destroy() throws MappingRefused {
        var everything = new AddressRange(0, (1L << 12 + 9 * limits.levels()) - 1);
        scan.leaves(top, limits.levels(), everything, (_, _) -> {});
        clear(top, limits.levels(), everything, new Tally());
        clearFrame(top);
        frames.free(top);
        tableFrames--;
    }

    // ---- what all share

    private long newTable() {
        long table = frames.take();
        if (table != FrameAllocator.NONE) {
            clearFrame(table);
            tableFrames++;
        }
        return table;
    }

    /// A frame that was used before may hold anything.
    private void clearFrame(long frame) {
        for (int i = 0; i < ENTRIES; i++) {
            memory.write64(frame + i * 8L, 0);
        }
    }

    private AddressRange checkedRange(long iova, long bytes) throws MappingRefused {
        if (((iova | bytes) & 0xfff) != 0 || bytes <= 0) {
            throw new MappingRefused(
                    "EINVAL",
                    ("0x%x bytes from 0x%x on are no whole pages of domain %d."
                                    + " Take multiples of 0x1000.")
                            .formatted(bytes, iova, domain));
        }
        long end = 1L << limits.iovaBits();
        if (iova < 0 || iova >= end || bytes > end - iova) {
            throw new MappingRefused(
                    "ERANGE",
                    ("0x%x bytes from 0x%x on reach beyond the %d bits of domain %d."
                                    + " Stay below 0x%x, or take a domain with more levels.")
                            .formatted(bytes, iova, limits.iovaBits(), domain, end));
        }
        return AddressRange.of(iova, bytes);
    }

    private void requireHostRange(long hpa, long bytes) throws MappingRefused {
        long end = 1L << limits.hostAddressBits();
        if ((hpa & 0xfff) != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "0x%x is not the first byte of a page. Take a multiple of 0x1000."
                            .formatted(hpa));
        }
        if (hpa < 0 || hpa >= end || bytes > end - hpa) {
            throw new MappingRefused(
                    "ERANGE",
                    ("0x%x bytes from hpa 0x%x on reach beyond the %d bits of host addresses."
                                    + " Stay below 0x%x.")
                            .formatted(bytes, hpa, limits.hostAddressBits(), end));
        }
    }
}
