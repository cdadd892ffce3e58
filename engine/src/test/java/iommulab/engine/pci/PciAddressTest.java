package iommulab.engine.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

class PciAddressTest {
    @Property
    void isWrittenAsTheKernelsFormatStringWritesIt(
            @ForAll @IntRange(max = Integer.MAX_VALUE) int domain,
            @ForAll @IntRange(max = 255) int bus,
            @ForAll @IntRange(max = 255) int devfn) {
        var address = PciAddress.of(domain, bus, devfn);

        // pci_setup_device: "%04x:%02x:%02x.%d"
        assertThat(address)
                .hasToString("%04x:%02x:%02x.%d".formatted(domain, bus, devfn >> 3, devfn & 7));
        assertThat(PciAddress.parse(address.toString())).isEqualTo(address);
    }

    @Test
    void aSegmentOfIntelVmdKeepsItsFifthDigit() {
        assertThat(new PciAddress(0x10000, 0xe1, 0, 0)).hasToString("10000:e1:00.0");
        assertThat(new PciAddress(0x1, 0, 0x1f, 3)).hasToString("0001:00:1f.3");
    }

    @Test
    void aNumberThatNoBusHasIsNoAddress() {
        assertThatThrownBy(() -> new PciAddress(0, 256, 0, 0)).hasMessageContaining("bus 0x100");
        assertThatThrownBy(() -> PciAddress.parse("0:0.0")).hasMessageContaining("0000:03:00.1");
    }
}
