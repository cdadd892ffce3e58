package iommulab.engine.session;

import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.vtd.VtdCapabilities;

import java.util.Optional;
import java.util.OptionalLong;

/// An IOMMU architecture that the engine executes, with everything that it can do.
public enum Architecture {
    VTD_LEGACY("VT-d legacy", "dmar0"),
    VTD_SCALABLE("VT-d scalable", "dmar0"),
    AMD_VI("AMD-Vi", "ivhd0"),
    SMMUV3("SMMUv3", "smmu3.0x0000000009050000"),
    RISCV("RISC-V", "riscv-iommu0");

    private final String words;
    private final String unitName;

    Architecture(String words, String unitName) {
        this.words = words;
        this.unitName = unitName;
    }

    public String words() {
        return words;
    }

    /// An IOMMU of this architecture.
    public IommuUnit unit() {
        return switch (this) {
            case VTD_LEGACY -> vtd(VtdCapabilities.EVERYTHING);
            case VTD_SCALABLE -> vtd(VtdCapabilities.SCALABLE);
            case AMD_VI, SMMUV3, RISCV ->
                    new IommuUnit(
                            unitName,
                            OptionalLong.empty(),
                            Optional.empty(),
                            OptionalLong.empty(),
                            OptionalLong.empty());
        };
    }

    private IommuUnit vtd(VtdCapabilities registers) {
        return IommuUnit.of(unitName, 0, registers.cap(), registers.ecap());
    }
}
