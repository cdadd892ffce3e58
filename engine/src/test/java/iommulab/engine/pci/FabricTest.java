package iommulab.engine.pci;

import static iommulab.engine.pci.PciTree.ALL_ACS;
import static iommulab.engine.pci.PciTree.at;
import static iommulab.engine.pci.PciTree.tree;
import static iommulab.engine.pci.PciTree.withSwitch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

class FabricTest {
    private static final long RAM = 0x1234_5000L;
    private static final long PEER_BAR = 0xc020_0010L;
    private static final long UNCLAIMED_IN_SWITCH = 0xc031_0000L;

    private static Route route(PciTree tree, String from, long address) {
        return tree.fabric().route(at(from), address);
    }

    private static void goesUpAs(Route route, String requester) {
        assertThat(route).isInstanceOf(Route.Upstream.class);
        assertThat(((Route.Upstream) route).requester()).hasToString(requester);
    }

    private static Route.Peer reachesPeer(Route route, String target, String turn) {
        assertThat(route).isInstanceOf(Route.Peer.class);
        var peer = (Route.Peer) route;
        assertThat(peer.target()).isEqualTo(at(target));
        assertThat(peer.turn()).isEqualTo(at(turn));
        return peer;
    }

    private static Route.Blocked isStoppedBy(Route route, String port) {
        assertThat(route).isInstanceOf(Route.Blocked.class);
        var blocked = (Route.Blocked) route;
        assertThat(blocked.port()).isEqualTo(at(port));
        return blocked;
    }

    // ---- names on the way up

    @Test
    void aFunctionBelowPortsKeepsItsOwnName() {
        var route = route(withSwitch(), "03:00.0", RAM);
        goesUpAs(route, "03:00.0");
        assertThat(((Route.Upstream) route).bridges())
                .isEqualTo(List.of(at("02:00.0"), at("01:00.0"), at("00:02.0")));
    }

    @Test
    void aPcieToPciBridgeNamesItsSecondaryBus() {
        var tree =
                tree().bridge("00:05.0", "", PortType.PCIE_TO_PCI_BRIDGE, 1, 1, 0xc00, 0xc00)
                        .function("01:03.0", "00:05.0", PortType.CONVENTIONAL, 0xc000_0000L);
        goesUpAs(route(tree, "01:03.0", RAM), "01:00.0");
    }

    @Test
    void aConventionalBridgeNamesItself() {
        var tree =
                tree().bridge("00:11.0", "", PortType.CONVENTIONAL, 2, 2, 0xc00, 0xc00)
                        .function("02:02.0", "00:11.0", PortType.CONVENTIONAL, 0xc000_0000L);
        goesUpAs(route(tree, "02:02.0", RAM), "00:11.0");
    }

    @Test
    void ofSeveralBridgesTheLastOneNames() {
        var tree =
                tree().bridge("00:01.0", "", PortType.ROOT_PORT, 1, 3, 0xc00, 0xc00)
                        .bridge("01:00.0", "00:01.0", PortType.PCIE_TO_PCI_BRIDGE, 2, 3, 1, 0)
                        .bridge("02:04.0", "01:00.0", PortType.CONVENTIONAL, 3, 3, 1, 0)
                        .function("03:07.0", "02:04.0", PortType.CONVENTIONAL, 0xd000_0000L);
        goesUpAs(route(tree, "03:07.0", RAM), "02:00.0");
        assertThat(tree.fabric().requesterId(at("02:04.0"))).hasToString("02:00.0");
    }

    @Test
    void aPciToPcieBridgeNamesItself() {
        var tree =
                tree().bridge("00:1e.0", "", PortType.PCI_TO_PCIE_BRIDGE, 1, 1, 1, 0)
                        .function("01:00.0", "00:1e.0", PortType.ENDPOINT, 0xd000_0000L);
        goesUpAs(route(tree, "01:00.0", RAM), "00:1e.0");
    }

