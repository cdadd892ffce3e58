package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

/// Writes the root table and the context tables of one IOMMU in legacy mode, as its driver does. A
/// context table is made when its bus first needs one, and kept, as in Linux, until all go.
/// Spec: VT-d, "Root Entry", "Context Entry".
///
/// Not thread-safe. Its state is memory, allocator and [#rootTable].
public final class VtdTables {
    private static final int ENTRY_BYTES = 16;
    private static final int ENTRIES = 256;
    private static final long PRESENT = 1;
    private static final long ADDRESS = -4096L;
    private static final long TYPE = 3 << 2;
    private static final long WITH_DEVICE_TLB = 1 << 2;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final long rootTable;

    private VtdTables(PhysicalMemory memory, FrameAllocator frames, long rootTable) {
        this.memory = memory;
        this.frames = frames;
        this.rootTable = rootTable;
    }

    /// An empty root table.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static VtdTables create(PhysicalMemory memory, FrameAllocator frames)
            throws MappingRefused {
        long root = frames.take();
        if (root == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    "No frame is left for a root table. Delete a domain, or unmap something.");
        }
        var tables = new VtdTables(memory, frames, root);
        tables.clearFrame(root);
        return tables;
    }

    /// Goes on with tables that lie in memory.
    public static VtdTables resume(PhysicalMemory memory, FrameAllocator frames, long rootTable) {
        return new VtdTables(memory, frames, rootTable);
    }

    /// hpa of the root table.
    public long rootTable() {
        return rootTable;
    }

    public boolean isAttached(RequesterId requester) {
        long entry = contextEntry(requester);
        return entry != FrameAllocator.NONE && (memory.read64(entry) & PRESENT) != 0;
    }

    /// Writes the context entry of a requester. An IOMMU in caching mode must be told afterwards; another
    /// one has nothing cached of an entry that was not present.
    ///
    /// @throws MappingRefused (EBUSY) it is attached, (ENOMEM) no frame is left for the context table of
    ///     its bus, (EIO) the root entry was changed by hand
    public void attach(RequesterId requester, ContextAttachment to) throws MappingRefused {
        requireSoundRoot(requester);
        if (isAttached(requester)) {
            throw new MappingRefused(
                    "EBUSY",
                    "Requester %s is attached to domain ID %d. Detach it first."
                            .formatted(requester, tagAt(contextEntry(requester))));
        }
        long entry = contextEntry(requester);
        if (entry == FrameAllocator.NONE) {
            makeContextTable(requester);
            entry = contextEntry(requester);
        }
        memory.write64(entry + 8, to.high());
        memory.write64(entry, to.low());
    }

    /// Clears the context entry of a requester. What the IOMMU has cached under the domain ID that it had
    /// must be invalidated: the context entry, then the domain's translations.
    ///
    /// @return the domain ID that it had
    /// @throws MappingRefused (ENODEV) it is not attached, (EIO) the root entry was changed by hand
    public int detach(RequesterId requester) throws MappingRefused {
        requireSoundRoot(requester);
        if (!isAttached(requester)) {
            throw new MappingRefused(
                    "ENODEV",
                    "Requester %s is attached to no domain. There is nothing to detach."
                            .formatted(requester));
        }
        long entry = contextEntry(requester);
        int tag = tagAt(entry);
        memory.write64(entry, 0);
        memory.write64(entry + 8, 0);
        return tag;
    }

    /// The domain ID of a requester that is attached.
    public int tagOf(RequesterId requester) {
        return tagAt(contextEntry(requester));
    }

    /// Lets a requester whose requests are translated have a TLB, or not: TT 01 or 00. Pass-through has no
    /// such choice.
    public void setDeviceTlb(RequesterId requester, boolean allowed) {
        long entry = contextEntry(requester);
        long low = memory.read64(entry);
        if ((low & TYPE) <= WITH_DEVICE_TLB) {
            memory.write64(entry, low & ~TYPE | (allowed ? WITH_DEVICE_TLB : 0));
        }
    }

    /// Gives all frames back. The IOMMU must not use the tables any more.
    public void destroy() {
        for (int bus = 0; bus < ENTRIES; bus++) {
            long root = memory.read64(rootEntry(bus));
            long table = root & ADDRESS;
            if ((root & PRESENT) != 0 && frames.isTaken(table)) {
                clearFrame(table);
                frames.free(table);
            }
        }
        clearFrame(rootTable);
        frames.free(rootTable);
    }

    private int tagAt(long entry) {
        return (int) (memory.read64(entry + 8) >>> 8) & 0xffff;
    }

    private long rootEntry(int bus) {
        return rootTable + (long) bus * ENTRY_BYTES;
    }

    /// hpa of the context entry, or [FrameAllocator#NONE] if its bus has no table.
    private long contextEntry(RequesterId requester) {
        long root = memory.read64(rootEntry(requester.bus()));
        return (root & PRESENT) == 0
                ? FrameAllocator.NONE
                : (root & ADDRESS) + (long) requester.devfn() * ENTRY_BYTES;
    }

    private void requireSoundRoot(RequesterId requester) throws MappingRefused {
        long at = rootEntry(requester.bus());
        long root = memory.read64(at);
        if ((root & PRESENT) != 0 && !frames.isTaken(root & ADDRESS)) {
            throw new MappingRefused(
                    "EIO",
                    ("The root entry of bus %02x at 0x%x holds 0x%x, which leads to no table."
                                    + " It was changed by hand: write it back, or take the change"
                                    + " back.")
                            .formatted(requester.bus(), at, root));
        }
    }

    private void makeContextTable(RequesterId requester) throws MappingRefused {
        long table = frames.take();
        if (table == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    ("Requester %s cannot be attached: no frame is left for the context table of"
                                    + " bus %02x. Delete a domain, or unmap something.")
                            .formatted(requester, requester.bus()));
        }
        clearFrame(table);
        memory.write64(rootEntry(requester.bus()), table | PRESENT);
    }

    private void clearFrame(long frame) {
        for (int offset = 0; offset < ENTRIES * ENTRY_BYTES; offset += 8) {
            memory.write64(frame + offset, 0);
        }
    }
}
