package iommulab.app.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.BitField;
import iommulab.engine.pci.Capabilities;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

import java.util.stream.Collectors;

class InspectedTest {
    private static Inspected of(MachineSnapshot machine, Subject subject) {
        return Inspected.of(machine, subject, DeviceNames.NONE);
    }

    private static String fact(Inspected inspected, String name) {
        return inspected.sections().stream()
                .filter(Section.Facts.class::isInstance)
                .map(Section.Facts.class::cast)
                .flatMap(facts -> facts.facts().stream())
                .filter(fact -> fact.name().equals(name))
                .findFirst()
                .map(fact -> fact.value().stream().map(Span::text).collect(Collectors.joining(" ")))
                .orElse("no fact " + name);
    }

    @Test
    void aFunctionTellsItsGroupDomainDriverAndRequester() {
        var inspected = of(new LabMachine().snapshot(), new Subject.Function(LabMachine.SOUND));
        assertThat(inspected.title()).isEqualTo("0000:08:01.0");
        assertThat(fact(inspected, "Group")).isEqualTo("10 with 1 other why?");
        assertThat(fact(inspected, "Domain")).isEqualTo("default of group 10 DMA-FQ, DID 0x5");
        assertThat(fact(inspected, "Driver")).isEqualTo("snd_emu10k1");
        assertThat(fact(inspected, "Requester")).isEqualTo("08:01.0 = 0x0808");
        assertThat(fact(inspected, "Behind")).isEqualTo("0000:07:00.0");
    }

    @Test
    void everyFieldOfEveryCapabilityIsThere() {
        var machine = SnapshotFixture.captured("sriov-igb-a").snapshot();
        int capabilities = 0;
        for (var function : machine.topology().functions()) {
            var decoded = Capabilities.of(function.config());
            var shown =
                    of(machine, new Subject.Function(function.address())).sections().stream()
                            .filter(Section.Capabilities.class::isInstance)
                            .map(Section.Capabilities.class::cast)
                            .findFirst()
                            .orElseThrow();
            var fields =
                    shown.listed().stream()
                            .collect(
                                    Collectors.toMap(
                                            Section.Listed::offset, Section.Listed::fields));
            for (var capability : decoded.list()) {
                capabilities++;
                assertThat(fields.get(capability.offset()))
                        .as("fields of %s of %s", capability.name(), function.address())
                        .extracting(Section.Register::name)
                        .containsExactlyElementsOf(
                                capability.registers().stream()
                                        .flatMap(r -> r.fields().stream())
                                        .map(bits -> bits.field())
                                        .filter(f -> f.access() != BitField.Access.RESERVED)
                                        .map(BitField::name)
                                        .toList());
            }
        }
        assertThat(capabilities).as("capabilities of the machine").isGreaterThan(30);
    }

    @Test
    void aUsersFunctionIsMarkedSo() {
        var inspected = of(new LabMachine().snapshot(), new Subject.Function(LabMachine.GPU));
        assertThat(inspected.badges()).extracting(Span::text).containsExactly("U user");
    }

    @Test
    void whatHasBeenRemovedIsSaidToBeGone() {
        var inspected =
                of(new LabMachine().snapshot(), new Subject.Function(PciAddress.parse("7f:00.0")));
        assertThat(inspected.title()).isEqualTo("0000:7f:00.0");
        assertThat(inspected.sections())
                .singleElement()
                .isInstanceOfSatisfying(
                        Section.Note.class,
                        note ->
                                assertThat(note.text().getFirst().text())
                                        .startsWith("Not in the machine"));
    }

    @Test
    void aMappingTellsWhereItLeads() {
        var machine =
                new LabMachine()
                        .mapping(0x4f000, 0x8000_0000L, 0x4000, Permissions.READ)
                        .snapshot();
        var inspected = of(machine, new Subject.Mapping(3, 0x4f000));
        assertThat(fact(inspected, "hpa")).isEqualTo("0x80000000");
        assertThat(fact(inspected, "to")).isEqualTo("0x52fff");
        assertThat(fact(inspected, "Rights")).isEqualTo("r-");
    }

    @Test
    void aFaultLeadsToItsDeviceAndItsTime() {
        var machine =
                new LabMachine()
                        .fault(
                                LabMachine.SOUND,
                                LabMachine.BRIDGE.requesterId(),
                                LabMachine.UNMAPPED,
                                Access.WRITE,
                                LabMachine.Reason.WRITE_CLEAR)
                        .snapshot();
        var inspected = of(machine, new Subject.Fault(1));
        assertThat(inspected.title()).isEqualTo("PTE Write access is not set");
        assertThat(fact(inspected, "Requester")).isEqualTo("07:00.0");
        assertThat(fact(inspected, "Device")).isEqualTo("0000:08:01.0");
    }
}
