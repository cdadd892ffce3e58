package iommulab.engine.pci;

import java.util.List;

/// Where the PCI fabric takes a memory request: up to the IOMMU, across to a peer that the IOMMU
/// never hears of, or nowhere.
public sealed interface Route {

    /// It leaves the fabric at the root complex.
    ///
    /// @param requester the name under which the root complex and the IOMMU see it
    /// @param bridges passed on the way up, nearest first; as many links were crossed
    record Upstream(RequesterId requester, List<PciAddress> bridges) implements Route {
        public Upstream {
            bridges = List.copyOf(bridges);
        }
    }

    /// It reaches another function without having passed the IOMMU.
    ///
    /// @param target the function whose BAR answers
    /// @param turn the port, bus or function at which it turned from the way up
    /// @param bridges passed, up and then down
    /// @param reason one sentence: what let it turn there, down to the bit
    record Peer(PciAddress target, PciAddress turn, List<PciAddress> bridges, String reason)
            implements Route {
        public Peer {
            bridges = List.copyOf(bridges);
        }
    }

    /// It is stopped on the way.
    ///
    /// @param port the function that stopped it
    /// @param reason one sentence: why, down to the bit
    record Blocked(PciAddress port, String reason) implements Route {}
}
