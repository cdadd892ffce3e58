package iommulab.engine.pci;

import java.util.Optional;

/// A function's Page Request Interface capability: whether it may ask for pages that are not mapped.
/// Extended capability 0x13. Spec: PCIe Base, "Page Request Extended Capability Structure".
///
/// @param offset of the extended capability
/// @param control the Page Request Control register, 16 bits
/// @param allocation the most requests that may be open at once, as software allows it
public record Pri(int offset, int control, int allocation) {
    private static final int ID = 0x13;
    private static final int CONTROL = 4;
    private static final int ALLOCATION = 12;
    private static final int BYTES = 16;
    private static final int ENABLE = 1;
    private static final int MOST = 512;

    /// The page request registers of a function; empty if it has none or they are not known.
    public static Optional<Pri> of(ConfigSpace config) {
        int at = CapabilityChain.findExtended(config, ID);
        return at == 0 || !config.knows(at, BYTES)
                ? Optional.empty()
                : Optional.of(
                        new Pri(
                                at,
                                config.read16(at + CONTROL),
                                Math.clamp(config.read32(at + ALLOCATION), 0, MOST)));
    }

    public boolean isEnabled() {
        return (control & ENABLE) != 0;
    }

    /// The same configuration bytes with page requests switched on or off. Source: kernel `pci_enable_pri`,
    /// `pci_disable_pri`.
    public ConfigSpace enabled(ConfigSpace config, boolean on) {
        return config.with(offset + CONTROL, 2, on ? control | ENABLE : control & ~ENABLE);
    }
}
