package iommulab.engine.group;

import iommulab.engine.pci.CapabilityChain;
import iommulab.engine.pci.PciAddress;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The type of a group's default domain: what a member forces, else what the kernel parameters ask.
/// Sources: `iommu_get_default_domain_type` in `drivers/iommu/iommu.c`; `device_def_domain_type` in
/// `drivers/iommu/intel/iommu.c`; `amd_iommu_def_domain_type` in `drivers/iommu/amd/iommu.c`.
final class DefaultDomainTypes {
    private static final int DISPLAY = 3;
    private static final int ATS = 0x0f;
    private static final int PRI = 0x13;
    private static final int PASID = 0x1b;

    private final FunctionTable table;
    private final GroupFacts facts;
    private final boolean passthrough;
    private final boolean strict;
    private final boolean graphicsOff;
    private final Map<String, IommuUnit> units = new HashMap<>();

    DefaultDomainTypes(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.facts = facts;
        this.passthrough = facts.parameters().passthrough().orElse(false);
        this.strict = isStrict();
        this.graphicsOff = facts.parameters().graphicsOff();
        facts.units().forEach(unit -> units.put(unit.name(), unit));
    }

    /// Invalidation at every unmap, for the whole machine: asked for, Arm's default, forced by virtual
    /// units (which make shadowed tables), or the only way that virtio-iommu knew before 6.9.
    private boolean isStrict() {
        boolean virtual =
                facts.units().stream()
                        .anyMatch(unit -> unit.cachesNotPresent() && !usesFirstLevel(unit));
        boolean virtio =
                facts.units().stream().anyMatch(IommuUnit::isVirtio)
                        && !facts.release().isAtLeast(6, 9);
        return facts.parameters().strict().orElse(facts.isArm()) || virtual || virtio;
    }

    private boolean usesFirstLevel(IommuUnit unit) {
        return unit.isVtd() && facts.parameters().scalableMode() && unit.prefersFirstLevel();
    }

    /// @param members of one group
    /// @param units the IOMMU that serves each of them
    DomainType of(List<Integer> members, List<String> units) {
        if (members.stream().anyMatch(this::isUntrusted)) {
            return DomainType.DMA;
        }
        Optional<Boolean> identity = Optional.empty();
        for (int i = 0; i < members.size(); i++) {
            var demand = identityDemanded(members.get(i), units.get(i));
            if (identity.isPresent() && demand.isPresent() && !identity.equals(demand)) {
                identity = Optional.empty();
                break;
            }
            identity = identity.or(() -> demand);
        }
        if (identity.orElse(passthrough)) {
            return DomainType.IDENTITY;
        }
        return strict ? DomainType.DMA : DomainType.DMA_FQ;
    }

    /// Below a port that ACPI marks as external facing; the port itself is trusted.
    private boolean isUntrusted(int f) {
        for (int at = table.parent(f); at != FunctionTable.NONE; at = table.parent(at)) {
            PciAddress above = table.address(at);
            if (facts.externalFacing().contains(above)) {
                return true;
            }
        }
        return false;
    }

    /// What the IOMMU driver demands for one function: identity, a DMA domain, or nothing.
    private Optional<Boolean> identityDemanded(int f, String unitName) {
        var unit = units.get(unitName);
        if (unit == null) {
            return Optional.empty();
        }
        if (unit.isAmdVi()) {
            return sharesProcessTables(f, unit) ? Optional.of(true) : Optional.empty();
        }
        if (unit.isVtd()) {
            if (facts.release().isAtLeast(6, 12) && !unit.passesThrough()) {
                return Optional.of(false);
            }
            boolean graphics = graphicsOff && table.baseClass(f) == DISPLAY;
            // The workaround for graphics left the 6.6 stable series, and 6.10.
            return graphics && !facts.release().isAtLeast(6, 6)
                    ? Optional.of(true)
                    : Optional.empty();
        }
        return Optional.empty();
    }

    /// A function that can use process page tables keeps its ordinary requests untranslated on AMD-Vi.
    private boolean sharesProcessTables(int f, IommuUnit unit) {
        var config = table.function(f).config();
        boolean pasid = CapabilityChain.findExtended(config, PASID) != 0;
        boolean all =
                pasid
                        && CapabilityChain.findExtended(config, ATS) != 0
                        && CapabilityChain.findExtended(config, PRI) != 0;
        return unit.supportsGuestTranslation() && (facts.release().isAtLeast(6, 7) ? pasid : all);
    }
}
