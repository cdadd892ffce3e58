package iommulab.engine.io.oracle;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.GroupFacts;
import iommulab.engine.group.LinuxGroups;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PortType;

import java.util.HashSet;
import java.util.Set;

/// Finds the ports that the ACPI name space marks as external facing, where a capture does not hold the
/// table that says so: a root port below which the kernel made every group strict although the machine
/// is not. The types of those groups are then no test of ours; everything else still is.
final class ExternalFacing {
    private ExternalFacing() {}

    static GroupFacts explain(GroupFacts facts, KernelAnswer kernel) {
        var lazy = new HashSet<PciAddress>();
        for (var group : LinuxGroups.of(facts).groups()) {
            if (group.type() == DomainType.DMA_FQ) {
                lazy.addAll(group.members());
            }
        }
        var strict = new HashSet<PciAddress>();
        for (var listed : kernel.groups().values()) {
            if (listed.type().equals(DomainType.DMA.sysfs())) {
                strict.addAll(listed.members());
            }
        }
        strict.retainAll(lazy);
        var ports = new HashSet<PciAddress>();
        for (var function : facts.topology().functions()) {
            if (PciExpress.portType(function.config()) == PortType.ROOT_PORT
                    && allBelow(facts, function, strict)) {
                ports.add(function.address());
            }
        }
        return facts.withExternalFacing(ports);
    }

    private static boolean allBelow(GroupFacts facts, PciFunction port, Set<PciAddress> strict) {
        var below = facts.topology().childrenOf(port.address());
        return !below.isEmpty()
                && below.stream().allMatch(function -> strict.contains(function.address()));
    }
}
