package iommulab.engine.pci;

import static iommulab.engine.pci.PciTree.ALL_ACS;
import static iommulab.engine.pci.PciTree.at;
import static iommulab.engine.pci.PciTree.withSwitch;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

import java.util.List;

class RouteTableTest {

    /// Random switches, random bits: the table answers what the step by step way answers.
    @Property(tries = 300)
    void theTableAnswersAsTheWayItself(
            @ForAll @IntRange(max = 0x107f) int first,
            @ForAll @IntRange(max = 0x107f) int second,
            @ForAll @IntRange(max = 0x7f) int root,
            @ForAll @IntRange(max = 3) int vector,
            @ForAll("addresses") List<Long> addresses) {
        var tree = withSwitch().acs("02:00.0", first).acs("02:01.0", second).acs("00:02.0", root);
        var fabric = tree.egressVector("02:00.0", vector).fabric();
        for (var from : List.of(at("03:00.0"), at("04:00.0"), at("01:00.0"))) {
            var table = fabric.tableOf(from);
            for (long address : addresses) {
                var route = fabric.route(from, address);
                int found = table.lookup(address);
                if (route instanceof Route.Upstream up) {
                    assertThat(found).as("0x%x from %s", address, from).isEqualTo(-1);
                    assertThat(table.requester()).isEqualTo(up.requester());
                    assertThat(table.links()).isEqualTo(up.bridges().size());
                } else {
                    assertThat(found).as("0x%x from %s", address, from).isNotEqualTo(-1);
                    assertThat(table.exception(found)).isEqualTo(route);
                }
            }
        }
    }

    @Provide
    Arbitrary<List<Long>> addresses() {
        var near =
                Arbitraries.longs()
                        .between(0xbfff_0000L, 0xc041_0000L)
                        .edgeCases(edges ->
                                edges.add(
                                        0xc000_0000L,
                                        0xc000_ffffL,
                                        0xc001_0000L,
                                        0xc01f_ffffL,
                                        0xc020_0000L,
                                        0xc02f_ffffL,
                                        0xc03f_ffffL,
                                        0xc040_0000L));
        return Arbitraries.oneOf(List.of(near, Arbitraries.longs())).list().ofSize(20);
    }

    @Test
    void aFunctionThatAlwaysGoesUpHasNoExceptions() {
        var tree = withSwitch().acs("00:02.0", ALL_ACS);
        var alone = tree.function("00:1f.0", "", PortType.ROOT_COMPLEX_ENDPOINT, 0xd000_0000L);
        var table = alone.fabric().tableOf(at("00:1f.0"));
        assertThat(table.exceptions()).isZero();
        assertThat(table.lookup(0)).isEqualTo(RouteTable.UPSTREAM);
        assertThat(table.lookup(-1)).isEqualTo(RouteTable.UPSTREAM);
    }

    @Test
    void neighbouringRangesOfOneFateAreOneException() {
        var table = withSwitch().fabric().tableOf(at("03:00.0"));
        int peer = table.lookup(0xc020_0000L);
        assertThat(table.firstAddress(peer)).isEqualTo(0xc020_0000L);
        assertThat(table.lastAddress(peer)).isEqualTo(0xc020_ffffL);
    }
}
