package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.Iommu;

import java.util.BitSet;

/// An AMD IOMMU as it was at one instant. Shares nothing with the unit; memory has checkpoints of its own.
record AmdCheckpoint(
        AmdCaches caches,
        CommandBuffer.State commands,
        LogRing.State events,
        LogRing.State pageRequests,
        DeviceMessages.State messages,
        AmdRegisters.State registers,
        long deviceTableBase,
        BitSet silenced)
        implements Iommu.State {}
