package iommulab.app.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.KernelStory;
import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.ownership.OwnershipModel.Pointer;
import iommulab.app.ownership.OwnershipModel.Row;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.os.SoftwareView.Owner;

import javafx.scene.control.Labeled;

import org.junit.jupiter.api.Test;

/// A person sees a group change its owner, and who is in the way.
class OwnershipFlowTest {
    private static final String DEVICE = PasidMachine.OTHER.toString();

    private static LiveLab lab(String driver) {
        var lab = LiveLab.on(PasidMachine.describe());
        var function = lab.machine().topology().find(PasidMachine.OTHER).orElseThrow();
        var story = KernelStory.on(lab);
        if (function.driver().isPresent()) {
            story.did("driver.unbind(device=%s)".formatted(DEVICE));
        }
        story.did("driver.bind(device=%s, driver=%s)".formatted(DEVICE, driver));
        return lab.selects(new Subject.Group(group(lab))).opens(Perspective.OWNERSHIP);
    }

    private static int group(LiveLab lab) {
        return lab.machine().grouping().groupOf(PasidMachine.OTHER).orElseThrow().id();
    }

    private static Row row(LiveLab lab) {
        return OwnershipModel.of(lab.machine().software(), new Subject.Nothing()).rows().stream()
                .filter(row -> row.id() == group(lab))
                .findFirst()
                .orElseThrow();
    }

    private static String text(LiveLab lab, String selector) {
        var node = (Labeled) lab.robot().find(selector);
        return Robot.onScreen(node::getText);
    }

    @Test
    void aKernelDriverKeepsUsersOutAndIsNamed() {
        try (var lab = lab("nvme")) {
            assertThat(row(lab).owner()).isEqualTo(Owner.KERNEL);
            assertThat(row(lab).spoiled()).contains("nvme has " + DEVICE);
            assertThat(text(lab, "#ownership-finding")).contains("Users get EPERM");
            lab.robot()
                    .until(
                            "the node cannot be opened",
                            () -> lab.robot().find("#deed-vfio-group_open").isDisabled());
        }
    }

    @Test
    void thePointerGoesFromDefaultToBlockingToTheTableAndBack() {
        try (var lab = lab("vfio-pci")) {
            assertThat(row(lab).pointer()).isEqualTo(Pointer.DEFAULT);
            var story =
                    KernelStory.on(lab)
                            .did("iommufd.open()")
                            .did("iommufd.ioas_alloc(iommufd=iommufd1)")
                            .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                            .did("vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)");
            assertThat(row(lab).owner()).isEqualTo(Owner.USER);
            assertThat(row(lab).pointer()).isEqualTo(Pointer.BLOCKING);
            story.did("vfio.cdev_attach(cdev=cdev1, pt_id=1)");
            assertThat(row(lab).pointer()).isEqualTo(Pointer.TABLE);
            story.did("vfio.cdev_detach(cdev=cdev1)");
            assertThat(row(lab).pointer()).isEqualTo(Pointer.BLOCKING);
            story.did("vfio.cdev_close(cdev=cdev1)");
            assertThat(row(lab).pointer()).isEqualTo(Pointer.DEFAULT);
            assertThat(row(lab).owner()).isEqualTo(Owner.NOBODY);
        }
    }

    @Test
    void aDriverIsUnboundByAClickAndTheRingChanges() {
        try (var lab = lab("nvme")) {
            lab.robot().click("#deed-driver-unbind");
            lab.robot().until("nobody owns it", () -> row(lab).owner() == Owner.NOBODY);
            lab.robot()
                    .until(
                            "it is said",
                            () -> text(lab, "#ownership-finding").startsWith("Nobody owns"));
        }
    }
}
