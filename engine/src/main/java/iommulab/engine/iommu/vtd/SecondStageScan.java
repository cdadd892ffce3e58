package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;

/// Looks through the tables of a domain before anything is changed, so that a change is refused before
/// it begins.
final class SecondStageScan {
    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final int domain;

    SecondStageScan(PhysicalMemory memory, FrameAllocator frames, int domain) {
        this.memory = memory;
        this.frames = frames;
        this.domain = domain;
    }

    /// Is told of every leaf that maps a part of a range, by rising iova.
    @FunctionalInterface
    interface LeafVisitor {
        /// @param iova first address that the leaf maps, whether in the range or before it
        void leaf(long iova, int level) throws MappingRefused;
    }

    /// @param level of the table
    /// @param range must lie in what the table spans
    /// @throws MappingRefused (EIO) if an entry leads to no table, or from the visitor
    void leaves(long table, int level, AddressRange range, LeafVisitor visitor)
            throws MappingRefused {
        long span = SecondStageBits.bytes(level);
        for (long iova = range.start() & -span; iova <= range.last(); iova += span) {
            long entryHpa = SecondStageBits.entryHpa(table, level, iova);
            long raw = memory.read64(entryHpa);
            if (!SecondStageBits.isPresent(raw)) {
                continue;
            }
            if (SecondStageBits.isLeaf(raw, level)) {
                visitor.leaf(iova, level);
            } else {
                requireTable(entryHpa, raw, level);
                leaves(
                        SecondStageBits.address(raw),
                        level - 1,
                        new AddressRange(
                                Math.max(range.start(), iova),
                                Math.min(range.last(), iova + span - 1)),
                        visitor);
            }
        }
    }

    private void requireTable(long entryHpa, long raw, int level) throws MappingRefused {
        if (!frames.isTaken(SecondStageBits.address(raw))) {
            throw new MappingRefused(
                    "EIO",
                    ("The level %d entry of domain %d at 0x%x holds 0x%x, which leads to no table."
                                    + " It was changed by hand: write it back, or take the change"
                                    + " back.")
                            .formatted(level, domain, entryHpa, raw));
        }
    }
}
