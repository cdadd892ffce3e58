package iommulab.app.topology;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.List;
import java.util.Set;

/// The shape of a machine: what is drawn and what hangs where, before anything has a place. Two
/// snapshots with equal plans have the same picture.
///
/// @param complexes root buses in discovery order
/// @param memory from the highest address down
record Plan(List<Complex> complexes, List<Unit> units, List<MemorySpan> memory) {

    /// A root bus.
    record Complex(int domain, int bus, List<Part> parts) {}

    /// An IOMMU.
    ///
    /// @param serves the root buses with a function that it serves, as indices of `complexes`
    /// @param lines how many lines of counters it shows
    record Unit(String name, List<Integer> serves, int lines) {}

    /// @param expanded first functions of the stacks that are shown one by one
    static Plan of(MachineSnapshot machine, Set<PciAddress> expanded) {
        var complexes = Parts.complexes(machine.topology(), expanded);
        return new Plan(
                complexes,
                units(machine, complexes),
                MemorySpan.of(machine.memory(), machine.domains()));
    }

    private static List<Unit> units(MachineSnapshot machine, List<Complex> complexes) {
        return machine.units().stream()
                .map(unit ->
                        new Unit(
                                unit.name(),
                                served(machine, unit, complexes),
                                unit.caches().size()))
                .toList();
    }

    private static List<Integer> served(
            MachineSnapshot machine, MachineSnapshot.Unit unit, List<Complex> complexes) {
        var roots = Parts.rootBuses(machine.topology());
        return unit.functions().stream()
                .flatMap(f -> java.util.stream.Stream.ofNullable(roots.get(f)))
                .distinct()
                .sorted()
                .filter(index -> index < complexes.size())
                .toList();
    }
}
