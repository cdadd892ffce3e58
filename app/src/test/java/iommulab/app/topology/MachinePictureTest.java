package iommulab.app.topology;

import iommulab.app.PanelBench;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

class MachinePictureTest {
    private static void picture(
            MachineSnapshot machine,
            Subject subject,
            Theme theme,
            int width,
            int height,
            String name) {
        var bench =
                new PanelBench(
                        machine,
                        _ -> {
                            throw new AssertionError("nobody asks for a walk");
                        });
        bench.select(subject);
        bench.draw(() -> new MachinePanel(bench), theme, width, height, 1, name);
    }

    @Test
    void pictures() {
        for (var name :
                System.getProperty("pictures", "sriov-igb-a,switch-mixed-acs-a,pxb-a").split(",")) {
            var machine = SnapshotFixture.captured(name).snapshot();
            picture(machine, new Subject.Nothing(), Theme.DARK, 1188, 720, "machine-dark-" + name);
            picture(
                    machine,
                    new Subject.Nothing(),
                    Theme.LIGHT,
                    1080,
                    620,
                    "machine-light-" + name);
        }
    }
}
