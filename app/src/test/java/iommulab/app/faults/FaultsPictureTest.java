package iommulab.app.faults;

import iommulab.app.LabMachine;
import iommulab.app.LabMachine.Reason;
import iommulab.app.PanelBench;
import iommulab.app.theme.Theme;
import iommulab.app.walk.SampleWalk;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.RequesterId;

import org.junit.jupiter.api.Test;

class FaultsPictureTest {
    private static void picture(String name, Theme theme, int width, int height) {
        var lab =
                new LabMachine()
                        .did(
                                "Unmap",
                                "domain.unmap(domain=3, iova=0xffdc0000, bytes=0x4000,"
                                        + " flush=true)");
        for (int i = 0; i < 14; i++) {
            lab.fault(
                    LabMachine.SOUND,
                    new RequesterId(0x0800),
                    0x1000,
                    Access.READ,
                    Reason.READ_CLEAR);
        }
        for (int i = 0; i < 3; i++) {
            lab.fault(
                    LabMachine.GPU,
                    LabMachine.GPU.requesterId(),
                    LabMachine.UNMAPPED,
                    Access.WRITE,
                    Reason.WRITE_CLEAR);
        }
        var bench = new PanelBench(lab.snapshot(), _ -> SampleWalk.faulting());
        bench.draw(() -> new FaultsPanel(bench), theme, width, height, 1, name);
    }

    @Test
    void pictures() {
        picture("faults-light", Theme.LIGHT, 1188, 860);
        picture("faults-dark", Theme.DARK, 868, 640);
    }
}
