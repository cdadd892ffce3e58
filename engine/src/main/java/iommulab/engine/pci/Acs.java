package iommulab.engine.pci;

import java.util.Optional;

/// A function's Access Control Services: whether it keeps peer-to-peer traffic away from its
/// neighbours. Extended capability 0x0d.
/// Spec: PCIe Base, "ACS Extended Capability".
///
/// @param offset of the extended capability
/// @param capability the ACS Capability register, 16 bits: what the function offers
/// @param control the ACS Control register, 16 bits: what is switched on
public record Acs(int offset, int capability, int control) {
    public static final int SOURCE_VALIDATION = 1;
    public static final int TRANSLATION_BLOCKING = 1 << 1;
    public static final int REQUEST_REDIRECT = 1 << 2;
    public static final int COMPLETION_REDIRECT = 1 << 3;
    public static final int UPSTREAM_FORWARDING = 1 << 4;
    public static final int EGRESS_CONTROL = 1 << 5;
    public static final int DIRECT_TRANSLATED = 1 << 6;

    /// Only where bit 7 of the capability (ACS Enhanced) is set.
    public static final int UNCLAIMED_REQUEST_REDIRECT = 1 << 12;

    private static final int ID = 0x0d;
    private static final int CAPABILITY = 4;
    private static final int CONTROL = 6;

    /// The ACS registers of a function; empty if it has none or they are not known.
    public static Optional<Acs> of(ConfigSpace config) {
        int at = CapabilityChain.findExtended(config, ID);
        return at == 0 || !config.knows(at + CAPABILITY, 4)
                ? Optional.empty()
                : Optional.of(
                        new Acs(at, config.read16(at + CAPABILITY), config.read16(at + CONTROL)));
    }

    /// Offset of the control register in configuration space.
    public int controlOffset() {
        return offset + CONTROL;
    }

    /// The same configuration bytes with another control register.
    ///
    /// @param control 16 bits
    public ConfigSpace write(ConfigSpace config, int control) {
        return config.with(controlOffset(), 2, control);
    }

    /// The specification's name of a control bit, such as `Request Redirect`.
    ///
    /// @param flag one of the constants of this class
    public static String nameOf(int flag) {
        return switch (flag) {
            case SOURCE_VALIDATION -> "Source Validation";
            case TRANSLATION_BLOCKING -> "Translation Blocking";
            case REQUEST_REDIRECT -> "Request Redirect";
            case COMPLETION_REDIRECT -> "Completion Redirect";
            case UPSTREAM_FORWARDING -> "Upstream Forwarding";
            case EGRESS_CONTROL -> "Egress Control";
            case DIRECT_TRANSLATED -> "Direct Translated P2P";
            case UNCLAIMED_REQUEST_REDIRECT -> "Unclaimed Request Redirect";
            default -> throw new IllegalArgumentException("no ACS bit: 0x%x".formatted(flag));
        };
    }
}
