package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

/// Writes the structures of scalable mode, as the driver does: root table, context tables, for each
/// requester a PASID directory, and PASID tables where a PASID needs one. Tables are kept, as in Linux,
/// until all go.
/// Spec: VT-d, "Scalable-Mode Root Entry" and the sections behind it.
///
/// Not thread-safe. Its state is memory, allocator and [#rootTable].
public final class PasidTables {
    /// Bits of a PASID that a directory of one frame reaches.
    public static final int PASID_BITS = 15;

    private static final int FRAME_BYTES = 4096;
    private static final long PRESENT = 1;
    private static final long DEVICE_TLB = 1 << 2;
    private static final long PASIDS = 1 << 3;
    private static final long PAGE_REQUESTS = 1 << 4;
    private static final long ADDRESS = (1L << 52) - FRAME_BYTES;
    /* 2^(PDTS + 7) entries of 8 bytes fill a frame. */
    private static final long DIRECTORY_SIZE = 2 << 9;

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final long rootTable;

    private PasidTables(PhysicalMemory memory, FrameAllocator frames, long rootTable) {
        this.memory = memory;
        this.frames = frames;
        this.rootTable = rootTable;
    }

    /// An empty root table.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left
    public static PasidTables create(PhysicalMemory memory, FrameAllocator frames)
            throws MappingRefused {
        var tables = new PasidTables(memory, frames, 0);
        return new PasidTables(memory, frames, tables.newFrame("a root table"));
    }

    /// Goes on with tables that lie in memory.
    public static PasidTables resume(PhysicalMemory memory, FrameAllocator frames, long rootTable) {
        return new PasidTables(memory, frames, rootTable);
    }

    /// hpa of the root table.
    public long rootTable() {
        return rootTable;
    }

    /// Whether a PASID of a requester has an entry that is present.
    public boolean isPresent(RequesterId requester, int pasid) {
        long entry = entryOf(requester, pasid);
        return entry != FrameAllocator.NONE && (memory.read64(entry) & PRESENT) != 0;
    }

    /// Writes the entry of a PASID; the one of PASID 0 serves requests without PASID.
    ///
    /// @param pasid of [#PASID_BITS] bits
    /// @param words the first three, present
    /// @throws MappingRefused (ENOMEM) if no frame is left for a table on the way
    public void set(RequesterId requester, int pasid, long[] words) throws MappingRefused {
        long directory = directoryOf(requester);
        long slot = directory + (pasid >>> 6) * 8L;
        long entry = memory.read64(slot);
        if ((entry & PRESENT) == 0) {
            entry = newFrame("a PASID table") | PRESENT;
            memory.write64(slot, entry);
        }
        long at = (entry & ADDRESS) + (pasid & 63) * 64L;
        for (int word = words.length - 1; word >= 0; word--) {
            memory.write64(at + word * 8L, words[word]);
        }
    }

    /// Lets a requester have a TLB, and ask for pages: DTE and PRE of its context entry.
    ///
    /// @throws MappingRefused (ENOMEM) if no frame is left for a table on the way
    public void setServices(RequesterId requester, boolean deviceTlb, boolean pageRequests)
            throws MappingRefused {
        directoryOf(requester);
        long context = contextOf(requester);
        long low = memory.read64(context) & ~(DEVICE_TLB | PAGE_REQUESTS);
        memory.write64(
                context, low | (deviceTlb ? DEVICE_TLB : 0) | (pageRequests ? PAGE_REQUESTS : 0));
    }

    /// Changes bits of a word of the entry of a PASID that is present.
    ///
    /// @param mask the bits that may change
    public void change(RequesterId requester, int pasid, int word, long mask, long bits) {
        long at = entryOf(requester, pasid);
        if (at != FrameAllocator.NONE) {
            long raw = memory.read64(at + word * 8L);
            memory.write64(at + word * 8L, raw & ~mask | bits & mask);
        }
    }

    /// Clears the entry of a PASID, if there is one.
    public void clear(RequesterId requester, int pasid) {
        long entry = entryOf(requester, pasid);
        if (entry != FrameAllocator.NONE) {
            for (int word = 0; word < 8; word++) {
                memory.write64(entry + word * 8L, 0);
            }
        }
    }

    /// hpa of the entry of a PASID, or [FrameAllocator#NONE] if a table on the way is missing.
    private long entryOf(RequesterId requester, int pasid) {
        long context = contextOf(requester);
        if (context == FrameAllocator.NONE || (memory.read64(context) & PRESENT) == 0) {
            return FrameAllocator.NONE;
        }
        long slot = (memory.read64(context) & ADDRESS) + (pasid >>> 6) * 8L;
        long directoryEntry = memory.read64(slot);
        return (directoryEntry & PRESENT) == 0
                ? FrameAllocator.NONE
                : (directoryEntry & ADDRESS) + (pasid & 63) * 64L;
    }

    /// hpa of a requester's PASID directory; context table and context entry are made where there are
    /// none.
    private long directoryOf(RequesterId requester) throws MappingRefused {
        long context = contextOf(requester);
        if (context == FrameAllocator.NONE) {
            memory.write64(rootHalf(requester), newFrame("a context table") | PRESENT);
            context = contextOf(requester);
        }
        long entry = memory.read64(context);
        if ((entry & PRESENT) == 0) {
            entry = newFrame("a PASID directory") | DIRECTORY_SIZE | PASIDS | PRESENT;
            memory.write64(context + 8, 0);
            memory.write64(context, entry);
        }
        return entry & ADDRESS;
    }

    private long contextOf(RequesterId requester) {
        long half = memory.read64(rootHalf(requester));
        return (half & PRESENT) == 0
                ? FrameAllocator.NONE
                : (half & ADDRESS) + (requester.devfn() & 0x7f) * (long) ScalableContext.BYTES;
    }

    /// The lower half of a root entry serves devices 0 to 15, the upper half the others.
    private long rootHalf(RequesterId requester) {
        return rootTable + requester.bus() * 16L + (requester.devfn() >>> 7) * 8L;
    }

    private long newFrame(String what) throws MappingRefused {
        long frame = frames.take();
        if (frame == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    "No frame is left for %s. Delete a domain, or unmap something."
                            .formatted(what));
        }
        for (int offset = 0; offset < FRAME_BYTES; offset += 8) {
            memory.write64(frame + offset, 0);
        }
        return frame;
    }
}