    @Test
    void anExpressBridgeThatHidesItsCapabilityNamesItsSecondaryBus() {
        var tree =
                tree().bridge("00:01.0", "", PortType.ROOT_PORT, 1, 2, 1, 0)
                        .bridge("01:00.0", "00:01.0", PortType.CONVENTIONAL, 2, 2, 1, 0)
                        .ids("01:00.0", 0x1b21, 0x1080)
                        .function("02:03.0", "01:00.0", PortType.CONVENTIONAL, 0xd000_0000L);
        goesUpAs(route(tree, "02:03.0", RAM), "02:00.0");
    }

    @Test
    void theAspeedBridgeHandsNamesOn() {
        var tree =
                tree().bridge("00:01.0", "", PortType.PCIE_TO_PCI_BRIDGE, 1, 1, 1, 0)
                        .ids("00:01.0", 0x1a03, 0x1150)
                        .function("01:02.0", "00:01.0", PortType.CONVENTIONAL, 0xd000_0000L);
        goesUpAs(route(tree, "01:02.0", RAM), "01:02.0");
    }

    @Test
    void aChipThatUsesItsNeighboursNameIsSeenUnderIt() {
        var tree =
                tree().function("05:00.0", "", PortType.ENDPOINT, 0xd000_0000L)
                        .ids("05:00.0", 0x1b4b, 0x9130);
        goesUpAs(route(tree, "05:00.0", RAM), "05:00.1");
    }

    // ---- across a switch

    @Test
    void aSwitchWithoutAcsTakesAPeerRequestAcross() {
        var peer = reachesPeer(route(withSwitch(), "03:00.0", PEER_BAR), "04:00.0", "02:00.0");
        assertThat(peer.bridges()).isEqualTo(List.of(at("02:00.0"), at("02:01.0")));
        assertThat(peer.reason()).isEqualTo("it has no ACS that would redirect");
    }

    @Test
    void requestRedirectSendsAPeerRequestToTheIommu() {
        var tree = withSwitch().acs("02:00.0", ALL_ACS).acs("00:02.0", ALL_ACS);
        goesUpAs(route(tree, "03:00.0", PEER_BAR), "03:00.0");
    }

    @Test
    void requestRedirectWithoutUpstreamForwardingAboveComesBackDown() {
        var tree = withSwitch().acs("02:00.0", ALL_ACS).acs("00:02.0", Acs.REQUEST_REDIRECT);
        var peer = reachesPeer(route(tree, "03:00.0", PEER_BAR), "04:00.0", "00:02.0");
        assertThat(peer.reason()).isEqualTo("ACS Upstream Forwarding is off");
    }

    @Test
    void onlyTheAcsOfThePortThatTheRequestEntersCounts() {
        var tree = withSwitch().acs("02:01.0", ALL_ACS).acs("00:02.0", ALL_ACS);
        reachesPeer(route(tree, "03:00.0", PEER_BAR), "04:00.0", "02:00.0");
    }

    @Test
    void egressControlBlocksAForbiddenPeer() {
        var tree = withSwitch().acs("02:00.0", Acs.EGRESS_CONTROL).egressVector("02:00.0", 1 << 1);
        var blocked = isStoppedBy(route(tree, "03:00.0", PEER_BAR), "02:00.0");
        assertThat(blocked.reason()).contains("egress control vector, bit of 0000:02:01.0 = 1");
    }

    @Test
    void egressControlWithRedirectSendsAForbiddenPeerRequestUp() {
        var tree =
                withSwitch()
                        .acs("02:00.0", ALL_ACS | Acs.EGRESS_CONTROL)
                        .egressVector("02:00.0", 1 << 1)
                        .acs("00:02.0", ALL_ACS);
        goesUpAs(route(tree, "03:00.0", PEER_BAR), "03:00.0");
    }

