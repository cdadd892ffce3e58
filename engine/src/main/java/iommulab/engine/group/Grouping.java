package iommulab.engine.group;

import iommulab.engine.ImmutableValue;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// All groups of a machine, and how each function came to its own.
@ImmutableValue
public final class Grouping {
    public static final Grouping NONE = new Grouping("none", List.of(), Map.of(), Map.of());

    private final String ruleSet;
    private final List<Group> groups;
    private final Map<PciAddress, String> ungrouped;
    private final Map<PciAddress, Proof.Link> links;
    private final Map<PciAddress, String> units;
    private final Optional<GroupFacts> facts;
    private final Map<PciAddress, Group> byMember;

    /// @param ruleSet name of the rules that were applied, such as `Linux 6.1 to 7.2`
    /// @param groups by number
    /// @param ungrouped functions without a group, with the reason
    /// @param links for each function with a group, the steps that put it there
    public Grouping(
            String ruleSet,
            List<Group> groups,
            Map<PciAddress, String> ungrouped,
            Map<PciAddress, Proof.Link> links) {
        this(ruleSet, groups, ungrouped, links, Map.of(), Optional.empty());
    }

    /// @param units for each function with a group, the name of the IOMMU that translates its requests
    /// @param facts what the groups were formed from, to try what would separate two functions
    Grouping(
            String ruleSet,
            List<Group> groups,
            Map<PciAddress, String> ungrouped,
            Map<PciAddress, Proof.Link> links,
            Map<PciAddress, String> units,
            Optional<GroupFacts> facts) {
        this.ruleSet = ruleSet;
        this.groups = List.copyOf(groups);
        this.ungrouped = Collections.unmodifiableMap(ungrouped);
        this.links = Collections.unmodifiableMap(links);
        this.units = Collections.unmodifiableMap(units);
        this.facts = facts;
        this.byMember = HashMap.newHashMap(links.size());
        for (var group : groups) {
            group.members().forEach(member -> byMember.put(member, group));
        }
    }

    public String ruleSet() {
        return ruleSet;
    }

    /// By number.
    public List<Group> groups() {
        return groups;
    }

    /// Functions without a group, with the reason.
    public Map<PciAddress, String> ungrouped() {
        return ungrouped;
    }

    /// For each function with a group, the steps that put it there.
    public Map<PciAddress, Proof.Link> links() {
        return links;
    }

    /// For each function with a group, the name of the IOMMU that translates its requests.
    public Map<PciAddress, String> units() {
        return units;
    }

    /// The same groups under the numbers that they had before: a group keeps the number under which its
    /// first member was known, if nobody else claims it; new ones take the next free numbers.
    public Grouping keepingNumbersOf(Grouping before) {
        var taken = new HashSet<Integer>();
        var numbers = new HashMap<Group, Integer>();
        for (var group : groups) {
            group.members().stream()
                    .flatMap(member -> before.groupOf(member).stream())
                    .map(Group::id)
                    .filter(taken::add)
                    .findFirst()
                    .ifPresent(number -> numbers.put(group, number));
        }
        int next = 1 + before.groups().stream().mapToInt(Group::id).max().orElse(-1);
        var renumbered = new ArrayList<Group>();
        for (var group : groups) {
            var number = numbers.get(group);
            renumbered.add(
                    new Group(
                            number == null ? next++ : number,
                            group.type(),
                            group.members(),
                            group.reserved()));
        }
        renumbered.sort(Comparator.comparingInt(Group::id));
        return new Grouping(ruleSet, renumbered, ungrouped, links, units, facts);
    }

    /// The group of a function, if it has one.
    public Optional<Group> groupOf(PciAddress function) {
        return Optional.ofNullable(byMember.get(function));
    }

    /// Group number of every function that has one.
    public Map<PciAddress, Integer> numbers() {
        Map<PciAddress, Integer> numbers = HashMap.newHashMap(byMember.size());
        byMember.forEach((member, group) -> numbers.put(member, group.id()));
        return Collections.unmodifiableMap(numbers);
    }

    /// Why two functions share a group, or do not, and what would separate them: found by trying, if
    /// the facts behind the groups are known.
    public Proof proof(PciAddress first, PciAddress second) {
        var proof = new ProofChains(this).of(first, second);
        return !proof.together() || first.equals(second)
                ? proof
                : facts.map(known -> new Remedies(known).addTo(proof, first, second)).orElse(proof);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Grouping grouping
                && ruleSet.equals(grouping.ruleSet)
                && groups.equals(grouping.groups)
                && ungrouped.equals(grouping.ungrouped)
                && links.equals(grouping.links);
    }

    @Override
    public int hashCode() {
        return groups.hashCode();
    }

    @Override
    public String toString() {
        return "%d groups by %s".formatted(groups.size(), ruleSet);
    }
}
