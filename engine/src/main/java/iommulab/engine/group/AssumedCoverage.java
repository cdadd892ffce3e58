package iommulab.engine.group;

/// Coverage where the ACPI tables could not be read (a capture made without root): every function
/// counts as served, but for those that are IOMMUs themselves.
record AssumedCoverage(FunctionTable table, GroupFacts facts) implements Coverage {
    @Override
    public Cover of(int f) {
        for (var unit : facts.units()) {
            if (unit.function().isPresent() && unit.function().get().equals(table.address(f))) {
                return Cover.none("it is the IOMMU " + unit.name() + " itself");
            }
        }
        return Cover.by(
                facts.units().getFirst().name(),
                "an IOMMU is in use; which functions it serves is in an ACPI table that was not"
                        + " captured, so all are assumed");
    }
}
