package iommulab.engine.group;

import iommulab.engine.firmware.DeviceScope;
import iommulab.engine.firmware.Dmar;
import iommulab.engine.firmware.Dmar.Drhd;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which VT-d unit serves a function: the first whose scopes name it or a bridge above it, else the
/// one that serves the rest of its segment.
/// Source: `device_lookup_iommu` in `drivers/iommu/intel/iommu.c`.
final class DmarCoverage implements Coverage {
    private static final int DISPLAY = 3;

    private final FunctionTable table;
    private final GroupFacts facts;
    private final List<Drhd> units;
    private final boolean graphicsOff;

    /// Function number to what names it; of two scopes for one function the first stays.
    private final Map<Integer, Named> named = new HashMap<>();

    /// What holds for every function of a segment that is not named.
    private final Map<Integer, Cover> byRest = new HashMap<>();

    private record Named(int unit, DeviceScope scope) {}

    DmarCoverage(FunctionTable table, GroupFacts facts, Dmar dmar) {
        this.table = table;
        this.facts = facts;
        this.units = dmar.units();
        this.graphicsOff = facts.parameters().graphicsOff();
        for (int unit = 0; unit < units.size(); unit++) {
            for (var scope : units.get(unit).scopes()) {
                name(unit, scope);
            }
        }
    }

    private void name(int unit, DeviceScope scope) {
        scope.resolve(facts.topology(), units.get(unit).segment())
                .ifPresent(function ->
                        named.putIfAbsent(
                                table.number(function.address()), new Named(unit, scope)));
    }

    @Override
    public Cover of(int f) {
        int asked = physical(f);
        Named nearest = null;
        int above = FunctionTable.NONE;
        for (int at = asked; at != FunctionTable.NONE; at = table.parent(at)) {
            var found = named.get(at);
            if (found != null && (nearest == null || found.unit() < nearest.unit())) {
                nearest = found;
                above = at;
            }
        }
        return nearest == null ? byRest(f) : by(nearest, above == asked, above);
    }

    /// A virtual function is looked up as the physical function it belongs to.
    private int physical(int f) {
        return table.function(f)
                .physicalFunction()
                .map(table::number)
                .filter(number -> number != FunctionTable.NONE)
                .orElse(f);
    }

    private Cover by(Named named, boolean itself, int above) {
        String name = nameOf(named.unit());
        String how =
                itself
                        ? "the DMAR table names it (" + named.scope() + ")"
                        : "the DMAR table names the bridge %s above it"
                                .formatted(table.name(above));
        return use(named.unit(), name + " translates its requests: " + how);
    }

    private Cover byRest(int f) {
        return byRest.computeIfAbsent(table.address(f).domain(), this::serverOfRest);
    }

    private Cover serverOfRest(int segment) {
        for (int unit = 0; unit < units.size(); unit++) {
            if (units.get(unit).includeAll() && units.get(unit).segment() == segment) {
                return use(
                        unit,
                        nameOf(unit)
                                + " translates its requests: it serves all the rest of the segment"
                                + " (INCLUDE_PCI_ALL)");
            }
        }
        return Cover.none(
                "no DMAR unit names it or a bridge above it, and none serves the rest of segment "
                        + segment);
    }

    private Cover use(int unit, String reason) {
        if (inUse(unit) == null) {
            return Cover.none(
                    "its unit at 0x%x is not in use".formatted(units.get(unit).registerBase()));
        }
        if (graphicsOff && servesOnlyGraphics(unit)) {
            return Cover.none(
                    "intel_iommu=igfx_off leaves %s off, which serves nothing but graphics"
                            .formatted(nameOf(unit)));
        }
        return Cover.by(nameOf(unit), reason);
    }

    private String nameOf(int unit) {
        var used = inUse(unit);
        return used == null ? "the unit" : used.name();
    }

    private @Nullable IommuUnit inUse(int unit) {
        for (var used : facts.units()) {
            if (used.isVtd()
                    && (used.registerBase().isEmpty()
                            || used.registerBase().getAsLong() == units.get(unit).registerBase())) {
                return used;
            }
        }
        return null;
    }

    private boolean servesOnlyGraphics(int unit) {
        if (units.get(unit).includeAll()) {
            return false;
        }
        var served =
                named.entrySet().stream().filter(entry -> entry.getValue().unit() == unit).toList();
        return !served.isEmpty()
                && served.stream().allMatch(entry -> table.baseClass(entry.getKey()) == DISPLAY);
    }
}
