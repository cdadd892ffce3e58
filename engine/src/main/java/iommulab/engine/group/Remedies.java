package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What would separate two functions of a group, found by trying it: the change is made and the groups
/// are formed again.
record Remedies(GroupFacts facts) {

    /// The same proof with remedies.
    Proof addTo(Proof proof, PciAddress first, PciAddress second) {
        var around = facts.with(around(facts.topology(), first, second));
        var remedies = new ArrayList<String>();
        remedies.addAll(new AcsRemedies(around).of(first, second));
        remedies.addAll(
                new SlotRemedies(around, SlotRemedies.emptyPorts(facts.topology()))
                        .of(first, second));
        return new Proof(true, proof.finding(), proof.first(), proof.second(), remedies);
    }

    /// Whether two functions are in different groups under these facts.
    static boolean apart(GroupFacts facts, PciAddress first, PciAddress second) {
        var tried = LinuxGroups.of(facts);
        var one = tried.groupOf(first);
        var other = tried.groupOf(second);
        return one.isPresent() && other.isPresent() && one.get().id() != other.get().id();
    }

    /// The part of a machine on which the groups of two functions depend: the root buses, and
    /// everything below the functions of a root bus that the two are below. No rule looks further.
    private static PciTopology around(PciTopology topology, PciAddress first, PciAddress second) {
        var tops = new Tops(topology, new HashMap<>());
        var wanted = List.of(tops.of(topology.get(first)), tops.of(topology.get(second)));
        return new PciTopology(
                topology.functions().stream()
                        .filter(f -> f.parent().isEmpty() || wanted.contains(tops.of(f)))
                        .toList());
    }

    /// For each function, the one on the root bus that it is below.
    private record Tops(PciTopology topology, Map<PciAddress, PciAddress> known) {
        PciAddress of(PciFunction function) {
            var found = known.get(function.address());
            if (found == null) {
                found = topology.parentOf(function).map(this::of).orElse(function.address());
                known.put(function.address(), found);
            }
            return found;
        }
    }
}
