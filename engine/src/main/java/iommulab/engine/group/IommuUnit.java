package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.Optional;
import java.util.OptionalLong;

/// An IOMMU that the kernel has in use, as `/sys/class/iommu` lists it.
///
/// @param name such as `dmar0`, `ivhd0`, `smmu3.0x0000000009050000`, `0000:00:01.0` (virtio)
/// @param registerBase hpa of its registers, if known
/// @param function the PCI function that it is itself, if it is one (AMD-Vi, virtio)
/// @param cap capability register (VT-d), capability header (AMD-Vi), if known
/// @param ecap extended capability register (VT-d), extended features (AMD-Vi), if known
public record IommuUnit(
        String name,
        OptionalLong registerBase,
        Optional<PciAddress> function,
        OptionalLong cap,
        OptionalLong ecap) {

    private static final int CAP_CACHING_MODE = 7;
    private static final int ECAP_PASS_THROUGH = 6;
    private static final int ECAP_SCALABLE_MODE = 43;
    private static final int ECAP_FIRST_LEVEL = 47;
    private static final int AMD_CAP_NOT_PRESENT_CACHED = 26;
    private static final int AMD_EFR_PAGE_REQUESTS = 1;
    private static final int AMD_EFR_GUEST_TRANSLATION = 4;

    /// A unit of which little is known; a virtio-iommu has the address of its function for a name.
    ///
    /// @param registerBase hpa of its registers; 0 if it has none in memory
    public static IommuUnit of(String name, long registerBase, long cap, long ecap) {
        return new IommuUnit(
                name,
                registerBase == 0 ? OptionalLong.empty() : OptionalLong.of(registerBase),
                name.matches("[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]")
                        ? Optional.of(PciAddress.parse(name))
                        : Optional.empty(),
                OptionalLong.of(cap),
                OptionalLong.of(ecap));
    }

    /// Whether it is an Intel VT-d unit.
    public boolean isVtd() {
        return name.startsWith("dmar");
    }

    /// Whether it is an AMD-Vi unit.
    public boolean isAmdVi() {
        return name.startsWith("ivhd");
    }

    /// Whether it is an Arm SMMUv3 unit.
    public boolean isSmmu() {
        return name.startsWith("smmu");
    }

    /// Whether it is a RISC-V IOMMU.
    public boolean isRiscv() {
        return name.startsWith("riscv-iommu");
    }

    /// Whether it is the IOMMU of the kernel's self-test.
    public boolean isSelftest() {
        return name.startsWith("selftest");
    }

    /// Whether it is a virtio-iommu.
    public boolean isVirtio() {
        return function.isPresent() && !isAmdVi();
    }

    /// VT-d: not-present entries may be cached, as on a virtual IOMMU.
    boolean cachesNotPresent() {
        return bit(cap, isAmdVi() ? AMD_CAP_NOT_PRESENT_CACHED : CAP_CACHING_MODE);
    }

    /// VT-d: requests can be passed through without tables. Assumed where the register is not known.
    boolean passesThrough() {
        return ecap.isEmpty() || bit(ecap, ECAP_PASS_THROUGH);
    }

    /// VT-d: DMA domains are first-level tables in scalable mode.
    boolean prefersFirstLevel() {
        return bit(ecap, ECAP_SCALABLE_MODE) && bit(ecap, ECAP_FIRST_LEVEL);
    }

    /// AMD-Vi: PASIDs and page requests are supported.
    boolean supportsGuestTranslation() {
        return bit(ecap, AMD_EFR_GUEST_TRANSLATION) && bit(ecap, AMD_EFR_PAGE_REQUESTS);
    }

    private static boolean bit(OptionalLong register, int number) {
        return register.isPresent() && (register.getAsLong() >>> number & 1) != 0;
    }
}
