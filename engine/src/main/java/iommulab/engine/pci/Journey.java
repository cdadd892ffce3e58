package iommulab.engine.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// One request on its way through the fabric; used once.
///
/// Each turn of the loop in [#route] is one bus: first whoever else on that bus would claim the
/// address, then the bridge above it.
final class Journey {
    private final Fabric fabric;
    private final FabricNode source;
    private final long address;
    private final boolean translated;
    private final List<Hop> hops = new ArrayList<>();
    private final List<PciAddress> bridges = new ArrayList<>();
    private int requester;
    private boolean redirected;

    Journey(Fabric fabric, FabricNode source, long address, AddressType type) {
        this.fabric = fabric;
        this.source = source;
        this.address = address;
        this.translated = type == AddressType.TRANSLATED;
        this.requester = RequesterNames.issuedBy(source.function());
    }

    List<Hop> hops() {
        return List.copyOf(hops);
    }

    Route route() {
        issue();
        var at = source;
        while (true) {
            var turned = across(at);
            if (turned.isPresent()) {
                return turned.get();
            }
            var above = fabric.above(at);
            if (above.isEmpty()) {
                return new Route.Upstream(new RequesterId(requester), bridges);
            }
            var stopped = enter(above.get(), at);
            if (stopped.isPresent()) {
                return stopped.get();
            }
            at = above.get();
        }
    }

    private void issue() {
        var own = source.address().requesterId();
        var used = new RequesterId(requester);
        String alias = own.equals(used) ? "" : ", as this chip is known to do, not as " + own;
        hop(
                source,
                Hop.Did.ISSUES,
                "asks for 0x%x as requester %s%s".formatted(address, used, alias));
    }

    // ---- across: peers that hear the request on the bus where it is

    private Optional<Route> across(FabricNode at) {
        var above = fabric.above(at);
        if (above.isPresent() && above.get().leadsToConventionalBus()) {
            return peerOf(at, _ -> true)
                    .map(peer ->
                            turn(
                                    above.get(),
                                    peer,
                                    "on a conventional bus whoever decodes the address"
                                            + " claims the request",
                                    Optional.empty()));
        }
        if (at.type() == PortType.DOWNSTREAM_PORT) {
            return peerOf(at, p -> p.type() == PortType.DOWNSTREAM_PORT)
                    .flatMap(peer -> byAcs(at, peer));
        }
        if (at.isMultifunction()) {
            return peerOf(at, p -> sameDevice(at, p)).flatMap(peer -> byAcs(at, peer));
        }
        return Optional.empty();
    }

    private Optional<FabricNode> peerOf(FabricNode at, Predicate<FabricNode> reachable) {
        return fabric.onSameBus(at).stream()
                .filter(peer -> !peer.address().equals(at.address()))
                .filter(reachable)
                .filter(peer -> peer.decode().claims(address))
                .findFirst();
    }

    private boolean sameDevice(FabricNode at, FabricNode peer) {
        boolean ari =
                fabric.above(at)
                        .map(port -> PciExpress.forwardsAri(port.function().config()))
                        .orElse(false);
        return ari || at.address().device() == peer.address().device();
    }

    /// Redirect and egress control together. Spec: PCIe Base, "ACS Peer-to-Peer Control Interactions".
    private Optional<Route> byAcs(FabricNode at, FabricNode peer) {
        if (translated && at.enables(Acs.DIRECT_TRANSLATED)) {
            return Optional.of(
                    turn(
                            at,
                            peer,
                            "Direct Translated P2P lets translated requests turn",
                            bit(at, Acs.DIRECT_TRANSLATED)));
        }
        if (at.enables(Acs.EGRESS_CONTROL)) {
            return byEgressControl(at, peer);
        }
        if (at.sendsUp(Acs.REQUEST_REDIRECT)) {
            redirect(at, peer, bit(at, Acs.REQUEST_REDIRECT));
            return Optional.empty();
        }
        return Optional.of(
                turn(at, peer, whyNot(at, "Request Redirect"), bit(at, Acs.REQUEST_REDIRECT)));
    }

    private Optional<Route> byEgressControl(FabricNode at, FabricNode peer) {
        var bit =
                Optional.of(
                        "ACS egress control vector, bit of %s = %d"
                                .formatted(peer.address(), at.egressRestricted(peer) ? 1 : 0));
        if (!at.egressRestricted(peer)) {
            return Optional.of(
                    turn(at, peer, "its egress control vector allows the way to this peer", bit));
        }
        if (at.enables(Acs.REQUEST_REDIRECT)) {
            redirect(at, peer, bit);
            return Optional.empty();
        }
        return Optional.of(
                block(
                        at,
                        "its egress control vector forbids the way to %s".formatted(peer.address()),
                        bit));
    }

    // ---- up: the bridge above the bus

    private Optional<Route> enter(FabricNode bridge, FabricNode from) {
        if (bridge.isPortAboveALink()) {
            var refused = validate(bridge);
            if (refused.isPresent()) {
                return refused;
            }
        }
        bridges.add(bridge.address());
        if (bridge.decode().inWindow(address)) {
            var ended = targetsOwnSide(bridge, from);
            if (ended.isPresent()) {
                return ended;
            }
        } else {
            passOn(bridge);
        }
        return Optional.empty();
    }

