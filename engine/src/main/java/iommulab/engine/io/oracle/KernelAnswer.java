package iommulab.engine.io.oracle;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import iommulab.engine.group.Group;
import iommulab.engine.group.Grouping;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/// The groups that a kernel listed: `groups.json` of a capture.
///
/// @param groups by the kernel's number
record KernelAnswer(Map<Integer, Listed> groups) {

    /// @param type as sysfs prints it
    /// @param members functions
    /// @param reserved lines `start end kind`
    record Listed(String type, SortedSet<PciAddress> members, List<String> reserved) {}

    static KernelAnswer parse(JsonObject json) throws IOException {
        var groups = new HashMap<Integer, Listed>();
        try {
            for (var entry : json.entrySet()) {
                var group = entry.getValue().getAsJsonObject();
                var members = new TreeSet<PciAddress>();
                texts(group.get("devices")).forEach(bdf -> members.add(PciAddress.parse(bdf)));
                groups.put(
                        Integer.parseInt(entry.getKey()),
                        new Listed(
                                group.get("type").getAsString(),
                                members,
                                texts(group.get("reserved_regions"))));
            }
        } catch (IllegalArgumentException | IllegalStateException | NullPointerException bad) {
            throw new IOException("groups.json: " + bad.getMessage(), bad);
        }
        return new KernelAnswer(groups);
    }

    private static List<String> texts(JsonElement array) {
        return array.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList();
    }

    /// One line for each thing on which `ours` disagrees.
    List<String> differencesTo(Grouping ours, PciTopology topology) {
        var differences = new ArrayList<String>();
        var oursByMembers = new HashMap<SortedSet<PciAddress>, Group>();
        ours.groups().forEach(group -> oursByMembers.put(new TreeSet<>(group.members()), group));
        groups.forEach((number, listed) -> {
            var group = oursByMembers.remove(listed.members());
            if (group == null) {
                differences.add(
                        "the kernel's group %d is %s; ours with its first member is %s"
                                .formatted(
                                        number,
                                        listed.members(),
                                        ours.groupOf(listed.members().first())
                                                .map(Group::members)
                                                .map(Object::toString)
                                                .orElse("none")));
            } else {
                compare(number, listed, group, differences);
            }
        });
        oursByMembers
                .keySet()
                .forEach(members -> differences.add("the kernel has no group " + members));
        compareUngrouped(ours, topology, differences);
        return differences;
    }

    private static void compare(int number, Listed listed, Group ours, List<String> differences) {
        if (!listed.type().equals(ours.type().sysfs())) {
            differences.add(
                    "the kernel's group %d has type %s, ours %s"
                            .formatted(number, listed.type(), ours.type().sysfs()));
        }
        var reserved =
                ours.reserved().stream()
                        .map(r -> "0x%016x 0x%016x %s".formatted(r.start(), r.last(), r.kind()))
                        .toList();
        if (!listed.reserved().equals(reserved)) {
            differences.add(
                    "the kernel's group %d reserves %s, ours %s"
                            .formatted(number, listed.reserved(), reserved));
        }
    }

    private void compareUngrouped(Grouping ours, PciTopology topology, List<String> differences) {
        var grouped = new TreeSet<PciAddress>();
        groups.values().forEach(listed -> grouped.addAll(listed.members()));
        for (var function : topology.functions()) {
            boolean without = ours.ungrouped().containsKey(function.address());
            if (without == grouped.contains(function.address())) {
                differences.add(
                        "%s has %s group; the kernel says otherwise%s"
                                .formatted(
                                        function.address(),
                                        without ? "no" : "a",
                                        without
                                                ? " ("
                                                        + ours.ungrouped().get(function.address())
                                                        + ")"
                                                : ""));
            }
        }
    }
}
