package iommulab.app.traffic;

import iommulab.app.LabMachine;
import iommulab.app.PanelBench;
import iommulab.app.theme.Theme;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.traffic.Pattern;

import org.junit.jupiter.api.Test;

class TrafficPictureTest {
    private static void picture(String name, Theme theme, int width, int height) {
        var machine =
                new LabMachine()
                        .mapping(0x4000_0000L, 0x8000_0000L, 0x20_0000, Permissions.READ_WRITE)
                        .source(LabMachine.GPU, new Pattern.Sequential(0x4000_0000L, 0x4000), 30)
                        .source(LabMachine.NIC, new Pattern.Uniform(0xfff0_0000L, 0x4000), 10)
                        .snapshot();
        var bench = new PanelBench(machine, _ -> null);
        bench.draw(() -> new TrafficPanel(bench), theme, width, height, 1, name);
    }

    @Test
    void pictures() {
        picture("traffic-light", Theme.LIGHT, 1188, 860);
        picture("traffic-dark", Theme.DARK, 1080, 640);
    }
}
