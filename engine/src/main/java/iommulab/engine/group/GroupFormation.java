package iommulab.engine.group;

import iommulab.engine.group.Coverage.Cover;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// One run over all functions: each that an IOMMU serves joins a group or opens one, and is never moved
/// again. Source: `iommu_probe_device` and `pci_device_group` in `drivers/iommu/iommu.c`.
final class GroupFormation {
    private static final int NO_GROUP = -1;

    private final FunctionTable table;
    private final DmaAliases aliases;
    private final Isolation isolation;
    private final Coverage coverage;
    private final KernelRelease release;
    private final Unknowns unknowns;

    private final int[] groupOf;
    private final String[] unitOf;
    private final List<List<Integer>> groups = new ArrayList<>();
    private final Map<PciAddress, String> ungrouped = new LinkedHashMap<>();
    private final Map<PciAddress, Proof.Link> links;

    GroupFormation(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.release = facts.release();
        this.aliases = new DmaAliases(table, facts);
        this.isolation = new Isolation(table, facts);
        this.coverage = Coverage.of(table, facts, aliases);
        this.unknowns = new Unknowns(table);
        this.groupOf = new int[table.size()];
        this.unitOf = new String[table.size()];
        this.links = HashMap.newHashMap(table.size());
        Arrays.fill(groupOf, NO_GROUP);
        Arrays.fill(unitOf, "");
    }

    void run() {
        IntStream order =
                coverage.atDriverBinding()
                        ? IntStream.concat(
                                all().filter(this::isBridge), all().filter(f -> !isBridge(f)))
                        : all();
        order.forEach(this::probe);
    }

    private IntStream all() {
        return IntStream.range(0, table.size());
    }

    /// The drivers of bridges are built in and bind first.
    private boolean isBridge(int f) {
        return Header.isBridge(table.function(f).config());
    }

    private void probe(int f) {
        var unknown = unknowns.reason(f);
        Cover cover = coverage.of(f);
        if (cover.unit().isEmpty()) {
            ungrouped.put(table.address(f), cover.reason());
        } else if (unknown.isPresent()) {
            ungrouped.put(table.address(f), unknown.get());
        } else {
            aliases.probe(f);
            unitOf[f] = cover.unit().get();
            var steps = new LinkSteps(table, f);
            steps.fact(f, cover.reason(), cover.unit().get());
            enter(f, new GroupSearch(table, aliases, isolation, release, groupOf, steps).find(f));
            links.put(table.address(f), steps.link());
        }
    }

    private void enter(int f, int found) {
        int group = found;
        if (group == NO_GROUP) {
            group = groups.size();
            groups.add(new ArrayList<>());
        }
        groups.get(group).add(f);
        groupOf[f] = group;
    }

    /// Members by group number, in order of joining.
    List<List<Integer>> groups() {
        return groups;
    }

    List<String> unitsOf(List<Integer> members) {
        return members.stream().map(f -> unitOf[f]).toList();
    }

    Map<PciAddress, String> ungrouped() {
        return Collections.unmodifiableMap(ungrouped);
    }

    /// Name of the IOMMU that serves each function with a group.
    Map<PciAddress, String> units() {
        return all().filter(f -> groupOf[f] != NO_GROUP)
                .boxed()
                .collect(Collectors.toUnmodifiableMap(table::address, f -> unitOf[f]));
    }

    Map<PciAddress, Proof.Link> links() {
        return Collections.unmodifiableMap(links);
    }
}
