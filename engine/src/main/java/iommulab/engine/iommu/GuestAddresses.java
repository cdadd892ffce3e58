package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.memory.PhysicalMemory;

import java.util.function.LongUnaryOperator;

/// Where guest-physical addresses lie in the host's memory, as a second stage has it now: read without
/// caches.
public final class GuestAddresses implements LongUnaryOperator {
    private final SecondStage stage;

    /// @param format that sets no bit in memory
    /// @param table hpa of the top table
    /// @param addressBits guest-physical bits that the tree translates
    /// @param regime see [TableFormat#decode]
    public GuestAddresses(
            PhysicalMemory memory,
            TableFormat format,
            long table,
            int levels,
            int addressBits,
            long regime) {
        stage = new SecondStage(memory, format);
        stage.useCaches(new Iotlb(CacheGeometry.OFF, 0), new PagingStructureCache[0]);
        stage.enter(table, levels, addressBits, 0, regime, 0);
    }

    /// hpa of an address, -1 if the second stage does not map it.
    @Override
    public long applyAsLong(long gpa) {
        long page = stage.place(gpa, 0, 0);
        return page < 0 ? -1 : Iotlb.hpa(page, gpa);
    }
}
