package iommulab.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.memory.Region.RegionKind;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

class AddressMapTest {
    @Test
    void anAddressHasOneOwner() {
        assertThatThrownBy(() ->
                        new AddressMap(
                                List.of(
                                        region("a BAR", 0xfe00_0000L, 0xfe00_0fffL),
                                        region("RAM", 0, 0xfe00_0000L))))
                .hasMessageContaining("a BAR")
                .hasMessageContaining("RAM");
    }

    @Test
    void addressesCountUnsigned() {
        var map =
                new AddressMap(
                        List.of(region("top", 0xffff_ffff_0000_0000L, -1), region("low", 0, 9)));
        assertThat(map.regions().get(map.indexOf(-1)).name()).isEqualTo("top");
        assertThat(map.indexOf(10)).isEqualTo(AddressMap.NOTHING);
    }

    @Property
    void findsTheRegionThatAPlainSearchFinds(
            @ForAll @Size(max = 20) List<@LongRange(max = 500) Long> ends,
            @ForAll @LongRange(max = 520) long address) {
        var borders = List.copyOf(new TreeSet<>(ends));
        var regions =
                java.util.stream.IntStream.range(0, borders.size() / 2)
                        .mapToObj(i -> region("r" + i, borders.get(2 * i), borders.get(2 * i + 1)))
                        .toList();
        var map = new AddressMap(regions.reversed());
        var plain = regions.stream().filter(r -> r.range().contains(address)).findAny();
        int index = map.indexOf(address);
        assertThat(index == AddressMap.NOTHING ? Optional.empty() : Optional.of(regions.get(index)))
                .isEqualTo(plain);
    }

    private static Region region(String name, long start, long last) {
        return new Region(new AddressRange(start, last), RegionKind.RAM, name, Optional.empty());
    }
}
