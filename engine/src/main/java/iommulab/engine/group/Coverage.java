package iommulab.engine.group;

import java.util.Optional;

/// Which IOMMU translates the requests of a function, as the firmware describes it. A function that
/// none translates has no group.
interface Coverage {
    /// The answer for one function. Asked once for each, in probe order.
    Cover of(int f);

    /// Whether Linux asks for a function only when a driver binds to it.
    default boolean atDriverBinding() {
        return false;
    }

    /// @param unit name of the IOMMU; empty if none translates
    /// @param reason one sentence
    record Cover(Optional<String> unit, String reason) {
        static Cover by(String unit, String reason) {
            return new Cover(Optional.of(unit), reason);
        }

        static Cover none(String reason) {
            return new Cover(Optional.empty(), reason);
        }
    }

    /// The rules that fit the machine.
    static Coverage of(FunctionTable table, GroupFacts facts, DmaAliases aliases) {
        var firmware = facts.firmware();
        var units = facts.units();
        if (units.isEmpty()) {
            return _ -> Cover.none(noUnit(facts));
        }
        if (firmware.dmar().isPresent() && units.stream().anyMatch(IommuUnit::isVtd)) {
            return facts.parameters().off("intel_iommu")
                    ? _ -> Cover.none("intel_iommu=off leaves the IOMMUs off")
                    : new DmarCoverage(table, facts, firmware.dmar().get());
        }
        if (firmware.ivrs().isPresent() && units.stream().anyMatch(IommuUnit::isAmdVi)) {
            return facts.parameters().off("amd_iommu")
                    ? _ -> Cover.none("amd_iommu=off leaves the IOMMUs off")
                    : new IvrsCoverage(table, facts, firmware.ivrs().get());
        }
        return units.stream().anyMatch(unit -> unit.isVtd() || unit.isAmdVi())
                ? new AssumedCoverage(table, facts)
                : new DescribedCoverage(table, facts, aliases);
    }

    private static String noUnit(GroupFacts facts) {
        if (facts.parameters().off("intel_iommu") || facts.parameters().off("amd_iommu")) {
            return "the kernel parameters leave the IOMMUs off";
        }
        var firmware = facts.firmware();
        return firmware.dmar().isPresent() || firmware.ivrs().isPresent()
                ? "the firmware describes an IOMMU, but the kernel has none in use"
                : "the machine has no IOMMU in use";
    }
}
