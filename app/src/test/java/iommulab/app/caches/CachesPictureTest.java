package iommulab.app.caches;

import iommulab.app.LabMachine;
import iommulab.app.PanelBench;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.cache.CacheKind;

import org.junit.jupiter.api.Test;

class CachesPictureTest {
    private static void picture(
            String name, Theme theme, int width, int height, int sets, int ways) {
        var machine =
                new LabMachine()
                        .cache(LabMachine.cache(CacheKind.DEVICE_ENTRY, 0, 4, 2))
                        .cache(LabMachine.cache(CacheKind.IOTLB, 0, sets, ways))
                        .cache(LabMachine.cache(CacheKind.PAGING_STRUCTURE, 4, 4, 2))
                        .cache(LabMachine.cache(CacheKind.PAGING_STRUCTURE, 3, 4, 2))
                        .cache(LabMachine.cache(CacheKind.PAGING_STRUCTURE, 2, 4, 2))
                        .snapshot();
        var bench = new PanelBench(machine, _ -> null);
        bench.select(new Subject.CacheLine("dmar0", CacheKind.IOTLB, 0, 3, 1));
        bench.draw(() -> new CachesPanel(bench), theme, width, height, 1, name);
    }

    @Test
    void pictures() {
        picture("caches-light", Theme.LIGHT, 1188, 860, 16, 4);
        picture("caches-dark", Theme.DARK, 1080, 640, 1024, 8);
    }
}