    @Test
    void egressControlLetsAnAllowedPeerRequestTurnEvenWithRedirect() {
        var tree =
                withSwitch()
                        .acs("02:00.0", ALL_ACS | Acs.EGRESS_CONTROL)
                        .egressVector("02:00.0", 1);
        reachesPeer(route(tree, "03:00.0", PEER_BAR), "04:00.0", "02:00.0");
    }

    @Test
    void directTranslatedLetsOnlyTranslatedRequestsTurn() {
        var fabric =
                withSwitch()
                        .acs("02:00.0", ALL_ACS | Acs.DIRECT_TRANSLATED)
                        .acs("00:02.0", ALL_ACS)
                        .fabric();
        goesUpAs(fabric.route(at("03:00.0"), PEER_BAR), "03:00.0");
        reachesPeer(
                fabric.route(at("03:00.0"), PEER_BAR, AddressType.TRANSLATED),
                "04:00.0",
                "02:00.0");
    }

    @Test
    void translationBlockingStopsTranslatedRequests() {
        var fabric = withSwitch().acs("02:00.0", Acs.TRANSLATION_BLOCKING).fabric();
        goesUpAs(fabric.route(at("03:00.0"), RAM), "03:00.0");
        isStoppedBy(fabric.route(at("03:00.0"), RAM, AddressType.TRANSLATED), "02:00.0");
    }

    @Test
    void sourceValidationStopsABusThatIsNotBelowThePort() {
        var tree = withSwitch().acs("02:00.0", Acs.SOURCE_VALIDATION);
        var topology = tree.topology();
        var port = topology.get(at("02:00.0"));
        var renumbered = topology.with(port.withConfig(port.config().with(0x19, 2, 0x0909)));
        var blocked = isStoppedBy(new Fabric(renumbered).route(at("03:00.0"), RAM), "02:00.0");
        assertThat(blocked.reason())
                .isEqualTo(
                        "requester 03:00.0 is of bus 03, but below this port are buses 09 to 09"
                                + " (ACS control, Source Validation (bit 0) = 1)");
    }

    @Test
    void anAddressInTheSwitchThatNobodyClaimsGoesNowhere() {
        isStoppedBy(route(withSwitch(), "03:00.0", UNCLAIMED_IN_SWITCH), "01:00.0");
    }

    @Test
    void unclaimedRequestRedirectSendsItUp() {
        var tree =
                withSwitch()
                        .acs("02:00.0", 0xff, Acs.UNCLAIMED_REQUEST_REDIRECT)
                        .acs("00:02.0", ALL_ACS);
        goesUpAs(route(tree, "03:00.0", UNCLAIMED_IN_SWITCH), "03:00.0");
    }

    @Test
    void aClosedWindowLetsNothingAcross() {
        var tree = withSwitch().memoryOff("02:01.0");
        isStoppedBy(route(tree, "03:00.0", PEER_BAR), "01:00.0");
    }

    @Test
    void aFunctionWithItsMemorySpaceOffDoesNotAnswer() {
        isStoppedBy(route(withSwitch().memoryOff("04:00.0"), "03:00.0", PEER_BAR), "02:01.0");
    }

    // ---- within one slot, and on conventional buses

    private static PciTree dualFunctionCard() {
        return tree().bridge("00:03.0", "", PortType.ROOT_PORT, 7, 7, 0xc00, 0xc03)
                .acs("00:03.0", ALL_ACS)
                .function("07:00.0", "00:03.0", PortType.ENDPOINT, 0xc000_0000L)
                .function("07:00.1", "00:03.0", PortType.ENDPOINT, 0xc010_0000L)
                .multifunction("07:00.0");
    }

    @Test
    void functionsOfOneCardReachEachOtherInside() {
        reachesPeer(route(dualFunctionCard(), "07:00.0", 0xc010_0000L), "07:00.1", "07:00.0");
    }

    @Test
    void acsInACardSendsTheRequestUp() {
        var tree = dualFunctionCard().acs("07:00.0", ALL_ACS);
        goesUpAs(route(tree, "07:00.0", 0xc010_0000L), "07:00.0");
    }

