package iommulab.engine.session;

import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.group.Group;
import iommulab.engine.group.GroupFacts;
import iommulab.engine.group.Grouping;
import iommulab.engine.group.KernelParameters;
import iommulab.engine.group.KernelRelease;
import iommulab.engine.group.KnownChips;
import iommulab.engine.group.LinuxGroups;
import iommulab.engine.pci.Fabric;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.RequesterId;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// The functions of a machine and all that follows from their configuration bytes: groups, ways through
/// the tree, which IOMMU serves whom. A value: an edit gives another one.
///
/// @param facts what the groups are computed from
/// @param fabric the tree as requests travel it
/// @param unitOf number of the IOMMU of every function that has one
record Wiring(GroupFacts facts, Grouping grouping, Fabric fabric, Map<PciAddress, Integer> unitOf) {

    static Wiring of(MachineDescription machine, FirmwareTables firmware) {
        var facts =
                new GroupFacts(
                        machine.topology(),
                        firmware,
                        KernelRelease.parse(machine.kernelRelease()),
                        new KernelParameters(machine.commandLine()),
                        machine.units(),
                        machine.externalFacing(),
                        List.of());
        return of(facts, LinuxGroups.of(facts));
    }

    private static Wiring of(GroupFacts facts, Grouping grouping) {
        var unitOf = new HashMap<PciAddress, Integer>();
        for (int i = 0; i < facts.units().size(); i++) {
            for (var served : grouping.units().entrySet()) {
                if (served.getValue().equals(facts.units().get(i).name())) {
                    unitOf.put(served.getKey(), i);
                }
            }
        }
        var fabric = new Fabric(facts.topology(), new KnownChips(facts));
        return new Wiring(facts, grouping, fabric, Map.copyOf(unitOf));
    }

    PciTopology topology() {
        return facts.topology();
    }

    /// Every name under which the IOMMU may see a member of a group: its own, and what bridges make of it.
    List<RequesterId> requesters(Group group) {
        var names = new TreeSet<RequesterId>();
        for (var member : group.members()) {
            names.add(member.requesterId());
            names.add(fabric.requesterId(member));
        }
        return List.copyOf(names);
    }

    /// The same machine with other functions or other configuration bytes; groups that stay keep their
    /// numbers.
    Wiring with(PciTopology topology) {
        var changed = facts.with(topology);
        return of(changed, LinuxGroups.of(changed).keepingNumbersOf(grouping));
    }
}
