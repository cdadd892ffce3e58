package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.KernelStory;
import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.StyleWarnings;

import org.junit.jupiter.api.Test;

import java.util.concurrent.CompletionException;

/// A window that is closed has no style sheets any more: nothing may be drawn in it.
class ClosedWindowTest {
    private static void isRefused(LiveLab lab, String call) {
        try {
            KernelStory.on(lab).did(call);
            throw new AssertionError("not refused: " + call);
        } catch (CompletionException refused) {
            lab.robot().settle();
        }
    }

    @Test
    void whatTheMachineDoesThenIsNotShown() {
        var warnings = StyleWarnings.listen();
        try (var lab = LiveLab.on(PasidMachine.describe())) {
            lab.opensDrawer("Transcript");
            KernelStory.on(lab).did("iommufd.open()").did("kvm.vm_create()");
            isRefused(lab, "iommufd.destroy(iommufd=iommufd1, id=9)");
            Robot.onScreen(() -> lab.robot().stage().hide());
            KernelStory.on(lab).did("iommufd.open()");
            isRefused(lab, "iommufd.destroy(iommufd=iommufd1, id=9)");
            lab.robot().settle();
        }
        assertThat(warnings).isEmpty();
    }
}
