package iommulab.engine.pci;

import java.util.Optional;

/// What is known of some chips beyond, or against, their ACS registers: whether they keep
/// peer-to-peer requests from turning (`pci_dev_specific_acs_enabled` in the kernel).
@FunctionalInterface
public interface PeerKnowledge {
    /// No such knowledge: the registers decide.
    PeerKnowledge NONE = _ -> Optional.empty();

    /// @return true if it sends every peer-to-peer request up, false if it lets them turn, empty if its
    ///     ACS registers decide
    Optional<Boolean> isolates(PciFunction function);
}
