package iommulab.app.shell;

import iommulab.app.*;
import iommulab.app.theme.Theme;
import iommulab.engine.iommu.*;
import iommulab.engine.session.MachineSnapshot.*;

import org.junit.jupiter.api.Test;

import java.util.List;

class FrameLookTest {
    @Test
    void look() {
        var lab =
                new LabMachine()
                        .mapping(0x4000_0000L, 0x1_0000_0000L, 0x20_0000, Permissions.READ_WRITE);
        for (int i = 1; i < 12; i++) {
            lab.did(
                    "Map 2 MiB at 0x40000000 in domain 3",
                    "domain.map(domain=3, iova=0x" + i + "0000000, bytes=0x200000)");
        }
        for (int i = 0; i < 40; i++) {
            lab.dma(
                    i % 3 == 0 ? LabMachine.GPU : i % 3 == 1 ? LabMachine.NIC : LabMachine.SOUND,
                    0x40000000L + i * 4096,
                    DmaOutcome.values()[i * 7 % 8],
                    0x100000000L + i);
        }
        lab.fault(
                LabMachine.SOUND,
                LabMachine.SOUND.requesterId(),
                LabMachine.UNMAPPED,
                Access.WRITE,
                LabMachine.Reason.WRITE_CLEAR);
        lab.served(new Counters(18432, 18432 * 64, 16000, 2000, 8000, 432, 3, 0, 0, 0, 0, 123456));
        var machine = lab.snapshot();
        for (var size : List.of(new int[] {1600, 1000}, new int[] {1280, 720})) {
            for (var theme : List.of(Theme.LIGHT, Theme.DARK)) {
                var bench = Robot.onScreen(() -> new Bench(new StandingEngine(machine)));
                Robot.onScreen(() -> {
                    bench.settings().theme().set(theme);
                    var w =
                            LabWindow.around(
                                    bench,
                                    List.of(
                                            WindowAction.of(
                                                    "File", "Open…", "Shortcut+O", () -> {})));
                    bench.select(new Subject.Function(LabMachine.GPU));
                    PanelBench.save(w.picture(size[0], size[1]), "frame-" + theme + "-" + size[0]);
                });
            }
        }
    }
}
