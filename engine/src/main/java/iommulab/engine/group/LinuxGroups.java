package iommulab.engine.group;

import iommulab.engine.group.GroupFacts.TypeChange;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// IOMMU groups as Linux forms them from configuration bytes, topology, firmware tables, vendor rules
/// and kernel parameters: the same partition, types and reserved regions as the kernel's, each with
/// its reasons. The groups that a kernel listed are never looked at.
public final class LinuxGroups {
    /// The kernels whose rules these are.
    public static final String RULE_SET = "Linux 6.1 to 7.2";

    private LinuxGroups() {}

    /// Forms the groups.
    public static Grouping of(GroupFacts facts) {
        var table = new FunctionTable(facts.topology());
        var formation = new GroupFormation(table, facts);
        formation.run();
        var types = new DefaultDomainTypes(table, facts);
        var reserved = new ReservedRegions(table, facts);
        var groups = new ArrayList<Group>();
        var members = formation.groups();
        for (int id = 0; id < members.size(); id++) {
            groups.add(
                    new Group(
                            id,
                            types.of(members.get(id), formation.unitsOf(members.get(id))),
                            members.get(id).stream().map(table::address).toList(),
                            reserved.of(members.get(id))));
        }
        return new Grouping(
                RULE_SET,
                changed(groups, facts.typeChanges()),
                formation.ungrouped(),
                formation.links(),
                formation.units(),
                Optional.of(facts));
    }

    /// Types written at run time, last one first; other groups keep theirs.
    private static List<Group> changed(List<Group> groups, List<TypeChange> changes) {
        if (changes.isEmpty()) {
            return groups;
        }
        Map<Integer, DomainType> written = new LinkedHashMap<>();
        for (var change : changes) {
            for (var group : groups) {
                if (group.members().contains(change.member())) {
                    written.put(group.id(), change.type());
                }
            }
        }
        return groups.stream()
                .map(group ->
                        new Group(
                                group.id(),
                                written.getOrDefault(group.id(), group.type()),
                                group.members(),
                                group.reserved()))
                .toList();
    }
}
