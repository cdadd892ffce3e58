package iommulab.app.caches;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.DeviceSide;
import iommulab.engine.session.Session;

import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

/// What a person does with a device that has a TLB of its own.
class DeviceTlbFlowTest {
    private static final PciAddress NIC = PciAddress.parse("0000:03:00.0");

    private static LiveLab onTheSample() {
        try {
            var sample = MachineFile.read(Path.of("../samples/device-tlb.iommulab.json"));
            return LiveLab.on(Session.open(sample.machine(), sample.journal()));
        } catch (FileRefused | CommandRefused e) {
            throw new AssertionError(e);
        }
    }

    private static DeviceSide nic(LiveLab lab) {
        return lab.machine().units().getFirst().deviceSide(NIC).orElseThrow();
    }

    private static long stale(LiveLab lab) {
        return nic(lab).tlb().lines().stream().filter(l -> l.stale().isPresent()).count();
    }

    private static String lastCall(LiveLab lab) {
        return lab.machine().journal().entries().getLast().call();
    }

    @Test
    void theMissingInvalidationOfADeviceTlbIsSentFromCaches() {
        try (var lab = onTheSample()) {
            lab.opens(Perspective.CACHES);
            assertThat(lab.robot().sees("#cache-device-tlbs")).isTrue();
            assertThat(stale(lab)).isEqualTo(1);
            lab.robot().activate("#stale-send");
            lab.robot().until("nothing is stale", () -> stale(lab) == 0);
            assertThat(lastCall(lab))
                    .startsWith("iommu.invalidate(unit=dmar0, what=device_tlb, requester=0x300");
        }
    }

    @Test
    void aTranslationIsAskedForByTheSearchField() {
        try (var lab = onTheSample()) {
            lab.selects(new Subject.Function(NIC));
            lab.robot().press(KeyCode.CONTROL, KeyCode.K).type("ask for a tr");
            lab.robot().press(KeyCode.ENTER);
            lab.robot().until("the form", () -> lab.robot().sees("#translation-request-ask"));
            lab.robot().activate("#translation-request-ask");
            lab.robot()
                    .until(
                            "it has asked",
                            () -> lastCall(lab).contains("type=translation_request"));
            assertThat(lab.machine().events().getFirst().type())
                    .isEqualTo(AddressType.TRANSLATION_REQUEST);
        }
    }

    @Test
    void aPageRequestIsAnsweredByTheSearchField() {
        try (var lab = onTheSample()) {
            lab.selects(new Subject.Function(NIC));
            assertThat(nic(lab).groups()).hasSize(1);
            lab.robot().press(KeyCode.CONTROL, KeyCode.K).type("answer page group");
            lab.robot().press(KeyCode.ENTER);
            lab.robot()
                    .until(
                            "it is answered, and asks again",
                            () -> lastCall(lab).startsWith("ats.answer_pages("));
            assertThat(nic(lab).groups()).extracting(g -> g.group()).containsExactly(1);
        }
    }
}
