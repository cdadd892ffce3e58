package iommulab.engine.io;

import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// An IOMMU as the captured kernel listed it under `/sys/class/iommu`.
///
/// @param name such as `dmar0`, `ivhd0`, `smmu3.0x0000000009050000`
/// @param function the PCI function that it is itself, if it is one (AMD, virtio)
/// @param attributes what the kernel tells of it, by file name, such as `cap` → `d2008c222f0606`
/// @param devices functions below it, by address
public record KernelUnit(
        String name,
        Optional<PciAddress> function,
        Map<String, String> attributes,
        List<PciAddress> devices) {
    public KernelUnit {
        attributes = Map.copyOf(attributes);
        devices = List.copyOf(devices);
    }

    /// The capability register; empty if the kernel does not tell it.
    public OptionalLong cap() {
        return hex("cap");
    }

    /// The extended capability register; empty if the kernel does not tell it.
    public OptionalLong ecap() {
        return hex("ecap");
    }

    /// Where its registers are, hpa; empty if the kernel does not tell it. An SMMU has it in its name.
    public OptionalLong address() {
        int inName = name.indexOf(".0x");
        return inName < 0 ? hex("address") : parse(name.substring(inName + 3));
    }

    /// The version register as the kernel prints it, such as `1:0`; empty if it does not tell.
    public String version() {
        return attributes.getOrDefault("version", "");
    }

    private OptionalLong hex(String attribute) {
        return parse(attributes.getOrDefault(attribute, ""));
    }

    private static OptionalLong parse(String hex) {
        try {
            return OptionalLong.of(Long.parseUnsignedLong(hex, 16));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }
}
