package iommulab.engine.group;

import iommulab.engine.firmware.Dmar.Rmrr;
import iommulab.engine.firmware.Ivrs.Ivmd;
import iommulab.engine.group.Group.ReservedRegion;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The addresses that a group's domains must leave alone, or map to themselves.
/// Sources: `iommu_insert_resv_region` in `drivers/iommu/iommu.c` and `get_resv_regions` of each driver.
final class ReservedRegions {
    private static final String DIRECT = "direct";
    private static final String RELAXABLE = "direct-relaxable";
    private static final String RESERVED = "reserved";
    private static final String MSI = "msi";

    /// The kernel's order of kinds where regions start at the same address.
    private static final List<String> KINDS = List.of(DIRECT, RELAXABLE, RESERVED, MSI);

    private static final ReservedRegion X86_MSI = new ReservedRegion(0xfee00000L, 0xfeefffffL, MSI);
    private static final ReservedRegion ARM_MSI = new ReservedRegion(0x8000000L, 0x80fffffL, MSI);
    private static final ReservedRegion HYPERTRANSPORT =
            new ReservedRegion(0xfd_0000_0000L, 0xff_ffff_ffffL, RESERVED);
    private static final ReservedRegion FLOPPY = new ReservedRegion(0, 0xffffff, RELAXABLE);

    private static final int DISPLAY = 0x03;
    private static final int USB = 0x0c03;
    private static final int ISA_BRIDGE = 0x0601;
    private static final long PAGE = 0x1000;

    private final FunctionTable table;
    private final PciTopology topology;
    private final boolean arm;
    private final boolean vtd;
    private final boolean amdVi;
    private final boolean selftest;

    /// Function number to the regions whose scopes name it, in the order of the table.
    private final Map<Integer, List<Rmrr>> named = new HashMap<>();

    private final List<Ivmd> mappings;

    ReservedRegions(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.topology = facts.topology();
        this.arm = facts.isArm();
        this.vtd = facts.units().stream().anyMatch(IommuUnit::isVtd);
        this.amdVi = facts.units().stream().anyMatch(IommuUnit::isAmdVi);
        this.selftest = facts.units().stream().anyMatch(IommuUnit::isSelftest);
        facts.firmware().dmar().ifPresent(dmar -> dmar.reservedMemory().forEach(this::name));
        this.mappings =
                facts.firmware()
                        .ivrs()
                        .map(ivrs -> ivrs.memory().stream().filter(Ivmd::isMapping).toList())
                        .orElse(List.of());
    }

    private void name(Rmrr region) {
        for (var scope : region.scopes()) {
            scope.resolve(topology, region.segment())
                    .ifPresent(function ->
                            named.computeIfAbsent(
                                            table.number(function.address()),
                                            _ -> new ArrayList<>())
                                    .add(region));
        }
    }

    /// @param members of one group
    List<ReservedRegion> of(List<Integer> members) {
        var together = new LinkedHashSet<ReservedRegion>();
        for (int f : members) {
            addTo(together, f);
        }
        var regions = new ArrayList<>(together);
        regions.sort(
                Comparator.comparing(ReservedRegion::start, Long::compareUnsigned)
                        .thenComparing(region -> KINDS.indexOf(region.kind())));
        return merged(regions);
    }

    private void addTo(Set<ReservedRegion> regions, int f) {
        if (vtd) {
            addReservedMemory(regions, f);
            if (table.subclass(f) == ISA_BRIDGE) {
                regions.add(FLOPPY);
            }
        } else if (amdVi) {
            addMappings(regions, f);
            regions.add(HYPERTRANSPORT);
        }
        if (!selftest) {
            regions.add(arm ? ARM_MSI : X86_MSI);
        }
    }

    /// Those of the function itself and of the bridges above it.
    private void addReservedMemory(Set<ReservedRegion> regions, int f) {
        if (named.isEmpty()) {
            return;
        }
        boolean relaxable = table.baseClass(f) == DISPLAY || table.subclass(f) == USB;
        for (int at = f; at != FunctionTable.NONE; at = table.parent(at)) {
            for (var region : named.getOrDefault(at, List.of())) {
                regions.add(
                        new ReservedRegion(
                                region.start(), region.last(), relaxable ? RELAXABLE : DIRECT));
            }
        }
    }

    /// Linux maps exclusion ranges like any other definition.
    private void addMappings(Set<ReservedRegion> regions, int f) {
        int id = table.address(f).requesterId().raw();
        for (var mapping : mappings) {
            if (mapping.segment() == table.address(f).domain()
                    && id >= mapping.first()
                    && id <= mapping.last()) {
                long start = mapping.start() + PAGE - 1 & -PAGE;
                long bytes = mapping.bytes() + PAGE - 1 & -PAGE;
                regions.add(new ReservedRegion(start, start + bytes - 1, DIRECT));
            }
        }
    }

    /// Joins regions of one kind that overlap or touch.
    private static List<ReservedRegion> merged(List<ReservedRegion> sorted) {
        var merged = new ArrayList<ReservedRegion>();
        var lastOfKind = new HashMap<String, Integer>();
        for (var region : sorted) {
            var last = lastOfKind.get(region.kind());
            if (last != null && touches(merged.get(last), region)) {
                var before = merged.get(last);
                merged.set(
                        last,
                        new ReservedRegion(
                                before.start(),
                                Long.compareUnsigned(before.last(), region.last()) > 0
                                        ? before.last()
                                        : region.last(),
                                region.kind()));
            } else {
                lastOfKind.put(region.kind(), merged.size());
                merged.add(region);
            }
        }
        return merged;
    }

    private static boolean touches(ReservedRegion before, ReservedRegion next) {
        return before.last() == -1L || Long.compareUnsigned(next.start(), before.last() + 1) <= 0;
    }
}
