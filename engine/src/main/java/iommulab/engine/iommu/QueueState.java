package iommulab.engine.iommu;

import java.util.List;

/// A ring in memory between software and an IOMMU, as the registers say.
///
/// @param name such as `invalidation queue`, `event log`
/// @param toHardware whether software writes it: commands; else hardware does: faults, page requests
/// @param base hpa of the ring
/// @param bytes its size
/// @param entryBytes size of one entry
/// @param head byte offset of the next entry that will be read
/// @param tail byte offset behind the last that was written
/// @param overflowed whether entries were lost for want of room
/// @param recent the last entries, newest first, in words
public record QueueState(
        String name,
        boolean toHardware,
        long base,
        int bytes,
        int entryBytes,
        int head,
        int tail,
        boolean overflowed,
        List<String> recent) {
    public QueueState {
        recent = List.copyOf(recent);
    }
}
