package iommulab.engine.pci;

import java.util.Optional;

/// A function's interrupts as messages: its MSI-X capability (11h), else MSI (05h). Spec: PCI Local Bus, "MSI
/// and MSI-X Capability Structures".
///
/// @param offset of the capability
/// @param enable bit of the Message Control register that switches messages on
/// @param control the Message Control register, 16 bits
public record Msi(int offset, int enable, int control) {
    private static final int PLAIN = 0x05;
    private static final int EXTENDED = 0x11;
    private static final int CONTROL = 2;

    /// The registers of a function; empty if it has none or they are not known.
    public static Optional<Msi> of(ConfigSpace config) {
        return of(config, EXTENDED, 1 << 15).or(() -> of(config, PLAIN, 1));
    }

    private static Optional<Msi> of(ConfigSpace config, int id, int enable) {
        int at = CapabilityChain.find(config, id);
        return at == 0 || !config.knows(at + CONTROL, 2)
                ? Optional.empty()
                : Optional.of(new Msi(at, enable, config.read16(at + CONTROL)));
    }

    public boolean isEnabled() {
        return (control & enable) != 0;
    }

    /// The same configuration bytes with messages switched on. Source: kernel `pci_alloc_irq_vectors`.
    public ConfigSpace enabled(ConfigSpace config) {
        return config.with(offset + CONTROL, 2, control | enable);
    }
}
