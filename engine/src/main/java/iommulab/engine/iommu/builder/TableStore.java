package iommulab.engine.iommu.builder;

import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;

import java.util.function.LongUnaryOperator;

/// The memory in which an operating system keeps its page tables: the host's, or a guest's, whose
/// guest-physical addresses lie somewhere in the host's memory.
///
/// @param frames the allocator of that operating system, in its own addresses
/// @param toHost hpa of such an address
public record TableStore(PhysicalMemory memory, FrameAllocator frames, LongUnaryOperator toHost) {

    /// The host's own.
    public static TableStore ofHost(PhysicalMemory memory, FrameAllocator frames) {
        return new TableStore(memory, frames, LongUnaryOperator.identity());
    }

    /// The aligned 64-bit word at an address.
    public long read64(long address) {
        return memory.read64(toHost.applyAsLong(address));
    }

    /// Writes the aligned 64-bit word at an address.
    public void write64(long address, long value) {
        memory.write64(toHost.applyAsLong(address), value);
    }
}
