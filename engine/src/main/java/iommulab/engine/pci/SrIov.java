package iommulab.engine.pci;

import java.util.Optional;

/// A physical function's Single Root I/O Virtualization: where its virtual functions are. Extended
/// capability 0x10.
/// Spec: PCIe Base, "SR-IOV Extended Capability".
///
/// @param offset of the extended capability
/// @param control the SR-IOV Control register, 16 bits
/// @param total how many virtual functions it can have
/// @param number how many it was told to have
/// @param firstOffset from its own requester ID to that of the first
/// @param stride from one to the next
/// @param device their device ID
public record SrIov(
        int offset, int control, int total, int number, int firstOffset, int stride, int device) {
    private static final int ID = 0x10;
    private static final int ENABLE = 1;
    private static final int END = 0x24;

    /// The SR-IOV registers of a function; empty if it has none or they are not known.
    public static Optional<SrIov> of(ConfigSpace config) {
        int at = CapabilityChain.findExtended(config, ID);
        if (at == 0 || !config.knows(at, END)) {
            return Optional.empty();
        }
        return Optional.of(
                new SrIov(
                        at,
                        config.read16(at + 0x08),
                        config.read16(at + 0x0e),
                        config.read16(at + 0x10),
                        config.read16(at + 0x14),
                        config.read16(at + 0x16),
                        config.read16(at + 0x1a)));
    }

    /// How many virtual functions there are now.
    public int enabled() {
        return (control & ENABLE) != 0 ? Math.min(number, total) : 0;
    }

    /// The requester ID of a virtual function; empty if the registers lead out of the 16 bits.
    ///
    /// @param index from 0
    /// @param physical the physical function's own
    public Optional<RequesterId> requesterOf(int index, RequesterId physical) {
        int raw = physical.raw() + firstOffset + index * stride;
        return raw <= 0xffff ? Optional.of(new RequesterId(raw)) : Optional.empty();
    }
}