    @Test
    void acsThatOffersNoRedirectMeansThatTheCardDoesNoPeerToPeer() {
        goesUpAs(
                route(dualFunctionCard().acs("07:00.0", 0, 0), "07:00.0", 0xc010_0000L), "07:00.0");
    }

    @Test
    void aQuirkDecidesAgainstTheRegisters() {
        var topology = dualFunctionCard().topology();
        var fabric = new Fabric(topology, _ -> Optional.of(true));
        goesUpAs(fabric.route(at("07:00.0"), 0xc010_0000L), "07:00.0");
        var open = dualFunctionCard().acs("07:00.0", ALL_ACS).topology();
        reachesPeer(
                new Fabric(open, _ -> Optional.of(false)).route(at("07:00.0"), 0xc010_0000L),
                "07:00.1",
                "07:00.0");
    }

    @Test
    void onAConventionalBusThePeerClaimsItself() {
        var tree =
                tree().bridge("00:1e.0", "", PortType.CONVENTIONAL, 5, 5, 0xc00, 0xc03)
                        .function("05:01.0", "00:1e.0", PortType.CONVENTIONAL, 0xc000_0000L)
                        .function("05:02.0", "00:1e.0", PortType.CONVENTIONAL, 0xc010_0000L);
        reachesPeer(route(tree, "05:01.0", 0xc010_0004L), "05:02.0", "00:1e.0");
        isStoppedBy(route(tree, "05:01.0", 0xc020_0000L), "00:1e.0");
    }

    @Test
    void rootPortsOfDifferentSlotsReachEachOtherOnlyThroughTheIommu() {
        var tree =
                tree().bridge("00:01.0", "", PortType.ROOT_PORT, 1, 1, 0xc00, 0xc00)
                        .bridge("00:02.0", "", PortType.ROOT_PORT, 2, 2, 0xc01, 0xc01)
                        .function("01:00.0", "00:01.0", PortType.ENDPOINT, 0xc000_0000L)
                        .function("02:00.0", "00:02.0", PortType.ENDPOINT, 0xc010_0000L);
        goesUpAs(route(tree, "01:00.0", 0xc010_0000L), "01:00.0");
    }

    @Test
    void rootPortsOfOneSlotWithoutAcsReachEachOther() {
        var tree =
                tree().bridge("00:1c.0", "", PortType.ROOT_PORT, 1, 1, 0xc00, 0xc00)
                        .bridge("00:1c.1", "", PortType.ROOT_PORT, 2, 2, 0xc01, 0xc01)
                        .multifunction("00:1c.0")
                        .function("01:00.0", "00:1c.0", PortType.ENDPOINT, 0xc000_0000L)
                        .function("02:00.0", "00:1c.1", PortType.ENDPOINT, 0xc010_0000L);
        reachesPeer(route(tree, "01:00.0", 0xc010_0000L), "02:00.0", "00:1c.0");
    }

    // ---- in words

    @Test
    void everyHopSaysWhatItDidAndWhichBitDecided() {
        var tree = withSwitch().acs("02:00.0", ALL_ACS).acs("00:02.0", ALL_ACS);
        var hops = tree.fabric().explain(at("03:00.0"), PEER_BAR, AddressType.UNTRANSLATED);
        assertThat(hops)
                .extracting(hop -> hop.at().withoutDomain() + " " + hop.did())
                .containsExactly(
                        "03:00.0 ISSUES",
                        "02:00.0 FORWARDS",
                        "02:00.0 REDIRECTS",
                        "01:00.0 FORWARDS",
                        "00:02.0 REDIRECTS");
        assertThat(hops.get(2).bit()).contains("ACS control, Request Redirect (bit 2) = 1");
        assertThat(hops.get(4).bit()).contains("ACS control, Upstream Forwarding (bit 4) = 1");
    }
}
