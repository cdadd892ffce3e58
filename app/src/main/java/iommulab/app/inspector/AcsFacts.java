package iommulab.app.inspector;

import iommulab.app.inspector.Section.AcsBit;
import iommulab.app.inspector.Section.AcsPort;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.AcsFlag;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;
import iommulab.engine.session.Command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Access control on the way from a function up to its root, and what Linux misses there.
final class AcsFacts {
    /// What Linux asks of every port before it keeps two groups apart: `REQ_ACS_FLAGS` in
    /// drivers/iommu/iommu.c.
    private AcsFacts() {}

    /// The function itself if it has ACS, then every bridge above it. Empty if there is nothing to say.
    static Optional<Section> above(PciTopology topology, PciFunction function) {
        var ports = new ArrayList<AcsPort>();
        if (Acs.of(function.config()).isPresent()) {
            ports.add(port(function));
        }
        for (var at = topology.parentOf(function);
                at.isPresent();
                at = topology.parentOf(at.get())) {
            ports.add(port(at.get()));
        }
        return ports.isEmpty()
                ? Optional.empty()
                : Optional.of(new Section.AcsPath(ports, verdict(ports)));
    }

    private static AcsPort port(PciFunction port) {
        var acs = Acs.of(port.config());
        return acs.map(registers -> port(port, registers))
                .orElseGet(() -> new AcsPort(port.address(), List.of(), "", without(port)));
    }

    private static String without(PciFunction port) {
        var type = iommulab.engine.pci.PciExpress.portType(port.config());
        if (type == PortType.UNKNOWN || port.config().size() <= 256) {
            return "not known: only %d bytes captured".formatted(port.config().size());
        }
        return "has no ACS";
    }

    private static AcsPort port(PciFunction port, Acs acs) {
        var bits = new ArrayList<AcsBit>();
        for (var bit : AcsFlag.values()) {
            boolean offered = (acs.capability() & bit.mask()) != 0;
            boolean on = (acs.control() & bit.mask()) != 0;
            boolean missing = offered && !on && bit.isAsked();
            Optional<Command> flip =
                    offered
                            ? Optional.of(
                                    new Command.WriteConfig(
                                            port.address(),
                                            acs.controlOffset(),
                                            2,
                                            acs.control() ^ bit.mask()))
                            : Optional.empty();
            bits.add(new AcsBit(bit.name(), bit.words(), offered, on, missing, flip));
        }
        return new AcsPort(port.address(), bits, "%04x".formatted(acs.control()), "");
    }

    private static List<Span> verdict(List<AcsPort> ports) {
        var text = new ArrayList<Span>();
        text.add(Span.of("Linux asks for"));
        text.add(Span.of("SV RR CR UF", Span.Look.STRONG));
        text.add(Span.of("where a port offers them."));
        for (var port : ports) {
            var missing = port.bits().stream().filter(AcsBit::missing).map(AcsBit::name).toList();
            if (!missing.isEmpty()) {
                text.add(
                        Span.of(
                                "%s: %s %s 0."
                                        .formatted(
                                                port.port().withoutDomain(),
                                                String.join(" and ", missing),
                                                missing.size() == 1 ? "is" : "are"),
                                Span.Look.SAYS_FAULT));
            }
        }
        if (text.size() == 3) {
            text.add(Span.of("None is missing here.", Span.Look.SAYS_HIT));
        }
        return text;
    }
}
