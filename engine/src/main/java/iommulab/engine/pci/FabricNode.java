package iommulab.engine.pci;

import java.util.Optional;

/// A function with everything decoded that routing asks of it.
///
/// @param function the function
/// @param type its port type
/// @param acs its ACS registers, where they count: not in bridges to conventional PCI
/// @param quirk what is known beyond the registers
/// @param decode which addresses it answers to
record FabricNode(
        PciFunction function,
        PortType type,
        Optional<Acs> acs,
        Optional<Boolean> quirk,
        MemoryDecode decode) {
    private static final int EGRESS_VECTOR = 8;
    private static final int LINK_CAPABILITIES = 0x0c;

    static FabricNode of(PciFunction function, PeerKnowledge quirks) {
        var type = PciExpress.portType(function.config());
        boolean acsCounts =
                type.isPciExpress()
                        && type != PortType.PCIE_TO_PCI_BRIDGE
                        && type != PortType.PCI_TO_PCIE_BRIDGE
                        && type != PortType.EVENT_COLLECTOR;
        return new FabricNode(
                function,
                type,
                acsCounts ? Acs.of(function.config()) : Optional.empty(),
                quirks.isolates(function),
                MemoryDecode.of(function));
    }

    PciAddress address() {
        return function.address();
    }

    /// Root port or downstream switch port: a port with a link below it.
    boolean isPortAboveALink() {
        return type == PortType.ROOT_PORT || type == PortType.DOWNSTREAM_PORT;
    }

    boolean leadsToConventionalBus() {
        return Header.isBridge(function.config())
                && (type == PortType.PCIE_TO_PCI_BRIDGE || type == PortType.CONVENTIONAL);
    }

    /// As the kernel sees it: bit 7 of its own header type, or a function number above 0; never a
    /// virtual function.
    boolean isMultifunction() {
        return !function.isVirtualFunction()
                && (Header.multifunction(function.config()) || function.address().function() > 0);
    }

    boolean enables(int flag) {
        return acs.map(a -> (a.control() & flag) != 0).orElse(false);
    }

    /// Whether it sends such requests up: by a quirk; or because the bit is set; or because a function
    /// with ACS that does not offer the bit does no such peer-to-peer at all.
    boolean sendsUp(int flag) {
        return quirk.orElseGet(() ->
                acs.map(a -> (a.capability() & flag) == 0 || (a.control() & flag) != 0)
                        .orElse(false));
    }

    /// The bit of the egress control vector that stands for a way out.
    ///
    /// @param peer port or function of the same switch or device
    boolean egressRestricted(FabricNode peer) {
        var config = function.config();
        int number = peer.isPortAboveALink() ? peer.portNumber() : peer.address().function();
        int at = acs.map(a -> a.offset() + EGRESS_VECTOR + number / 32 * 4).orElse(0);
        int size = acs.map(a -> a.capability() >>> 8 & 0xff).orElse(0);
        return number < (size == 0 ? 256 : size)
                && config.knows(at, 4)
                && (config.read32(at) >>> number % 32 & 1) != 0;
    }

    /// Bits 31:24 of the Link Capabilities register.
    private int portNumber() {
        var config = function.config();
        int at = PciExpress.offset(config) + LINK_CAPABILITIES;
        return config.knows(at, 4) ? config.read32(at) >>> 24 : 0;
    }
}
