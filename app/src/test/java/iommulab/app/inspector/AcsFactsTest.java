package iommulab.app.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.Command;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

class AcsFactsTest {
    private static final PciAddress PORT = PciAddress.parse("00:01.0");
    private static final PciAddress CARD = PciAddress.parse("03:00.0");
    private static final int ACS_AT = 0x100;

    @Test
    void namesTheBitsThatLinuxMissesOnThePortAbove() {
        var path = above(0x1f, Acs.SOURCE_VALIDATION | Acs.UPSTREAM_FORWARDING);
        assertThat(words(path)).endsWith("00:01.0: RR and CR are 0.");
    }

    @Test
    void isSatisfiedWithAPortThatHasAllFour() {
        assertThat(words(above(0x1f, 0x1d))).endsWith("None is missing here.");
    }

    @Test
    void aBitThatThePortDoesNotOfferIsNotMissed() {
        var path = above(Acs.SOURCE_VALIDATION, Acs.SOURCE_VALIDATION);
        assertThat(words(path)).endsWith("None is missing here.");
        assertThat(path.ports().getFirst().bits().get(2).flip()).isEmpty();
    }

    @Test
    void aClickOnABitWritesTheControlRegisterWithThatBitChanged() {
        var redirect = above(0x1f, 0x11).ports().getFirst().bits().get(2);
        assertThat(redirect.name()).isEqualTo("RR");
        assertThat(redirect.flip())
                .contains(new Command.WriteConfig(PORT, ACS_AT + 6, 2, 0x11 | 0x4));
    }

    private static String words(Section.AcsPath path) {
        return path.verdict().stream().map(Span::text).collect(Collectors.joining(" "));
    }

    private static Section.AcsPath above(int capability, int control) {
        var config = ConfigSpace.of(new byte[4096]);
        config = config.with(ACS_AT, 4, 0x0001_000d);
        config = config.with(ACS_AT + 4, 2, capability).with(ACS_AT + 6, 2, control);
        var card = function(CARD, Optional.of(PORT), ConfigSpace.of(new byte[4096]));
        var topology = new PciTopology(List.of(function(PORT, Optional.empty(), config), card));
        return (Section.AcsPath) AcsFacts.above(topology, card).orElseThrow();
    }

    private static PciFunction function(
            PciAddress address, Optional<PciAddress> parent, ConfigSpace config) {
        return new PciFunction(
                address,
                parent,
                config,
                new PciIds(0x8086, 1, 0, 0, 0x060400, 0),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                OptionalInt.empty());
    }
}
