package iommulab.engine.pci;

import java.util.Optional;

/// A function's Address Translation Services capability: whether it may ask its IOMMU for translations and
/// keep them. Extended capability 0x0f. Spec: PCIe Base, "ATS Extended Capability".
///
/// @param offset of the extended capability
/// @param capability the ATS Capability register, 16 bits
/// @param control the ATS Control register, 16 bits
public record Ats(int offset, int capability, int control) {
    private static final int ID = 0x0f;
    private static final int CAPABILITY = 4;
    private static final int CONTROL = 6;
    private static final int ENABLE = 1 << 15;

    /// The ATS registers of a function; empty if it has none or they are not known.
    public static Optional<Ats> of(ConfigSpace config) {
        int at = CapabilityChain.findExtended(config, ID);
        return at == 0 || !config.knows(at + CAPABILITY, 4)
                ? Optional.empty()
                : Optional.of(
                        new Ats(at, config.read16(at + CAPABILITY), config.read16(at + CONTROL)));
    }

    public boolean isEnabled() {
        return (control & ENABLE) != 0;
    }

    /// The same configuration bytes with ATS switched on or off. Source: kernel `pci_enable_ats`,
    /// `pci_disable_ats`.
    public ConfigSpace enabled(ConfigSpace config, boolean on) {
        return config.with(offset + CONTROL, 2, on ? control | ENABLE : control & ~ENABLE);
    }
}
