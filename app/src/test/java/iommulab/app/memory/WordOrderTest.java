package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// However an entry lies in memory: what is written is what hardware then takes.
class WordOrderTest {
    @Property
    void whatIsPlacedIsTaken(@ForAll WordOrder order, @ForAll long memory, @ForAll long raw) {
        long fits = order.taken(-1) & raw;
        assertThat(order.taken(order.placed(memory, fits))).isEqualTo(fits);
    }

    @Property
    void theNeighbourOfAnEntryOf32BitsStays(@ForAll long memory, @ForAll int raw) {
        long lower = WordOrder.LOWER_HALF.placed(memory, Integer.toUnsignedLong(raw));
        long upper = WordOrder.UPPER_HALF.placed(memory, Integer.toUnsignedLong(raw));
        assertThat(lower >>> 32).isEqualTo(memory >>> 32);
        assertThat((int) upper).isEqualTo((int) memory);
    }
}
