package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// All groups of a machine, and how each function came to its own.
///
/// @param ruleSet name of the rules that were applied, such as `Linux 6.1 to 7.2`
/// @param groups by number
/// @param ungrouped functions without a group, with the reason
/// @param links for each function with a group, the steps that put it there
public record Grouping(
        String ruleSet,
        List<Group> groups,
        Map<PciAddress, String> ungrouped,
        Map<PciAddress, Proof.Link> links) {

    public static final Grouping NONE = new Grouping("none", List.of(), Map.of(), Map.of());

    public Grouping {
        groups = List.copyOf(groups);
    }

    /// The group of a function, if it has one.
    public Optional<Group> groupOf(PciAddress function) {
        return groups.stream().filter(g -> g.members().contains(function)).findFirst();
    }

    /// Group number of every function that has one.
    public Map<PciAddress, Integer> numbers() {
        return groups.stream()
                .flatMap(g -> g.members().stream().map(m -> Map.entry(m, g.id())))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
