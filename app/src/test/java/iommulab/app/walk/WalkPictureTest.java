package iommulab.app.walk;

import iommulab.app.LabMachine;
import iommulab.app.PanelBench;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;

class WalkPictureTest {
    private static PanelBench bench(Walk walk) {
        return new PanelBench(
                new LabMachine()
                        .dma(LabMachine.GPU, SampleWalk.IOVA, DmaOutcome.WALK, 0)
                        .snapshot(),
                _ -> walk);
    }

    private static void picture(
            String name, Walk walk, int step, Theme theme, int width, int height, double text) {
        var bench = bench(walk);
        bench.select(new Subject.WalkStep(walk, step));
        bench.draw(() -> new WalkPanel(bench), theme, width, height, text, name);
    }

    @Test
    void pictures() {
        picture("walk-light", SampleWalk.reaching(), 5, Theme.LIGHT, 1188, 860, 1);
        picture("walk-1280", SampleWalk.faulting(), 6, Theme.LIGHT, 868, 640, 1);
        picture("walk-wall", SampleWalk.reaching(), 5, Theme.DARK, 1280, 720, 2.25);
        picture("walk-2560", SampleWalk.faulting(), 6, Theme.DARK, 2148, 1300, 1);
    }
}
