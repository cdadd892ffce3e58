package iommulab.engine.iommu;

import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;

import java.util.List;
import java.util.Optional;

/// Memory for the tables of benchmarks, and frames of it that lie scattered as an operating system's would.
public final class ScatteredFrames {
    /// How many frames most benchmarks scatter theirs over.
    public static final int USUAL = 1 << 17;

    private static final long BYTES = 1L << 41;

    private final long pool;
    private final int poolFrames;
    private final PhysicalMemory memory;
    private int taken;

    /// @param pool hpa of the first frame
    /// @param poolFrames a power of two
    public ScatteredFrames(long pool, int poolFrames) {
        this.pool = pool;
        this.poolFrames = poolFrames;
        var ram =
                new Region(
                        AddressRange.of(0, BYTES), RegionKind.RAM, "System RAM", Optional.empty());
        memory = new PhysicalMemory(new AddressMap(List.of(ram)));
    }

    public PhysicalMemory memory() {
        return memory;
    }

    /// The next frame of the pool, in an order without pattern.
    public long next() {
        return pool + (taken++ * 0x9e37_79b1L & poolFrames - 1) * 4096;
    }
}
