package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.MappingRefused;
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

    /// Takes frames that lie one behind the other, and clears them.
    ///
    /// @param count a power of two
    /// @param what they are for, in a refusal
    /// @return address of the first
    /// @throws MappingRefused (ENOMEM) if there are none left
    public long takeCleared(int count, String what) throws MappingRefused {
        long first = frames.take(count);
        if (first == FrameAllocator.NONE) {
            throw new MappingRefused(
                    "ENOMEM",
                    "No frame is left for %s. Delete a domain, or unmap something."
                            .formatted(what));
        }
        for (long offset = 0; offset < count * 4096L; offset += 8) {
            write64(first + offset, 0);
        }
        return first;
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
