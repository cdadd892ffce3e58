package iommulab.engine.iommu;

/// What an IOMMU wrote to a log in memory when it stopped a request: 128 bits, as the architecture lays
/// them out.
///
/// @param low bits 63:0
/// @param high bits 127:64
public record FaultRecord(long low, long high) {
    /// Nothing was written, or not to memory.
    public static final FaultRecord NONE = new FaultRecord(0, 0);
}
