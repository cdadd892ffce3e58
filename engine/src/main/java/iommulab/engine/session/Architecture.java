package iommulab.engine.session;

import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.vtd.VtdCapabilities;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// An IOMMU architecture that the engine executes, with everything that it can do.
public enum Architecture {
    VTD_LEGACY("VT-d legacy", "dmar0"),
    VTD_SCALABLE("VT-d scalable", "dmar0"),
    AMD_VI("AMD-Vi", "ivhd0"),
    SMMUV3("SMMUv3", "smmu3.0x0000000009050000"),
    RISCV("RISC-V", "riscv-iommu0"),
    /// No vendor's: what the kernel's own tests of iommufd run on.
    SELFTEST("kernel self-test", "selftest0");

    /// Those that machines are built with: what a machine can be converted to.
    public static final List<Architecture> OF_MACHINES =
            List.of(VTD_LEGACY, VTD_SCALABLE, AMD_VI, SMMUV3, RISCV);

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
            case AMD_VI, SMMUV3, RISCV, SELFTEST ->
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
