package iommulab.app.groups;

import iommulab.app.PanelBench;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;

import org.junit.jupiter.api.Test;

class GroupsPictureTest {
    @Test
    void pictures() {
        for (var name :
                System.getProperty("pictures", "sriov-igb-a,switch-mixed-acs-a,pxb-a").split(",")) {
            var machine = SnapshotFixture.captured(name).snapshot();
            for (var theme : new Theme[] {Theme.DARK, Theme.LIGHT}) {
                var bench =
                        new PanelBench(
                                machine,
                                _ -> {
                                    throw new AssertionError("nobody asks for a walk");
                                });
                bench.select(new Subject.Nothing());
                bench.draw(
                        () -> new GroupsPanel(bench),
                        theme,
                        theme == Theme.DARK ? 1532 : 1188,
                        theme == Theme.DARK ? 900 : 640,
                        1,
                        "groups-%s-%s".formatted(theme, name));
            }
        }
    }
}
