package iommulab.engine.group;

import iommulab.engine.firmware.Ivrs;
import iommulab.engine.firmware.Ivrs.Entry;
import iommulab.engine.firmware.Ivrs.Ivhd;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// An IVRS spread out: for each device ID the unit that serves it and its alias, as Linux fills its
/// lookup tables. Source: `init_iommu_from_acpi` in `drivers/iommu/amd/init.c`.
final class IvrsRanges {
    private static final int IDS = 1 << 16;

    private final Map<Integer, int[]> unitBySegment = new HashMap<>();
    private final Map<Integer, int[]> aliasBySegment = new HashMap<>();

    IvrsRanges(Ivrs table) {
        var units = table.unitsUsed();
        for (int number = 0; number < units.size(); number++) {
            for (var entry : units.get(number).entries()) {
                spread(units.get(number), number, entry);
            }
        }
    }

    private IvrsRanges() {}

    /// No table: no unit, no alias.
    static IvrsRanges none() {
        return new IvrsRanges();
    }

    private void spread(Ivhd unit, int number, Entry entry) {
        switch (entry) {
            case Entry.All _ -> serve(unit, number, 0, IDS - 1);
            case Entry.Select(int id, _) -> serve(unit, number, id, id);
            case Entry.Range(int first, int last, _) -> serve(unit, number, first, last);
            case Entry.AliasSelect(int id, int alias, _) -> alias(unit, number, id, id, alias);
            case Entry.AliasRange(int first, int last, int alias, _) ->
                    alias(unit, number, first, last, alias);
            case Entry.ExtendedSelect(int id, _, _) -> serve(unit, number, id, id);
            case Entry.ExtendedRange(int first, int last, _, _) -> serve(unit, number, first, last);
            case Entry.Special(_, int id, _, _) -> serve(unit, number, id, id);
            case Entry.AcpiDevice(int id, _, _) -> serve(unit, number, id, id);
            case Entry.Unknown _ -> {}
        }
    }

    private void serve(Ivhd unit, int number, int first, int last) {
        var units = unitBySegment.computeIfAbsent(unit.segment(), _ -> empty());
        if (first <= last) {
            Arrays.fill(units, first, last + 1, number);
        }
    }

    private void alias(Ivhd unit, int number, int first, int last, int alias) {
        serve(unit, number, first, last);
        serve(unit, number, alias, alias);
        if (first <= last) {
            var aliases = aliasBySegment.computeIfAbsent(unit.segment(), _ -> empty());
            Arrays.fill(aliases, first, last + 1, alias);
        }
    }

    private static int[] empty() {
        var ids = new int[IDS];
        Arrays.fill(ids, -1);
        return ids;
    }

    /// Which of [Ivrs#unitsUsed] serves a device ID, -1 if none.
    int unitOf(int segment, int deviceId) {
        var units = unitBySegment.get(segment);
        return units == null ? -1 : units[deviceId];
    }

    /// The alias of a device ID, -1 if none is given.
    int aliasOf(int segment, int deviceId) {
        var aliases = aliasBySegment.get(segment);
        return aliases == null ? -1 : aliases[deviceId];
    }
}
