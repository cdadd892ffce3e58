package iommulab.app.topology;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.HashMap;
import java.util.Map;

/// What the table says of a function beside what the function says itself.
record TableWords(
        Map<PciAddress, Integer> groups,
        Map<PciAddress, String> domains,
        Map<PciAddress, String> units) {

    static TableWords of(MachineSnapshot machine) {
        var domains = new HashMap<PciAddress, String>();
        machine.domains()
                .forEach(domain -> domain.attached().forEach(f -> domains.put(f, domain.name())));
        var units = new HashMap<PciAddress, String>();
        machine.units().forEach(unit -> unit.functions().forEach(f -> units.put(f, unit.name())));
        return new TableWords(machine.grouping().numbers(), domains, units);
    }

    String group(PciAddress function) {
        var group = groups.get(function);
        return group == null ? "–" : String.valueOf(group);
    }

    String domain(PciAddress function) {
        return domains.getOrDefault(function, "–");
    }

    String unit(PciAddress function) {
        return units.getOrDefault(function, "none");
    }
}
