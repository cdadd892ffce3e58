package iommulab.app.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.DrawnMachine;
import iommulab.app.LabMachine;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.Test;

import java.util.stream.Collectors;

class WhereaboutsTest {
    private static String words(java.util.List<Span> way) {
        return way.stream().map(Span::text).collect(Collectors.joining(" > "));
    }

    @Test
    void aFunctionIsFoundFromItsRootBusThroughEveryPort() {
        var way =
                Whereabouts.of(new LabMachine().snapshot(), new Subject.Function(LabMachine.SOUND));
        assertThat(words(way)).isEqualTo("bus 07 > 07:00.0 > 08:01.0");
        assertThat(way.getFirst().leadsTo()).contains(new Subject.Nothing());
        assertThat(way.getLast().leadsTo()).contains(new Subject.Function(LabMachine.SOUND));
    }

    @Test
    void aLongWayKeepsItsBeginningAndItsEndAndTheDotsLeadUp() {
        var drawn = new DrawnMachine();
        var above = "";
        for (int bus = 0; bus < 8; bus++) {
            var port = "0000:%02x:00.0".formatted(bus);
            drawn.port(port, above, DrawnMachine.ROOT_PORT);
            above = port;
        }
        var lowest = PciAddress.parse(above);
        var way = Whereabouts.of(drawn.snapshot(), new Subject.Function(lowest));
        assertThat(words(way)).isEqualTo("bus 00 > … > 05:00.0 > 06:00.0 > 07:00.0");
        assertThat(way.get(1).leadsTo())
                .contains(new Subject.Function(PciAddress.parse("0000:04:00.0")));
    }

    @Test
    void aMappingIsFoundInItsDomainAndTheMachineNowhere() {
        var machine = new LabMachine().snapshot();
        assertThat(words(Whereabouts.of(machine, new Subject.Mapping(3, 0x4f000))))
                .isEqualTo("domain 3 > 4f000");
        assertThat(Whereabouts.of(machine, new Subject.Nothing())).isEmpty();
    }
}