    /// What a port checks of every request that comes in from its link.
    private Optional<Route> validate(FabricNode port) {
        var config = port.function().config();
        int bus = requester >>> 8;
        int first = Header.secondaryBus(config);
        int last = Header.subordinateBus(config);
        if (port.enables(Acs.SOURCE_VALIDATION) && (bus < first || bus > last)) {
            return Optional.of(
                    block(
                            port,
                            "requester %s is of bus %02x, but below this port are buses %02x to %02x"
                                    .formatted(new RequesterId(requester), bus, first, last),
                            bit(port, Acs.SOURCE_VALIDATION)));
        }
        if (translated && port.enables(Acs.TRANSLATION_BLOCKING)) {
            return Optional.of(
                    block(
                            port,
                            "it lets no request with a translated address in",
                            bit(port, Acs.TRANSLATION_BLOCKING)));
        }
        return Optional.empty();
    }

    /// The address lies in the bridge's own window, from which the request comes.
    private Optional<Route> targetsOwnSide(FabricNode bridge, FabricNode from) {
        if (bridge.isPortAboveALink()) {
            if (bridge.sendsUp(Acs.UPSTREAM_FORWARDING)) {
                redirected = true;
                hop(
                        bridge,
                        Hop.Did.REDIRECTS,
                        "sends it up although the address is in its own window",
                        bit(bridge, Acs.UPSTREAM_FORWARDING));
                return Optional.empty();
            }
            return Optional.of(
                    turnBack(
                            bridge,
                            whyNot(bridge, "Upstream Forwarding"),
                            bit(bridge, Acs.UPSTREAM_FORWARDING)));
        }
        if (bridge.type() == PortType.UPSTREAM_PORT
                && (redirected || from.enables(Acs.UNCLAIMED_REQUEST_REDIRECT))) {
            redirected = true;
            passOn(bridge);
            return Optional.empty();
        }
        return Optional.of(
                block(
                        bridge,
                        "the address is in its window, from where it forwards nothing up, and"
                                + " nobody below claims it",
                        Optional.empty()));
    }

    private void passOn(FabricNode bridge) {
        var written =
                RequesterNames.writtenBy(
                        bridge.function(), fabric.above(bridge).map(FabricNode::function));
        if (written.isEmpty()) {
            hop(bridge, Hop.Did.FORWARDS, "hands it up unchanged");
            return;
        }
        requester = written.get().raw();
        hop(
                bridge,
                Hop.Did.RENAMES,
                "a %s makes it its own request: requester %s"
                        .formatted(
                                bridge.type() == PortType.CONVENTIONAL
                                        ? "conventional bridge"
                                        : bridge.type().words(),
                                written.get()));
    }

    // ---- turning, and down to the target

    private Route turn(FabricNode at, FabricNode peer, String why, Optional<String> bit) {
        hop(at, Hop.Did.TURNS, "turns to %s: %s".formatted(peer.address(), why), bit);
        return down(at, peer, why);
    }

    private Route turnBack(FabricNode port, String why, Optional<String> bit) {
        for (var child : fabric.below(port)) {
            if (child.decode().claims(address)) {
                return turn(port, child, why, bit);
            }
        }
        return block(port, "the address is in its window, but nobody below claims it", bit);
    }

    private Route down(FabricNode turn, FabricNode first, String why) {
        var at = first;
        while (!at.decode().ownBar(address)) {
            bridges.add(at.address());
            var claimed =
                    fabric.below(at).stream().filter(c -> c.decode().claims(address)).findFirst();
            if (claimed.isEmpty()) {
                return block(
                        at,
                        "it forwards the address down, but nobody below claims it",
                        Optional.empty());
            }
            hop(at, Hop.Did.FORWARDS, "forwards it down, the address is in its window");
            at = claimed.get();
        }
        hop(at, Hop.Did.DELIVERS, "its BAR answers; the IOMMU never saw the request");
        return new Route.Peer(at.address(), turn.address(), bridges, why);
    }

    private void redirect(FabricNode at, FabricNode peer, Optional<String> bit) {
        redirected = true;
        hop(
                at,
                Hop.Did.REDIRECTS,
                "sends it up to the root complex, although %s would claim it"
                        .formatted(peer.address()),
                bit);
    }

    private Route block(FabricNode at, String why, Optional<String> bit) {
        hop(at, Hop.Did.BLOCKS, why, bit);
        return new Route.Blocked(at.address(), bit.map(b -> why + " (" + b + ")").orElse(why));
    }

    // ---- words

    private static String whyNot(FabricNode at, String service) {
        if (at.quirk().isPresent()) {
            return "this chip is known to let peers turn, whatever its ACS says";
        }
        return at.acs().isPresent()
                ? "ACS %s is off".formatted(service)
                : "it has no ACS that would redirect";
    }

    private static Optional<String> bit(FabricNode at, int flag) {
        if (at.quirk().isPresent() && flag != Acs.SOURCE_VALIDATION) {
            return Optional.of("known of this chip");
        }
        return at.acs()
                .map(acs ->
                        (acs.capability() & flag) == 0
                                ? "ACS capability, %s = 0: not offered".formatted(Acs.nameOf(flag))
                                : "ACS control, %s (bit %d) = %d"
                                        .formatted(
                                                Acs.nameOf(flag),
                                                Integer.numberOfTrailingZeros(flag),
                                                (acs.control() & flag) == 0 ? 0 : 1));
    }

    private void hop(FabricNode at, Hop.Did did, String text) {
        hop(at, did, text, Optional.empty());
    }

    private void hop(FabricNode at, Hop.Did did, String text, Optional<String> bit) {
        hops.add(new Hop(at.address(), did, text, bit));
    }
}
