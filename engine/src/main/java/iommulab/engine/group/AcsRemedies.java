package iommulab.engine.group;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Which ACS bits would separate two functions: one port's if that is enough, else the fewest ports
/// found by leaving out one after the other.
record AcsRemedies(GroupFacts facts) {
    /// Bits that are offered and clear.
    private record Fix(PciAddress port, int missing) {
        String text(FunctionTable table) {
            return AcsWords.names(missing) + " on " + table.title(table.number(port));
        }
    }

    List<String> of(PciAddress first, PciAddress second) {
        var table = new FunctionTable(facts.topology());
        var fixes = fixes(table, first, second);
        var alone = fixes.stream().filter(fix -> works(List.of(fix), first, second)).toList();
        if (!alone.isEmpty()) {
            return alone.stream().map(fix -> "Set %s.".formatted(fix.text(table))).toList();
        }
        if (fixes.size() < 2 || !works(fixes, first, second)) {
            return List.of();
        }
        var needed = new ArrayList<>(fixes);
        for (var fix : fixes) {
            var without = needed.stream().filter(f -> f != fix).toList();
            if (works(without, first, second)) {
                needed.remove(fix);
            }
        }
        return List.of(
                "Set %s, all together."
                        .formatted(
                                String.join(
                                        " and ",
                                        needed.stream().map(f -> f.text(table)).toList())));
    }

    /// Everything on the two ways up, and beside them in a slot, that has clear bits.
    private List<Fix> fixes(FunctionTable table, PciAddress first, PciAddress second) {
        Set<Integer> asked = new LinkedHashSet<>();
        for (var start : List.of(first, second)) {
            for (int at = table.number(start); at != FunctionTable.NONE; at = table.parent(at)) {
                for (int mate : table.slot(at)) {
                    asked.add(mate);
                }
            }
        }
        var fixes = new ArrayList<Fix>();
        for (int f : asked) {
            var acs = Acs.of(table.function(f).config());
            int missing = acs.map(a -> Isolation.WANTED & a.capability() & ~a.control()).orElse(0);
            if (missing != 0) {
                fixes.add(new Fix(table.address(f), missing));
            }
        }
        return fixes;
    }

    private boolean works(List<Fix> fixes, PciAddress first, PciAddress second) {
        PciTopology changed = facts.topology();
        for (var fix : fixes) {
            var function = changed.get(fix.port());
            var acs = Acs.of(function.config()).orElseThrow();
            changed =
                    changed.with(
                            function.withConfig(
                                    acs.write(function.config(), acs.control() | fix.missing())));
        }
        return Remedies.apart(facts.with(changed), first, second);
    }
}
