package iommulab.engine.os.device;

import java.util.List;

/// What an IOMMU reports of a stopped request, as a guest may read it.
public interface GuestEvent {
    /// The record in the guest's terms.
    ///
    /// @param virtualId number under which the guest knows the device
    /// @return words of 64 bits
    List<Long> words(long virtualId);
}
