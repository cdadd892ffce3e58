package iommulab.engine.iommu;

/// What an IOMMU wrote to a log in memory when it stopped a request: 128 or 256 bits, as the architecture
/// lays them out.
///
/// @param low bits 63:0
/// @param high bits 127:64
/// @param third bits 191:128; 0 where a record has 128 bits
/// @param fourth bits 255:192; 0 where a record has 128 bits
public record FaultRecord(long low, long high, long third, long fourth) {
    /// A record of 128 bits.
    public FaultRecord(long low, long high) {
        this(low, high, 0, 0);
    }

    /// Nothing was written, or not to memory.
    public static final FaultRecord NONE = new FaultRecord(0, 0);
}
