package iommulab.engine.pci;

import java.util.Optional;

/// A function's Process Address Space ID capability: whether its requests may carry a PASID prefix, and
/// which. Extended capability 0x1b. Spec: PCIe Base, "PASID Extended Capability".
///
/// @param offset of the extended capability
/// @param capability the PASID Capability register, 16 bits
/// @param control the PASID Control register, 16 bits
public record Pasid(int offset, int capability, int control) {
    private static final int ID = 0x1b;
    private static final int CAPABILITY = 4;
    private static final int CONTROL = 6;
    private static final int ENABLE = 1;
    private static final int EXECUTE = 1 << 1;
    private static final int PRIVILEGED = 1 << 2;

    /// The PASID registers of a function; empty if it has none or they are not known.
    public static Optional<Pasid> of(ConfigSpace config) {
        int at = CapabilityChain.findExtended(config, ID);
        return at == 0 || !config.knows(at + CAPABILITY, 4)
                ? Optional.empty()
                : Optional.of(
                        new Pasid(at, config.read16(at + CAPABILITY), config.read16(at + CONTROL)));
    }

    /// Widest PASID that the function can send, in bits, at most 20.
    public int width() {
        return Math.min(20, capability >>> 8 & 0x1f);
    }

    public boolean isEnabled() {
        return (control & ENABLE) != 0;
    }

    /// Whether the function may ask to execute what it reads: it can, and is allowed to.
    public boolean mayExecute() {
        return (capability & control & EXECUTE) != 0;
    }

    /// Whether the function may act for a supervisor: it can, and is allowed to.
    public boolean mayBePrivileged() {
        return (capability & control & PRIVILEGED) != 0;
    }

    /// The same configuration bytes with PASIDs, and what goes with them, switched on. Source: kernel
    /// `pci_enable_pasid`.
    public ConfigSpace enabled(ConfigSpace config) {
        return config.with(
                offset + CONTROL, 2, control | ENABLE | capability & (EXECUTE | PRIVILEGED));
    }
}
