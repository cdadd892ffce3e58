package iommulab.app.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.KernelStory;
import iommulab.app.LiveLab;
import iommulab.app.NestedMachine;
import iommulab.app.Robot;
import iommulab.engine.session.Architecture;

import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.TextField;

import org.junit.jupiter.api.Test;

/// What a person does with commands that a guest gives to its own SMMUv3 or AMD IOMMU.
class GuestCommandsFlowTest {
    private static final String DEVICE = NestedMachine.DEVICE.toString();

    /// A guest that knows its device as 5, with the editor open.
    private static LiveLab guest(Architecture architecture, String type) {
        var lab = LiveLab.on(NestedMachine.bare(architecture));
        KernelStory.on(lab)
                .did("driver.bind(device=%s, driver=vfio-pci)".formatted(DEVICE))
                .did("iommufd.open()")
                .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                .did("vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)")
                .did("iommufd.ioas_alloc(iommufd=iommufd1)")
                .did("iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=1, pt_id=2, flags=[nest_parent])")
                .did(
                        "iommufd.viommu_alloc(iommufd=iommufd1, dev_id=1, hwpt_id=3, type="
                                + type
                                + ")")
                .did("iommufd.vdevice_alloc(iommufd=iommufd1, viommu_id=4, dev_id=1, virt_id=5)");
        return lab.opensDrawer("Invalidation");
    }

    private static String words(LiveLab lab, String id) {
        var label = (Label) lab.robot().find(id);
        return Robot.onScreen(() -> label.getText());
    }

    private static String text(LiveLab lab, String id) {
        var field = (TextField) lab.robot().find(id);
        return Robot.onScreen(() -> field.getText());
    }

    private static void fills(LiveLab lab, String id, String text) {
        var field = (TextField) lab.robot().find(id);
        Robot.onScreen(() -> field.setText(text));
        lab.robot().settle();
    }

    private static void chooses(LiveLab lab, int entry, String command) {
        var menu = (MenuButton) lab.robot().find("#entry-%d-command".formatted(entry));
        Robot.onScreen(() ->
                menu.getItems().stream()
                        .filter(item -> item.getText().equals(command))
                        .findFirst()
                        .orElseThrow()
                        .fire());
        lab.robot().settle();
    }

    private static void isTold(LiveLab lab, String outcome) {
        lab.robot().until(outcome, () -> words(lab, "#invalidation-outcome").equals(outcome));
    }

    @Test
    void anArrayOfStreamCommandsGoesAsFarAsTheStreamThatTheGuestDoesNotHave() {
        try (var lab = guest(Architecture.SMMUV3, "arm_smmuv3")) {
            assertThat(words(lab, "#entry-1-reach")).startsWith("all translations of domain ");
            lab.robot().activate("#invalidation-add");
            chooses(lab, 2, "ATC_INV");
            assertThat(text(lab, "#entry-2-63-0")).isEqualTo("0x500000040");
            assertThat(words(lab, "#entry-2-reach"))
                    .isEqualTo(
                            "all pages in the device TLB of %s, the guest's 0x5".formatted(DEVICE));
            fills(lab, "#entry-2-63-0", "0x600000040");
            assertThat(words(lab, "#entry-2-reach")).endsWith("which the guest does not have");
            lab.robot().activate("#invalidation-send");
            isTold(lab, "1 of 2 done, entry 2: EIO");
            fills(lab, "#entry-2-63-0", "0x500000040");
            lab.robot().activate("#invalidation-continue");
            isTold(lab, "2 of 2 done");
            assertThat(lab.machine().journal().entries().getLast().call())
                    .contains("entries=[{cmd=[0x500000040, 0x34]}]");
        }
    }

    @Test
    void commandsOfAnAmdGuestGoOneByOne() {
        try (var lab = guest(Architecture.AMD_VI, "amd")) {
            assertThat(lab.robot().find("#invalidation-probe").isDisabled()).isTrue();
            lab.robot().activate("#invalidation-add");
            chooses(lab, 2, "INVALIDATE_DEVTAB_ENTRY");
            assertThat(words(lab, "#entry-2-reach"))
                    .isEqualTo("table entry of %s, the guest's 0x5".formatted(DEVICE));
            fills(lab, "#entry-2-63-0", "0x2000000000000006");
            int before = lab.machine().journal().position();
            lab.robot().activate("#invalidation-send");
            isTold(lab, "1 of 2 done, entry 2: EIO");
            fills(lab, "#entry-2-63-0", "0x2000000000000005");
            lab.robot().activate("#invalidation-continue");
            isTold(lab, "2 of 2 done");
            assertThat(lab.machine().journal().position()).isEqualTo(before + 2);
        }
    }
}
