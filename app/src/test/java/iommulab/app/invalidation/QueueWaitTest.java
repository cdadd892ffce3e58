package iommulab.app.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.Session;

import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

/// A queue that waits for a device that hangs, as the frame editor tells it.
class QueueWaitTest {
    private static LiveLab lab() throws Exception {
        var sample = MachineFile.read(Path.of("../samples/lab-invalidation.iommulab.json"));
        var lab = LiveLab.on(Session.open(sample.machine(), sample.journal()));
        return lab.opensDrawer("Invalidation");
    }

    private static void does(LiveLab lab, String call) throws Exception {
        lab.did(CommandText.parse(call));
    }

    private static String words(LiveLab lab) {
        var label = (Label) lab.robot().find("#invalidation-queue-waits");
        return Robot.onScreen(() -> label.getText());
    }

    @Test
    void aDeviceThatHangsIsNamedUntilItAnswers() throws Exception {
        try (var lab = lab()) {
            assertThat(lab.robot().sees("#invalidation-post")).as("no TLB is in use").isFalse();
            does(lab, "ats.set(device=0000:03:00.0, enabled=true)");
            does(lab, "ats.set_answering(device=0000:03:00.0, answering=false)");
            lab.robot().until("offered", () -> lab.robot().sees("#invalidation-post"));
            var post = (MenuButton) lab.robot().find("#invalidation-post");
            Robot.onScreen(() -> post.getItems().getFirst().fire());
            lab.robot().until("waits", () -> lab.robot().sees("#invalidation-queue-waits"));
            assertThat(words(lab))
                    .startsWith("The queue of dmar0 waits at 0x")
                    .endsWith("until 0000:03:00.0 says that it has forgotten.");
            assertThat(lab.machine().journal().entries().getLast().call()).contains("wait=false");
            does(lab, "ats.set_answering(device=0000:03:00.0, answering=true)");
            lab.robot().until("goes on", () -> !lab.robot().sees("#invalidation-queue-waits"));
        }
    }
}
