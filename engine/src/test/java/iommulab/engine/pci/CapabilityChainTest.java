package iommulab.engine.pci;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

class CapabilityChainTest {
    @Test
    void followsBothChainsInOrder() {
        var config =
                ConfigBytes.ofSize(4096)
                        .capability(0x40, 0x01)
                        .capability(0x80, 0x10)
                        .extended(0x100, 0x01, 2)
                        .extended(0x150, 0x0d, 1)
                        .build();
        var chain = CapabilityChain.of(config);
        assertThat(chain.problems()).isEmpty();
        assertThat(chain.entries())
                .containsExactly(
                        new CapabilityChain.Entry(0x01, false, 0, 0x40),
                        new CapabilityChain.Entry(0x10, false, 0, 0x80),
                        new CapabilityChain.Entry(0x01, true, 2, 0x100),
                        new CapabilityChain.Entry(0x0d, true, 1, 0x150));
    }

    @Test
    void aFunctionWithoutListHasNoCapabilities() {
        var config = ConfigBytes.ofSize(256).set(0x34, 0x40).set(0x40, 0x10).build();
        assertThat(CapabilityChain.of(config).entries()).isEmpty();
        assertThat(CapabilityChain.find(config, 0x10)).isZero();
    }

    @Test
    void aLoopEndsWithAMessage() {
        var config =
                ConfigBytes.ofSize(256).capability(0x40, 1).capability(0x50, 5).set(0x51, 0x40);
        var chain = CapabilityChain.of(config.build());
        assertThat(chain.entries()).hasSize(2);
        assertThat(chain.problems())
                .containsExactly("the capability at 0x50 points back to 0x40: the chain loops");
        assertThat(CapabilityChain.find(config.build(), 0x10)).isZero();
    }

    @Test
    void anExtendedLoopEndsWithAMessage() {
        var config = ConfigBytes.ofSize(4096).extended(0x100, 1, 1).extended(0x140, 3, 1);
        config.set(0x142, 0x01, 0x10);
        assertThat(CapabilityChain.of(config.build()).problems())
                .containsExactly(
                        "the extended capability at 0x140 points back to 0x100: the chain loops");
        assertThat(CapabilityChain.findExtended(config.build(), 0x0d)).isZero();
    }

    @Test
    void whatLiesBeyondTheKnownBytesIsUnknown() {
        var config = ConfigBytes.ofSize(64).set(0x06, 0x10).set(0x34, 0x50).build();
        assertThat(CapabilityChain.of(config).problems())
                .containsExactly("the capability pointer points to 0x50; only 64 bytes are known");
        assertThat(PciExpress.portType(config)).isEqualTo(PortType.UNKNOWN);
        assertThat(Acs.of(config)).isEmpty();
    }

    @Test
    void portTypeAndAcsAreReadFromTheirRegisters() {
        var config =
                ConfigBytes.ofSize(4096)
                        .capability(0x80, 0x10)
                        .set16(0x82, 0x0142)
                        .extended(0x100, 0x0d, 1)
                        .set16(0x104, 0x5f)
                        .set16(0x106, 0x1d)
                        .build();
        assertThat(PciExpress.portType(config)).isEqualTo(PortType.ROOT_PORT);
        assertThat(PciExpress.hasSlot(config)).isTrue();
        assertThat(Acs.of(config)).contains(new Acs(0x100, 0x5f, 0x1d));
    }

    @Test
    void withoutPciExpressCapabilityAFunctionIsConventional() {
        assertThat(PciExpress.portType(ConfigBytes.ofSize(256).build()))
                .isEqualTo(PortType.CONVENTIONAL);
    }

    @Property
    void anyBytesEndWithoutHang(@ForAll @Size(min = 1, max = 4096) byte[] bytes) {
        var config = ConfigSpace.of(bytes);
        var chain = CapabilityChain.of(config);
        for (var entry : chain.entries()) {
            assertThat(entry.offset()).isLessThan(config.size());
        }
        PciExpress.portType(config);
        Acs.of(config);
    }
}
