package iommulab.engine.session;

import iommulab.engine.group.Grouping;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.util.List;

/// What some commands would do to the groups, without doing it.
///
/// @param before the groups as they are
/// @param after the groups as they would be
/// @param topology the functions as they would be
/// @param survivingPaths peer-to-peer ways between functions of different groups that the wires still
///     allow
/// @param kernelParameter the boot parameter that has this effect, empty if there is none
public record Preview(
        Grouping before,
        Grouping after,
        PciTopology topology,
        List<PeerPath> survivingPaths,
        String kernelParameter) {

    /// @param from who can write
    /// @param to whose BAR is reached
    /// @param turnsAt the port or switch at which the request turns around
    /// @param reason one sentence: the bit that lets it through
    public record PeerPath(PciAddress from, PciAddress to, PciAddress turnsAt, String reason) {}
}
