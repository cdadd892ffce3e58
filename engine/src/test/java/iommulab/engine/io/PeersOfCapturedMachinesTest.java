package iommulab.engine.io;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.KnownChips;
import iommulab.engine.pci.Fabric;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PortType;
import iommulab.engine.pci.Route;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The fabric against what real kernels concluded from the same configuration bytes.
class PeersOfCapturedMachinesTest {
    static Stream<String> captures() {
        return Captures.names();
    }

    /// Two functions that reach each other behind the IOMMU's back must share a group. The kernel itself
    /// overlooks what goes one way only (into a function of the slot that is isolated itself), and switch
    /// ports of different slots without ACS.
    @ParameterizedTest
    @MethodSource("captures")
    void whoReachEachOtherWithoutTheIommuShareAGroup(String capture) throws FileRefused {
        var machine = Captures.machine(capture);
        var fabric = new Fabric(machine.topology(), new KnownChips(CapturedFacts.of(machine)));
        for (var from : machine.topology().functions()) {
            var table = fabric.tableOf(from.address());
            assertThat(table.requester()).isEqualTo(fabric.requesterId(from.address()));
            for (int i = 0; i < table.exceptions(); i++) {
                if (table.exception(i) instanceof Route.Peer peer
                        && !turnsInASwitch(machine.topology().get(peer.turn()))
                        && alsoReaches(fabric, peer.target(), from)) {
                    assertSameGroup(machine.kernelSaid(), from, peer);
                }
            }
        }
    }

    private static void assertSameGroup(
            Map<PciAddress, Integer> groups, PciFunction from, Route.Peer peer) {
        if (groups.containsKey(from.address()) && groups.containsKey(peer.target())) {
            assertThat(groups.get(peer.target()))
                    .as("group of %s, which %s reaches: %s", peer.target(), from.address(), peer)
                    .isEqualTo(groups.get(from.address()));
        }
    }

    private static boolean alsoReaches(Fabric fabric, PciAddress from, PciFunction to) {
        var table = fabric.tableOf(from);
        return IntStream.range(0, table.exceptions())
                .mapToObj(table::exception)
                .anyMatch(r -> r instanceof Route.Peer p && p.target().equals(to.address()));
    }

    private static boolean turnsInASwitch(PciFunction turn) {
        return PciExpress.portType(turn.config()) == PortType.DOWNSTREAM_PORT;
    }
}
