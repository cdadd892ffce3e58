package iommulab.engine.pci;

import java.util.Optional;

/// Under which requester ID a request travels: what the function itself puts in, and what bridges
/// make of it on the way up.
///
/// Follows `pci_for_each_dma_alias` and the alias quirks of `drivers/pci/quirks.c`, of which only those
/// matter here that say which single ID a chip really uses; a chip that uses several besides its own
/// (non-transparent bridges) is taken to use its own.
final class RequesterNames {
    private static final int ASPEED_AST1150 = 0x1a03_1150;

    private RequesterNames() {}

    /// The ID that a function puts into its requests: its own, but for chips that are known to use
    /// another function's.
    static int issuedBy(PciFunction function) {
        int own = function.address().requesterId().raw();
        if (function.isVirtualFunction()) {
            return own;
        }
        var ids = function.ids();
        return switch (ids.vendor() << 16 | ids.device()) {
            case 0x1180_e832, 0x1180_e476, 0x6766_3d40, 0x6766_3d41 -> own & ~7;
            case 0x1b4b_9120,
                    0x1b4b_9123,
                    0x1b4b_9125,
                    0x1b4b_9128,
                    0x1b4b_9130,
                    0x1b4b_9170,
                    0x1b4b_9172,
                    0x1b4b_917a,
                    0x1b4b_9182,
                    0x1b4b_9183,
                    0x1b4b_91a0,
                    0x1b4b_9215,
                    0x1b4b_9220,
                    0x1b4b_9230,
                    0x1b4b_9235,
                    0x1103_0642,
                    0x1103_0645,
                    0x197b_2392,
                    0x1c28_0122 ->
                    own & ~7 | 1;
            case 0x9005_0285 -> isAdaptecWithFixedAlias(ids) ? own & 0xff00 | 1 << 3 : own;
            default -> own;
        };
    }

    private static boolean isAdaptecWithFixedAlias(PciFunction.PciIds ids) {
        return ids.subsystemVendor() == 0x9005
                && (ids.subsystemDevice() == 0x02bb || ids.subsystemDevice() == 0x02bc);
    }

    /// What a bridge writes over the requester ID of a request from below; empty if it hands the ID on.
    ///
    /// @param above the bridge directly above this one, if any
    static Optional<RequesterId> writtenBy(PciFunction bridge, Optional<PciFunction> above) {
        int own = bridge.address().requesterId().raw();
        int secondary = Header.secondaryBus(bridge.config()) << 8;
        return switch (PciExpress.portType(bridge.config())) {
            case PCIE_TO_PCI_BRIDGE ->
                    handsIdsOn(bridge) ? Optional.empty() : Optional.of(new RequesterId(secondary));
            case PCI_TO_PCIE_BRIDGE -> Optional.of(new RequesterId(own));
            case CONVENTIONAL ->
                    Optional.of(
                            new RequesterId(hidesItsExpressSide(bridge, above) ? secondary : own));
            case ENDPOINT,
                    LEGACY_ENDPOINT,
                    ROOT_PORT,
                    UPSTREAM_PORT,
                    DOWNSTREAM_PORT,
                    ROOT_COMPLEX_ENDPOINT,
                    EVENT_COLLECTOR,
                    RESERVED,
                    UNKNOWN ->
                    Optional.empty();
        };
    }

    private static boolean handsIdsOn(PciFunction bridge) {
        return (bridge.ids().vendor() << 16 | bridge.ids().device()) == ASPEED_AST1150;
    }

    /// PCI Express bridges without a PCI Express capability (`quirk_use_pcie_bridge_dma_alias`).
    private static boolean hidesItsExpressSide(PciFunction bridge, Optional<PciFunction> above) {
        boolean known =
                switch (bridge.ids().vendor() << 16 | bridge.ids().device()) {
                    case 0x1b21_1080, 0x10e3_8113, 0x1283_8892, 0x1283_8893, 0x8086_244e -> true;
                    default -> false;
                };
        return known
                && above.map(a -> PciExpress.portType(a.config()))
                        .filter(PortType::isPciExpress)
                        .filter(type -> type != PortType.PCIE_TO_PCI_BRIDGE)
                        .isPresent();
    }
}
