package iommulab.app.domains;

import iommulab.app.LabMachine;
import iommulab.app.PanelBench;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.iommu.Permissions;

import org.junit.jupiter.api.Test;

class DomainsPictureTest {
    private static void picture(String name, Theme theme, int width, int height) {
        var machine =
                new LabMachine()
                        .mapping(0x4000_0000L, 0x1_0000_0000L, 0x20_0000, Permissions.READ_WRITE)
                        .mapping(0x4020_0000L, 0x2_0000_0000L, 0x4000, Permissions.READ)
                        .mapping(0x4030_0000L, 0x3_0000_0000L, 0x8_0000, Permissions.READ_WRITE);
        var bench = new PanelBench(machine.snapshot(), _ -> null);
        bench.select(new Subject.Mapping(3, 0x4020_0000L));
        bench.draw(() -> new DomainsPanel(bench), theme, width, height, 1, name);
    }

    @Test
    void pictures() {
        picture("domains-light", Theme.LIGHT, 1188, 860);
        picture("domains-dark", Theme.DARK, 1080, 640);
    }
}
