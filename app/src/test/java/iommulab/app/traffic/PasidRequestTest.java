package iommulab.app.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.shell.FunctionChooser;
import iommulab.app.shell.Perspective;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.session.Command;
import iommulab.engine.session.Outcome;

import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

/// A person sends one request with a PASID.
class PasidRequestTest {
    @Test
    void aRequestWithAPasidSaysItsIntent() {
        try (var lab = LiveLab.on(PasidMachine.describe())) {
            var device = PasidMachine.NVME;
            var made = lab.did(new Command.CreateFirstStage(device, 0, 0));
            int domain = ((Outcome.DomainCreated) made).domain();
            lab.did(new Command.AttachPasid(device, 0x2a, domain));
            lab.opens(Perspective.TRAFFIC);
            var chooser = (FunctionChooser) lab.robot().find("#dma-device");
            Robot.onScreen(() -> chooser.choose(device));
            lab.robot().click("#dma-iova").type("0x1000");
            lab.robot().click("#dma-pasid").type("100000");
            assertThat(lab.robot().find("#dma-send").isDisabled())
                    .as("a PASID of 21 bits cannot be sent")
                    .isTrue();
            lab.robot().press(KeyCode.CONTROL, KeyCode.A).type("2a");
            lab.robot().click("#dma-privileged").click("#dma-send");
            lab.robot().until("it was sent", () -> !lab.machine().events().isEmpty());
            assertThat(lab.machine().events().getFirst().prefix())
                    .isEqualTo(new PasidPrefix(0x2a, false, true));
        }
    }
}
